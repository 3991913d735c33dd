"""Schedules fire at the local time people meant, also when the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.engine.timing.cron import next_fire


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        ("0 9 * * 1", "Europe/Berlin", datetime(2026, 3, 4, 8, tzinfo=UTC), datetime(2026, 3, 9, 8, tzinfo=UTC)),
        # Berlin goes to summer time on 29 March 2026: nine o'clock is an hour earlier in UTC from then on.
        ("0 9 * * 1", "Europe/Berlin", datetime(2026, 3, 23, 9, tzinfo=UTC), datetime(2026, 3, 30, 7, tzinfo=UTC)),
        ("0 9 * * *", "Europe/Berlin", datetime(2026, 10, 24, 8, tzinfo=UTC), datetime(2026, 10, 25, 8, tzinfo=UTC)),
        (
            "30 8 * * 1-5",
            "America/New_York",
            datetime(2026, 3, 6, 20, tzinfo=UTC),
            datetime(2026, 3, 9, 12, 30, tzinfo=UTC),
        ),
    ],
)
def test_the_next_time_is_right_in_its_zone(cron: str, zone: str, after: datetime, expected: datetime) -> None:
    assert next_fire(cron, zone, after) == expected


def test_a_time_that_the_clock_change_skips_still_fires_that_day() -> None:
    fire = next_fire("30 2 * * *", "Europe/Berlin", datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert fire.date() == datetime(2026, 3, 29, tzinfo=UTC).date()


@pytest.mark.parametrize(
    ("cron", "zone"), [("61 * * * *", "UTC"), ("x", "UTC"), ("0 9 * * 1", "Europe/Berln"), ("0 9 * * 1", "../etc")]
)
def test_an_impossible_schedule_is_refused_in_words(cron: str, zone: str) -> None:
    with pytest.raises(BadInput):
        next_fire(cron, zone, datetime(2026, 3, 4, tzinfo=UTC))
