"""One system outside does not answer: what does not need it goes on, and what is old is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bizaiops_bot.conversation import catalogue
from bizaiops_bot.domain.errors import Temporary
from bizaiops_bot.engine.watch import alerts
from tests.support.talk import Talk


class Silent:
    """A system that does not answer."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __getattr__(self, method: str) -> Any:
        async def refuse(*_args: Any, **_kwargs: Any) -> Any:
            raise Temporary(f"{self._what} does not answer.", "Connection refused.")

        return refuse


class Hanging:
    """A system that takes every question and answers none."""

    def __init__(self) -> None:
        self.asked = 0

    def __getattr__(self, method: str) -> Any:
        async def hang(*_args: Any, **_kwargs: Any) -> Any:
            self.asked += 1
            await asyncio.Event().wait()

        return hang


class Broken:
    """A system whose adapter has a defect."""

    def __getattr__(self, method: str) -> Any:
        async def fail(*_args: Any, **_kwargs: Any) -> Any:
            raise RuntimeError("a defect")

        return fail


class HangsFor:
    """A system that does not answer about one model."""

    def __init__(self, model: str, real: Any) -> None:
        self._model, self._real = model, real

    def __getattr__(self, method: str) -> Any:
        async def ask(about: Any, *args: Any, **kwargs: Any) -> Any:
            if self._model in (about, getattr(about, "model", None)):
                await asyncio.Event().wait()
            return await getattr(self._real, method)(about, *args, **kwargs)

        return ask


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ("help", ("no version v9", "Names from there are as they were at")),
        ("", ("no version v9. Known versions: v1.",)),
    ],
)
async def test_a_release_that_cannot_be_found_is_told_with_why_the_names_are_old(
    talk: Talk, before: str, told: tuple[str, ...]
) -> None:
    if before:
        await talk.says(before)
    ports, builder = talk.bot.core.ports, talk.bot.core.ports.pipelines
    ports.pipelines = Silent("Jenkins")
    talk.bot.desk._catalogue.stale()
    card = await talk.says("deploy churn v9")
    card.shows("Jenkins does not answer", *told)
    assert ("as they were at" in card.words) == bool(before)
    (await talk.says("status churn")).shows("churn serves v1")
    assert "Jenkins does not answer" in (await talk.bot.lobby.home._problems())["pipelines"]
    ports.pipelines = builder
    talk.bot.desk._catalogue.stale()
    assert "Jenkins" not in (await talk.says("deploy churn v9")).words
    assert "pipelines" not in (await talk.bot.lobby.home._problems())


