"""Words to typed values, as tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bizaiops_bot.domain.values import Window
from bizaiops_bot.router.slots import cron, names, numbers, versions, windows, words, zones
from tests.support.router_company import COMPANY, NOW


@pytest.mark.parametrize(
    ("text", "percent"),
    [
        ("at 10%", 10),
        ("ten percent", 10),
        ("a tenth of the traffic", 10),
        ("half", 50),
        ("a quarter of users", 25),
        ("twenty-five per cent", 25),
        ("1 %", 1),
        ("100%", 100),
        ("canary 20", 20),
        ("20 canary", 20),
        ("to all traffic", 100),
        ("one in ten", 10),
    ],
)
def test_shares_of_traffic_are_read(text: str, percent: int) -> None:
    assert [m.value for m in numbers.percents(text)] == [percent]


@pytest.mark.parametrize("text", ["0%", "150%", "-5%", "2.5%", "10,5 %", "101 percent", "1000%"])
def test_an_impossible_share_is_told_and_never_clamped(text: str) -> None:
    (mention,) = numbers.percents(text)
    assert mention.value is None
    assert "1% to 100%" in mention.problem


@pytest.mark.parametrize("text", ["half past eight", "v10", "run 10", "a quarter past nine", "the last quarter"])
def test_other_numbers_are_no_share(text: str) -> None:
    assert numbers.percents(text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("v2", ["v2"]),
        ("version 2", ["v2"]),
        ("V2".lower(), ["v2"]),
        ("v1 and v2", ["v1", "v2"]),
        ("versions 1 and 2", ["v1", "v2"]),
        ("the latest", ["latest"]),
        ("the previous version", ["previous"]),
        ("the champion", ["stable"]),
        ("v2.1", ["v2.1"]),
        ("version -1", ["v-1"]),
        ("latency", []),
    ],
)
def test_versions_are_read(text: str, said: list[str]) -> None:
    assert [m.value for m in numbers.versions(text)] == said


@pytest.mark.parametrize(
    ("said", "version"),
    [("v1", "v1"), ("latest", "v3"), ("previous", "v1"), ("stable", "v2"), ("v9", None), ("v2.1", None)],
)
def test_versions_are_looked_up_in_the_catalogue(said: str, version: str | None) -> None:
    assert versions.named(said, "churn", COMPANY) == version


@pytest.mark.parametrize(
    ("text", "replicas"),
    [("to 3", 3), ("three replicas", 3), ("5 pods", 5), ("replicas to 4", 4), ("to 0", None), ("to 51 replicas", None)],
)
def test_replicas_are_read_within_their_range(text: str, replicas: int | None) -> None:
    assert [m.value for m in numbers.replicas(text)] == [replicas]


@pytest.mark.parametrize(
    ("text", "run"), [("run 7", 7), ("#7", 7), ("run number 12", 12), ("run seven", 7), ("run #0", None)]
)
def test_run_numbers_are_read(text: str, run: int | None) -> None:
    assert [m.value for m in numbers.runs(text)] == [run]


@pytest.mark.parametrize(
    ("text", "models"),
    [
        ("churn", ["churn"]),
        ("the customer-churn model", ["churn"]),
        ("customer_churn", ["churn"]),
        ("demand forecast", ["demand"]),
        ("churn's status", ["churn"]),
        ("churn and demand", ["churn", "demand"]),
        ("churning", []),
        ("recharge", []),
        ("on-demand", []),
    ],
)
def test_models_are_found_by_whole_words(text: str, models: list[str]) -> None:
    assert [m.value for m in names.models(text, COMPANY)] == models


@pytest.mark.parametrize(
    ("word", "near"),
    [("chrun", ["churn"]), ("churm", ["churn"]), ("demnad", ["demand"]), ("pricing", []), ("website", [])],
)
def test_a_misspelt_model_is_recognised_but_not_taken(word: str, near: list[str]) -> None:
    assert names.models(word, COMPANY) == []
    assert names.near_models(word, COMPANY) == near


def test_a_kpi_is_found_with_the_model_it_belongs_to() -> None:
    assert [m.value for m in names.kpis("the revenue at risk", COMPANY)] == [("churn", "revenue_at_risk")]
    assert [m.value for m in names.kpis("churn rate and stockouts", COMPANY)] == [
        ("churn", "churn_rate"),
        ("demand", "stock_outs"),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("every monday at 9:00", "0 9 * * 1"),
        ("every weekday at 8:30", "30 8 * * 1-5"),
        ("daily at 7", "0 7 * * *"),
        ("every hour", "0 * * * *"),
        ("first monday of the month at 9", "0 9 * * 1#1"),
        ("last friday of the month at 4 pm", "0 16 * * L5"),
        ("mondays and thursdays at noon", "0 12 * * 1,4"),
        ("every 15 minutes", "*/15 * * * *"),
        ("every 2 hours", "0 */2 * * *"),
        ("mon-fri at 7:15", "15 7 * * 1-5"),
        ("monthly on the 15th at 9am", "0 9 15 * *"),
        ("every evening at 6", "0 18 * * *"),
        ("every day at half past eight", "30 8 * * *"),
        ("every tuesday at quarter to 9", "45 8 * * 2"),
        ("0 9 * * 1", "0 9 * * 1"),
        ("every day at 12 am", "0 0 * * *"),
        ("every day at 12pm", "0 12 * * *"),
        ("last day of the month at 17:00", "0 17 L * *"),
    ],
)
def test_recurring_times_become_cron_lines(text: str, line: str | None) -> None:
    mention = cron.find(text)
    assert (mention.value if mention else None) == ((line, "") if line else None)


@pytest.mark.parametrize(
    "text",
    [
        "every day at 25:00",
        "every day at 9:75",
        "every day at 13pm",
        "every other monday at 9",
        "every 7 minutes",
        "on the 31st of every month at 9",
        "twice a day",
        "99 9 * * 1",
        "every day at 0pm",
        "every 5 hours",
    ],
)
def test_impossible_recurring_times_say_why(text: str) -> None:
    mention = cron.find(text)
    assert mention is not None
    assert mention.value is None
    assert mention.problem


@pytest.mark.parametrize("line", ["0 9 * * 1", "30 8 * * 1-5", "0 7 * * *", "0 * * * *", "5 17 * * 2,4", "0 9 * * 1#1"])
def test_a_cron_line_said_in_words_is_read_back_the_same(line: str) -> None:
    mention = cron.find(cron.spoken(line).lower())
    assert mention is not None
    assert mention.value == (line, "")


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("berlin time", "Europe/Berlin"),
        ("9:00 london", "Europe/London"),
        ("new york time", "America/New_York"),
        ("utc", "UTC"),
        ("cet", "CET"),
        ("utc+2", "Etc/GMT-2"),
        ("europe/madrid", "Europe/Madrid"),
        ("in paris", "Europe/Paris"),
        ("pacific time", "America/Los_Angeles"),
        ("atlantis time", None),
    ],
)
def test_time_zones_become_iana_names(text: str, zone: str | None) -> None:
    mention = zones.find(text)
    assert mention is not None
    assert mention.value == zone


@pytest.mark.parametrize("text", ["local time", "my time", "every monday at 9", "at the same time"])
def test_no_time_zone_is_heard_where_none_is_named(text: str) -> None:
    assert zones.find(text) is None


def _window(text: str, now: datetime = NOW, zone: str = "Europe/Berlin") -> Window:
    mention = windows.find(text, now, zone)
    assert mention is not None
    assert mention.problem == ""
    return Window.model_validate(mention.value)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("this week", "2026-11-15T23:00", "2026-11-21T14:30"),
        ("last 7 days", "2026-11-14T14:30", "2026-11-21T14:30"),
        ("since monday", "2026-11-15T23:00", "2026-11-21T14:30"),
        ("past 24h", "2026-11-20T14:30", "2026-11-21T14:30"),
        ("yesterday", "2026-11-19T23:00", "2026-11-20T23:00"),
        ("last quarter", "2026-06-30T22:00", "2026-09-30T22:00"),
        ("this month", "2026-10-31T23:00", "2026-11-21T14:30"),
        ("between 9 and 11 am", "2026-11-21T08:00", "2026-11-21T10:00"),
        ("between 3 and 5 pm yesterday", "2026-11-20T14:00", "2026-11-20T16:00"),
        ("last month", "2026-09-30T22:00", "2026-10-31T23:00"),
        ("last year", "2024-12-31T23:00", "2025-12-31T23:00"),
        ("in october", "2026-09-30T22:00", "2026-10-31T23:00"),
        ("since june 3", "2026-06-02T22:00", "2026-11-21T14:30"),
        ("from monday to wednesday", "2026-11-15T23:00", "2026-11-18T23:00"),
        ("between 10 and 15 november", "2026-11-09T23:00", "2026-11-15T23:00"),
        ("on 2026-11-03", "2026-11-02T23:00", "2026-11-03T23:00"),
        ("last weekend", "2026-11-13T23:00", "2026-11-15T23:00"),
        ("in q3", "2026-06-30T22:00", "2026-09-30T22:00"),
    ],
)
def test_windows_begin_and_end_with_local_days(text: str, start: str, end: str) -> None:
    window = _window(text)
    assert (f"{window.start:%Y-%m-%dT%H:%M}", f"{window.end:%Y-%m-%dT%H:%M}") == (start, end)


def test_days_of_23_and_25_hours_are_whole_days() -> None:
    spring = _window("yesterday", datetime(2026, 3, 30, 10, tzinfo=UTC))
    autumn = _window("yesterday", datetime(2026, 10, 26, 10, tzinfo=UTC))
    assert (spring.end - spring.start).total_seconds() == 23 * 3600
    assert (autumn.end - autumn.start).total_seconds() == 25 * 3600


def test_the_last_24_hours_are_24_real_hours_across_a_clock_change() -> None:
    window = _window("last 24 hours", datetime(2026, 10, 25, 12, tzinfo=UTC))
    assert (window.end - window.start).total_seconds() == 24 * 3600


def test_a_new_week_begins_at_local_midnight() -> None:
    late_sunday_utc = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # Monday 0:30 in Berlin
    assert _window("this week", late_sunday_utc).start == datetime(2026, 11, 22, 23, tzinfo=UTC)
    assert _window("this week", late_sunday_utc, "UTC").start == datetime(2026, 11, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["next week", "tomorrow", "last 0 days", "between 5 and 3 pm", "since 2027-01-01", "in the last 999999999 days"],
)
def test_a_window_that_is_not_past_says_so(text: str) -> None:
    mention = windows.find(text, NOW, "Europe/Berlin")
    assert mention is not None
    assert mention.problem


@pytest.mark.parametrize("text", ["churn", "run 7", "deploy churn v2", "revenue at risk", "may we deploy"])
def test_no_window_is_heard_where_none_is_said(text: str) -> None:
    assert windows.find(text, NOW, "Europe/Berlin") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("freeze deploys because of Black Friday", "Black Friday"),
        ("reject run 5 because the data is old.", "the data is old"),
        ("freeze due to audit", "audit"),
        ("freeze deploys, reason: holidays", "holidays"),
        ("freeze deploys", None),
    ],
)
def test_reasons_are_kept_as_written(text: str, reason: str | None) -> None:
    mention = words.reason(text)
    assert (mention.value if mention else None) == reason


def test_a_reason_is_cut_at_500_characters() -> None:
    mention = words.reason("freeze deploys because " + "x" * 1500)
    assert mention is not None
    assert len(mention.value) == 500


@pytest.mark.parametrize(
    ("text", "rest", "dry"),
    [
        ("dry run: deploy churn v2", "deploy churn v2", True),
        ("dry-run deploy churn", "deploy churn", True),
        ("deploy churn v2 --dry-run", "deploy churn v2", True),
        ("deploy churn v2", "deploy churn v2", False),
        ("dry run", "dry run", False),
    ],
)
def test_a_dry_run_is_heard(text: str, rest: Any, dry: bool) -> None:
    assert words.dry_run(text) == (rest, dry)
