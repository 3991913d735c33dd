"""Where news go, when they wait and what is only a repeat, as the rules in the settings say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.notices import (
    NoticeRule,
    NoticeSettings,
    QuietHours,
    has_to_be_found,
    ordinal,
    repeat_words,
    severity_of,
)
from bizaiops_bot.settings import load_settings

BERLIN = "Europe/Berlin"
NIGHT: dict[str, Any] = {"from": "22:00", "to": "07:00"}


def quiet(**given: Any) -> QuietHours:
    return QuietHours.model_validate({**NIGHT, **given})


def berlin(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN), fold=fold).astimezone(UTC)


# -- where -----------------------------------------------------------------------------------------


def rules(*given: dict[str, Any], **more: Any) -> NoticeSettings:
    return NoticeSettings.model_validate({"rules": given, **more})


def test_a_rule_sends_its_sort_of_news_of_its_model_from_its_severity_on() -> None:
    settings = rules(
        {"what": "alert", "to": ["slack:#ml-ops"]},
        {"what": "alert", "model": "churn", "at_least": "danger", "to": ["teams:#General", "slack:#ml-ops"]},
        {"what": "digest", "model": "churn", "to": ["slack:#sales"]},
    )
    assert settings.destinations("alert", "churn", "danger") == ("slack:#ml-ops", "teams:#General")
    assert settings.destinations("alert", "churn", "warning") == ("slack:#ml-ops",)
    assert settings.destinations("alert", "demand", "danger") == ("slack:#ml-ops",)
    assert settings.destinations("digest", "churn") == ("slack:#sales",)
    assert settings.destinations("digest", "demand") == settings.destinations("approval", "churn") == ()


def test_what_a_person_asks_for_has_no_severity_and_is_never_too_mild() -> None:
    settings = rules({"what": "approval", "at_least": "danger", "to": ["slack:#approvals"]})
    assert settings.destinations("approval", "churn") == ("slack:#approvals",)
    assert settings.destinations("approval", "churn", "warning") == ()


def test_news_for_the_owner_go_to_the_person_who_owns_that_model_and_to_nobody_where_none_is_named() -> None:
    settings = rules({"what": "alert", "to": ["owner"]}, owners={"churn": "lead"})
    assert settings.destinations("alert", "churn", "danger") == ("@lead",)
    assert settings.destinations("alert", "demand", "danger") == ()


@pytest.mark.parametrize(
    ("place", "found"),
    [("slack:#ml-ops", True), ("teams:@lead", True), ("@lead", True), ("slack:C0123", False), ("ml-ops", False)],
)
def test_titles_and_people_have_to_be_looked_up_and_conversations_do_not(place: str, found: bool) -> None:
    assert has_to_be_found(place) is found


@pytest.mark.parametrize(
    ("given", "more", "said"),
    [
        (
            {"what": "alert", "model": "chrun", "to": ["ml-ops"]},
            {},
            "rule 'alert of chrun to ml-ops' names the model 'chrun'",
        ),
        ({"what": "alert", "to": ["slack:@bob"]}, {}, "rule 'alert to slack:@bob' names the person 'bob'"),
        ({"what": "alert", "to": ["owner"]}, {}, "rule 'alert to owner' sends to the owner, and no owner is named"),
        ({"what": "alert", "model": "demand", "to": ["owner"]}, {"owners": {"churn": "lead"}}, "no owner is named"),
        ({"what": "alert", "to": ["x"]}, {"owners": {"churn": "bob"}}, "notices.owners names the person 'bob'"),
        ({"what": "alert", "to": ["x"]}, {"owners": {"chrun": "lead"}}, "notices.owners names the model 'chrun'"),
    ],
)
def test_a_rule_about_what_is_not_there_stops_the_start_and_is_named(
    given: dict[str, Any], more: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        rules(given, **more).check(["churn", "demand"], ["lead", "sre"])


def test_good_rules_are_let_through() -> None:
    settings = rules({"what": "alert", "model": "churn", "to": ["owner", "slack:@sre"]}, owners={"churn": "lead"})
    settings.check(["churn", "demand"], ["lead", "sre"])


@pytest.mark.parametrize("place", ["", "#ml-ops", "a" * 90, "ml ops\nx"])
def test_a_place_that_cannot_be_one_is_refused(place: str) -> None:
    with pytest.raises(ValidationError, match="is not a place such as"):
        NoticeRule.model_validate({"what": "alert", "to": [place]})


def test_rules_and_quiet_hours_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIZAIOPS_NOTICES__RULES", '[{"what": "alert", "to": ["slack:#ml-ops"]}]')
    monkeypatch.setenv("BIZAIOPS_NOTICES__QUIET", '{"from": "22:00", "to": "07:00"}')
    notices = load_settings().notices
    assert notices.destinations("alert", "churn", "info") == ("slack:#ml-ops",)
    assert notices.quiet[0].let_through == "danger"


def test_a_misspelt_sort_of_news_is_told_with_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIZAIOPS_NOTICES__RULES", '[{"what": "alerts", "to": ["slack:#ml-ops"]}]')
    with pytest.raises(BadInput, match="BIZAIOPS_NOTICES__RULES__0__WHAT is not usable: 'alerts'"):
        load_settings()


# -- when ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "end"),
    [
        ("2026-03-04T21:59", None),
        ("2026-03-04T22:00", "2026-03-05T07:00"),
        ("2026-03-05T03:00", "2026-03-05T07:00"),
        ("2026-03-05T06:59", "2026-03-05T07:00"),
        ("2026-03-05T07:00", None),
    ],
)
def test_quiet_hours_reach_over_midnight_in_their_own_zone(at: str, end: str | None) -> None:
    assert quiet().end(berlin(at), BERLIN) == (None if end is None else berlin(end))
    assert quiet(time_zone=BERLIN).end(berlin(at), "Asia/Tokyo") == (None if end is None else berlin(end))


def test_quiet_hours_hold_on_the_days_they_begin_on() -> None:
    friday = quiet(days=["Fri"])
    assert friday.end(berlin("2026-03-06T23:00"), BERLIN) == berlin("2026-03-07T07:00")
    assert friday.end(berlin("2026-03-07T06:00"), BERLIN) == berlin("2026-03-07T07:00")
    assert friday.end(berlin("2026-03-07T23:00"), BERLIN) is None


@pytest.mark.parametrize(("night", "hours"), [("2026-03-28", 8), ("2026-10-24", 10), ("2026-06-01", 9)])
def test_a_night_in_which_the_clock_is_changed_ends_at_seven_all_the_same(night: str, hours: int) -> None:
    begin = berlin(f"{night}T22:00")
    end = quiet().end(begin, BERLIN)
    assert end is not None and end - begin == timedelta(hours=hours)
    assert end.astimezone(ZoneInfo(BERLIN)).hour == 7


def test_a_time_that_the_clock_has_twice_ends_with_the_second() -> None:
    early = quiet(to="02:30")
    end = early.end(berlin("2026-10-25T01:00"), BERLIN)
    assert end == berlin("2026-10-25T02:30", fold=1)
    assert early.end(berlin("2026-10-25T02:45"), BERLIN) == end  # the first 2:45 is before the second 2:30


def test_windows_that_join_are_one_and_danger_passes() -> None:
    weekend = {"from": "00:00", "to": "24:00", "days": ["Sat", "Sun"]}
    settings = NoticeSettings.model_validate({"quiet": [NIGHT, weekend]})
    friday_night = berlin("2026-03-06T23:00")
    assert settings.quiet_until(friday_night, "warning", BERLIN) == berlin("2026-03-09T07:00")
    assert settings.quiet_until(friday_night, "danger", BERLIN) is None
    assert settings.quiet_until(berlin("2026-03-06T12:00"), "info", BERLIN) is None


def test_quiet_hours_may_let_more_or_nothing_through() -> None:
    night = berlin("2026-03-06T23:00")
    assert NoticeSettings(quiet=(quiet(let_through="warning"),)).quiet_until(night, "warning", BERLIN) is None
    assert NoticeSettings(quiet=(quiet(let_through="nothing"),)).quiet_until(night, "danger", BERLIN) is not None


@pytest.mark.parametrize(
    "bad", [{"from": "22:00", "to": "22:00"}, {"from": "25:00"}, {"time_zone": "Berlin"}, {"days": ["Fry"]}]
)
def test_quiet_hours_that_cannot_be_meant_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        quiet(**bad)


# -- repeats ---------------------------------------------------------------------------------------


def test_failing_and_slow_requests_are_a_danger_and_models_that_get_worse_a_warning() -> None:
    assert severity_of("errors_detected") == severity_of("latency_detected") == "danger"
    assert severity_of("drift_detected") == severity_of("missing_values_detected") == "warning"


def test_an_alert_repeats_the_first_one_within_half_an_hour_and_not_later() -> None:
    first = berlin("2026-03-04T14:00")
    assert NoticeSettings().repeats(first, first + timedelta(minutes=30))
    assert not NoticeSettings().repeats(first, first + timedelta(minutes=31))
    assert not NoticeSettings(repeat_minutes=0).repeats(first, first + timedelta(minutes=1))


def test_a_repeat_is_told_with_how_often_and_when_last() -> None:
    first = berlin("2026-03-04T14:00")
    assert repeat_words(1, first, first) == ""
    assert repeat_words(4, first, first + timedelta(minutes=25)) == "4th time in 25 min, last at 13:25 UTC"


def test_ordinals_are_spelt_as_people_do() -> None:
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)] == [
        "1st",
        "2nd",
        "3rd",
        "4th",
        "11th",
        "12th",
        "13th",
        "21st",
        "102nd",
        "111th",
    ]
