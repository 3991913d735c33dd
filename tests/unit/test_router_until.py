"""Ends to come and people, as they are said: read to the minute in the company's time zone, or asked back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.routing import Catalogue, Question
from bizaiops_bot.router.slots import people, until
from tests.support.router_company import COMPANY, asks, does, hears, refuses

NOW = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)  # a Friday, 15:30 in Berlin


def ends(text: str, now: datetime = NOW) -> str | None:
    found = until.find(text, now, "Europe/Berlin")
    return None if found is None else found.problem or found.value["at"][:16]


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("for 3 days", "2026-11-23T14:30"),
        ("for three days", "2026-11-23T14:30"),
        ("for a week", "2026-11-27T14:30"),
        ("for the next 2 hours", "2026-11-20T16:30"),
        ("for half an hour", "2026-11-20T15:00"),
        ("for a couple of days", "2026-11-22T14:30"),
        ("for a month", "2026-12-20T14:30"),
        ("until monday", "2026-11-23T23:00"),
        ("until friday", "2026-11-20T23:00"),
        ("until next friday", "2026-11-27T23:00"),
        ("till wed at 9", "2026-11-25T08:00"),
        ("until monday 18:15", "2026-11-23T17:15"),
        ("until tomorrow", "2026-11-21T23:00"),
        ("until tomorrow noon", "2026-11-21T11:00"),
        ("until tomorrow evening", "2026-11-21T21:00"),
        ("until 17:30", "2026-11-20T16:30"),
        ("until 9 am", "2026-11-21T08:00"),
        ("until 5 december", "2026-12-05T23:00"),
        ("until dec 5 at noon", "2026-12-05T11:00"),
        ("until the 5th of january", "2027-01-05T23:00"),
        ("to 2026-12-01", "2026-12-01T23:00"),
        ("over the weekend", "2026-11-22T23:00"),
        ("this week", "2026-11-22T23:00"),
        ("for the rest of the month", "2026-11-30T23:00"),
        ("until the end of the day", "2026-11-20T23:00"),
        ("today", "2026-11-20T23:00"),
        ("until 30 february", None),
        ("until i am back", None),
        ("to 3 people", None),
        ("not today", None),
        ("every week", None),
    ],
)
def test_an_end_is_read_in_the_time_zone_of_the_company(said: str, at: str | None) -> None:
    assert ends(f"let sam decide {said}") == at


def test_a_span_over_the_change_of_the_clock_is_as_long_as_said_and_a_day_ends_with_the_clock_on_the_wall() -> None:
    saturday = datetime(2026, 3, 28, 11, tzinfo=UTC)  # the clock is put forward in the night
    assert ends("for 1 day", saturday) == "2026-03-29T11:00"
    assert ends("until tomorrow", saturday) == "2026-03-29T22:00"


@pytest.mark.parametrize("said", ["from monday to friday", "starting tomorrow for 2 days", "next week for next week"])
def test_what_is_to_begin_later_is_told_to_begin_at_once(said: str) -> None:
    assert ends(said) == until.AT_ONCE


@pytest.mark.parametrize(
    ("said", "problem"), [("until today at 9", "has passed"), ("until friday 25:00", "time of day")]
)
def test_an_end_that_cannot_be_is_told(said: str, problem: str) -> None:
    assert problem in (ends(said) or "")


def test_a_person_is_known_by_id_and_by_first_and_whole_name() -> None:
    assert Actor(id="sre", name="Sam Hill, SRE on call").called == ("sam hill", "sam")
    assert Actor(id="kim", name="Kim").called == ()


def test_of_two_people_with_one_name_the_bot_asks_which() -> None:
    two = COMPANY.model_copy(update={"called": {"lead": ("sam",), "sre": ("sam",)}})
    assert [m.value for m in people.find("ask sam", two)] == ["lead", "sre"]
    question = hears("delegate my approvals to sam", None, two)
    assert isinstance(question, Question)
    assert question.text == "One person at a time: lead or sre?"


def test_a_longer_name_wins_over_one_within_it() -> None:
    company: Catalogue = COMPANY.model_copy(update={"called": {"lead": ("sam",), "sre": ("sam hill", "sam")}})
    assert [m.value for m in people.find("let sam hill approve", company)] == ["sre"]


def test_an_unknown_name_is_told_with_those_there_are() -> None:
    question = asks("delegate my approvals to bob")
    assert question.text == "I know nobody called 'bob'. Whom do you mean: engineer, lead, analyst or sre?"
    assert question.choices[3].command == "delegate my approvals to sre"


def test_until_a_day_is_no_condition_but_until_an_event_is() -> None:
    assert does("let sam approve for me until friday") == ("delegate_approvals", {"to": "sre", "until": "until friday"})
    assert "condition" in refuses("delegate my approvals to sam when I am away").why


def test_somebody_else_is_never_taken_for_the_one_who_asks() -> None:
    assert asks("let lead approve run 7").choices[0].command == "approve run 7"
    assert asks("let lead deploy churn v3").choices[0].command == "deploy churn v3"
