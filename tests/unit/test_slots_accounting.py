"""A schedule is kept as it was said, or not at all: every word of its time is accounted for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bizaiops_bot.domain.recurrence import spoken
from bizaiops_bot.engine.timing.cron import next_fire
from bizaiops_bot.router.slots import cron
from tests.support.router_company import Thread, does, refuses
from tests.unit.test_slots_times import NOW

LIMITS = [
    *("ends december 31", "ending in june", "until christmas", "till friday", "through the summer", "for 3 weeks"),
    *("for the next 3 weeks", "starting march 1", "starting next monday", "beginning tomorrow", "from april on"),
    *("in march", "in dec", "only in q1", "in winter", "during school holidays", "not in august", "since may"),
    *("except holidays", "but skip bank holidays", "excluding easter", "unless it is a holiday", "barring outages"),
    *("if churn is above 5%", "when traffic is low", "whenever it rains", "weather permitting", "every other week"),
    *("or tuesday", "or on tuesdays", "and the 1st", "and every 2nd day", "in even weeks", "on odd weeks"),
    *("twice", "three times", "before lunch", "after the standup", "-ish", "5 times", "in leap years", "in 2027"),
    *("expires in a year", "the 13th", "provided the store is open", "within office hours", "but not next week"),
    *("and 2 days before month end", "until 31.12.", "up to new year", "alternating with tuesdays", "till eoy"),
]
BASES = {
    "every monday at 9": "0 9 * * 1",
    "every weekday at 8:30": "30 8 * * 1-5",
    "daily at 7": "0 7 * * *",
    "on the 1st of the month at 9": "0 9 1 * *",
    "last friday of the month at 4 pm": "0 16 * * L5",
    "every hour on weekdays": "0 * * * 1-5",
    "0 9 * * 1": "0 9 * * 1",
}


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("base", BASES)
def test_a_limit_is_never_left_out_without_a_word(base: str, limit: str) -> None:
    found = cron.find(f"send the digest {base} {limit}")
    assert found is not None
    assert found.value is None
    assert found.problem


@given(st.sampled_from(sorted(BASES)), st.sampled_from(LIMITS), st.sampled_from(LIMITS), st.booleans())
@settings(max_examples=200, deadline=None)
def test_limits_are_noticed_wherever_they_stand(base: str, one: str, other: str, before: bool) -> None:
    text = f"{one}, {base} {other} send the digest here" if before else f"send the digest {base}, {one} {other}"
    found = cron.find(text)
    assert found is None or found.value is None or found.value[0] != BASES[base]


HARMLESS = [
    *("please", "thanks a lot", "until further notice", "from now on", "if possible", "here", "in this channel"),
    *("to #sales", "if you can", "to the sales channel", "sharp", "starting now", "for us", "forever"),
]


@pytest.mark.parametrize("word", HARMLESS)
@pytest.mark.parametrize("base", BASES)
def test_words_that_limit_nothing_do_not_hinder(base: str, word: str) -> None:
    found = cron.find(f"send the digest {base} {word}")
    assert found is not None
    assert found.value == (BASES[base], "")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("first business day of the month at 9", "0 9 1W * *"),
        ("on the first working day of each month at 9", "0 9 1W * *"),
        ("monthly on the last business day at 17:00", "0 17 LW * *"),
        ("last weekday of the month at 9", "0 9 LW * *"),
        ("2 days before month end at 9", "0 9 L-2 * *"),
        ("the day before the end of the month at 9", "0 9 L-1 * *"),
        ("quarterly on the 2nd at 9", "0 9 2 1,4,7,10 *"),
        ("the fifth day of every quarter at 9", "0 9 5 1,4,7,10 *"),
        ("the third thursday of every month at 9", "0 9 * * 4#3"),
        ("every month on the 3rd friday at 9", "0 9 * * 5#3"),
        ("every last friday at 9", "0 9 * * L5"),
        ("weekdays but not friday at 9", "0 9 * * 1-4"),
        ("every day at 7 except the weekend", "0 7 * * 1-5"),
        ("every monday at 9 in the evening", "0 21 * * 1"),
        ("every day at 8 in the morning", "0 8 * * *"),
        ("every friday at 3 in the afternoon", "0 15 * * 5"),
        ("every day at 11 at night", "0 23 * * *"),
        ("every day at half past 8 in the evening", "30 20 * * *"),
        ("every day at 12 at night", "0 0 * * *"),
        ("midnight every sunday", "0 0 * * 0"),
        ("every weekday 8am: the digest", "0 8 * * 1-5"),
        ("weekly digest on mondays at 10", "0 10 * * 1"),
        ("from monday to friday at 8", "0 8 * * 1-5"),
    ],
)
def test_what_can_be_kept_is_kept_exactly(text: str, line: str) -> None:
    found = cron.find(text)
    assert found is not None
    assert (found.value, found.problem) == ((line, ""), "")
    again = cron.find(spoken(line).lower())
    assert again is not None
    assert again.value == (line, "")
    assert next_fire(line, "Europe/Berlin", NOW) > NOW


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("every friday the 13th at 9", "0 9 * * 5"),
        ("every monday at 9, ends december 31", "0 9 * * 1"),
        ("every two mondays at 9", "0 9 * * 1"),
        ("every other tuesday at 9", "0 9 * * 2"),
        ("every third thursday at 9", "0 9 * * 4#3"),
        ("bi-weekly at 9", "0 9 * * 1"),
        ("every 10 days at 9", "0 9 * * 1"),
        ("twice a month at 9", "0 9 1 * *"),
        ("second business day of the month at 9", "0 9 1W * *"),
        ("the penultimate working day of the month at 9", "0 9 LW * *"),
    ],
)
def test_what_cannot_be_kept_names_what_comes_nearest(text: str, nearest: str) -> None:
    found = cron.find(text)
    assert found is not None
    assert (found.value, found.nearest) == (None, nearest)
    assert f"The nearest I can do is `{spoken(nearest)}`." in found.problem


@pytest.mark.parametrize(
    "text",
    [
        "every day at 14:00 in the morning",
        "every day at 5ish",
        "every monday from 9:00 to 17:00",
        "at 9 to 5 daily",
        "every morning at 9 pm",
        "every evening at 9 am",
    ],
)
def test_a_time_of_day_that_is_none_is_told(text: str) -> None:
    found = cron.find(text)
    assert found is not None
    assert found.problem


def test_the_nearest_schedule_is_one_click_away() -> None:
    refused = refuses("send the churn digest every monday at 9 until christmas")
    assert refused.why.startswith("I cannot keep 'until christmas' for a schedule.")
    assert [choice.label for choice in refused.choices] == ["every Monday at 9:00"]
    assert "churn" in refused.choices[0].bind["inputs"]


def test_a_yes_takes_the_nearest_schedule() -> None:
    thread = Thread()
    thread.says("send the churn digest every other tuesday at 9")
    inputs = {"model": "churn", "cron": "0 9 * * 2", "time_zone": "Europe/Berlin"}
    assert thread.does("yes") == ("schedule_digest", inputs)


def test_a_models_name_and_a_zone_are_no_limits() -> None:
    said = "send the churn digest every weekday at 8:30 London time to @lee please"
    assert does(said)[1]["cron"] == "30 8 * * 1-5"
