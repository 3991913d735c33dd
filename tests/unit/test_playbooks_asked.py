"""Answers to composed questions on a company whose every number is known; no data is told as no data."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bizaiops_bot.domain.cards import Card, Context, Table
from bizaiops_bot.domain.errors import NotFound
from bizaiops_bot.domain.language_use import Use
from bizaiops_bot.domain.records import Alert, DecisionRecord
from bizaiops_bot.domain.timers import Freeze
from bizaiops_bot.domain.values import Window
from playbooks._asked import LIMIT
from playbooks.answer_question import answer_question
from playbooks.check_safety import check_safety
from playbooks.explain_verdict import explain_verdict
from playbooks.show_changes import show_changes
from tests.support.fake_company import START, Company, release, version
from tests.support.run_double import RunDouble, play
from tests.unit.test_playbooks_operate import waiting_run
from tests.unit.test_playbooks_read import lively

DAY = timedelta(days=1)
TODAY = Window(start=START - timedelta(hours=12), end=START, label="today")


async def ask(world: Company, subject: str, aggregate: str, **more: Any) -> Card:
    return await play(answer_question, RunDouble(world), subject=subject, aggregate=aggregate, **more)


def small_print(card: Card) -> str:
    return next(b.text for b in card.blocks if isinstance(b, Context))


def rows(card: Card) -> tuple[tuple[str, ...], ...]:
    return next(b for b in card.blocks if isinstance(b, Table)).rows


def released() -> Company:
    """Deployed two days ago and five minutes ago, rolled back in between."""
    world = Company()
    world.releases += [
        release("v2", "v1", "deploy", at=START - 2 * DAY),
        release("v1", "v2", "rollback", at=START - DAY),
        release("v3", "v1", "deploy", at=START - timedelta(minutes=5)),
    ]
    return world


async def test_a_count_is_of_its_window_and_says_so() -> None:
    card = await ask(released(), "release", "count", kind="deploy", window=TODAY)
    assert card.title == "1 deploy today"
    assert "releases on record, today (Fri 20 Nov 00:00 to Fri 20 Nov 12:00, UTC), only deploys" in small_print(card)
    everything = await ask(released(), "release", "count")
    assert everything.title == "3 releases"  # what it started with is none
    assert (await ask(Company(), "release", "count", kind="rollback", window=TODAY)).title == "No rollback today"


async def test_what_happened_in_this_very_second_is_of_today() -> None:
    world = Company()
    world.releases.append(release("v2", "v1", "deploy", at=START))
    assert (await ask(world, "release", "count", window=TODAY)).title == "1 release today"


async def test_an_answer_that_may_miss_older_records_says_so() -> None:
    world = Company()
    world.releases += [release("v2", "v1", "deploy", at=START - n * DAY) for n in range(LIMIT, 0, -1)]
    card = await ask(world, "release", "count", model="churn")
    assert f"The newest {LIMIT} were looked at; there may be older ones." in small_print(card)
    assert "480 more are not shown" in card.summary


async def test_the_first_and_the_last_are_told_with_their_time() -> None:
    assert (
        await ask(released(), "release", "last", kind="rollback")
    ).title == "churn was rolled back to v1, 19 Nov 12:00 UTC"
    assert (await ask(released(), "release", "first", model="churn")).title.startswith("churn v1 was first served")


async def test_a_model_that_there_is_not_is_told_with_the_nearest() -> None:
    with pytest.raises(NotFound):
        await ask(Company(), "release", "count", model="fraud")
    with pytest.raises(NotFound):
        await ask(Company(), "run", "state", run=9)


async def test_who_approved_and_who_still_may() -> None:
    world = Company()
    world.runs.append(waiting_run())
    nobody = await ask(world, "approval", "who", run=1)
    assert nobody.title.startswith("Nobody has approved run 1")
    assert "lead or sre" in nobody.summary
    assert (await ask(world, "approval", "may", run=1)).title == "lead or sre may approve run 1"
    decided = DecisionRecord(gate="approval 1", actor="sam", decision="approved", at=START, behalf="lead")
    world.runs[0] = world.runs[0].model_copy(update={"status": "running", "decisions": (decided,)})
    card = await ask(world, "approval", "who", run=1)
    assert card.title == "sam for lead"
    assert (await ask(world, "approval", "count", person="sam", window=TODAY)).title == "1 approval by sam today"


async def test_how_long_it_takes_is_not_known_where_nothing_like_it_has_succeeded() -> None:
    world = Company()
    world.runs.append(waiting_run())
    card = await ask(world, "run", "how_long", run=1, measure="ahead")
    assert "how long it takes is not known" in card.title
    assert "not known" in (await ask(Company(), "run", "how_long", kind="retrain")).title


async def test_the_worst_is_ranked_and_without_data_nobody_is() -> None:
    card = await ask(lively(), "model", "worst", model="churn")
    assert card.title.startswith("churn: alert 1 is open")
    blind = await ask(Company(), "model", "worst", measure="errors")
    assert blind.title == "No model has data for its error rate"
    green = await ask(Company(), "model", "state")
    assert green.title == "Not enough data to tell for churn and demand"
    assert green.tone == "warning"


async def test_no_data_is_never_safe_and_a_freeze_is_a_no() -> None:
    card = await play(check_safety, RunDouble(Company()), model="churn")
    assert card.title == "Yes, with care for churn"
    assert "its error budget is not known" in card.summary and "drift is not known" in card.summary
    world = Company(frozen="frozen by lead at 19 Nov 12:00 UTC")
    frozen = await play(check_safety, RunDouble(world))
    assert frozen.title == "No, not now"
    assert "changes are frozen by lead" in frozen.summary


async def test_a_verdict_that_there_is_not_is_not_made_up() -> None:
    world = Company()
    world.registered["v2"] = version("v2", auc=0.85)
    never = await play(explain_verdict, RunDouble(world), model="churn", version="v2")
    assert never.title == "There is no verdict on churn v2 yet"
    better = await play(explain_verdict, RunDouble(world), model="churn", version="v2", other="v1")
    assert better.title == "Not known: churn v2 has not been tried on live traffic"
    assert "auc 0.85 against 0.83, better" in better.summary
    nothing = await play(explain_verdict, RunDouble(Company()))
    assert nothing.title == "No version has been tried yet, so there is no verdict"


async def test_what_changed_is_told_in_order_and_nothing_as_nothing() -> None:
    world = released()
    closed = START - timedelta(minutes=1)
    world.alerts.append(
        Alert(
            id=1,
            model="churn",
            kind="drift_detected",
            title="drift in tenure",
            detail={},
            onset=START - DAY,
            detected=START - timedelta(minutes=30),
            closed=closed,
            run=None,
        )
    )
    card = await play(show_changes, RunDouble(world), window=TODAY)
    assert card.title == "Today: 1 release, 1 alert"
    assert [row[1] for row in rows(card)] == ["alert", "release", "alert over"]
    quiet = await play(show_changes, RunDouble(Company()), window=TODAY)
    assert quiet.title == "Nothing changed today"


async def test_costs_and_returns_are_told_as_far_as_they_are_known() -> None:
    world = Company(language_use={START.date(): Use(calls=3, tokens_in=900, tokens_out=100, micro_usd=1_230_000)})
    assert (await ask(world, "cost", "amount", window=TODAY)).title == "1.23 USD for 3 calls today"
    assert (await ask(Company(), "cost", "amount")).title == "Nothing: no language model was called in the last 30 days"
    assert "cannot be told" in (await ask(world, "kpi", "roi", model="churn")).title


async def test_whether_changes_are_frozen_is_a_yes_or_a_no() -> None:
    assert (await ask(Company(), "freeze", "state")).title == "No, changes are not frozen"
    held = Freeze(
        timer=1,
        by="lead",
        why="the audit",
        model=None,
        begins=START - timedelta(hours=5),
        ends=START + timedelta(hours=2),
        weekly="",
        time_zone="UTC",
        holds=True,
    )
    world = Company(freezes=[held])
    assert (await ask(world, "freeze", "state")).title.startswith("Yes, changes are frozen by lead")
    assert (await ask(world, "freeze", "why")).title == "The audit"
    assert (await ask(world, "freeze", "how_long")).title.startswith("For 5 h, since")
    assert (await ask(world, "freeze", "when", measure="end")).title == "Until Fri 20 Nov 14:00 (UTC)"
