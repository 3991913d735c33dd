"""Who may decide, what a decision binds to, and what everyone who clicks is told."""

from __future__ import annotations

import asyncio

from tests.support.services import service
from tests.support.talk import Talk

ASK = "deploy churn v2 as a 10% canary"


async def test_a_rejection_with_its_reason_ends_the_run_and_changes_nothing(talk: Talk) -> None:
    plan = await talk.starts(ASK)
    said = await talk.says(f"reject run {plan.run}, the sale is on this week", by="lead")
    said.shows("rejected")
    record = await talk.finished(plan.run)
    assert record.status == "rejected"
    assert "sale" in record.decisions[0].reason and record.decisions[0].actor == "lead"
    card = await plan.now()
    card.shows("rejected by lead", "the sale is on this week")
    assert not card.buttons()
    assert await talk.traffic("churn") == {"v1": 100}


async def test_the_reject_button_ends_the_run(talk: Talk) -> None:
    plan = await talk.starts(ASK)
    answer = await plan.click("Reject", by="sre")
    assert answer.accepted and "rejected" in answer.message
    assert (await talk.finished(plan.run)).status == "rejected"


async def test_approval_can_be_written_with_a_reason(talk: Talk) -> None:
    plan = await talk.starts(ASK)
    said = await talk.says("approve run 1, looks good", by="lead")
    said.shows("approved run 1", "looks good")
    await talk.served("churn", {"v1": 90, "v2": 10})
    (await plan.now()).shows("approved by lead (looks good)")


async def test_a_person_without_the_role_cannot_approve_and_is_told_who_can(talk: Talk) -> None:
    plan = await talk.starts(ASK)
    by_click = await plan.click("Approve", by="analyst")
    assert not by_click.accepted and "lead, sre" in by_click.message
    in_words = await talk.says(f"approve run {plan.run}", by="analyst")
    in_words.shows("analyst may not")
    assert (await talk.run(plan.run)).status == "waiting" and not (await talk.run(plan.run)).decisions


async def test_an_approver_cannot_approve_what_he_asked_for(talk: Talk) -> None:
    plan = await talk.starts(ASK, by="lead")
    plan.shows("Must approve: 1 of: sre")
    own = await plan.click("Approve", by="lead")
    assert not own.accepted and "requester cannot approve" in own.message
    assert (await plan.click("Approve", by="sre")).accepted


async def test_words_cannot_approve_ones_own_run_either(talk: Talk) -> None:
    plan = await talk.starts(ASK, by="lead")
    (await talk.says(f"approve run {plan.run}", by="lead")).shows("requester cannot approve")
    assert (await talk.run(plan.run)).status == "waiting"


async def test_nobody_in_24_hours_means_no(talk: Talk) -> None:
    # given a run that waits
    plan = await talk.starts(ASK)
    # when a day passes and nobody decides
    await talk.sleeps_until(plan.posted.at.replace(day=plan.posted.at.day + 1, minute=1))
    # then it has expired, says so, and its buttons are gone
    record = await talk.finished(plan.run, minutes=2)
    assert record.status == "expired" and await talk.traffic("churn") == {"v1": 100}
    card = await plan.now()
    card.shows("expired, nobody approved in time")
    late = await plan.click("Approve", by="lead")
    assert not late.accepted and "expired" in late.message


async def test_cancelling_while_it_waits_changes_nothing(talk: Talk) -> None:
    plan = await talk.starts(ASK)
    answer = await plan.click("Cancel", by="engineer")
    assert answer.accepted and "Nothing was changed" in answer.message
    assert (await talk.finished(plan.run)).status == "cancelled"
    assert await talk.traffic("churn") == {"v1": 100}


async def test_cancelling_the_canary_restores_the_traffic(talk: Talk) -> None:
    # given a canary that is being judged
    plan = await talk.starts(ASK)
    await plan.click("Approve", by="lead")
    await talk.served("churn", {"v1": 90, "v2": 10})
    await talk.minutes(3)
    # when the run is cancelled
    await talk.says(f"cancel run {plan.run}", by="sre")
    # then the old version gets everything again, and the card says so
    record = await talk.finished(plan.run, minutes=3)
    assert record.status == "cancelled"
    assert await talk.traffic("churn") == {"v1": 100}
    (await plan.now()).shows("cancelled", "restore traffic: churn v1 100%", "now v1 100%")


