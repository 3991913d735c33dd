"""Spans and schedules at the edges: clock changes, other zones, midnight, and cron lines that can be said again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bizaiops_bot.domain.recurrence import spoken
from bizaiops_bot.domain.values import Window
from bizaiops_bot.engine.timing.cron import next_fire
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.slots import cron, windows
from tests.support.router_company import COMPANY, NOW, asks, refuses


def _window(text: str, now: datetime = NOW, zone: str = "Europe/Berlin") -> Window:
    mention = windows.find(text, now, zone)
    assert mention is not None, text
    assert mention.problem == "", mention.problem
    return Window.model_validate(mention.value)


def test_a_zone_that_is_named_is_the_zone_of_the_window() -> None:
    found = Hearing("how did churn do yesterday between 3 and 5 pm new york time", COMPANY).window
    assert found is not None
    window = Window.model_validate(found.value)
    assert (window.start, window.end) == (
        datetime(2026, 11, 20, 20, tzinfo=UTC),
        datetime(2026, 11, 20, 22, tzinfo=UTC),
    )


def test_hours_of_a_day_with_25_hours_are_on_the_local_clock() -> None:
    now = datetime(2026, 10, 26, 10, tzinfo=UTC)
    window = _window("yesterday between 9 and 11", now)
    assert (window.start.hour, window.end.hour) == (8, 10)
    whole = _window("on sunday", now)
    assert (whole.end - whole.start).total_seconds() == 25 * 3600


def test_hours_that_a_day_skips_are_no_span() -> None:
    now = datetime(2026, 3, 30, 10, tzinfo=UTC)
    window = _window("yesterday between 1 and 4", now)
    assert (window.end - window.start).total_seconds() == 2 * 3600


@pytest.mark.parametrize("text", ["between 5 and 7 pm today", "tonight", "in two days", "next monday", "2027-01-01"])
def test_what_is_still_to_come_is_said_to_be_so(text: str) -> None:
    mention = windows.find(text, NOW, "Europe/Berlin")
    assert mention is not None
    assert "has not happened yet" in mention.problem


def test_a_day_that_does_not_exist_is_told() -> None:
    assert "no '31 november'" in refuses("how did churn do on 31 november?").why


def test_numeric_dates_are_said_in_words_so_that_a_wrong_reading_shows() -> None:
    assert _window("on 3/11/2026").label == "3 November"
    assert _window("24/11").label == "24 November 2025"


def test_several_weekends_are_not_one_span() -> None:
    assert "`last weekend`" in refuses("how did churn do on the last 2 weekends?").why


LINES = [
    *("0 9 * * 1", "30 8 * * 1-5", "0 7 * * *", "0 * * * *", "5 17 * * 2,4", "0 9 * * 1#1", "0 16 * * L5"),
    *("0 17 L * *", "0 7 1,15 * *", "0 8,17 * * *", "0 9 * * 1-4", "0 9 * * 2#1,2#3", "*/15 * * * *", "0 9 22 * *"),
]


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_read_back_from_its_own_words_and_can_be_kept(line: str) -> None:
    mention = cron.find(spoken(line).lower())
    assert mention is not None
    assert mention.value == (line, "")
    assert next_fire(line, "Europe/Berlin", NOW) > NOW


def test_the_first_and_third_tuesday_is_what_every_other_tuesday_can_be() -> None:
    mention = cron.find("the first and third tuesday of the month at 9")
    assert mention is not None
    assert mention.value == ("0 9 * * 2#1,2#3", "")


@pytest.mark.parametrize(
    "text",
    [
        "every monday at 9 if churn is above 5%",
        "every day at 9 in december",
        "every day at 9 for the next 3 weeks",
        "every day at 9 starting next monday",
        "every monday at 9 and wednesday at 11",
        "every weekday from 9 to 17 every 20 minutes except lunch",
    ],
)
def test_a_schedule_is_never_kept_without_what_limits_it(text: str) -> None:
    mention = cron.find(text)
    assert mention is not None
    assert mention.problem


def test_times_of_a_schedule_that_is_twice_a_day_are_asked_for() -> None:
    assert "At which times" in refuses("send the churn digest twice a day").why


def test_a_range_of_shares_is_asked_back_with_both() -> None:
    question = asks("deploy churn v3 at 5-10%")
    assert question.text == "Which share: 5% or 10%?"
    assert [choice.label for choice in question.choices] == ["5%", "10%"]
