"""In which environment an order is meant, and what that asks of it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from bizaiops_bot.domain.environments import Environment, spoken_service
from bizaiops_bot.domain.errors import NotFound
from bizaiops_bot.domain.strategies import strategy
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.orders.order import Order
from bizaiops_bot.playbook import Inputs, Playbook, ServiceInputs


async def somewhere(core: Core, order: Order, inputs: Inputs) -> Inputs:
    """With the environments by their names, the default one left out where a service is meant, and rolled out as is
    usual there. Raises NotFound.
    """
    known, told = core.environments, dict[str, Any]()
    about_model = getattr(inputs, "model", None) is not None
    for name in ("environment", "source"):
        said = getattr(inputs, name, None)
        if said is not None:
            there = known.named(said)
            ours = name == "environment" and about_model and there is known.default
            told[name] = None if ours else there.name
    said = {name for name in ("canary", "strategy") if order.inputs.get(name) is not None}
    if isinstance(inputs, ServiceInputs) and hasattr(inputs, "canary") and not said:
        told |= await _usual_way(core, inputs.model, known.at(told.get("environment")))
    return inputs.model_copy(update=told) if told else inputs


async def _usual_way(core: Core, model: str, there: Environment) -> dict[str, Any]:
    specs = {spec.name: spec for spec in await core.ports.models.specs()}
    way = (specs[model].services.get(there.name) if model in specs else None) or there
    found = strategy(way.strategy or "canary")
    if found.kind == "canary":
        return {} if way.canary is None else {"canary": way.canary}
    return {"strategy": str(found), "canary": found.first}


def quorum(core: Core, order: Order, playbook: Playbook, inputs: Inputs) -> int | None:
    """How many must agree at each approval because of the environment; None: as the playbook says. A rule that may act
    alone is let through by policy, never by an environment.
    """
    if getattr(inputs, "model", None) is None:
        return None
    asked = core.environments.at(getattr(inputs, "environment", None)).asks(safety=playbook.safety)
    return None if asked == 0 and order.actor.kind != "person" else asked


def service_of(core: Core, wanted: dict[str, Any]) -> str | None:
    """The service that inputs name; None for an environment that is not there, which is told when they are checked."""
    said = wanted.get("environment")
    with suppress(NotFound):
        there = None if said is None else core.environments.named(str(said))
        name = None if there is None or there is core.environments.default else there.name
        return spoken_service(str(wanted["model"]), name)
    return None
