"""On the days when clocks change every named time comes once, and what goes on through the hours goes on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.timing.cron import next_fire, next_fires
from bizaiops_bot.engine.watch.schedules import Scheduler
from bizaiops_bot.playbook import Card, Inputs, Run, playbook
from tests.support.small_engine import SmallEngine
from tests.support.virtual_clock import VirtualClock

ZONES = [
    *("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "Asia/Beirut"),
    *("America/Havana", "Asia/Kolkata", "Pacific/Chatham", "Africa/Casablanca", "UTC"),
]
# Every zone above that changes its clocks changes them within these weeks.
TIMES_OF_YEAR = [datetime(2026, month, 1, tzinfo=UTC) for month in (2, 3, 4, 9, 10, 11)]


class Ask(Inputs):
    """A digest."""

    model: str


@playbook(title="Digest", risk="control")
async def send_digest(run: Run, ask: Ask) -> Card:
    return Card(title=f"{ask.model} digest")


def on(day: date, cron: str, zone: str) -> list[str]:
    """The local times at which the line fires on that day."""
    start = datetime.combine(day, datetime.min.time(), ZoneInfo(zone)).astimezone(UTC) - timedelta(seconds=1)
    fires = next_fires(cron, zone, start, 130)
    here = [fire.astimezone(ZoneInfo(zone)) for fire in fires]
    return [f"{fire:%H:%M %z}" for fire in here if fire.date() == day]


@pytest.mark.parametrize(
    ("cron", "zone", "day", "fires"),
    [
        ("30 2 * * *", "Europe/Berlin", date(2026, 10, 25), ["02:30 +0200"]),
        ("0 1 * * *", "America/New_York", date(2026, 11, 1), ["01:00 -0400"]),
        ("45 1 * * *", "Australia/Lord_Howe", date(2026, 4, 5), ["01:45 +1100"]),
        ("30 0 * * *", "America/Havana", date(2026, 11, 1), ["00:30 -0400"]),
        ("30 1,2,3 * * *", "Europe/Berlin", date(2026, 10, 25), ["01:30 +0200", "02:30 +0200", "03:30 +0100"]),
        # The clock jumps over these times.
        ("30 2 * * *", "Europe/Berlin", date(2026, 3, 29), ["03:00 +0200"]),
        ("30 2 * * *", "America/New_York", date(2026, 3, 8), ["03:00 -0400"]),
        ("15 2 * * *", "Australia/Lord_Howe", date(2026, 10, 4), ["02:30 +1100"]),
        ("30 0 * * *", "Asia/Beirut", date(2026, 3, 29), ["01:00 +0300"]),
        ("30 1,2,3 * * *", "Europe/Berlin", date(2026, 3, 29), ["01:30 +0100", "03:00 +0200", "03:30 +0200"]),
    ],
)
def test_each_named_time_comes_once_on_the_day_the_clocks_change(
    cron: str, zone: str, day: date, fires: list[str]
) -> None:
    assert on(day, cron, zone) == fires


@pytest.mark.parametrize(
    ("cron", "zone", "day", "count"),
    [
        ("0 * * * *", "Europe/Berlin", date(2026, 10, 25), 25),
        ("0 * * * *", "Europe/Berlin", date(2026, 3, 29), 23),
        ("*/15 * * * *", "Europe/Berlin", date(2026, 10, 25), 100),
        ("*/15 * * * *", "Europe/Berlin", date(2026, 3, 29), 92),
        ("*/30 * * * *", "Australia/Lord_Howe", date(2026, 4, 5), 49),
        ("*/30 * * * *", "Australia/Lord_Howe", date(2026, 10, 4), 47),
        ("0 0-5 * * *", "America/New_York", date(2026, 11, 1), 7),
        ("0 */2 * * *", "Europe/Berlin", date(2026, 10, 25), 12),
    ],
)
def test_what_goes_on_through_the_hours_leaves_out_none_and_doubles_none(
    cron: str, zone: str, day: date, count: int
) -> None:
    fires = on(day, cron, zone)
    assert len(fires) == count == len(set(fires))


@given(
    st.sampled_from(ZONES), st.sampled_from(TIMES_OF_YEAR), st.integers(0, 23), st.integers(0, 59), st.integers(0, 30)
)
@settings(max_examples=150, deadline=None)
def test_a_daily_time_comes_exactly_once_on_each_day_everywhere(
    zone: str, month: datetime, hour: int, minute: int, skip: int
) -> None:
    fires = next_fires(f"{minute} {hour} * * *", zone, month + timedelta(days=skip), 12)
    days = [fire.astimezone(ZoneInfo(zone)).date() for fire in fires]
    assert days == [days[0] + timedelta(days=n) for n in range(12)]


@given(
    st.sampled_from(ZONES), st.sampled_from(TIMES_OF_YEAR), st.sampled_from([5, 15, 30]), st.integers(0, 60 * 24 * 30)
)
@settings(max_examples=60, deadline=None)
def test_every_few_minutes_is_what_a_clock_on_the_wall_shows(zone: str, month: datetime, step: int, skip: int) -> None:
    after = month + timedelta(minutes=skip)
    minutes = (after + timedelta(minutes=n) for n in range(1, 200))
    shown = [at for at in minutes if at.astimezone(ZoneInfo(zone)).minute % step == 0]
    assert next_fires(f"*/{step} * * * *", zone, after, 5) == shown[:5]


@given(st.dates(date(2026, 1, 1), date(2035, 12, 31)))
@settings(max_examples=100, deadline=None)
def test_business_days_at_the_edges_of_a_month_are_what_a_calendar_says(day: date) -> None:
    days = [day.replace(day=1) + timedelta(days=n) for n in range(31)]
    work = [d for d in days if d.month == day.month and d.weekday() < 5]
    before = datetime(day.year, day.month, 1, tzinfo=UTC) - timedelta(minutes=1)
    assert next_fire("0 9 1W * *", "UTC", before).date() == work[0]
    assert next_fire("0 9 LW * *", "UTC", before).date() == work[-1]


def test_days_before_the_end_of_a_month_follow_its_length() -> None:
    fires = next_fires("0 9 L-2 * *", "UTC", datetime(2028, 1, 1, tzinfo=UTC), 4)
    assert [f"{fire:%d %b}" for fire in fires] == ["29 Jan", "27 Feb", "29 Mar", "28 Apr"]


@given(st.sampled_from(["0 9 * * 1", "30 8 * * 1-5", "0 9 * * 1#1", "0 16 * * L5", "0 17 L * *", "0 9 1 1,4,7,10 *"]))
def test_where_no_clock_changes_it_is_what_cron_says(cron: str) -> None:
    after = datetime(2026, 3, 4, 8, 30, tzinfo=UTC)
    plain = croniter(cron, after)
    assert next_fires(cron, "UTC", after, 5) == [plain.get_next(datetime) for _ in range(5)]


@pytest.mark.parametrize("cron", ["0 9 30 2 *", "0 9 32W * *", "0 9 L-28 * *", "0 9 WL * *"])
def test_a_day_that_never_comes_is_refused_in_words(cron: str) -> None:
    with pytest.raises(BadInput, match="is not a schedule"):
        next_fire(cron, "UTC", datetime(2026, 3, 4, tzinfo=UTC))


async def test_a_digest_at_half_past_two_is_sent_once_in_the_night_of_two_half_past_twos(tmp_path: Path) -> None:
    # given a daily digest at 2:30 in Berlin, the day before clocks go back
    engine = SmallEngine(tmp_path / "data", [send_digest], VirtualClock(datetime(2026, 10, 24, 12, tzinfo=UTC)))
    await engine.start()  # of several workers one leads, and it alone sends
    scheduler = Scheduler(engine.core, engine.orders)
    await engine.controls.add_schedule(
        "demand digest",
        "send_digest",
        {"model": "demand"},
        "30 2 * * *",
        "Europe/Berlin",
        actor="lead",
        conversation="c",
    )
    # when the scheduler looks every quarter of an hour until the next noon
    for _ in range(4 * 24):
        await engine.clock.advance(900)
        await scheduler.fire_due()
    # then one digest came
    cards = await engine.core.store.read(lambda conn: outbox.read_cards(conn, "c", 0, 10))
    await engine.stop()
    assert len(cards) == 1
