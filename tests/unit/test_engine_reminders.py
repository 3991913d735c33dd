"""Reminders come where they were asked for, once, also after a restart; their owner can take them back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bizaiops_bot.domain.errors import BadInput, NotFound, Refused
from tests.support.small_engine import START
from tests.support.timer_room import HERE, TimerRoom

SOON = START + timedelta(hours=1)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[TimerRoom]:
    made = await TimerRoom.open(tmp_path / "data")
    yield made
    await made.close()


async def test_a_reminder_comes_to_the_person_and_place_it_was_asked_for(room: TimerRoom) -> None:
    await room.reminds(SOON)
    await room.hours(0.9)
    assert await room.titles() == []
    await room.hours(0.2)
    (card,) = await room.cards(HERE)
    assert card.title == "Erin, a reminder: check churn" and "not running" not in card.text
    assert await room.titles("ml-ops") == []
    await room.hours(48)
    assert len(await room.titles()) == 1


async def test_one_for_everybody_names_nobody_and_says_who_set_it(room: TimerRoom) -> None:
    await room.reminds(SOON, person="")
    await room.hours(1)
    (card,) = await room.cards()
    assert card.title == "A reminder: check churn" and "Set by Erin" in card.text


async def test_a_reminder_that_fell_into_a_restart_comes_late_and_says_so(room: TimerRoom) -> None:
    await room.reminds(SOON)
    again = await room.reopened(later=timedelta(hours=5))
    (card,) = await again.cards()
    assert "It was due Wed 4 Mar 09:00 (UTC)" in card.text
    third = await again.reopened(later=timedelta(hours=5))
    assert len(await third.cards()) == 1
    room.engine, room.keeper, room._loop = third.engine, third.keeper, third._loop


async def test_a_reminder_is_taken_back_by_its_owner_or_whom_it_is_for_alone(room: TimerRoom) -> None:
    made = await room.reminds(SOON)
    with pytest.raises(Refused, match="is engineer's"):
        await room.controls.cancel_reminder(made.id, actor="lead")
    await room.controls.cancel_reminder(made.id, actor="engineer")
    await room.hours(2)
    assert await room.titles() == []
    with pytest.raises(NotFound):
        await room.controls.cancel_reminder(made.id, actor="engineer")


async def test_times_that_cannot_be_are_refused(room: TimerRoom) -> None:
    for at, why in ((START, "has passed"), (START + timedelta(days=367), "366 days")):
        with pytest.raises(BadInput, match=why):
            await room.reminds(at)
    assert await room.records.timers("reminder") == []


async def test_the_same_message_reminds_once_and_nobody_sets_hundreds(room: TimerRoom) -> None:
    for _ in range(3):
        await room.reminds(SOON)
    assert len(await room.records.timers("reminder")) == 1
    for i in range(2, 51):
        await room.reminds(SOON + timedelta(minutes=i), key=f"m-{i}")
    with pytest.raises(BadInput, match="50 reminders"):
        await room.reminds(SOON, key="m-51")
