"""An outside that is away for a while: what was done stays done, what is to be taken back is taken back when it can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bizaiops_bot.domain.errors import Permanent, Temporary, Unknown
from bizaiops_bot.domain.records import RunRecord
from bizaiops_bot.domain.values import ModelName
from bizaiops_bot.engine.execution import live
from bizaiops_bot.playbook import Card, Inputs, Run, playbook
from tests.support.small_engine import START, SmallEngine
from tests.support.virtual_clock import VirtualClock


class Ask(Inputs):
    """A change of a model."""

    model: ModelName = "churn"


@dataclass
class Mesh:
    """Shifts traffic. away: what every call meets meanwhile; refused: the call that is; unread: how often
    what was done cannot be read back.
    """

    away: Exception | None = None
    away_from: str = ""
    refused: str = ""
    unread: int = 0
    calls: list[tuple[str, str]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    async def change(self, what: str, *, key: str) -> str:
        self.calls.append((what, key))
        if what == self.away_from:
            self.away, self.away_from = Temporary("The API server refuses connections.", after_s=0.001), ""
        if self.away is not None:
            raise self.away
        if what == self.refused:
            raise Permanent("It was refused.")
        self.done.append(what)
        return what

    async def look(self) -> str:
        if self.done and self.unread:
            self.unread -= 1
            raise Temporary("The API server refuses connections.", after_s=0.001)
        return "there"


@playbook(title="Shift", risk="change")
async def scale_model(run: Run, ask: Ask) -> Card:
    mesh: Any = run.serving
    async with run.undo("go back", mesh.change, "back"):
        await run.step("shift", mesh.change, "shifted")
        await run.read(mesh.look)
        await run.step("promote", mesh.change, "promoted")
    return Card(title="done")


@pytest.fixture
def mesh() -> Mesh:
    return Mesh()


@pytest.fixture
async def engine(tmp_path: Path, mesh: Mesh) -> AsyncIterator[SmallEngine]:
    made = SmallEngine(tmp_path / "data", [scale_model], VirtualClock(START), serving=mesh)
    await made.start()
    yield made
    await made.stop()


def waits(record: RunRecord, name: str) -> bool:
    return any(s.name == name and s.status == "waiting" and "refuses" in s.detail for s in record.steps)


async def told(engine: SmallEngine) -> list[str]:
    """What was posted of outages, in the thread of the run."""
    query = sa.text("SELECT card FROM cards WHERE id LIKE '%-away%' ORDER BY born")
    return [row[0] for row in await engine.core.store.read(lambda conn: conn.execute(query).fetchall())]


async def test_a_step_waits_out_an_outage_of_ten_minutes_and_says_so_once(engine: SmallEngine, mesh: Mesh) -> None:
    mesh.away_from = "promoted"
    number = await engine.begin()
    record = await engine.until(number, lambda r: waits(r, "promote"))
    assert next(s.detail for s in record.steps if s.name == "promote") == (
        "not reached since 08:00 UTC: The API server refuses connections."
    )
    assert await told(engine) == []
    await engine.clock.advance(600)
    assert (await engine.run(number)).status == "running"
    (card,) = await told(engine)
    assert "'promote' of run 1 waits since 08:00 UTC" in card and "until 08:30 UTC" in card and "cancel 1" in card
    mesh.away = None
    await engine.clock.advance(10)
    assert (await engine.finished(number)).status == "succeeded"
    assert mesh.done == ["shifted", "promoted"]
    assert len({key for what, key in mesh.calls if what == "promoted"}) == 1, "a late success is found by its key"
    (card,) = await told(engine)
    assert "Over after 10 min" in card


async def test_a_read_between_two_steps_takes_nothing_back_for_an_outage(engine: SmallEngine, mesh: Mesh) -> None:
    mesh.unread = 5
    number = await engine.begin()
    while not (await engine.run(number)).finished:
        await asyncio.sleep(0.005)
        await engine.clock.advance(10)
    assert (await engine.finished(number)).status == "succeeded" and mesh.done == ["shifted", "promoted"]


async def test_an_outage_of_an_undo_is_waited_out_without_asking_anyone(engine: SmallEngine, mesh: Mesh) -> None:
    mesh.refused, mesh.away_from = "promoted", "back"
    number = await engine.begin()
    await engine.until(number, lambda r: waits(r, "go back"))
    await engine.clock.advance(3600)
    assert (await engine.run(number)).status == "running"
    (card,) = await told(engine)
    assert "until 10:00 UTC" in card and "cancel" not in card
    mesh.away = None
    await engine.clock.advance(10)
    record = await engine.finished(number)
    assert record.status == "failed" and mesh.done == ["shifted", "back"] and "It was refused." in record.error
    assert [s.status for s in record.steps if s.name == "go back"] == ["undone"]


async def test_an_undo_that_is_away_for_hours_asks_a_person_and_then_tries_again(
    engine: SmallEngine, mesh: Mesh
) -> None:
    mesh.refused, mesh.away_from = "promoted", "back"
    number = await engine.begin()
    await engine.until(number, lambda r: waits(r, "go back"))
    await engine.clock.advance(7200)
    await engine.until(number, lambda r: any(s.name == "go back failed 1" and s.status == "waiting" for s in r.steps))
    mesh.away = None
    await engine.controls.decide(number, "approved", actor="lead")
    await engine.finished(number)
    assert mesh.done == ["shifted", "back"]


async def test_a_step_that_is_away_for_longer_than_half_an_hour_fails_and_is_undone(
    engine: SmallEngine, mesh: Mesh
) -> None:
    mesh.away_from = "promoted"
    number = await engine.begin()
    await engine.until(number, lambda r: waits(r, "promote"))
    await engine.clock.advance(1790)
    assert (await engine.run(number)).status == "running"
    await engine.clock.advance(10)
    await engine.until(number, lambda r: waits(r, "go back"))
    mesh.away = None
    await engine.clock.advance(10)
    record = await engine.finished(number)
    assert record.status == "failed" and mesh.done == ["shifted", "back"] and "refuses connections" in record.error


async def test_a_cancel_ends_the_wait_at_once(engine: SmallEngine, mesh: Mesh) -> None:
    mesh.away_from = "promoted"
    number = await engine.begin()
    await engine.until(number, lambda r: waits(r, "promote"))
    await engine.controls.cancel(number, actor="engineer")
    await engine.until(number, lambda r: waits(r, "go back"))
    mesh.away = None
    await engine.clock.advance(10)
    record = await engine.finished(number)
    assert record.status == "cancelled" and mesh.done == ["shifted", "back"]


async def test_a_restart_in_an_outage_waits_on_with_the_same_key(engine: SmallEngine, mesh: Mesh) -> None:
    mesh.away_from = "promoted"
    number = await engine.begin()
    await engine.until(number, lambda r: waits(r, "promote"))
    other = await engine.restarted()
    try:
        mesh.away = None
        await other.clock.advance(10)
        assert (await other.finished(number)).status == "succeeded"
        assert mesh.done == ["shifted", "promoted"]
        assert len({key for what, key in mesh.calls if what == "promoted"}) == 1
    finally:
        await other.stop()


# -- a call that hangs until its time is over --------------------------------------------------------


@dataclass
class Hanging(Mesh):
    """hangs: how often a change is made and not answered, by what is changed; unknown: whether it says so itself."""

    hangs: dict[str, int] = field(default_factory=dict)
    unknown: bool = False

    async def change(self, what: str, *, key: str) -> str:
        self.calls.append((what, key))
        if what not in self.done:
            self.done.append(what)
        return await self._answer(what)

    async def keyless(self, what: str) -> str:
        self.done.append(what)
        return await self._answer(what)

    async def _answer(self, what: str) -> str:
        if self.hangs.get(what, 0):
            self.hangs[what] -= 1
            if self.unknown:
                raise Unknown("The mesh did not say whether it took it.", after_s=0.001)
            await asyncio.Event().wait()
        if what == self.refused:
            raise Permanent("It was refused.")
        return what


@playbook(title="Shift", risk="change")
async def shift_slowly(run: Run, ask: Ask) -> Card:
    mesh: Any = run.serving
    async with run.undo("go back", mesh.change, "back"):
        await run.step("shift", mesh.change, "shifted", timeout="0.05s")
        await run.step("promote", mesh.change, "promoted", timeout="0.05s")
        await run.step("note", mesh.keyless, "noted", timeout="0.05s")
    return Card(title="done")


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Hanging:
    monkeypatch.setattr(live, "UNDO_TIMEOUT_S", 0.05)
    return Hanging()


@pytest.fixture
async def slow(tmp_path: Path, hanging: Hanging) -> AsyncIterator[SmallEngine]:
    made = SmallEngine(tmp_path / "data", [shift_slowly], VirtualClock(START), serving=hanging)
    await made.start()
    yield made
    await made.stop()


def is_out(record: RunRecord, name: str) -> bool:
    return any(s.name == name and s.status == "waiting" and "not reached since" in s.detail for s in record.steps)


@pytest.mark.parametrize("unknown", [False, True], ids=["hangs", "says that it does not know"])
async def test_a_change_that_was_made_and_not_answered_is_asked_again_with_its_key(
    slow: SmallEngine, hanging: Hanging, unknown: bool
) -> None:
    hanging.unknown, hanging.hangs = unknown, {"promoted": 3}
    number = await slow.begin()
    while not (await slow.run(number)).finished:
        await slow.until(number, lambda r: r.finished or is_out(r, "promote"))
        await slow.clock.advance(10)

    assert (await slow.run(number)).status == "succeeded"
    assert hanging.done == ["shifted", "promoted", "noted"]
    assert [what for what, _ in hanging.calls].count("promoted") == 4
    assert len({key for what, key in hanging.calls if what == "promoted"}) == 1


async def test_a_change_without_a_key_that_is_not_answered_fails_and_is_not_made_twice(
    slow: SmallEngine, hanging: Hanging
) -> None:
    hanging.hangs = {"noted": 1}

    record = await slow.finished(await slow.begin())

    assert record.status == "failed" and "It took too long." in record.error
    assert hanging.done == ["shifted", "promoted", "noted", "back"]


async def test_what_takes_back_and_hangs_is_asked_again_before_any_person_is(
    slow: SmallEngine, hanging: Hanging
) -> None:
    hanging.refused, hanging.hangs = "promoted", {"back": 1}
    number = await slow.begin()
    await slow.until(number, lambda r: is_out(r, "go back"))
    await slow.clock.advance(10)

    record = await slow.finished(number)

    assert [(s.name, s.status) for s in record.steps if "back" in s.name] == [("go back", "undone")]
    assert "It was refused." in record.error


async def test_a_change_that_hangs_for_longer_than_half_an_hour_fails_and_is_taken_back(
    slow: SmallEngine, hanging: Hanging
) -> None:
    hanging.hangs = {"promoted": 1_000}
    number = await slow.begin()
    await slow.until(number, lambda r: is_out(r, "promote"))
    await slow.clock.advance(1_800)
    record = await slow.finished(number)

    assert record.status == "failed" and "Whether it was done is not known." in record.error
    assert hanging.done == ["shifted", "promoted", "back"]


async def test_a_cancel_does_not_wait_for_a_call_that_hangs(slow: SmallEngine, hanging: Hanging) -> None:
    hanging.hangs = {"promoted": 1_000}
    number = await slow.begin()
    await slow.until(number, lambda r: is_out(r, "promote"))
    await slow.controls.cancel(number, actor="engineer")

    assert (await slow.finished(number)).status == "cancelled" and hanging.done[-1] == "back"
