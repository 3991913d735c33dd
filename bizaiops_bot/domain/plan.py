"""A plan: exactly what a playbook will do, as canonical JSON and its SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

from bizaiops_bot.domain.cards import DiffLine
from bizaiops_bot.domain.values import Value


class PlanStep(Value):
    """One thing the run will do, in order. `call` names the port method, `args` its arguments as text."""

    name: str
    kind: Literal["step", "gate", "judge", "wait", "undo"]
    call: str = ""
    args: tuple[str, ...] = ()
    changes: tuple[DiffLine, ...] = ()
    detail: str = ""


class GateSpec(Value):
    """Who must agree before the run goes on. `expires` and escalation are in the bot's clock."""

    name: str
    question: str
    quorum: int = 1
    role: str = "approver"
    expires: str = "24h"
    undo: str = ""
    """How a person takes it back afterwards, in words to type."""


class Plan(Value):
    """What is approved is what is executed: a decision binds to `hash`."""

    playbook: str
    inputs: dict[str, Any]
    steps: tuple[PlanStep, ...]
    gates: tuple[GateSpec, ...]

    @property
    def canonical(self) -> str:
        return canonical_json(self.model_dump(mode="json"))

    @property
    def hash(self) -> str:
        """64 hexadecimal digits; people see the first 12."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    @property
    def changes(self) -> tuple[DiffLine, ...]:
        return tuple(line for step in self.steps for line in step.changes)


def canonical_json(value: Mapping[str, Any] | list[Any]) -> str:
    """One spelling for one value: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
