"""Where models are watched: in the default environment, and in each other one that serves them."""

from __future__ import annotations

from collections.abc import Sequence

from bizaiops_bot.domain.environments import parted, spoken_service
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.rule import Rule
from bizaiops_bot.engine.context.core import Core


async def elsewhere(core: Core, models: Sequence[ModelSpec]) -> list[ModelSpec]:
    """The models as they are held to in the other environments, each called by its service: "churn in staging"."""
    others = {one.name for one in core.environments.known} - {core.environments.default.name}
    if not others:
        return []
    specs = {spec.name: spec for spec in models}
    return [
        specs[service.model]
        .at(service.environment)
        .model_copy(update={"name": spoken_service(service.model, service.environment)})
        for service in await core.ports.serving.services()
        if service.environment in others and service.model in specs
    ]


def holds_for(core: Core, rule: Rule, service: str) -> bool:
    """Whether a rule is one for the environment of the service: without a word of it, it is for the default one."""
    default = core.environments.default.name
    return (rule.criteria.environment or default) == (parted(service)[1] or default)
