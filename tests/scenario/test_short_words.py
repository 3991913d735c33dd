"""Short words about what is under way: done or asked with one button where they mean one thing, else told or asked which."""

from __future__ import annotations

import pytest

from tests.support.talk import Talk

ASK = "deploy churn v2 as a 10% canary"


@pytest.mark.parametrize("words", ["approve it", "approve", "ok, approve that please"])
async def test_the_one_run_that_waits_is_approved_though_its_number_is_not_said(talk: Talk, words: str) -> None:
    plan = await talk.starts(ASK)
    said = await talk.says(words, by="lead")
    said.shows(f"approved run {plan.run}")
    await talk.served("churn", {"v1": 90, "v2": 10})


@pytest.mark.parametrize("words", ["go ahead", "ok do it", "ship it", "yes", "ja, mach das", "oui vas-y", "sí"])
async def test_vague_consent_is_asked_with_the_one_button_it_can_mean(talk: Talk, words: str) -> None:
    plan = await talk.starts(ASK)
    asked = await talk.says(words, by="lead")
    asked.shows(f"Do you mean run {plan.run} (Deploy churn v2)?")
    assert asked.buttons() == [f"approve run {plan.run}"]
    assert (await talk.run(plan.run)).status == "waiting"


async def test_a_no_of_somebody_else_is_asked_first(talk: Talk) -> None:
    plan = await talk.starts(ASK)
    asked = await talk.says("nevermind", by="lead")
    assert asked.buttons() == [f"reject run {plan.run}"]
    assert (await talk.run(plan.run)).status == "waiting"


@pytest.mark.parametrize(
    "words",
    [
        "nevermind",
        "forget it",
        "scrap that",
        "don't",
        "leave it",
        "stop it!!",
        "cancel that",
        "actually, I changed my mind",
        "no need anymore",
        "not churn",
    ],
)
async def test_who_asked_takes_the_own_plan_back_in_any_words(talk: Talk, words: str) -> None:
    plan = await talk.starts(ASK)
    (await talk.says(words, by="engineer")).shows(f"Cancelling run {plan.run}")
    assert (await talk.finished(plan.run)).status == "cancelled"
    (await plan.now()).shows("cancelled")
    assert "Approve" not in (await plan.now()).buttons()


async def test_a_rejection_without_a_number_ends_the_one_run(talk: Talk) -> None:
    plan = await talk.starts(ASK)
    (await talk.says("reject it because it is late", by="lead")).shows(f"rejected run {plan.run}", "it is late")


async def test_two_that_wait_are_named_with_a_button_each(talk: Talk) -> None:
    first, second = await talk.starts(ASK), await talk.starts("scale demand to 3 replicas")
    asked = await talk.says("approve it", by="lead")
    assert (await talk.says("approve the first one", by="lead")).buttons() == [f"approve run {first.run}"]
    asked.shows(f"Which one: run {first.run} (Deploy churn v2) or run {second.run} (Scale demand)?")
    assert asked.buttons() == [f"approve run {first.run}", f"approve run {second.run}"]
    assert {run.status for run in await talk.runs()} == {"waiting"}


@pytest.mark.parametrize("words", ["approve it", "go ahead", "stop", "nevermind", "cancel that", "reject it"])
async def test_where_nothing_waits_that_is_said_plainly(talk: Talk, words: str) -> None:
    said = await talk.says(words, by="lead")
    assert said.card.title.startswith("Nothing ") and not said.buttons()


@pytest.mark.parametrize("words", ["approve it", "approve", "reject it"])
@pytest.mark.parametrize("inside", [True, False])
async def test_words_for_a_plan_that_was_superseded_meanwhile_decide_on_no_other(
    talk: Talk, words: str, inside: bool
) -> None:
    # given a plan that was superseded before the answer to it came
    old = await talk.starts(ASK)
    new = await talk.starts("pause churn")
    # when an approver answers without a number
    asked = await talk.says(words, by="lead", thread=old.posted.thread if inside else None)
    # then the plan that took its place is not decided on unseen
    assert asked.buttons() == [f"{words.split(maxsplit=1)[0]} run {new.run}"]
    assert (await talk.run(new.run)).status == "waiting"
    # and in that one's own thread there is nothing to ask
    (await talk.says(words, by="lead", thread=new.posted.thread)).shows(f"run {new.run}: pause")


async def test_words_in_the_thread_of_a_run_that_is_over_decide_on_no_other_models_run(talk: Talk) -> None:
    old, other = await talk.starts(ASK), await talk.starts("scale demand to 3 replicas")
    await old.click("Reject", by="lead")
    asked = await talk.says("approve it", by="lead", thread=old.posted.thread)
    assert asked.buttons() == [f"approve run {other.run}"]
    assert (await talk.run(other.run)).status == "waiting"


async def test_words_about_a_run_that_was_shown_and_is_over_decide_on_no_other(talk: Talk) -> None:
    await talk.starts(ASK)
    shown = await talk.says("show run 1", by="lead")
    new = await talk.starts("pause churn")
    await talk.says("approve it", by="lead", thread=shown.posted.thread)
    await talk.says("approve it", by="lead")
    assert (await talk.run(new.run)).status == "waiting"
