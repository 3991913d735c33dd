"""Pausing, scaling, faults, decisions, freezing: what they change and what they answer."""

from __future__ import annotations

import pytest

from bizaiops_bot.domain.errors import BadInput, Conflict, NotFound, Refused
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.plan import GateSpec, Plan, PlanStep
from bizaiops_bot.domain.records import RunRecord
from playbooks.approve_run import approve_run
from playbooks.cancel_run import cancel_run
from playbooks.clear_faults import clear_faults
from playbooks.freeze_deploys import freeze_deploys
from playbooks.inject_fault import inject_fault
from playbooks.list_approvals import list_approvals
from playbooks.pause_model import pause_model
from playbooks.reject_run import reject_run
from playbooks.resume_model import resume_model
from playbooks.scale_model import scale_model
from playbooks.unfreeze_deploys import unfreeze_deploys
from tests.support.fake_company import START, Company
from tests.support.run_double import RunDouble, plan_of, play

LEAD = Actor(id="lead", name="Lead", roles=("engineer", "approver"))
PLAN = Plan(
    playbook="deploy_model",
    inputs={"model": "churn", "version": "v2"},
    steps=(PlanStep(name="approval 1", kind="gate"),),
    gates=(GateSpec(name="approval 1", question="Deploy?"),),
)


def waiting_run(number: int = 1) -> RunRecord:
    return RunRecord(
        id=number,
        playbook="deploy_model",
        inputs={"model": "churn", "version": "v2", "canary": 10},
        actor="engineer",
        conversation="general",
        thread="m1",
        status="waiting",
        summary="",
        error="",
        plan=PLAN,
        steps=(),
        decisions=(),
        created=START,
        ended=None,
    )


async def test_a_paused_model_turns_requests_away_until_it_is_resumed() -> None:
    world = Company()
    plan = await plan_of(pause_model, world, model="churn")
    assert [(line.before, line.after) for line in plan.changes] == [("v1 100%", "paused, no requests served")]
    card = await play(pause_model, RunDouble(world), model="churn")
    assert world.paused
    assert card.buttons[0].command == "resume churn"
    with pytest.raises(BadInput, match="paused already"):
        await play(pause_model, RunDouble(world), model="churn")
    told = await play(resume_model, RunDouble(world), model="churn")
    assert told.summary == "churn serves requests again: v1 100%."
    with pytest.raises(BadInput, match="not paused"):
        await play(resume_model, RunDouble(world), model="churn")


async def test_resuming_can_be_planned_before_it_is_done() -> None:
    world = Company(paused=True)
    plan = await plan_of(resume_model, world, model="churn")
    assert [step.name for step in plan.steps] == ["approval 1", "resume"]
    assert world.paused


async def test_scaling_shows_the_replicas_before_and_after() -> None:
    world = Company()
    plan = await plan_of(scale_model, world, model="demand", replicas=3)
    assert [(line.before, line.after) for line in plan.changes] == [("2", "3")]
    await play(scale_model, RunDouble(world), model="demand", replicas=3)
    assert world.replicas == 3
    with pytest.raises(BadInput, match="demand already runs with 3 replicas"):
        await play(scale_model, RunDouble(world), model="demand", replicas=3)


async def test_a_pause_is_not_refused_because_the_traffic_changed_while_it_waited() -> None:
    world = Company()
    run = RunDouble(world, meanwhile=lambda: setattr(world, "weights", {"v1": 90, "v2": 10}))
    await play(pause_model, run, model="churn")
    assert world.paused


async def test_a_scaling_is_void_when_the_service_changed_while_it_waited() -> None:
    world = Company()
    run = RunDouble(world, meanwhile=lambda: setattr(world, "replicas", 9))
    with pytest.raises(Conflict, match="churn was not changed"):
        await play(scale_model, run, model="churn", replicas=3)
    assert world.replicas == 9


async def test_a_fault_is_started_and_cleared_in_the_embedded_company_only() -> None:
    world = Company()
    run = RunDouble(world)
    card = await play(inject_fault, run, model="churn", fault="latency")
    assert card.summary == "churn has latency now."
    with pytest.raises(NotFound, match="Did you mean latency"):
        await play(inject_fault, run, model="churn", fault="latancy")
    assert (await play(clear_faults, run)).summary == "Ended: latency."
    assert (await play(clear_faults, run)).title == "No faults to clear"
    run.faults = None
    with pytest.raises(BadInput, match="embedded company only"):
        await play(inject_fault, run, model="churn", fault="latency")


async def test_approving_in_words_is_bound_to_the_plan_and_refused_for_the_requester() -> None:
    world = Company(runs=[waiting_run()])
    with pytest.raises(Refused, match="The requester cannot approve"):
        await play(approve_run, RunDouble(world), run=1)
    card = await play(approve_run, RunDouble(world, actor=LEAD), run=1, reason="numbers are good")
    assert f"plan {PLAN.hash[:12]}. Reason: numbers are good" in card.summary
    with pytest.raises(BadInput, match=r"Run 1 does not wait for an approval\. It is running"):
        await play(approve_run, RunDouble(world, actor=LEAD), run=1)


async def test_rejecting_ends_a_waiting_run() -> None:
    world = Company(runs=[waiting_run()])
    card = await play(reject_run, RunDouble(world, actor=LEAD), run=1)
    assert world.runs[0].status == "rejected"
    assert card.summary.endswith("Nothing is changed.")


async def test_approvals_are_listed_with_buttons_tied_to_the_plan() -> None:
    world = Company(runs=[waiting_run()])
    card = await play(list_approvals, RunDouble(world))
    approve = card.buttons[0]
    bind = {"run": "1", "plan_hash": PLAN.hash, "gate": "approval 1"}
    assert (approve.command, approve.bind) == ("approve run 1", bind)
    assert "run 1: deploy model churn v2, canary 10%, asked by engineer" in card.summary
    world.runs.clear()
    assert (await play(list_approvals, RunDouble(world))).title == "Nothing waits for approval"


async def test_a_waiting_run_can_be_cancelled_once() -> None:
    world = Company(runs=[waiting_run()])
    card = await play(cancel_run, RunDouble(world), run=1)
    assert card.summary.endswith("Nothing was changed by it yet.")
    with pytest.raises(BadInput, match="It is over: cancelled"):
        await play(cancel_run, RunDouble(world), run=1)
    with pytest.raises(BadInput, match=r"There is no run 9\. The newest is run 1"):
        await play(cancel_run, RunDouble(world), run=9)


async def test_freezing_is_told_and_ended_once() -> None:
    world = Company()
    await play(freeze_deploys, RunDouble(world, actor=LEAD), reason="quarter end")
    assert "quarter end" in str(world.frozen)
    await play(unfreeze_deploys, RunDouble(world, actor=LEAD))
    assert world.frozen is None
    with pytest.raises(Conflict, match="not frozen"):
        await play(unfreeze_deploys, RunDouble(world, actor=LEAD))
