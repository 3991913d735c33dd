"""Whether an order may be carried out: policy, freezes and budgets are asked, and the answer is in the audit."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.environments import service_said
from bizaiops_bot.domain.errors import Refused
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.orders.order import Order
from bizaiops_bot.engine.policy.budgets import Spent
from bizaiops_bot.engine.policy.policy import Allowed
from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.timing import frozen_now
from bizaiops_bot.playbook import Inputs, Playbook


async def ask(core: Core, order: Order, playbook: Playbook, inputs: Inputs) -> None:
    """Raises Refused with the rule that says no, and who may; either way the request and its answer are audited.

    The answer, its audit entry and what the request costs are one transaction: of two requests at once, the second
    sees what the first has spent.
    """
    asked: dict[str, Any] = {
        "model": getattr(inputs, "model", None),
        "playbook": playbook.name,
        "requester": await _requester(core, inputs),
        "inputs": inputs.model_dump(mode="json"),
    }
    refusal = await core.store.write(lambda conn: _decide(conn, core, order, playbook, asked))
    if refusal is not None:
        raise refusal


async def _requester(core: Core, inputs: Inputs) -> str:
    """Who asked for the run that the order is about. A run keeps its requester, so it need not be in the transaction;
    there a number too large for the database would spoil it.
    """
    number = getattr(inputs, "run", None)
    if number is None:
        return ""
    try:
        return (await core.store.read(lambda conn: runs.get(conn, number))).actor
    except Exception:  # an unknown run is the playbook's own, better error
        return ""


def _decide(conn: sa.Connection, core: Core, order: Order, playbook: Playbook, asked: dict[str, Any]) -> Refused | None:
    actor, place, now = order.actor, order.place.conversation, core.clock.now()
    frozen = frozen_now.why(core, conn, service_said(asked["inputs"]))
    asked = {**asked, "frozen": frozen is not None}
    free = playbook.risk == "read" or order.dry_run or core.budgets.paid(conn, order.key)
    spent = None if free else core.budgets.used_up(conn, actor, place, now)
    allowed = core.policy.may(actor, playbook.name, **asked, over_budget=spent is not None)
    # Policy alone knows what no budget holds back: what it would permit even over a budget costs nothing.
    if allowed.ok and not free and not core.policy.may(actor, playbook.name, **asked, over_budget=True).ok:
        core.budgets.spend(conn, actor, place, order.key, now)
    core.note(
        conn,
        actor.id,
        "request",
        order.key,
        playbook=playbook.name,
        inputs=order.inputs,
        heard=order.heard,
        conversation=place,
        policy="permit" if allowed.ok else "refuse",
        rule=allowed.rule,
        source=allowed.source,
        environment=asked["inputs"].get("environment") or core.policy.environment,
        frozen=frozen is not None,
        over_budget=spent is not None,
    )
    return None if allowed.ok else _refusal(conn, core, order, asked, allowed, spent)


def _refusal(
    conn: sa.Connection, core: Core, order: Order, asked: dict[str, Any], allowed: Allowed, spent: Spent | None
) -> Refused:
    deed = order.playbook.removesuffix("_model").replace("_", " ")
    service = service_said(asked["inputs"])
    what = " ".join([f"{order.actor.id} may not {deed}", *filter(None, [service])])
    frozen = frozen_now.why(core, conn, service)
    if allowed.rule == "freeze" and frozen is not None:
        by_hand = frozen_now.by_hand(core, conn, service) is not None
        do = (
            "An approver can say `unfreeze deploys`."
            if by_hand
            else "Rolling back, pausing and resuming stay possible."
        )
        return Refused(f"{what}.", f"Changes are {frozen}.", do)
    if allowed.rule == "budget" and spent is not None:
        why, again = spent.words(core.time_zone)
        return Refused(f"{what} now.", f"Policy rule budget: {why}.", again)
    who = core.policy.who_may(order.playbook, **{**asked, "frozen": False})
    may = f"Allowed: {', '.join(who)}." if who else "Nobody is allowed to do it."
    return Refused(f"{what}.", f"Policy rule {allowed.rule}: {allowed.why}.", may)
