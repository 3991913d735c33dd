"""When a model's labels come late, what its release did is told later, in the thread where it was asked for, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.watch.timekeeper import Timekeeper
from bizaiops_bot.playbook import Card, Inputs, ModelName, Run, playbook
from tests.support.small_engine import START, SmallEngine
from tests.support.virtual_clock import VirtualClock


class Ask(Inputs):
    """A model."""

    model: ModelName = "churn"


@playbook(title="Release", risk="change")
async def release(run: Run, ask: Ask) -> Card:
    await run.step("note", run.controls.record_release, ask.model, "v2", "v1", "deploy", run=run.id)
    await run.step(
        "look later", run.controls.look_at_effect, ask.model, "10d", run=run.id, conversation=run.conversation
    )
    return Card(title="released")


@playbook(title="Explain the effect of a release", risk="read")
async def explain_effect(run: Run, ask: Ask) -> Card:
    return Card(title=f"what {ask.model} did")


class Room:
    def __init__(self, folder: Path, clock: VirtualClock) -> None:
        self.clock, self.engine = clock, SmallEngine(folder, [release, explain_effect], clock)
        self.keeper = Timekeeper(self.engine.core, self.engine.orders)

    async def days(self, count: float) -> None:
        await self.clock.advance(86_400 * count)
        await self.keeper.keep()

    async def cards(self) -> list[tuple[str, str]]:
        """(title, thread) of what was told after the release."""
        found = await self.engine.core.store.read(lambda conn: outbox.read_cards(conn, "ml-ops", 0, 50))
        return [(card.card.title, card.thread) for card in found if card.card.title.startswith("what ")]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    made = Room(tmp_path / "data", VirtualClock(START))
    await made.engine.start()
    yield made
    await made.engine.stop()


async def released(room: Room, key: str = "m-1") -> Any:
    number = await room.engine.begin(key, model="churn")
    return await room.engine.until(number, lambda record: record.status == "succeeded")


async def test_the_effect_is_told_in_the_thread_of_the_release_when_its_labels_are_there(room: Room) -> None:
    record = await released(room)
    await room.days(9.9)
    assert await room.cards() == []
    await room.days(0.2)
    assert await room.cards() == [("what churn did", record.thread)]


async def test_it_is_told_once_also_after_a_restart(room: Room, tmp_path: Path) -> None:
    await released(room)
    await room.days(11)
    await room.engine.stop()
    again = Room(tmp_path / "data", VirtualClock(START + timedelta(days=30)))
    await again.engine.start()
    await again.keeper.keep()
    assert len(await again.cards()) == 1
    room.engine = again.engine


async def test_nothing_is_told_of_a_release_that_another_one_has_followed(room: Room) -> None:
    await released(room)
    await room.days(5)
    later = await released(room, "m-2")
    await room.days(6)
    assert await room.cards() == []
    await room.days(5)
    assert await room.cards() == [("what churn did", later.thread)]
