"""KPIs, digests, schedules and effects: comparisons with the right days, and honest words when there is no data."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bizaiops_bot.domain.cards import Card, Chart, Context, Table
from bizaiops_bot.domain.errors import BadInput, NotFound
from bizaiops_bot.domain.kpi_words import amount, full_title, short_amount
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.values import Window
from bizaiops_bot.playbook import Playbook
from playbooks._words import spoken_cron
from playbooks.explain_effect import explain_effect
from playbooks.list_schedules import list_schedules
from playbooks.schedule_digest import schedule_digest
from playbooks.send_digest import send_digest
from playbooks.show_kpis import show_kpis
from playbooks.stop_schedule import stop_schedule
from tests.support.fake_company import REVENUE, START, Company, release
from tests.support.run_double import RunDouble, play

TODAY = START.date()
ANALYST = Actor(id="analyst", name="Analyst", roles=("analyst",))
WIGGLE = (0.0, 30.0, -20.0, 10.0, -30.0, 20.0, -10.0, 15.0, -15.0, 5.0, -25.0)


def revenue(day: date) -> float:
    """About 10,000 a day, 1,500 less from the 8th of November on, with weekdays and small wiggles."""
    base = 10_000.0 if day < date(2026, 11, 8) else 8_500.0
    return base + 100.0 * day.weekday() + WIGGLE[day.toordinal() % len(WIGGLE)]


def company() -> Company:
    return Company(days={"churn_revenue_at_risk": revenue, "churn_rate": lambda day: 5.0 + day.weekday() / 10})


def table(card: Card) -> Table:
    return next(b for b in card.blocks if isinstance(b, Table))


async def test_kpis_of_the_last_seven_days_stand_against_the_same_weekdays_before() -> None:
    card = await play(show_kpis, RunDouble(company()), model="churn")
    rows = {row[0]: row for row in table(card).rows}
    now = [revenue(TODAY - timedelta(days=n)) for n in range(1, 8)]
    assert rows["Revenue at risk"][1] == f"EUR {sum(now) / 7:,.0f}"
    assert rows["Revenue at risk"][4] == "EUR 12,000, met"
    assert rows["Churn rate"][1:3] == ("5.3%", "= no change")
    assert card.title == "churn: KPIs, last 7 days"
    assert "Revenue at risk EUR 8," in card.summary


async def test_a_fall_of_a_kpi_that_should_fall_is_called_better() -> None:
    start = datetime(2026, 11, 9, tzinfo=UTC)
    week = Window(start=start, end=start + timedelta(days=7), label="last week")
    card = await play(show_kpis, RunDouble(company()), model="churn", window=week, kpi="Revenue at risk")
    assert table(card).rows[0][2] == "▼ 12.7% better"
    assert card.title == "churn: Revenue at risk, last week"


async def test_a_running_week_is_compared_with_the_same_weekdays_only() -> None:
    monday = datetime(2026, 11, 16, tzinfo=UTC)
    week = Window(start=monday, end=monday + timedelta(days=7), label="this week")
    world = company()
    world.days["churn_rate"] = lambda day: 4.0 if day.weekday() < 4 else 9.0
    card = await play(show_kpis, RunDouble(world), model="churn", window=week, kpi="churn_rate")
    assert table(card).rows[0][1:3] == ("4.0%", "= no change")


async def test_without_any_day_the_card_says_so() -> None:
    card = await play(show_kpis, RunDouble(Company()), model="churn")
    assert card.summary.startswith("churn, last 7 days: Revenue at risk: no complete day yet")
    assert not any(isinstance(b, Chart) for b in card.blocks)


async def test_an_unknown_kpi_is_answered_with_those_there_are() -> None:
    with pytest.raises(NotFound, match="Did you mean churn_rate"):
        await play(show_kpis, RunDouble(company()), model="churn", kpi="churn_rat")


async def test_the_digest_has_a_headline_rows_marks_and_a_picture() -> None:
    world = company()
    world.releases.append(release("v2", "v1", "deploy", at=datetime(2026, 11, 8, 10, tzinfo=UTC), run=3))
    card = await play(send_digest, RunDouble(world), model="churn")
    digest = table(card)
    assert digest.columns == ("KPI", "Value", "vs Thu before", "Target", "14 days", "Data")
    assert len(digest.rows) == 2
    assert {row[5] for row in digest.rows} == {"5 min ago"}
    chart = next(b for b in card.blocks if isinstance(b, Chart))
    assert chart.as_picture
    assert (chart.limit, [(m.at, m.label) for m in chart.marks]) == (12_000.0, [(16, "v2")])
    assert card.title == "churn KPI digest, Thu 19 Nov"
    assert any("8 Nov: v2 deployed by engineer" in b.model_dump_json() for b in card.blocks)


async def test_a_digest_without_data_is_a_warning_not_a_row_of_zeros() -> None:
    card = await play(send_digest, RunDouble(Company()), model="churn")
    assert (card.title, card.tone) == ("churn KPI digest: no data", "warning")


async def test_days_whose_outcomes_are_to_come_are_told_as_provisional_on_cards_and_in_digests() -> None:
    world = company()
    world.matures_after["churn_rate"] = "14d"
    digest = await play(send_digest, RunDouble(world), model="churn")
    values = {row[0]: row[1] for row in table(digest).rows}
    assert values["Churn rate"].endswith("(provisional until 4 Dec)")
    assert "provisional" not in values["Revenue at risk"]
    assert "Churn rate is provisional until 4 Dec." in digest.summary
    card = await play(show_kpis, RunDouble(world), model="churn")
    assert {row[0]: row[1] for row in table(card).rows}["Churn rate"] == "5.3% (provisional until 4 Dec)"
    assert "Churn rate 5.3% (= no change, provisional until 4 Dec)" in card.summary


async def test_what_a_release_did_is_told_from_final_days_alone() -> None:
    world = company()
    world.releases.append(release("v2", "v1", "deploy", at=datetime(2026, 11, 7, 12, tzinfo=UTC)))
    told = (await play(explain_effect, RunDouble(world), model="churn", kpi="churn_revenue_at_risk")).summary
    world.matures_after["churn_revenue_at_risk"] = "10d"
    early = (await play(explain_effect, RunDouble(world), model="churn", kpi="churn_revenue_at_risk")).summary
    assert "cannot tell yet" not in told
    assert (
        "cannot tell yet, too few days: 2 of 7 complete days after it" in early and "Ask again from 25 Nov on" in early
    )


@pytest.mark.parametrize("playbook", [send_digest, show_kpis], ids=["digest", "card"])
async def test_data_that_have_stopped_are_told_with_when(playbook: Playbook) -> None:
    world = company()
    assert "Data of" not in (await play(playbook, RunDouble(world), model="churn")).summary
    world.fresh = START - timedelta(days=3)
    card = await play(playbook, RunDouble(world), model="churn")
    assert "Data of Revenue at risk, Churn rate end 17 Nov 12:00 UTC, 3 d ago." in card.summary


async def test_a_digest_is_scheduled_confirmed_in_words_listed_sent_and_stopped() -> None:
    world = company()
    run = RunDouble(world, actor=ANALYST)
    made = await play(schedule_digest, run, model="churn", cron="0 9 * * 1", time_zone="Europe/Berlin")
    assert made.summary == (
        "The churn KPI digest comes here every Monday at 9:00 Europe/Berlin, next: Mon 23 Nov 09:00."
    )
    with pytest.raises(BadInput, match="That is schedule 1 already"):
        await play(schedule_digest, run, model="churn", cron="0 9 * * 1", time_zone="Europe/Berlin")
    listed = await play(list_schedules, run)
    assert [b.command for b in listed.buttons] == ["send schedule 1 now", "stop schedule 1"]
    sent = await play(send_digest, run, schedule=1)
    assert sent.title.startswith("churn KPI digest")
    assert sent.blocks[-1] == Context(text="Thursday 19 Nov, days in Europe/Berlin; running days are left out.")
    await play(stop_schedule, run, schedule=1)
    assert (await play(list_schedules, run)).title == "Nothing is scheduled"
    with pytest.raises(NotFound, match="active schedule '1'"):
        await play(stop_schedule, run, schedule=1)


async def test_a_digest_of_another_conversation_is_posted_there() -> None:
    world = company()
    run = RunDouble(world)
    await play(schedule_digest, run, model="churn", cron="0 9 * * *")
    run.conversation = "elsewhere"
    card = await play(send_digest, run)
    assert [where for where, _ in run.notified] == ["general"]
    assert card.title == "Digest sent to general"


async def test_which_digest_is_asked_when_there_are_two() -> None:
    run = RunDouble(company())
    with pytest.raises(BadInput, match="No digest is scheduled"):
        await play(send_digest, run)
    await play(schedule_digest, run, model="churn", cron="0 9 * * *")
    await play(schedule_digest, run, model="demand", cron="0 9 * * *")
    with pytest.raises(BadInput, match=r"1 \(churn KPI digest\), 2 \(demand KPI digest\)"):
        await play(send_digest, run)


async def test_an_unknown_time_zone_is_refused_before_anything_is_stored() -> None:
    world = company()
    with pytest.raises(BadInput, match="There is no time zone 'Europe/Berln'"):
        await play(schedule_digest, RunDouble(world), model="churn", cron="0 9 * * 1", time_zone="Europe/Berln")
    assert world.schedules == []


def test_money_per_something_says_it_once_in_a_row_and_whole_in_a_sentence() -> None:
    cost = REVENUE.model_copy(update={"title": "Retention cost", "unit": "EUR per 1,000 customers"})
    assert (full_title(cost), short_amount(cost, 8_780.4)) == ("Retention cost per 1,000 customers", "EUR 8,780")
    assert amount(cost, 8_780.4) == "EUR 8,780 per 1,000 customers"
    assert (full_title(REVENUE), amount(REVENUE, None)) == ("Revenue at risk", "no data")


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 9 * * 1", "every Monday at 9:00 UTC"),
        ("30 7 * * 1-5", "every weekday at 7:30 UTC"),
        ("5 18 * * *", "every day at 18:05 UTC"),
        ("0 9 * * mon,7", "every Monday and Sunday at 9:00 UTC"),
        ("0 9 1 * *", "on the 1st of the month at 9:00 UTC"),
        ("0 9 * * 1#1", "on the first Monday of the month at 9:00 UTC"),
        ("0 17 * * L5", "on the last Friday of the month at 17:00 UTC"),
        ("0 17 L * *", "on the last day of the month at 17:00 UTC"),
        ("0 7 1,15 * *", "on the 1st and 15th of the month at 7:00 UTC"),
        ("0 8,17 * * *", "every day at 8:00 and 17:00 UTC"),
        ("*/5 * * * *", "every 5 minutes UTC"),
        ("0 9 1 3 *", "on the schedule 0 9 1 3 * (UTC)"),
    ],
)
def test_a_cron_line_is_said_in_words(cron: str, words: str) -> None:
    assert spoken_cron(cron, "UTC") == words


async def test_the_effect_of_a_release_is_told_with_its_interval() -> None:
    world = company()
    world.releases.append(release("v2", "v1", "deploy", at=datetime(2026, 11, 7, 12, tzinfo=UTC)))
    card = await play(explain_effect, RunDouble(world), model="churn", kpi="churn_revenue_at_risk")
    row = table(card).rows[0]
    assert row[1] == "✓ better"
    assert row[2:4] == ("−EUR 1,501", "−EUR 1,520 to −EUR 1,482")
    assert row[4] == "90 / 12"
    assert "an association, not proof" in card.blocks[-1].model_dump_json()
    assert card.title == "churn v2: Revenue at risk, better"


async def test_a_young_release_cannot_be_judged_yet_and_the_day_is_named() -> None:
    world = company()
    world.releases.append(release("v2", "v1", "deploy", at=datetime(2026, 11, 17, 12, tzinfo=UTC)))
    card = await play(explain_effect, RunDouble(world), model="churn")
    assert card.title == "churn v2: effect cannot be told yet"
    assert "2 of 7 complete days after it. Ask again from 25 Nov on." in card.summary


async def test_without_a_release_there_is_no_effect_to_tell() -> None:
    with pytest.raises(BadInput, match="was not released in my time"):
        await play(explain_effect, RunDouble(company()), model="churn")
