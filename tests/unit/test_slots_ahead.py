"""Spans and moments to come, as they are said: read to the minute in the time zone they are said in, or asked back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bizaiops_bot.router.slots import ahead

NOW = datetime(2026, 11, 18, 14, 30, tzinfo=UTC)  # a Wednesday, 15:30 in Berlin


def span(said: str, now: datetime = NOW, zone: str = "Europe/Berlin") -> str | None:
    """ "begin to end" in UTC without seconds, "now" and "open" for none."""
    found = ahead.period(said, now, zone)
    if found is None or found.problem:
        return None if found is None else found.problem
    if found.value["weekly"]:
        return "every " + " to ".join(found.value["weekly"])
    return f"{(found.value['begin'] or 'now')[:16]} to {(found.value['end'] or 'open')[:16]}"


def moment(said: str, now: datetime = NOW, zone: str = "Europe/Berlin") -> str | None:
    found = ahead.moment(said, now, zone)
    return None if found is None else found.problem or str(found.value["at"])[:16]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("freeze everything until monday", "now to 2026-11-23T23:00"),
        ("freeze deploys until monday 8:00", "now to 2026-11-23T07:00"),
        ("freeze deploys for 3 days", "now to 2026-11-21T14:30"),
        ("freeze deploys friday 16:00 to monday 8:00", "2026-11-20T15:00 to 2026-11-23T07:00"),
        ("from friday 16:00 until monday 8:00", "2026-11-20T15:00 to 2026-11-23T07:00"),
        ("friday 4 pm - monday 8 am", "2026-11-20T15:00 to 2026-11-23T07:00"),
        ("from 16:00 to 18:00 tomorrow", "2026-11-19T15:00 to 2026-11-19T17:00"),
        ("tomorrow 16:00 to 18:00", "2026-11-19T15:00 to 2026-11-19T17:00"),
        ("between 1 december and 5 december", "2026-11-30T23:00 to 2026-12-05T23:00"),
        ("24 dec to 2 jan", "2026-12-23T23:00 to 2027-01-02T23:00"),
        ("for 3 days starting monday", "2026-11-22T23:00 to 2026-11-25T23:00"),
        ("from tomorrow", "2026-11-18T23:00 to open"),
        ("tomorrow", "2026-11-18T23:00 to 2026-11-19T23:00"),
        ("on friday after 16:00", "2026-11-20T15:00 to 2026-11-20T23:00"),
        ("friday afternoon", "2026-11-20T11:00 to 2026-11-20T17:00"),
        ("next week", "2026-11-22T23:00 to 2026-11-29T23:00"),
        ("for the next week", "now to 2026-11-25T14:30"),
        ("over the weekend", "2026-11-20T23:00 to 2026-11-22T23:00"),
        ("next month", "2026-11-30T23:00 to 2026-12-31T23:00"),
        ("this week", "now to 2026-11-22T23:00"),
        ("no deploys on weekends", "every Sat 00:00 to Mon 00:00"),
        ("every weekend", "every Sat 00:00 to Mon 00:00"),
        ("every friday 16:00 to monday 8:00", "every Fri 16:00 to Mon 08:00"),
        ("friday 16:00 to monday 8:00 every week", "every Fri 16:00 to Mon 08:00"),
        ("on fridays", "every Fri 00:00 to Sat 00:00"),
        ("on fridays after 16:00", "every Fri 16:00 to Sat 00:00"),
        ("until further notice", None),
        ("because black friday is coming", None),
        ("the sale is on friday", None),
        ("until yesterday", "'until yesterday' has passed."),
        ("from friday 25:00", "'25:00' is not a time of day. Say it as 9:00, 17:30 or 5 pm."),
        ("every night", ahead.NOT_DAILY),
    ],
)
def test_a_span_to_come_is_read_in_the_companys_time_zone(said: str, meant: str | None) -> None:
    assert span(said) == meant


def test_an_end_that_is_no_time_is_told() -> None:
    assert span("freeze deploys until the release is out") == (
        "I do not know when 'the release is out' is. Say a day or a time, such as `until monday 8:00`."
    )


def test_what_has_begun_already_begins_at_once() -> None:
    friday = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
    assert span("friday 16:00 to monday 8:00", friday) == "now to 2026-11-23T07:00"
    assert span("over the weekend", friday) == "now to 2026-11-22T23:00"


@pytest.mark.parametrize(
    ("said", "now", "meant"),
    [
        # Clocks go back in the night to 25 October: Saturday is at +2, Monday at +1 hour.
        ("saturday 8:00 to monday 8:00", datetime(2026, 10, 22, 9, tzinfo=UTC), "2026-10-24T06:00 to 2026-10-26T07:00"),
        # They go forward in the night to 29 March.
        ("saturday 8:00 to monday 8:00", datetime(2026, 3, 26, 9, tzinfo=UTC), "2026-03-28T07:00 to 2026-03-30T06:00"),
    ],
)
def test_days_keep_their_wall_clock_when_the_clocks_change(said: str, now: datetime, meant: str) -> None:
    assert span(said, now) == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("remind me tomorrow at 10 to check churn", "2026-11-19T09:00"),
        ("remind me to check churn tomorrow at 10", "2026-11-19T09:00"),
        ("remind me at 10 tomorrow", "2026-11-19T09:00"),
        ("remind me in 2 hours", "2026-11-18T16:30"),
        ("remind me in half an hour", "2026-11-18T15:00"),
        ("remind me in an hour and a half", "2026-11-18T16:00"),
        ("remind me at 17:30", "2026-11-18T16:30"),
        ("remind me at 10", "2026-11-19T09:00"),
        ("remind me on friday", "2026-11-20T08:00"),
        ("remind me next monday at noon", "2026-11-23T11:00"),
        ("remind me on 5 december at 9 am", "2026-12-05T08:00"),
        ("remind me tomorrow morning", "2026-11-19T08:00"),
        ("remind me tonight", "2026-11-18T19:00"),
        ("remind me next week", "2026-11-23T08:00"),
        ("remind me this evening", "2026-11-18T17:00"),
        ("remind me today at 8", "'today at 8' has passed."),
        ("remind me at 25:00", "'25:00' is not a time of day. Say it as 9:00, 17:30 or 5 pm."),
        ("remind me every monday at 9", ahead.NOT_AGAIN),
        ("remind me later", None),
    ],
)
def test_a_moment_to_come_is_read_in_the_companys_time_zone(said: str, meant: str | None) -> None:
    assert moment(said) == meant


def test_a_moment_that_the_clocks_skip_comes_behind_the_gap() -> None:
    saturday = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert moment("remind me tomorrow at 2:30", saturday) == "2026-03-29T01:30"
    assert moment("remind me tomorrow at 10", saturday) == "2026-03-29T08:00"
