"""Somebody works in the registry without the bot: it is told, once, with what may be done about it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from mlflow.tracking._model_registry.client import ModelRegistryClient
from mlflow.tracking._tracking_service.client import TrackingServiceClient

from bizaiops_bot.domain.errors import Temporary
from bizaiops_bot.domain.events import EventKind
from bizaiops_bot.domain.rule import Rule
from bizaiops_bot.engine.store.store import StoreDown
from bizaiops_bot.engine.watch.registry_watch import RegistryWatch
from tests.support.talk import Shown, Talk


class Colleague:
    """Works with MLflow's own clients on the company's registry."""

    def __init__(self, talk: Talk) -> None:
        registry: Any = talk.bot.core.ports.registry
        while not hasattr(registry, "uri"):  # what the bot lays over MLflow's
            registry = getattr(registry, "_inner", None) or registry.inner
        uri = registry.uri
        self.registry: Any = ModelRegistryClient(uri, uri)
        self.tracking: Any = TrackingServiceClient(uri)

    def registers(self, model: str, folder: Path, *, auc: float | None = None, **more: Any) -> str:
        """The number of the new version."""
        run = None
        if auc is not None:
            experiment = self.tracking.create_experiment(f"of {model} {auc}", artifact_location=str(folder))
            run = self.tracking.create_run(experiment).info.run_id
            self.tracking.log_metric(run, "auc", auc)
        made = self.registry.create_model_version(model, "s3://models/churn/9", run_id=run, **more)
        return str(made.version)

    def moves(self, alias: str, model: str, version: str) -> None:
        self.registry.set_registered_model_alias(model, alias, version)


async def news(talk: Talk, conversation: str = "ml-ops") -> list[Shown]:
    """Cards about the registry."""
    return [card for card in await talk.cards(conversation) if card.posted.id.startswith("registry-")]


async def looked(talk: Talk) -> None:
    """The watch has looked at what is there now."""
    await talk.minutes(2)


async def test_a_version_of_a_colleague_is_told_with_a_button_that_asks_for_a_canary(
    talk: Talk, tmp_path: Path
) -> None:
    # given a bot that has looked at the registry before, and said nothing of what was there
    await looked(talk)
    assert await news(talk) == []
    # when a colleague registers a version with MLflow's own client
    number = Colleague(talk).registers("churn", tmp_path, auc=0.875)
    await looked(talk)
    # then it is told, with what the training measured, and nothing is done
    (card,) = await news(talk)
    card.shows(f"churn {number} was registered by", "with AUC 0.875", "deploy it as a canary?", "nothing was changed")
    assert await talk.runs("waiting", "running") == []
    # when somebody presses the button
    await card.click(f"Deploy {number} as a 10% canary", by="engineer")
    # then it is an order as any other: a plan that waits for another person
    (run,) = await talk.runs("waiting")
    assert (run.playbook, run.inputs["version"]) == ("deploy_model", number)
    (await talk.card(f"run-{run.id}")).shows("Must approve", f"v1 90%, {number} 10%")


async def test_words_find_the_new_version_by_its_number_however_it_is_said(talk: Talk, tmp_path: Path) -> None:
    numbers = [Colleague(talk).registers("churn", tmp_path) for _ in range(3)]
    talk.bot.desk._catalogue.stale()
    assert numbers == ["2", "3", "4"]
    plan = await talk.starts("deploy churn v4 as a 20% canary", by="engineer")
    plan.shows("v1 80%, 4 20%")
    # the pipeline could build a v2, so that a bare 2 is asked about
    asked = await talk.says("deploy churn 2", by="lead", conversation="elsewhere")
    asked.shows("Which version of churn: 2 or v2?")


async def test_what_happens_while_the_bot_is_away_is_told_once_when_it_is_back(talk: Talk, tmp_path: Path) -> None:
    await looked(talk)
    colleague = Colleague(talk)
    await talk.restart(down=timedelta(minutes=5))
    number = colleague.registers("churn", tmp_path)
    await looked(talk)
    assert [card.card.title.split(" was")[0] for card in await news(talk)] == [f"churn {number}"]
    await talk.restart(down=timedelta(minutes=5))
    await looked(talk)
    assert len(await news(talk)) == 1


async def test_versions_that_come_together_are_one_card_and_one_that_is_not_whole_waits(
    talk: Talk, tmp_path: Path
) -> None:
    await looked(talk)
    colleague = Colleague(talk)
    first, second, newest = (colleague.registers("churn", tmp_path) for _ in range(3))
    await looked(talk)
    (card,) = await news(talk)
    card.shows(f"churn {newest} was registered", f"Also new: {first}, {second}.")


async def test_an_alias_that_somebody_else_moved_is_told(talk: Talk, tmp_path: Path) -> None:
    await looked(talk)
    colleague = Colleague(talk)
    number = colleague.registers("churn", tmp_path)
    colleague.moves("champion", "churn", number)
    await looked(talk)
    told = [card for card in await news(talk) if "changed outside the bot" in card.words]
    assert len(told) == 1
    told[0].shows(f"champion of churn is {number} now, before it was v1", "The traffic is as it was")
    assert await talk.traffic("churn") == {"v1": 100}


async def test_what_the_bot_itself_registers_and_moves_is_no_news(talk: Talk) -> None:
    await looked(talk)
    for order in ("deploy churn v2 as a 10% canary", "roll back churn to v1"):
        plan = await talk.starts(order, by="engineer")
        await plan.click("Approve", by="lead")
        record = await talk.finished(plan.run)
        assert record.status == "succeeded", record.error
    await looked(talk)
    assert await news(talk) == []


async def test_an_alias_that_somebody_sets_back_to_an_earlier_release_is_told(talk: Talk) -> None:
    await looked(talk)
    # given a bot that released v2, and then v1 again
    for order in ("deploy churn v2 as a 10% canary", "roll back churn to v1"):
        plan = await talk.starts(order, by="engineer")
        await plan.click("Approve", by="lead")
        await talk.finished(plan.run)
    await looked(talk)
    assert await news(talk) == []
    # when somebody sets champion to v2, which was a release of the bot too
    registry, colleague = talk.bot.core.ports.registry, Colleague(talk)
    number = {v.version: str(n) for n, v in enumerate(await registry.versions("churn"), start=1)}
    colleague.moves("champion", "churn", number["v2"])
    await looked(talk)
    (card,) = await news(talk)
    card.shows("champion of churn is v2 now, before it was v1")
    # and one who sets it back a day and more after the newest release is no bot either
    await talk.restart(down=timedelta(hours=25))
    colleague.moves("champion", "churn", number["v1"])
    await looked(talk)
    assert len(await news(talk)) == 2


async def test_of_two_workers_that_look_at_once_one_tells(talk: Talk, tmp_path: Path) -> None:
    await looked(talk)
    number = Colleague(talk).registers("churn", tmp_path)
    watch = talk.bot.watch
    second = RegistryWatch(talk.bot.core, talk.bot.orders, watch._facts, watch._alone)
    await asyncio.gather(watch._registry.look(["churn"]), second.look(["churn"]))
    await second.look(["churn"])
    assert [card.card.title.split(" was")[0] for card in await news(talk)] == [f"churn {number}"]
    noted = [entry for entry in await talk.bot.core.ports.records.audit() if entry.kind == "version_registered"]
    assert len(noted) == 1


def listens(talk: Talk, playbook: str, when: EventKind = "version_registered", **inputs: str) -> None:
    """From now on a rule proposes that playbook for every version that others register, or alias that they move."""
    about = "What others do in the registry is answered."
    rule = Rule(name="new_versions", about=about, when=when, playbook=playbook, inputs=inputs)
    talk.bot.core.rules = [*talk.bot.core.rules, rule]  # as a reload of the company does


async def test_a_rule_that_listens_proposes_and_a_person_decides(talk: Talk, tmp_path: Path) -> None:
    await looked(talk)
    listens(talk, "retrain_model", model="{model}", reason="{title}")
    number = Colleague(talk).registers("churn", tmp_path)
    await looked(talk)
    (card,) = await news(talk)
    (run,) = await talk.runs("waiting")
    card.shows(f"new_versions proposes: retrain model (run {run.id})")
    assert (run.playbook, run.actor) == ("retrain_model", "rule:new_versions")
    (await talk.card(f"run-{run.id}")).shows(f"churn {number} was registered by", "Must approve")


async def test_a_rule_answers_each_move_to_the_same_version(talk: Talk, tmp_path: Path) -> None:
    await looked(talk)
    listens(talk, "retrain_model", when="alias_moved", model="{model}", reason="{title}")
    colleague = Colleague(talk)
    numbers = [colleague.registers("churn", tmp_path) for _ in range(2)]
    proposed = []
    for number in (*numbers, numbers[0]):
        colleague.moves("champion", "churn", number)
        await looked(talk)
        (run,) = await talk.runs("waiting")
        proposed.append(run.id)
        await talk.bot.core.ports.controls.cancel(run.id, actor="lead")
        await looked(talk)
    assert len(set(proposed)) == 3


async def test_policy_holds_for_rules_too_and_the_card_says_so(talk: Talk, tmp_path: Path) -> None:
    await looked(talk)
    listens(talk, "deploy_model", model="{model}", version="{version}")
    Colleague(talk).registers("churn", tmp_path)
    await looked(talk)
    (card,) = await news(talk)
    card.shows("new_versions could not act", "may not deploy churn")
    assert await talk.runs("waiting") == []


async def test_a_registry_that_does_not_answer_is_told_where_people_ask_how_the_bot_is(talk: Talk) -> None:
    registry = talk.bot.core.ports.registry

    class Away:
        async def all_versions(self) -> Any:
            raise Temporary("MLflow does not answer.", after_s=1)

    talk.bot.core.ports.registry = Away()  # type: ignore[assignment]
    await talk.bot.watch.look()
    assert "MLflow does not answer" in (await talk.bot.watch.problems())["watch"]
    talk.bot.core.ports.registry = registry
    await talk.bot.watch.look()
    assert (await talk.bot.watch.problems()) == {}


async def test_a_blip_of_the_store_ends_no_watch_and_is_told(
    talk: Talk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await looked(talk)

    def down(*_: Any) -> Any:
        raise StoreDown("The database does not answer.", after_s=1)

    with monkeypatch.context() as broken:
        broken.setattr("bizaiops_bot.engine.watch.registry_watch._seen", down)
        await looked(talk)
        assert "The database does not answer" in (await talk.bot.watch.problems())["watch"]
    number = Colleague(talk).registers("churn", tmp_path)
    await looked(talk)
    assert (await talk.bot.watch.problems()) == {}
    assert [card.card.title.split(" was")[0] for card in await news(talk)] == [f"churn {number}"]


async def test_a_look_that_breaks_is_not_the_last(talk: Talk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await looked(talk)

    async def breaks(*_: Any) -> Any:
        raise RuntimeError("nobody foresaw this")

    with monkeypatch.context() as broken:
        broken.setattr(RegistryWatch, "look", breaks)
        await looked(talk)
        assert (await talk.bot.watch.problems()) == {"watch": "The last look broke: RuntimeError"}
    number = Colleague(talk).registers("churn", tmp_path)
    await looked(talk)
    assert [card.card.title.split(" was")[0] for card in await news(talk)] == [f"churn {number}"]


async def test_who_approves_a_version_of_others_is_told_that_the_bot_has_not_tested_it(
    talk: Talk, tmp_path: Path
) -> None:
    number = [Colleague(talk).registers("churn", tmp_path) for _ in range(3)][-1]
    talk.bot.desk._catalogue.stale()
    plan = await talk.starts(f"deploy churn v{number} as a 20% canary", by="engineer")
    plan.shows(f"{number} was registered by", "; the bot has not tested it.")


@pytest.mark.parametrize(
    ("state", "do"), [("pending", "Try again when it is ready"), ("failed", "Register it anew, as another version")]
)
async def test_a_version_that_the_registry_does_not_have_whole_is_not_deployed(
    talk: Talk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str, do: str
) -> None:
    registry = talk.bot.core.ports.registry
    versions = registry.versions
    number = [Colleague(talk).registers("churn", tmp_path) for _ in range(3)][-1]

    async def not_whole(model: str) -> Any:
        return [v.model_copy(update={"state": state}) if v.version == number else v for v in await versions(model)]

    monkeypatch.setattr(registry, "versions", not_whole)
    talk.bot.desk._catalogue.stale()
    told = await talk.says(f"deploy churn v{number} as a 20% canary", by="engineer")
    told.shows(f"churn {number} cannot be deployed", f"The registry has it as {state}, not ready", do)
    assert await talk.runs("waiting", "running") == []