async def test_two_clicks_at_the_same_time_count_once_and_both_are_answered(talk: Talk) -> None:
    plan = await talk.starts(ASK)
    answers = await asyncio.gather(plan.click("Approve", by="lead"), plan.click("Approve", by="lead"))
    assert sorted(a.accepted for a in answers) == [False, True]
    refused = next(a for a in answers if not a.accepted)
    assert "approved" in refused.message
    assert [d.actor for d in (await talk.run(plan.run)).decisions] == ["lead"]


async def test_two_approvers_at_once_start_one_run_and_the_second_is_told_who_was_first(talk: Talk) -> None:
    plan = await talk.starts(ASK)
    first, second = await asyncio.gather(plan.click("Approve", by="lead"), plan.click("Approve", by="sre"))
    assert {first.accepted, second.accepted} == {True, False}
    winner, loser = ("lead", second) if first.accepted else ("sre", first)
    assert f"approved by {winner}" in loser.message
    record = await talk.finished(plan.run)
    assert record.status == "succeeded"
    assert [s.name for s in record.steps].count("build") == 1


async def test_one_approves_while_another_rejects_and_only_one_counts(talk: Talk) -> None:
    plan = await talk.starts(ASK)
    yes, no = await asyncio.gather(plan.click("Approve", by="lead"), plan.click("Reject", by="sre"))
    assert {yes.accepted, no.accepted} == {True, False}
    record = await talk.finished(plan.run)
    assert record.status == ("succeeded" if yes.accepted else "rejected")


async def test_an_old_button_says_what_happened_since(talk: Talk) -> None:
    # given a card that was shown before the decision
    old = await talk.starts(ASK)
    await old.click("Reject", by="sre")
    await talk.finished(old.run)
    # when its button is clicked afterwards
    answer = await old.click("Approve", by="lead")
    # then it does nothing and says why
    assert not answer.accepted and "no longer valid" in answer.message and "rejected" in answer.message
    assert (await talk.run(old.run)).status == "rejected"


async def test_a_plan_that_the_world_has_overtaken_is_not_carried_out(after_release: Talk) -> None:
    # given a rollback that waits, planned from v2
    talk = after_release
    plan = await talk.starts("roll back churn")
    # when the traffic is another one at the time of the approval
    await talk.bot.core.ports.serving.roll_back(service("churn"), "v1", key="by-hand")
    await plan.click("Approve", by="lead")
    # then the run stops and says what the plan began with
    record = await talk.finished(plan.run)
    assert record.status == "failed" and "traffic of churn: v2 100% -> v1 100%" in record.error
    assert "The world has changed since the plan was made" in record.error and "Nothing was begun" in record.error


async def test_every_decision_is_audited_the_refused_ones_too(talk: Talk) -> None:
    plan = await talk.starts(ASK)
    await plan.click("Approve", by="engineer")
    await plan.click("Approve", by="analyst")
    await plan.click("Approve", by="lead")
    entries = await talk.bot.core.ports.records.audit(limit=200, subject=f"run {plan.run}")
    decisions = [(e.actor, e.detail["counted"]) for e in reversed(entries) if e.kind == "decision"]
    assert decisions == [("engineer", False), ("analyst", False), ("lead", True)]


async def test_what_waits_can_be_listed_and_decided_from_the_list(talk: Talk) -> None:
    plan = await talk.starts(ASK)
    waiting = await talk.says("what is waiting for approval?", by="lead", conversation="leads")
    waiting.shows("churn", "v2")
    await waiting.click(f"Approve run {plan.run}", by="lead")
    await talk.served("churn", {"v1": 90, "v2": 10})


async def test_approvers_who_have_not_decided_are_told_again_once(talk: Talk) -> None:
    # given a release that waits, and nobody looks for four hours
    plan = await talk.starts(ASK)
    await talk.minutes(4 * 60 + 1)
    # then those who may decide are told in its thread, and may still decide
    told = [card for card in await talk.cards() if "has waited" in card.card.title]
    assert [card.posted.thread for card in told] == [plan.posted.thread]
    told[0].shows("waited 4 h for approval", "lead, sre: please decide", "0 of 1 approvals")
    (await plan.now()).shows("Reminded: approver", "Will be reminded: approver at 5 Mar 04:00 UTC")
    assert (await plan.click("Approve", by="sre")).accepted
