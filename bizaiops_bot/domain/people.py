"""Who speaks: people, rules and schedules, each with roles that policy knows."""

from __future__ import annotations

from typing import Literal

from bizaiops_bot.domain.values import Value

ActorKind = Literal["person", "rule", "schedule"]


class Actor(Value):
    """Someone who may order or decide. `id` is "engineer", "rule:drift_retrains" or "schedule:3"."""

    id: str
    name: str
    kind: ActorKind = "person"
    roles: tuple[str, ...] = ()