async def test_metrics_that_are_away_at_the_end_of_a_hold_take_no_healthy_canary_back(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = await talk.starts("deploy churn v2 as a 10% canary")
    await plan.click("Approve", by="lead")
    await talk.served("churn", {"v1": 90, "v2": 10})
    await talk.minutes(25)
    monkeypatch.setattr(talk.bot.core.ports.metrics, "arms", Silent("Prometheus").arms)
    await talk.minutes(10)
    (await plan.now()).shows("the hold is over and not decided", "Prometheus does not answer", "waited for")
    assert await talk.traffic("churn") == {"v1": 90, "v2": 10}
    monkeypatch.undo()
    record = await talk.finished(plan.run, minutes=5)
    assert record.status == "succeeded", record.error
    assert await talk.traffic("churn") == {"v2": 100}


async def test_what_is_served_is_judged_without_the_log_of_requests_where_scores_are_advice(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talk.bot.core.ports.predictions, "scores", Silent("Kafka").scores)
    plan = await talk.says("deploy churn v2 as a 10% canary")
    plan.shows("score PSI 0.25 (not: no scores are measured)")
    await plan.click("Approve", by="lead")
    await talk.served("churn", {"v1": 90, "v2": 10})
    await talk.minutes(5)
    (await plan.now()).shows("not seen now (Kafka does not answer)")
    monkeypatch.undo()
    record = await talk.finished(plan.run)
    assert record.status == "succeeded", record.error


async def test_words_are_understood_while_the_serving_system_is_away(talk: Talk) -> None:
    (await talk.says("status churn")).shows("churn serves v1")
    talk.bot.core.ports.serving = Silent("KServe")
    talk.bot.desk._catalogue.stale()
    (await talk.says("status churn")).shows("KServe does not answer")
    (await talk.says("list schedules")).shows("schedule")
    (await talk.says("statsu chrn")).shows("KServe does not answer")


async def test_the_watch_says_what_it_cannot_see_and_goes_on_when_it_can(talk: Talk) -> None:
    ports, metrics, serving = talk.bot.core.ports, talk.bot.core.ports.metrics, talk.bot.core.ports.serving
    health = talk.bot.lobby.home._problems
    ports.metrics = Silent("Prometheus")
    await talk.minutes(3)
    assert "churn: Prometheus does not answer." in (await health())["watch"]
    ports.metrics, ports.serving = metrics, Silent("KServe")
    await talk.minutes(3)
    assert "churn: KServe does not answer." in (await health())["watch"]
    ports.serving = serving
    await talk.inject("churn", "errors")
    assert await talk.alert("churn", "errors_detected", minutes=15)
    assert "watch" not in await health()


@pytest.mark.parametrize("port", ["pipelines", "warehouse"])
@pytest.mark.parametrize(
    ("system", "why"), [(Hanging(), "No answer within 0.05 s"), (Broken(), "RuntimeError. The log has it")]
)
async def test_a_system_that_hangs_or_breaks_keeps_nobody_from_an_answer(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, port: str, system: Any, why: str
) -> None:
    monkeypatch.setattr(catalogue, "LONGEST_S", 0.05)
    setattr(talk.bot.core.ports, port, system)
    talk.bot.desk._catalogue.stale()
    (await talk.says("status churn")).shows("churn serves v1")
    (await talk.says("list schedules")).shows("schedule")
    assert why in (await talk.bot.lobby.home._problems())[port]


async def test_a_system_that_hangs_is_asked_once_for_the_names_of_all_models(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "LONGEST_S", 0.05)
    monkeypatch.setattr(catalogue, "AT_ONCE", 1)
    talk.bot.core.ports.pipelines = builder = Hanging()
    talk.bot.desk._catalogue.stale()
    await talk.says("list schedules")
    assert builder.asked == 1


async def test_names_that_were_never_read_are_not_called_old(talk: Talk) -> None:
    talk.bot.core.ports.serving = Silent("KServe")
    talk.bot.desk._catalogue.stale()
    assert talk.bot.desk._catalogue.last is None
    card = await talk.says("status churn")
    card.shows("KServe does not answer")
    assert "I know ." not in card.words and "as they were at" not in card.words
    assert (await talk.bot.lobby.home._problems())["serving"] == "KServe does not answer."


async def test_the_watch_does_not_wait_for_what_hangs(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "LONGEST_S", 0.05)
    ports, watch = talk.bot.core.ports, talk.bot.watch
    metrics, ports.metrics = ports.metrics, Hanging()
    await watch.look()
    assert "churn: No answer within 0.05 s." in (await watch.problems())["watch"]
    ports.metrics, ports.models = metrics, Hanging()
    await watch.look()
    assert (await watch.problems())["watch"] == "Nothing is watched: No answer within 0.05 s."


async def test_models_that_hang_do_not_keep_another_from_being_looked_at(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "AT_ONCE", 1)
    monkeypatch.setattr(alerts, "LOOK_S", 0.3)
    ports, watch = talk.bot.core.ports, talk.bot.watch
    first, *_, last = [model.name for model in await ports.models.specs()]
    ports.metrics = HangsFor(first, ports.metrics)
    await watch.look()
    assert f"{last}: Not reached: the look was over after 0.3 s." in (await watch.problems())["watch"]
    await watch.look()  # the one that hangs goes last from now on
    assert first in (await watch.problems())["watch"] and last not in (await watch.problems())["watch"]


async def test_an_alert_is_told_without_its_chart_when_that_hangs(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "CHART_S", 0.05)
    chart = Hanging()
    monkeypatch.setattr(talk.bot.core.ports.metrics, "series", chart.series)
    await talk.inject("churn", "covariate_drift")
    alert = await talk.alert("churn", "drift_detected", minutes=30)
    async with asyncio.timeout(5):
        await talk.bot.watch.redraw(alert.id)
    (await talk.says("list alerts")).shows("other requests than it was trained on")
    assert chart.asked
