"""What a rule orders: an order as any other, which goes on without a person only where a policy lets it."""

from __future__ import annotations

from bizaiops_bot.domain.environments import inputs_about
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.rules import Rule, RuleDecision
from bizaiops_bot.engine.context.patience import within
from bizaiops_bot.engine.orders.order import Order, Place
from bizaiops_bot.engine.orders.orders import Orders

LONGEST_S = 30.0
"""Of the machine's time, for one plan."""


async def order_of_rule(
    orders: Orders,
    rule: Rule,
    decision: RuleDecision,
    key: str,
    places: list[Place],
    by: str | None,
    *,
    alert: int | None = None,
) -> int:
    """The run. key: a rule acts once for it; after a crash in between, the run it made is found again.

    places: the first is where it is ordered, the others have copies. by: the policy that lets the rule act without a
    person, None when a person has to approve.
    """
    if (known := await orders.made(key)) is not None:
        return known
    actor = Actor(id=f"rule:{rule.name}", name=rule.name, kind="rule")
    heard = {"rule": rule.name, "reason": decision.reason}
    asked = dict(decision.inputs)
    asked |= inputs_about(asked["model"]) if "model" in asked else {}
    order = Order(str(decision.playbook), asked, actor, places[0], key, heard=heard)
    playbook, inputs = await orders.check(order)
    if playbook.safety and by is not None:  # a proposal stops nothing that is at work
        await orders.make_way(order, playbook, inputs)
    plan = await within(LONGEST_S, orders.plan(order, playbook, inputs))
    why = None if by is None else f"{by}: {decision.reason}"
    return await orders.begin(order, plan, copies=places[1:], unattended=why, alert=alert)
