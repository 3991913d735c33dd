"""Why policy decides as it does: the rule, the others that match, who may, who may approve."""

from __future__ import annotations

from typing import Any, Literal

from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.values import Value
from bizaiops_bot.engine.policy.files import Written
from bizaiops_bot.engine.policy.policy import Policy
from bizaiops_bot.playbook import Playbook


class Matched(Value):
    """A rule that matches the request, with its place in the files."""

    rule: str
    effect: Literal["permit", "forbid"]
    source: str
    why: str


class Asked(Value):
    """Another question that the bot asks policy for the same request, with its answer as in Allowed."""

    action: str
    ok: bool
    rule: str
    source: str
    why: str


# A playbook of the left asks for the action of the right as well: who may say "approve" may not approve everything.
ALSO = {"approve_run": "approve", "reject_run": "approve", "delegate_approvals": "delegate"}


class Explained(Value):
    """A decision with all that led to it. others: rules that match as well; overruled permits come last.

    ok: whether it would be done; rule, source, why: of the one that decides. also: what else is asked, which must be
    permitted too. unattended: for a rule, whether it may act without a person. who_may: people whom policy lets do the
    same. approvers: people who may decide on the run when this actor asks; empty for what needs no approval. costs:
    whether the request counts for the budgets.
    """

    actor: str
    roles: tuple[str, ...]
    playbook: str
    risk: str
    inputs: dict[str, Any]
    environment: str
    ok: bool
    rule: str
    source: str
    why: str
    others: tuple[Matched, ...]
    also: tuple[Asked, ...]
    unattended: Asked | None
    who_may: tuple[str, ...]
    needs_approval: bool
    approvers: tuple[str, ...]
    costs: bool


def explain(policy: Policy, actor: Actor, playbook: Playbook, inputs: dict[str, Any], **context: Any) -> Explained:
    """Asks policy as a request would. inputs: those that are known; context: requester, frozen, over_budget."""
    model = inputs.get("model")
    asked: dict[str, Any] = {"model": model, "playbook": playbook.name, "inputs": inputs, **context}
    allowed = policy.may(actor, playbook.name, **asked)
    deciding = policy.matching(actor, playbook.name, **asked)
    overruled = [] if allowed.ok else policy.overruled(actor, playbook.name, **asked)
    also = tuple(_asked(policy, actor, ALSO[name], asked) for name in [playbook.name] if name in ALSO)
    decided = next((other for other in also if allowed.ok and not other.ok), allowed)
    changes = playbook.risk == "change"
    environment = inputs.get("environment") or policy.environment
    about = {"model": model, "playbook": playbook.name, "requester": actor.id, "environment": environment}
    approvers = policy.who_may("approve", **about) if changes else []
    spent = policy.may(actor, playbook.name, **{**asked, "over_budget": True})
    alone = _asked(policy, actor, "unattended", asked) if changes and actor.kind == "rule" else None
    costs = decided.ok and actor.kind != "schedule" and playbook.risk != "read" and not spent.ok
    return Explained(
        actor=actor.id,
        roles=actor.roles if actor.kind == "person" else (actor.kind,),
        playbook=playbook.name,
        risk=playbook.risk,
        inputs=inputs,
        environment=environment,
        ok=decided.ok,
        rule=decided.rule,
        source=decided.source,
        why=decided.why,
        others=tuple(_matched(written) for written in [*deciding[1:], *overruled]),
        also=also,
        unattended=alone,
        who_may=tuple(_who_may(policy, playbook.name, asked)),
        needs_approval=changes,
        approvers=tuple(approvers),
        costs=costs,
    )


def _who_may(policy: Policy, name: str, asked: dict[str, Any]) -> list[str]:
    may = policy.who_may(name, **asked)
    return [
        p.id
        for p in tuple(policy.people)
        if p.id in may and (name not in ALSO or _asked(policy, p, ALSO[name], asked).ok)
    ]


def _asked(policy: Policy, actor: Actor, action: str, asked: dict[str, Any]) -> Asked:
    about = {name: asked[name] for name in ("model", "playbook", "requester") if name in asked}
    found = policy.may(actor, action, **about)
    return Asked(action=action, ok=found.ok, rule=found.rule, source=found.source, why=found.why)


def _matched(policy: Written) -> Matched:
    return Matched(rule=policy.id, effect=policy.effect, source=policy.source, why=policy.why)
