"""A run waits for something outside that takes minutes or days: parked between looks, through outages and restarts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bizaiops_bot.domain.cards import StepLine
from bizaiops_bot.domain.errors import Permanent, Temporary
from bizaiops_bot.domain.records import RunRecord
from bizaiops_bot.domain.values import ModelName, Value
from bizaiops_bot.engine.execution import poller
from bizaiops_bot.engine.runs import polls
from bizaiops_bot.engine.store.store import StoreDown
from bizaiops_bot.playbook import Card, Inputs, Run, playbook
from tests.support.small_engine import START, SmallEngine, once_true
from tests.support.virtual_clock import VirtualClock


class Order(Value):
    """A request to the outside, as one of its methods takes it."""

    name: str
    since: datetime = START


class Build(Value):
    """What the outside says of the work."""

    phase: str = "queued"
    place: int = 3
    read_at: datetime = START


@dataclass
class Farm:
    """Builds something slowly. away: what it answers instead; looks: of whom it was asked."""

    clock: VirtualClock
    build: Build = field(default_factory=Build)
    away: Exception | None = None
    looks: list[Order] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    async def state(self, order: Order) -> Build:
        self.looks.append(order)
        if self.away is not None:
            raise self.away
        return self.build.model_copy(update={"read_at": self.clock.now()})

    async def change(self, what: str, *, key: str) -> str:
        self.done.append(what)
        return what


class Ask(Inputs):
    """A build of a model."""

    model: ModelName = "churn"


def _problem(build: Build) -> str | None:
    return "The build failed at 'train'." if build.phase == "failed" else None


@playbook(title="Retrain", risk="change")
async def retrain_model(run: Run, ask: Ask) -> Card:
    farm = run.serving
    async with run.undo("stop it", farm.change, "stopped"):  # type: ignore[attr-defined]
        await run.step("start", farm.change, "started")  # type: ignore[attr-defined]
        built: Build = await run.until(
            "build",
            farm.state,  # type: ignore[attr-defined]
            Order(name="nightly"),
            done=lambda build: build.phase == "ready",
            failed=_problem,
            detail=lambda build: f"{build.phase}, place {build.place}",
            every="30s",
            deadline="2h",
        )
    return Card(title="done", summary=f"{built.phase} at place {built.place}.")


@pytest.fixture
def farm() -> Farm:
    return Farm(VirtualClock(START))


@pytest.fixture
async def engine(farm: Farm, tmp_path: Path) -> AsyncIterator[SmallEngine]:
    made = SmallEngine(tmp_path / "data", [retrain_model], farm.clock, serving=farm)
    await made.start()
    yield made
    await made.stop()


def step(record: RunRecord, name: str = "build") -> StepLine:
    return next(step for step in record.steps if step.name == name)


def says(words: str) -> Callable[[RunRecord], bool]:
    return lambda record: words in step(record).detail


async def parked(engine: SmallEngine, words: str = "place 3") -> int:
    number = await engine.begin()
    await engine.until(number, says(words))
    await once_true(lambda: _idle(engine))
    return number


async def _idle(engine: SmallEngine) -> bool:
    return engine.runner.executing == 0 and engine.runner.poller.waiting == 1


async def test_while_it_waits_nobody_holds_it_and_the_card_has_what_was_seen_last(
    engine: SmallEngine, farm: Farm
) -> None:
    number = await parked(engine)
    record = await engine.run(number)
    assert (record.status, step(record).status, step(record).detail) == ("running", "waiting", "queued, place 3")
    # when the place in the queue moves, the card says so
    farm.build = Build(place=1)
    await farm.clock.advance(30)
    await engine.until(number, says("queued, place 1"))
    # and when it is ready the run goes on
    farm.build = Build(phase="ready", place=0)
    await farm.clock.advance(30)
    record = await engine.finished(number)
    assert (record.status, record.summary) == ("succeeded", "ready at place 0.")
    assert farm.done == ["started"], "nothing was done twice, nothing undone"


async def test_a_look_that_sees_nothing_new_wakes_nobody_and_writes_nothing(engine: SmallEngine, farm: Farm) -> None:
    number = await parked(engine)
    before, looks = engine.core.store.head, len(farm.looks)
    segment = await engine.core.store.read(lambda conn: conn.exec_driver_sql("SELECT segment FROM runs").scalar())
    await farm.clock.advance(30 * 20)
    assert len(farm.looks) - looks == 20 and farm.looks[-1] == Order(name="nightly")
    assert engine.core.store.head == before
    now = await engine.core.store.read(lambda conn: conn.exec_driver_sql("SELECT segment FROM runs").scalar())
    assert now == segment, "nobody has taken it up, though each look was at another moment"
    assert (await engine.run(number)).status == "running"


async def test_an_outage_shorter_than_the_deadline_is_waited_out_and_told(engine: SmallEngine, farm: Farm) -> None:
    number = await parked(engine)
    farm.away = Temporary("The API server refuses connections.")
    await farm.clock.advance(30)
    record = await engine.until(number, says("refuses"))
    assert step(record).detail == "not reached since 08:00 UTC: The API server refuses connections."
    await farm.clock.advance(600)
    assert (await engine.run(number)).status == "running"
    farm.away = None
    await farm.clock.advance(30)
    await engine.until(number, says("place 3"))
    farm.build = Build(phase="ready")
    await farm.clock.advance(30)
    assert (await engine.finished(number)).status == "succeeded"


async def test_at_the_deadline_it_ends_with_what_was_seen_last_and_is_undone(engine: SmallEngine, farm: Farm) -> None:
    number = await parked(engine)
    await farm.clock.advance(7200)
    record = await engine.finished(number)
    assert record.status == "failed" and farm.done == ["started", "stopped"]
    assert "build: not done within 2h. Last: queued, place 3." in record.error
    farm.looks.clear()
    await farm.clock.advance(300)
    assert farm.looks == []


async def test_what_can_never_be_done_ends_it_within_one_look(engine: SmallEngine, farm: Farm) -> None:
    number = await parked(engine)
    farm.build = Build(phase="failed")
    await farm.clock.advance(30)
    record = await engine.finished(number)
    assert record.status == "failed" and "The build failed at 'train'." in record.error
    assert farm.done == ["started", "stopped"] and farm.clock.now() == START + timedelta(seconds=30)


async def test_an_adapter_that_hears_of_a_change_has_it_seen_before_the_next_look_is_due(
    engine: SmallEngine, farm: Farm
) -> None:
    number = await parked(engine)
    farm.build = Build(phase="ready")

    engine.core.bells.changed("registry")
    assert (await engine.run(number)).status == "running", "another port's change was taken for it"
    engine.core.bells.changed("serving")

    record = await engine.finished(number)
    assert record.status == "succeeded" and farm.clock.now() == START


@pytest.mark.parametrize("broken", [Permanent("No such build."), ZeroDivisionError("bug")])
async def test_a_look_that_is_refused_ends_it_and_is_undone(engine: SmallEngine, farm: Farm, broken: Exception) -> None:
    number = await parked(engine)
    farm.away = broken
    await farm.clock.advance(30)
    record = await engine.finished(number)
    assert record.status == "failed" and str(broken) in record.error and farm.done[-1] == "stopped"


async def test_a_cancel_ends_a_parked_run_at_once_and_undoes_it(engine: SmallEngine, farm: Farm) -> None:
    number = await parked(engine)
    await engine.controls.cancel(number, actor="engineer")
    record = await engine.finished(number)
    assert record.status == "cancelled" and farm.done == ["started", "stopped"] and farm.clock.now() == START
    # and nobody looks any more
    farm.looks.clear()
    await farm.clock.advance(300)
    assert farm.looks == [] and engine.runner.poller.waiting == 0


async def test_after_a_restart_it_is_looked_for_without_being_taken_up(engine: SmallEngine, farm: Farm) -> None:
    number = await parked(engine)
    other = await engine.restarted()
    try:
        await once_true(lambda: _idle(other))
        farm.looks.clear()
        await farm.clock.advance(90)
        assert [order.since for order in farm.looks] == [START] * len(farm.looks) and len(farm.looks) >= 2
        farm.build = Build(phase="ready")
        await farm.clock.advance(30)
        assert (await other.finished(number)).status == "succeeded" and farm.done == ["started"]
    finally:
        await other.runner.stop()


async def test_what_many_runs_wait_for_is_looked_at_once_for_all_of_them(engine: SmallEngine, farm: Farm) -> None:
    numbers = [await engine.begin(f"m-{i}", model=f"m{i}") for i in range(5)]
    for number in numbers:
        await engine.until(number, says("place 3"))

    async def all_wait() -> bool:
        return engine.runner.poller.waiting == 5

    await once_true(all_wait)
    farm.looks.clear()
    await farm.clock.advance(300)
    assert len(farm.looks) == 10
    farm.build = Build(phase="ready")
    await farm.clock.advance(30)
    assert {(await engine.finished(number)).status for number in numbers} == {"succeeded"}


async def test_who_does_not_lead_does_not_look_and_who_begins_to_lead_does(engine: SmallEngine, farm: Farm) -> None:
    number = await parked(engine)
    engine.core.lead.set(False)
    await farm.clock.rest()
    farm.looks.clear()
    await farm.clock.advance(300)
    assert farm.looks == []
    farm.build = Build(phase="ready")
    engine.core.lead.set(True)
    await once_true(lambda: _ended(engine, number))
    assert (await engine.run(number)).status == "succeeded"


async def _ended(engine: SmallEngine, number: int) -> bool:
    await engine.clock.advance(1)
    return (await engine.run(number)).finished


async def test_what_is_no_port_is_looked_at_by_the_run_itself(farm: Farm, tmp_path: Path) -> None:
    looks: list[int] = []

    @playbook(title="Own look", risk="change")
    async def scale_model(run: Run, ask: Ask) -> Card:
        async def count() -> int:
            looks.append(1)
            return len(looks)

        seen = await run.until("count", count, done=lambda n: n >= 3, every="1m")
        return Card(title="done", summary=f"{seen} looks.")

    engine = SmallEngine(tmp_path / "data", [scale_model], farm.clock, serving=farm)
    await engine.start()
    try:
        number = await engine.begin()
        for _ in range(2):
            await once_true(lambda: _free(engine))
            await farm.clock.advance(60)
        record = await engine.finished(number)
        assert record.summary == "3 looks." and len(looks) == 3
        assert engine.runner.ended == [], "the looking for other runs goes on"
    finally:
        await engine.stop()


async def _free(engine: SmallEngine) -> bool:
    return engine.runner.executing == 0


async def test_a_wait_that_would_change_the_outside_is_refused(farm: Farm, tmp_path: Path) -> None:
    @playbook(title="Wrong", risk="change")
    async def scale_model(run: Run, ask: Ask) -> Card:
        await run.until("change", run.serving.change, "again", done=bool)  # type: ignore[attr-defined]
        return Card(title="done")

    engine = SmallEngine(tmp_path / "data", [scale_model], farm.clock, serving=farm)
    await engine.start()
    try:
        record = await engine.finished(await engine.begin())
        assert record.status == "failed" and "`until` only looks" in record.error and farm.done == []
    finally:
        await engine.stop()


async def test_a_database_that_is_away_for_a_moment_makes_no_wait_be_forgotten(
    engine: SmallEngine, farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, failing = polls.parked, [StoreDown("locked")]

    def once_away(conn: Any, numbers: Collection[int] | None = None) -> list[polls.Poll]:
        if numbers is not None and failing:
            raise failing.pop()
        return read(conn, numbers)

    monkeypatch.setattr(polls, "parked", once_away)
    monkeypatch.setattr(poller, "AGAIN_S", 0.01)
    number = await parked(engine)
    assert not failing
    farm.build = Build(phase="ready")
    await farm.clock.advance(30)
    assert (await engine.finished(number)).status == "succeeded"


async def test_one_wait_that_cannot_be_read_does_not_end_the_looking(
    engine: SmallEngine, farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, broken = polls.parked, [ValueError("no such spelling")]

    def once_broken(conn: Any, numbers: Collection[int] | None = None) -> list[polls.Poll]:
        if numbers is not None and broken:
            raise broken.pop()
        return read(conn, numbers)

    monkeypatch.setattr(polls, "parked", once_broken)
    monkeypatch.setattr(poller, "AGAIN_S", 0.01)
    await parked(engine)
    assert not broken and engine.runner.ended == []
