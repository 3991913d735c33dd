"""Freezes that people set: they hold by their times alone, their begin and end are told, and they end once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bizaiops_bot.domain.errors import BadInput, Conflict, Refused
from tests.support.small_engine import START
from tests.support.timer_room import HERE, TimerRoom

FRIDAY = datetime(2026, 3, 6, 16, tzinfo=UTC)
MONDAY = datetime(2026, 3, 9, 8, tzinfo=UTC)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[TimerRoom]:
    made = await TimerRoom.open(tmp_path / "data")
    yield made
    await made.close()


async def test_a_freeze_ends_by_itself_and_its_end_is_told_where_it_was_asked_for_and_at_home(room: TimerRoom) -> None:
    await room.freezes(end=START + timedelta(hours=2))
    assert await room.frozen() == "frozen by lead until Wed 4 Mar 10:00 (UTC): the sale"
    with pytest.raises(Refused, match="frozen by lead until Wed 4 Mar 10:00"):
        await room.orders("scale_model", "m-2", replicas=2)
    await room.hours(2)
    assert await room.frozen() is None
    assert await room.titles() == ["Changes may begin again"]
    assert (await room.titles("ml-ops"))[-1] == "Changes may begin again"
    assert await room.orders("scale_model", "m-3", replicas=2)


async def test_a_freeze_that_begins_later_holds_from_then_on_and_both_its_ends_are_told(room: TimerRoom) -> None:
    made = await room.freezes(begin=FRIDAY, end=MONDAY)
    assert not made.holds and made.span == "from Fri 6 Mar 16:00 (UTC) until Mon 9 Mar 08:00 (UTC)"
    assert await room.frozen() is None
    await room.clock.advance_to(FRIDAY)
    assert await room.frozen() == "frozen by lead until Mon 9 Mar 08:00 (UTC): the sale"
    await room.clock.advance_to(MONDAY)
    assert await room.frozen() is None
    assert await room.titles() == ["Changes are frozen now", "Changes may begin again"]
    assert [e.actor for e in await room.audited("freeze_begins")] == ["timer:1"]


async def test_a_freeze_every_week_comes_again_until_somebody_ends_it(room: TimerRoom) -> None:
    await room.freezes(weekly=("Sat 00:00", "Mon 00:00"))
    held = []
    for day in range(14):
        await room.clock.advance_to(START.replace(hour=12) + timedelta(days=day))
        held.append(await room.frozen() is not None)
    assert held == [False, False, False, True, True, False, False] * 2  # the first day is a Wednesday
    await room.controls.unfreeze(actor="lead")
    await room.clock.advance_to(START + timedelta(days=17))
    assert await room.frozen() is None


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        # Clocks go forward in the night to Sunday, 29 March: Monday 00:00 in Berlin is 22:00 UTC then, not 23:00.
        ("Europe/Berlin", datetime(2026, 3, 29, 21, 59, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)),
        ("UTC", datetime(2026, 3, 29, 23, 59, tzinfo=UTC), datetime(2026, 3, 30, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 3, 30, 3, 59, tzinfo=UTC), datetime(2026, 3, 30, 4, tzinfo=UTC)),
    ],
)
async def test_a_weekly_freeze_keeps_the_clock_on_the_wall(
    room: TimerRoom, zone: str, before: datetime, after: datetime
) -> None:
    await room.freezes(weekly=("Fri 16:00", "Mon 00:00"), time_zone=zone)
    await room.clock.advance_to(before)
    assert zone in str(await room.frozen())
    await room.clock.advance_to(after)
    assert await room.frozen() is None


async def test_a_freeze_of_one_model_leaves_the_others_alone(room: TimerRoom) -> None:
    await room.freezes(model="demand", end=MONDAY)
    assert str(await room.frozen("demand")).startswith("frozen for demand by lead until")
    assert await room.frozen("churn") is None and await room.frozen() is None
    assert await room.orders("scale_model", "m-2", replicas=2)


@pytest.mark.parametrize(
    ("period", "why"),
    [
        ({"end": START - timedelta(minutes=1)}, "has passed"),
        ({"end": START}, "has passed"),
        ({"begin": MONDAY, "end": FRIDAY}, "end before it begins"),
        ({"end": START + timedelta(days=400)}, "more than a year"),
    ],
)
async def test_times_that_cannot_be_are_refused_and_nothing_is_frozen(
    room: TimerRoom, period: dict[str, datetime], why: str
) -> None:
    with pytest.raises(BadInput, match=why):
        await room.freezes(**period)
    assert await room.records.freezes() == []


async def test_the_same_freeze_twice_is_told_and_two_at_other_times_both_hold(room: TimerRoom) -> None:
    await room.freezes(end=FRIDAY)
    with pytest.raises(Conflict, match="frozen by lead until Fri 6 Mar 16:00"):
        await room.freezes("m-2", end=MONDAY)
    await room.freezes("m-3", begin=MONDAY, end=MONDAY + timedelta(days=1))
    assert len(await room.records.freezes()) == 2
    # and the very same message, read again after a crash, changes nothing
    assert (await room.freezes(end=FRIDAY)).timer == 1
    assert len(await room.audited("freeze")) == 2


async def test_an_extended_freeze_ends_at_its_new_end_only(room: TimerRoom) -> None:
    await room.freezes(end=FRIDAY)
    longer = await room.controls.extend_freeze(MONDAY, actor="sre")
    assert longer.ends == MONDAY
    await room.clock.advance_to(FRIDAY + timedelta(hours=1))
    assert await room.frozen() is not None and await room.titles() == []
    with pytest.raises(BadInput, match="lasts until Mon 9 Mar 08:00"):
        await room.controls.extend_freeze(FRIDAY + timedelta(hours=2), actor="sre")
    await room.clock.advance_to(MONDAY)
    assert await room.frozen() is None and await room.titles() == ["Changes may begin again"]
    with pytest.raises(Conflict, match="not frozen"):
        await room.controls.extend_freeze(MONDAY + timedelta(days=1), actor="sre")


async def test_unfreezing_takes_the_timer_along(room: TimerRoom) -> None:
    await room.freezes(end=FRIDAY)
    ended = await room.controls.unfreeze(actor="sre")
    assert [freeze.timer for freeze in ended] == [1]
    await room.clock.advance_to(MONDAY)
    assert await room.titles() == [] and (await room.audited("freeze_over")) == []
    # home had its line about it, which says who ended it
    assert await room.titles("ml-ops") == ["Changes: the freeze of lead is ended by sre"]
    with pytest.raises(Conflict, match="not frozen"):
        await room.controls.unfreeze(actor="sre")


async def test_a_freeze_that_is_set_for_later_can_be_called_off(room: TimerRoom) -> None:
    await room.freezes(begin=FRIDAY, end=MONDAY)
    (ended,) = await room.controls.unfreeze(actor="lead")
    assert not ended.holds
    await room.clock.advance_to(FRIDAY + timedelta(hours=1))
    assert await room.frozen() is None and await room.titles() == []


async def test_pausing_is_possible_in_a_freeze(room: TimerRoom) -> None:
    await room.freezes(end=MONDAY)
    assert (await room.pauses()).status == "succeeded"
    await room.hours(2)
    assert not room.serving.paused


async def test_a_freeze_outlives_a_restart_and_an_end_that_was_slept_through_is_told_once(room: TimerRoom) -> None:
    await room.freezes(begin=FRIDAY, end=MONDAY)
    again = await room.reopened(later=timedelta(days=3))
    try:
        assert await again.frozen() is not None
        assert await again.titles() == ["Changes are frozen now"]
    finally:
        later = await again.reopened(later=timedelta(days=4))
    assert await later.frozen() is None
    assert await later.titles() == ["Changes are frozen now", "Changes may begin again"]
    third = await later.reopened()
    assert len(await third.titles(HERE)) == 2
    room.engine, room.keeper, room._loop = third.engine, third.keeper, third._loop
