"""KPI questions about a span: the table, the picture and the words are all of the days that were asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bizaiops_bot.domain.cards import Card, Chart, Context, Table, Text
from bizaiops_bot.domain.values import Window
from playbooks.send_digest import send_digest
from playbooks.show_kpis import show_kpis
from tests.support.fake_company import START, Company, release
from tests.support.run_double import RunDouble, play

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)


def rate(day: date) -> float | None:
    """4% in October, 8% in November."""
    return (4.0 if day.month == 10 else 8.0) + day.weekday() / 10


def window(start: datetime, end: datetime, label: str) -> Window:
    return Window(start=start, end=end, label=label)


def parts(card: Card) -> tuple[Table, Chart, list[str], str]:
    table = next(b for b in card.blocks if isinstance(b, Table))
    chart = next(b for b in card.blocks if isinstance(b, Chart))
    texts = [b.text for b in card.blocks if isinstance(b, Text)]
    return table, chart, texts, next(b.text for b in card.blocks if isinstance(b, Context))


async def asked(world: Company, span: Window | None) -> Card:
    inputs: dict[str, Any] = {} if span is None else {"window": span}
    return await play(show_kpis, RunDouble(world), model="churn", kpi="churn_rate", **inputs)


async def test_a_month_that_is_over_is_drawn_told_and_judged_by_its_own_days() -> None:
    world = Company(days={"churn_rate": rate})
    world.releases.append(release("v2", "v1", "deploy", at=datetime(2026, 11, 8, 10, tzinfo=UTC)))
    october = window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC), "October")
    table, chart, texts, small = parts(await asked(world, october))
    assert (chart.x[0], chart.x[-1], len(chart.x)) == ("1 Oct", "31 Oct", 31)
    assert chart.title == "churn: Churn rate, daily, 1 Oct to 31 Oct"
    assert chart.marks == ()
    assert table.rows[0][1] == "4.3%"
    assert table.columns[3] == "Sat 31 Oct vs Sat before"
    assert table.rows[0][3].startswith("4.5%")
    assert "Saturday 31 Oct" in texts[0]
    assert texts[-1] == "What happened: no deploy, no alert."
    assert small.startswith("1 Oct to 31 Oct, days in UTC")


async def test_a_short_span_of_the_past_is_drawn_with_the_four_weeks_before_it() -> None:
    week = window(datetime(2026, 10, 19, tzinfo=UTC), datetime(2026, 10, 26, tzinfo=UTC), "week 43")
    table, chart, _, _ = parts(await asked(Company(days={"churn_rate": rate}), week))
    assert (chart.x[-1], len(chart.x)) == ("25 Oct", 28)
    assert table.rows[0][3].startswith(f"{chart.series[0].values[-1]:.1f}%")


@pytest.mark.parametrize(
    ("label", "start", "before", "days"),
    [
        ("this week", datetime(2026, 11, 23, tzinfo=UTC), "last week", "16 Nov to 22 Nov"),
        ("today", datetime(2026, 11, 23, tzinfo=UTC), "the day before", "22 Nov"),
        ("since monday", datetime(2026, 11, 23, tzinfo=UTC), "the day before", "22 Nov"),
    ],
)
async def test_on_monday_morning_the_week_so_far_is_told_with_the_last_whole_one(
    label: str, start: datetime, before: str, days: str
) -> None:
    world = Company(days={"churn_rate": rate}, now=MONDAY)
    card = await asked(world, window(start, MONDAY, label))
    table, chart, texts, small = parts(card)
    so_far = f"{label.capitalize()} so far (23 Nov), no day of it is whole yet: Churn rate 8.0%."
    assert texts[0] == f"{so_far} The table is of {before}, {days}."
    assert card.summary.startswith(so_far)
    assert table.columns[1].lower() == before
    assert "%" in table.rows[0][1]
    assert chart.x[-1] == "22 Nov"
    assert small.startswith(days)
    assert card.title == f"churn: Churn rate, {before}"


async def test_on_the_first_of_a_month_the_last_whole_month_is_told() -> None:
    first = datetime(2026, 11, 1, 9, tzinfo=UTC)
    month = window(datetime(2026, 11, 1, tzinfo=UTC), first, "this month")
    table, chart, texts, _ = parts(await asked(Company(days={"churn_rate": rate}, now=first), month))
    assert "The table is of last month, 1 Oct to 31 Oct." in texts[0]
    assert table.rows[0][1] == "4.3%"
    assert (chart.x[0], chart.x[-1]) == ("1 Oct", "31 Oct")


async def test_a_running_week_is_called_so_far_and_its_whole_days_are_counted() -> None:
    week = window(datetime(2026, 11, 16, tzinfo=UTC), START, "this week")
    card = await asked(Company(days={"churn_rate": rate}), week)
    table, _, _, small = parts(card)
    assert card.title == "churn: Churn rate, this week so far"
    assert table.columns[1] == "This week so far"
    assert small.startswith("16 Nov to 20 Nov, 4 whole days of 5")


async def test_after_a_day_without_data_the_digest_says_so_and_tells_the_newest_whole_day() -> None:
    world = Company(days={"churn_rate": lambda day: rate(day) if day < START.date() - timedelta(days=1) else None})
    card = await play(send_digest, RunDouble(world), model="churn")
    table, chart, texts, _ = parts(card)
    assert texts[0].startswith("**No data came for Thursday 19 Nov; the newest whole day is Wednesday 18 Nov.")
    assert (card.tone, card.title) == ("warning", "churn KPI digest, Wed 18 Nov")
    assert table.columns[2] == "vs Wed before"
    values = {row[0]: row[1] for row in table.rows}
    assert values["Churn rate"] == f"{chart.series[0].values[-1]:.1f}%" == "8.2%"
    assert chart.x[-1] == "18 Nov"


async def test_a_comparison_needs_most_days_to_have_their_counterpart() -> None:
    def young(day: date) -> float | None:
        return 8.0 if day >= date(2026, 11, 12) else None

    week = window(datetime(2026, 11, 13, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC), "last 7 days")
    table, _, _, _ = parts(await asked(Company(days={"churn_rate": young}), week))
    assert table.rows[0][1:3] == ("8.0%", "no comparison")
