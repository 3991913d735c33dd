"""An outside that is away for a while: what was done stays done, what is to be taken back is taken back when it can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bizaiops_bot.domain.errors import Permanent, Temporary
from bizaiops_bot.domain.records import RunRecord
from bizaiops_bot.domain.values import ModelName
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
