"""An approver who is away lets somebody else decide, and takes it back."""

from __future__ import annotations

from datetime import timedelta

from tests.support.talk import Talk

ASK = "deploy churn v2 as a 10% canary"


async def test_a_delegate_approves_in_the_place_of_an_approver_and_the_card_names_both(talk: Talk) -> None:
    # given a lead who is away for three days
    given = await talk.says("delegate my approvals to ana for 3 days", by="lead")
    given.shows("analyst decides for Lee, ML lead until Sat 7 Mar", "the two of you are one voice")
    # when the engineer asks for a release and the analyst approves it
    plan = await talk.starts(ASK, by="engineer")
    (await talk.says("approvals", by="analyst")).shows("analyst for lead", "analyst decides for lead until Sat 7 Mar")
    assert (await plan.click("Approve", by="analyst")).accepted
    # then it goes on, approved in the lead's name
    await talk.served("churn", {"v1": 90, "v2": 10})
    (decision,) = (await talk.run(plan.run)).decisions
    assert (decision.actor, decision.behalf) == ("analyst", "lead")


async def test_what_was_delegated_is_taken_back_by_its_button(talk: Talk) -> None:
    given = await talk.says("let ana approve for me until friday", by="lead")
    plan = await talk.starts(ASK, by="engineer")
    assert (await given.click("Take it back from analyst", by="lead")).accepted
    refused = await plan.click("Approve", by="analyst")
    assert not refused.accepted and "lead, sre" in refused.message
    (await talk.says("stop delegating", by="lead")).shows("You have delegated nothing")


async def test_a_delegation_ends_by_itself(talk: Talk) -> None:
    await talk.says("delegate my approvals to ana for an hour", by="lead")
    await talk.sleeps_until(talk.clock.now() + timedelta(minutes=61))
    plan = await talk.starts(ASK, by="engineer")
    assert not (await plan.click("Approve", by="analyst")).accepted
    assert "decides for" not in (await talk.says("who decides for whom", by="lead")).words


async def test_nobody_delegates_to_the_one_who_asked_or_what_he_does_not_have(talk: Talk) -> None:
    await talk.says("delegate my approvals to the engineer", by="lead")
    plan = await talk.starts(ASK, by="engineer")
    assert not (await plan.click("Approve", by="engineer")).accepted
    (await talk.says("delegate my approvals to ana", by="engineer")).shows("engineer may not delegate approvals")
    (await talk.says("delegate my approvals to lead", by="lead")).shows("You cannot delegate to yourself")
    (await talk.says("delegate my approvals to ana for 60 days", by="lead")).shows("At most 30 days")
