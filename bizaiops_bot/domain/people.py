"""Who speaks: people, rules, schedules and timers, each with roles that policy knows."""

from __future__ import annotations

from typing import Literal

from bizaiops_bot.domain.values import Value

ActorKind = Literal["person", "rule", "schedule", "timer"]


class Actor(Value):
    """Someone who may order or decide. `id` is "engineer", "rule:drift_retrains" "schedule:3" or "timer:4"."""

    id: str
    name: str
    kind: ActorKind = "person"
    roles: tuple[str, ...] = ()

    @property
    def called(self) -> tuple[str, ...]:
        """What others call a person besides the id, in lower case: "Sam Hill, SRE on call" is "sam hill" and "sam"."""
        name = self.name.partition(",")[0].strip().lower()
        return tuple(dict.fromkeys(said for said in (name, name.split(" ")[0]) if said not in ("", self.id)))
