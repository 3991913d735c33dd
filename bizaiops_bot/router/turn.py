"""One utterance on its way through the router."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from bizaiops_bot.domain.routing import Catalogue, Memory
from bizaiops_bot.router.hearing import Hearing

HELP = "I look after the models: status, KPIs, deploys, rollbacks, retraining, schedules. Say `help` to see all of it."
MAX_CHOICES = 3
"""Buttons of a question about what was meant."""


@dataclass(frozen=True)
class Turn:
    """What was heard, with what the thread remembers; `heard` becomes part of the decision, for the audit.

    everywhere: the names as they are in all environments; the hearing has those of the one that is meant.
    """

    hearing: Hearing
    memory: Memory | None
    heard: dict[str, Any]
    everywhere: Catalogue | None = None

    def noting(self, **more: Any) -> Turn:
        return replace(self, heard={**self.heard, **more})

    def alone(self) -> Turn:
        """Without the memory where nothing points back to it."""
        return self if self.hearing.points_back else replace(self, memory=None)


def bound(bind: dict[str, str]) -> dict[str, Any] | None:
    """The inputs that a button stands for, None for what is none; `bind` comes from outside and may be anything."""
    try:
        value = json.loads(bind.get("inputs", "{}"))
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
