"""Runs that really happened are carried out again from their record: the same code finds its way, another one is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bizaiops_bot.domain.errors import BadInput, NotFound
from bizaiops_bot.playbook import Card, DiffLine, Inputs, ModelName, Playbook, PlaybookBody, Run, RunRecord, playbook
from bizaiops_bot.testing import History, ReplayMismatch, load_history, replay
from playbooks.deploy_model import deploy_model as shipped
from tests.support.fake_company import (
    START,
    Company,
    FakeDrift,
    FakeMetrics,
    FakeOutcomes,
    FakePipelines,
    FakePredictions,
    FakeRegistry,
    FakeServing,
    FakeWarehouse,
    served,
)
from tests.support.small_engine import SmallEngine
from tests.support.virtual_clock import VirtualClock
from tests.unit.test_playbooks_release import arm

STABLE = arm("v1", requests=18_000, errors=90)


def judges(record: RunRecord) -> bool:
    return any(step.name == "judge v2" and step.status == "running" for step in record.steps)


class Site:
    """A real engine that runs one playbook on the fake company."""

    def __init__(self, folder: Path, made: Playbook, world: Company) -> None:
        self.world = world
        ports = {
            "pipelines": FakePipelines(world),
            "serving": FakeServing(world),
            "registry": FakeRegistry(world),
            "metrics": FakeMetrics(world),
            "predictions": FakePredictions(world),
            "outcomes": FakeOutcomes(world),
            "drift": FakeDrift(world),
            "warehouse": FakeWarehouse(world),
        }
        self.engine = SmallEngine(folder, [made], VirtualClock(START), **ports)

    async def waits(self, **inputs: object) -> int:
        number = await self.engine.begin(**inputs)
        await self.engine.until(number, lambda record: record.status == "waiting")
        return number

    async def decides(self, number: int, word: str) -> None:
        await self.engine.controls.decide(number, word, actor="lead")

    async def ends(self, number: int) -> str:
        """Lets the clock go on while the canary is judged, until the run is over."""
        while True:
            record = await self.engine.until(number, lambda r: r.finished or judges(r))
            if record.finished:
                return record.status
            await self.engine.clock.advance(60)

    async def history(self, number: int) -> History:
        return await self.engine.core.store.read(lambda conn: History.of_run(conn, number))


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(tmp_path / "data", shipped, Company(arms=[STABLE, arm("v2")]))
    await made.engine.start()
    yield made
    await made.engine.stop()


async def test_a_deploy_is_replayed_to_the_same_end_without_the_world(site: Site) -> None:
    number = await site.waits(model="churn", version="v2")
    await site.decides(number, "approved")
    assert await site.ends(number) == "succeeded"
    found = await replay(shipped, await site.history(number))
    record = await site.engine.run(number)
    assert found.status == "succeeded"
    assert found.output == record.output
    assert list(found.steps) == [step.name for step in record.steps if step.status == "done"]


async def test_a_rejected_deploy_is_replayed_to_its_rejection(site: Site) -> None:
    number = await site.waits(model="churn", version="v2")
    await site.decides(number, "rejected")
    assert await site.ends(number) == "rejected"
    found = await replay(shipped, await site.history(number))
    assert (found.status, found.steps) == ("rejected", ("approval 1",))


async def test_a_failed_canary_is_replayed_with_what_was_undone(site: Site) -> None:
    site.world.arms = [STABLE, arm("v2", errors=300)]
    number = await site.waits(model="churn", version="v2")
    await site.decides(number, "approved")
    assert await site.ends(number) == "failed"
    assert site.world.weights == {"v1": 100}
    found = await replay(shipped, await site.history(number))
    assert found.status == "failed"
    undone = [step.name for step in (await site.engine.run(number)).plan.steps if step.kind == "undo"]
    assert found.steps[-1] in undone


async def test_what_was_extended_asked_and_decided_is_replayed_as_it_was(site: Site) -> None:
    site.world.arms = [STABLE, arm("v2", errors=24)]
    number = await site.waits(model="churn", version="v2")
    await site.decides(number, "approved")
    while not await site.engine.core.ports.records.approvals(number):
        await site.engine.until(number, lambda r: judges(r) or r.status == "waiting")
        await site.engine.clock.advance(60)
    asked = await replay(shipped, await site.history(number))
    assert (asked.status, asked.steps[-1]) == ("under way", "judge v2")
    await site.decides(number, "approved")
    assert await site.ends(number) == "succeeded"
    found = await replay(shipped, await site.history(number))
    assert found.status == "succeeded"
    assert found.card is not None and "promoted without it: approved by lead" in found.card.summary.lower()


async def test_a_run_under_way_is_replayed_as_far_as_it_has_come(site: Site) -> None:
    number = await site.waits(model="churn", version="v2")
    waiting = await replay(shipped, await site.history(number))
    assert (waiting.status, waiting.steps) == ("under way", ())
    await site.decides(number, "approved")
    await site.engine.until(number, judges)
    found = await replay(shipped, await site.history(number))
    assert found.status == "under way"
    assert found.steps[-1] == "judge v2"


async def test_a_record_is_the_same_after_it_was_a_file(site: Site, tmp_path: Path) -> None:
    number = await site.waits(model="churn", version="v2")
    await site.decides(number, "approved")
    await site.ends(number)
    history = await site.history(number)
    file = tmp_path / "deploy.json"
    file.write_text(history.text(), encoding="utf-8")
    assert load_history(file) == history
    assert load_history(file).plan.hash == history.plan.hash
    assert len(file.read_text().splitlines()) > len(history.entries)


async def test_an_unknown_run_has_no_record(site: Site) -> None:
    with pytest.raises(NotFound):
        await site.history(99)


class Ask(Inputs):
    """A release in four places."""

    model: ModelName = "churn"


def made(body: PlaybookBody) -> Playbook:
    """Another edition of the playbook deploy_model."""
    body.__name__ = "deploy_model"
    return playbook(title="Deploy", risk="change")(body)


async def first(run: Run, ask: Ask) -> Card:
    await run.read(run.models.specs)
    await run.approve("Go?")
    async with run.undo("restore", run.serving.roll_back, served(ask.model), "v1"):
        await run.step("shift", run.serving.set_canary, served(ask.model), "v2", 10, guard="")
        await run.step("promote", run.serving.promote, served(ask.model), "v2", guard="")
    return Card(title="released")


async def with_another_step(run: Run, ask: Ask) -> Card:
    await run.read(run.models.specs)
    await run.approve("Go?")
    async with run.undo("restore", run.serving.roll_back, served(ask.model), "v1"):
        await run.step("shift", run.serving.set_canary, served(ask.model), "v2", 10, guard="")
        await run.step("scale", run.serving.scale, served(ask.model), 3, 3, guard="")
        await run.step("promote", run.serving.promote, served(ask.model), "v2", guard="")
    return Card(title="released")


async def with_another_share(run: Run, ask: Ask) -> Card:
    await run.read(run.models.specs)
    await run.approve("Go?")
    async with run.undo("restore", run.serving.roll_back, served(ask.model), "v1"):
        await run.step("shift", run.serving.set_canary, served(ask.model), "v2", 50, guard="")
        await run.step("promote", run.serving.promote, served(ask.model), "v2", guard="")
    return Card(title="released")


async def with_another_question(run: Run, ask: Ask) -> Card:
    await run.read(run.models.specs)
    await run.approve("Go?", quorum=2)
    async with run.undo("restore", run.serving.roll_back, served(ask.model), "v1"):
        await run.step("shift", run.serving.set_canary, served(ask.model), "v2", 10, guard="")
        await run.step("promote", run.serving.promote, served(ask.model), "v2", guard="")
    return Card(title="released")


async def with_another_read(run: Run, ask: Ask) -> Card:
    await run.read(run.models.specs)
    await run.approve("Go?")
    await run.read(run.serving.traffic, served(ask.model))
    async with run.undo("restore", run.serving.roll_back, served(ask.model), "v1"):
        await run.step("shift", run.serving.set_canary, served(ask.model), "v2", 10, guard="")
        await run.step("promote", run.serving.promote, served(ask.model), "v2", guard="")
    return Card(title="released")


async def without_its_last_step(run: Run, ask: Ask) -> Card:
    await run.read(run.models.specs)
    await run.approve("Go?")
    async with run.undo("restore", run.serving.roll_back, served(ask.model), "v1"):
        await run.step("shift", run.serving.set_canary, served(ask.model), "v2", 10, guard="")
    return Card(title="released")


async def with_a_direct_call(run: Run, ask: Ask) -> Card:
    await run.read(run.models.specs)
    await run.approve("Go?")
    async with run.undo("restore", run.serving.roll_back, served(ask.model), "v1"):
        await run.step("shift", run.serving.set_canary, served(ask.model), "v2", 10, guard="")
        await run.serving.traffic(served(ask.model))
        await run.step("promote", run.serving.promote, served(ask.model), "v2", guard="")
    return Card(title="released")


async def that_hides_the_difference(run: Run, ask: Ask) -> Card:
    try:
        return await with_another_step(run, ask)
    except Exception:
        return Card(title="released")


async def with_other_changes(run: Run, ask: Ask) -> Card:
    await run.read(run.models.specs)
    await run.approve("Go?")
    line = DiffLine(what="traffic", before="v1 100%", after="v2 10%")
    async with run.undo("restore", run.serving.roll_back, served(ask.model), "v1"):
        await run.step("shift", run.serving.set_canary, served(ask.model), "v2", 10, guard="", changes=[line])
        await run.step("promote", run.serving.promote, served(ask.model), "v2", guard="")
    return Card(title="released")


CHANGED: list[tuple[PlaybookBody, str]] = [
    (with_another_step, r"Step 3: the code asks for 'scale', the history has 'promote'"),
    (
        with_another_share,
        r"Step 2: the code asks for 'shift' \(churn \(churn-api\) in demo, v2, 50, guard=\). The approved plan has step 'shift' \(churn \(churn-api\) in demo, v2, 10, guard=\)",
    ),
    (with_another_question, r"Step 1: .* The approved plan has quorum 1 for approval 1, not 2"),
    (with_another_read, r"After step 1: the code asks for 'read traffic'"),
    (without_its_last_step, r"After step 2: the code has ended, the history goes on with 'promote'"),
    (with_a_direct_call, r"After step 2: run.serving.traffic is called directly"),
    (that_hides_the_difference, r"Step 3: the code asks for 'scale'"),
    (with_other_changes, r"Step 2: .* The approved plan changes nothing, not traffic: v1 100% -> v2 10%"),
]


@pytest.fixture
async def recorded(tmp_path: Path) -> History:
    """A run of the first edition that succeeded."""
    site = Site(tmp_path / "data", made(first), Company())
    await site.engine.start()
    try:
        number = await site.waits(model="churn")
        await site.decides(number, "approved")
        assert await site.ends(number) == "succeeded"
        return await site.history(number)
    finally:
        await site.engine.stop()


async def test_the_same_code_follows_its_record(recorded: History) -> None:
    found = await replay(made(first), recorded)
    assert (found.status, found.steps) == ("succeeded", ("approval 1", "shift", "promote"))
    assert found.card is not None
    assert found.card.title == "released"


@pytest.mark.parametrize(("body", "said"), CHANGED, ids=[body.__name__ for body, _ in CHANGED])
async def test_a_changed_playbook_is_told_with_its_step(recorded: History, body: PlaybookBody, said: str) -> None:
    with pytest.raises(ReplayMismatch, match=said) as caught:
        await replay(made(body), recorded)
    assert str(caught.value).startswith("deploy_model does not follow the history of run 1.")
    assert 'Put new steps under `if run.patched("..."):`' in str(caught.value)


async def test_runs_of_before_a_patch_pass_and_new_ones_take_the_new_way(recorded: History, tmp_path: Path) -> None:
    async def patched(run: Run, ask: Ask) -> Card:
        await run.read(run.models.specs)
        await run.approve("Go?")
        async with run.undo("restore", run.serving.roll_back, served(ask.model), "v1"):
            await run.step("shift", run.serving.set_canary, served(ask.model), "v2", 10, guard="")
            if run.patched("2026-11 scale first"):
                await run.step("scale", run.serving.scale, served(ask.model), 3, 3, guard="")
            await run.step("promote", run.serving.promote, served(ask.model), "v2", guard="")
        return Card(title="released")

    edition = made(patched)
    assert (await replay(edition, recorded)).steps == ("approval 1", "shift", "promote")
    site = Site(tmp_path / "new", edition, Company())
    await site.engine.start()
    try:
        number = await site.waits(model="churn")
        await site.decides(number, "approved")
        assert await site.ends(number) == "succeeded"
        found = await replay(edition, await site.history(number))
        assert found.steps == ("approval 1", "shift", "scale", "promote")
    finally:
        await site.engine.stop()


async def test_the_record_of_another_playbook_is_told(recorded: History) -> None:
    other = recorded.model_copy(update={"playbook": "scale_model"})
    with pytest.raises(ReplayMismatch, match="The history is of scale_model, not of deploy_model"):
        await replay(made(first), other)


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "is not the history of a run"), ("{}", "playbook: Field required"), ('{"version": 2}', "version")],
)
def test_a_file_that_is_no_record_is_told(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "odd.json"
    file.write_text(text)
    with pytest.raises(BadInput, match=said):
        load_history(file)
    with pytest.raises(BadInput, match="cannot be read"):
        load_history(tmp_path / "missing.json")
