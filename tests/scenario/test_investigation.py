"""Somebody asks why a model is as it is: what is wrong, since when, and whether a release came before."""

from __future__ import annotations

from datetime import timedelta

from bizaiops_bot.domain.cards import Card, Chart, Fields, Text
from tests.support.talk import Shown, Talk

CHANGES = ("roll back", "retrain", "scale", "resume", "pause", "deploy", "approve")


def facts(card: Card) -> dict[str, str]:
    """The decision by rules, as the card has it."""
    return dict(next(b for b in card.blocks if isinstance(b, Fields)).fields)


def only_reads(shown: Shown) -> bool:
    """Whether no button of the answer changes anything."""
    return not any(b.command.startswith(CHANGES) for b in shown.card.buttons)


async def test_why_a_model_is_slow_is_answered_with_latency_its_beginning_and_that_no_release_came_before(
    talk: Talk,
) -> None:
    # given a model that has served well for a while
    await talk.minutes(40)
    began = talk.clock.now()
    # when it begins to answer slowly
    await talk.says("inject latency into churn")
    await talk.minutes(6)
    shown = await talk.says("why is churn slow?", by="analyst")
    # then the answer names latency with its size and beginning
    assert shown.card.title.startswith("churn: latency since "), shown.words
    shown.shows("churn v1 is slow since about", "latency p95", "ms before", "What I looked at", "What was released?")
    estimated = facts(shown.card)["Began"]
    assert estimated.startswith(tuple(f"4 Mar {began + timedelta(minutes=m):%H:%M}" for m in (-1, 0, 1, 2)))
    # and that no release came before
    shown.shows("No release came before it: v1 has served since 08:00 UTC on 4 Mar")
    # and it offers to look, and changes nothing
    assert only_reads(shown) and shown.has(Chart)
    assert "Status churn" in shown.buttons() and await talk.traffic("churn") == {"v1": 100}


async def test_slowness_that_a_release_brought_names_the_release_and_what_may_be_said(after_release: Talk) -> None:
    # given churn v2, released a moment ago, with the rollback rule kept from acting by a freeze
    talk = after_release
    await talk.says("freeze deploys because of the year end", by="lead")
    await talk.says("inject latency into churn")
    await talk.minutes(4)
    shown = await talk.says("why is churn so slow")
    # then the release is named, and a rollback is something to say, no button
    shown.shows("the release of v2", "before it began", "`roll back churn`", "Nothing was changed")
    assert only_reads(shown)
    assert await talk.traffic("churn") == {"v2": 100}


async def test_drift_is_found_with_its_columns_and_beginning(talk: Talk) -> None:
    await talk.minutes(30)
    began = talk.clock.now()
    await talk.inject("churn", "covariate_drift")
    await talk.minutes(5)
    shown = await talk.says("investigate churn")
    assert shown.card.title.startswith("churn: drift since "), shown.words
    shown.shows("not as at training", "age (", "PSI", "the requests have changed", "No release came before it")
    estimated = facts(shown.card)["Began"]
    assert estimated.startswith(tuple(f"4 Mar {began + timedelta(minutes=m):%H:%M}" for m in (-1, 0, 1)))


async def test_that_nothing_is_wrong_is_said_with_what_was_looked_at(talk: Talk) -> None:
    await talk.minutes(30)
    shown = await talk.says("what is wrong with demand")
    assert shown.card.title == "demand: nothing is wrong", shown.words
    assert shown.card.tone == "success"
    questions = [row[0] for row in shown.table().rows]
    assert len(questions) == 12
    assert not any("may say" in b.text for b in shown.card.blocks if isinstance(b, Text))


async def test_the_card_of_a_drift_alert_explains_columns_size_beginning_and_the_release_before(talk: Talk) -> None:
    await talk.minutes(5)
    await talk.inject("churn", "covariate_drift")
    alert = await talk.alert("churn", "drift_detected")
    shown = await talk.card(f"alert-{alert.id}-ml-ops")
    shown.shows("Requests to churn v1 are not as at training in age", "It began at about", "No release came before it")
    assert "language model" not in shown.words


async def test_a_slow_canary_is_named_with_both_versions_and_what_stops_it(talk: Talk) -> None:
    # given a canary at work that becomes slow
    plan = await talk.starts("deploy churn v2 as a 10% canary")
    await plan.click("Approve", by="lead")
    await talk.served("churn", {"v1": 90, "v2": 10})
    await talk.inject("churn", "latency")
    # when it is asked early, on few requests
    await talk.minutes(1)
    early = await talk.says("why is churn slow?")
    # then nobody is told that nothing is wrong
    early.shows("churn v2 is slow", "on few requests", "as a canary", f"run {plan.run}")
    assert "nothing is wrong" not in early.words.lower()
    # and with enough of them it is the canary, shown beside the stable version
    await talk.minutes(3)
    sure = await talk.says("why is churn slow?")
    sure.shows("v2 itself", "v2 got 10% of the requests as a canary", "No other version is affected", "v1 p95")
    assert "infrastructure" not in sure.words and "No release came" not in sure.card.summary
    sure.shows(f"cancel run {plan.run}")


async def test_a_canary_that_was_taken_back_is_no_alert_and_is_told_as_over(talk: Talk) -> None:
    plan = await talk.starts("deploy churn v2 as a 10% canary")
    await plan.click("Approve", by="lead")
    await talk.served("churn", {"v1": 90, "v2": 10})
    await talk.inject("churn", "latency")
    assert (await talk.finished(plan.run)).status == "failed"
    shown = await talk.says("why is churn slow?")
    shown.shows("v2 failed its canary", "p95", "sent back to v1")
    await talk.minutes(5)
    assert await talk.alerts("churn") == []
