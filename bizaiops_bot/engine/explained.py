"""Why policy decides as it does: the rule, the others that match, who may, who may approve."""

from __future__ import annotations

from typing import Any, Literal

from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.values import Value
from bizaiops_bot.engine.policy import Policy
from bizaiops_bot.engine.policy_files import Written
from bizaiops_bot.playbook import Playbook


class Matched(Value):
    """A rule that matches the request, with its place in the files."""

    rule: str
    effect: Literal["permit", "forbid"]
    source: str
    why: str


class Explained(Value):
    """A decision with all that led to it. others: rules that match as well; overruled permits come last.

    who_may: people whom policy lets do the same. approvers: people who may decide on the run when this actor asks;
    empty for what needs no approval. costs: whether the request counts for the budgets.
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
    changes = playbook.risk == "change"
    approvers = policy.who_may("approve", model=model, playbook=playbook.name, requester=actor.id) if changes else []
    spent = policy.may(actor, playbook.name, **{**asked, "over_budget": True})
    return Explained(
        actor=actor.id, roles=actor.roles if actor.kind == "person" else (actor.kind,),
        playbook=playbook.name, risk=playbook.risk, inputs=inputs, environment=policy.environment,
        ok=allowed.ok, rule=allowed.rule, source=allowed.source, why=allowed.why,
        others=tuple(_matched(written) for written in [*deciding[1:], *overruled]),
        who_may=tuple(policy.who_may(playbook.name, **asked)),
        needs_approval=changes, approvers=tuple(approvers), costs=playbook.risk != "read" and not spent.ok,
    )  # fmt: skip


def _matched(policy: Written) -> Matched:
    return Matched(rule=policy.id, effect=policy.effect, source=policy.source, why=policy.why)
