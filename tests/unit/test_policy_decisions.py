"""Who may do what: nothing that no rule permits, a forbid always wins, and the answer names the rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bizaiops_bot.domain.people import Actor
from bizaiops_bot.engine.policy.policy import Policy
from tests.support.policies import ANALYST, ENGINEER, LEAD, RULE, checked, policy, shipped, written

SRE = Actor(id="sre", name="Sam", roles=("sre", "approver"))
SCHEDULE = Actor(id="schedule:3", name="digest", kind="schedule")
PERMIT_READ = policy('permit (principal, action in Action::"read", resource);', name="look")


@pytest.fixture(scope="module")
def real() -> Policy:
    return shipped((ENGINEER, LEAD, ANALYST, SRE))


@pytest.mark.parametrize(
    ("actor", "action", "context", "ok", "rule"),
    [
        (ANALYST, "show_status", {}, True, "everyone_reads"),
        (ANALYST, "deploy_model", {}, False, "default"),
        (ENGINEER, "deploy_model", {}, True, "engineers_change_models"),
        (ENGINEER, "deploy_model", {"frozen": True}, False, "freeze"),
        (ENGINEER, "roll_back_model", {"frozen": True}, True, "engineers_change_models"),
        (ENGINEER, "deploy_model", {"over_budget": True}, False, "budget"),
        (ENGINEER, "roll_back_model", {"over_budget": True}, True, "engineers_change_models"),
        (ENGINEER, "inject_fault", {"over_budget": True}, False, "budget"),
        (ENGINEER, "freeze_deploys", {}, False, "default"),
        (LEAD, "freeze_deploys", {"over_budget": True}, True, "approvers_freeze"),
        (ENGINEER, "approve", {"requester": "analyst"}, False, "default"),
        (LEAD, "approve", {"requester": "engineer"}, True, "approvers_approve"),
        (LEAD, "approve", {"requester": "lead"}, False, "no_self_approval"),
        (ANALYST, "approve", {"requester": "engineer", "delegators": ["lead"]}, True, "delegates_approve"),
        (ANALYST, "approve", {"requester": "lead", "delegators": ["lead"]}, False, "no_approval_for_the_requester"),
        (ANALYST, "approve", {"requester": "analyst", "delegators": ["lead"]}, False, "no_self_approval"),
        (ANALYST, "cancel_run", {"requester": "engineer"}, False, "default"),
        (ANALYST, "cancel_run", {"requester": "analyst"}, True, "requesters_cancel_their_own"),
        (LEAD, "delegate", {}, True, "approvers_delegate"),
        (LEAD, "delegate_approvals", {}, True, "approvers_delegate"),
        (ENGINEER, "delegate_approvals", {}, False, "default"),
        (ANALYST, "end_delegation", {"over_budget": True}, True, "everyone_takes_back"),
        (RULE, "retrain_model", {}, True, "rules_propose"),
        (RULE, "deploy_model", {}, False, "default"),
        (RULE, "unattended", {"playbook": "roll_back_model"}, True, "rules_roll_back_alone"),
        (RULE, "unattended", {"playbook": "retrain_model"}, False, "default"),
        (RULE, "approve", {"requester": "engineer"}, False, "default"),
        (SCHEDULE, "send_digest", {}, True, "schedules_send_digests"),
        (SCHEDULE, "deploy_model", {}, False, "default"),
    ],
)
def test_the_rules_that_come_with_the_bot_say_who_may(
    real: Policy, actor: Actor, action: str, context: dict[str, Any], ok: bool, rule: str
) -> None:
    found = real.may(actor, action, model="churn", **context)
    assert (found.ok, found.rule) == (ok, rule)


def test_what_no_rule_permits_is_refused_with_the_roles_that_were_asked_for(tmp_path: Path) -> None:
    mine = checked(written(tmp_path, PERMIT_READ))
    assert mine.may(LEAD, "show_status").ok
    refused = mine.may(LEAD, "deploy_model", model="churn")
    assert (refused.ok, refused.rule, refused.source) == (False, "default", "")
    assert refused.why == "no rule permits it to the role engineer or approver"
    assert not mine.may(Actor(id="x", name="X"), "deploy_model").ok


def test_a_forbid_wins_however_many_rules_permit(tmp_path: Path) -> None:
    allow = policy("permit (principal, action, resource);", name="all")
    no = policy(
        'forbid (principal, action, resource == Model::"churn");', name="never_churn", why="churn is frozen in ice"
    )
    mine = checked(written(tmp_path, PERMIT_READ, allow, no))
    refused = mine.may(LEAD, "show_status", model="churn")
    assert (refused.ok, refused.rule, refused.why) == (False, "never_churn", "churn is frozen in ice")
    assert mine.may(LEAD, "show_status", model="demand").ok
    overruled = mine.overruled(LEAD, "show_status", model="churn")
    assert [written.id for written in overruled] == ["look", "all"]


def test_the_answer_names_file_and_line_of_the_rule(tmp_path: Path) -> None:
    folder = written(tmp_path, PERMIT_READ, policy("permit (principal, action, resource);", name="all"))
    written(folder, policy('forbid (principal, action == Action::"scale_model", resource);', name="no"), name="z.cedar")
    mine = checked(folder)
    assert mine.may(ANALYST, "show_status").source == "own.cedar:1"
    assert mine.may(ANALYST, "deploy_model").source == "own.cedar:5"
    assert mine.may(ANALYST, "scale_model").source == "z.cedar:1"


def test_a_rule_sees_the_inputs_the_model_and_the_environment(tmp_path: Path) -> None:
    allow = policy("permit (principal, action, resource);", name="all")
    small = policy(
        'forbid (principal, action == Action::"deploy_model", resource)\n'
        'when { context.environment == "production" && context.inputs has canary && context.inputs.canary > 50 };',
        name="small_canaries",
    )
    folder = written(tmp_path, allow, small)
    production = checked(folder, environment="production")
    assert production.may(LEAD, "deploy_model", inputs={"canary": 51}).rule == "small_canaries"
    assert production.may(LEAD, "deploy_model", inputs={"canary": 50}).ok
    assert production.may(LEAD, "deploy_model", inputs={"model": "churn"}).ok
    assert checked(folder).may(LEAD, "deploy_model", inputs={"canary": 51}).ok


def test_a_rule_that_errors_refuses_although_another_one_permits(tmp_path: Path) -> None:
    allow = policy("permit (principal, action, resource);", name="all")
    big = policy(
        'forbid (principal, action == Action::"scale_model", resource)\n'
        "when { context.inputs has replicas && context.inputs.replicas * 9000000000000000000 > 1 };",
        name="too_many",
    )
    mine = checked(written(tmp_path, allow, big))
    refused = mine.may(LEAD, "scale_model", inputs={"replicas": 50})
    assert (refused.ok, refused.rule) == (False, "error")
    assert "overflow" in refused.why
    assert mine.may(LEAD, "scale_model", inputs={}).ok


def test_roles_count_as_they_are_when_policy_is_asked() -> None:
    people = {"kim": Actor(id="kim", name="Kim", roles=("analyst",))}
    mine = shipped(people.values())
    assert not mine.may(people["kim"], "deploy_model").ok
    assert mine.who_may("approve", requester="engineer") == []
    people["kim"] = Actor(id="kim", name="Kim", roles=("approver",))
    assert mine.may(people["kim"], "deploy_model").ok
    assert mine.who_may("approve", requester="engineer") == ["kim"]
    people["kim"] = Actor(id="kim", name="Kim", roles=())
    assert not mine.may(people["kim"], "show_status").ok


@pytest.mark.parametrize("strange", ['a"b', "x\ny", "\ud800", "Model::*", ""])
def test_strange_names_are_refused_or_just_names_and_never_open_a_door(real: Policy, strange: str) -> None:
    assert not real.may(ANALYST, "deploy_model", model=strange, inputs={"version": strange}).ok
    assert not real.may(Actor(id=strange, name="?"), "show_status").ok
    assert not real.may(ENGINEER, strange).ok


def test_a_person_may_not_pass_for_a_rule_by_a_role_of_that_name(real: Policy) -> None:
    pretender = Actor(id="schedule:3", name="?", roles=("analyst",))
    assert real.may(pretender, "send_digest").rule == "everyone_schedules_digests"
    assert not real.may(Actor(id="rule:x", name="?"), "retrain_model").ok
