"""For the tests of playbook authors: the plan of an order, and the replay of a recorded run. No bot is started."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast, get_type_hints

from bizaiops_bot.bot_api.reach import Ports
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.plan import Plan
from bizaiops_bot.engine.execution.planner import make_plan
from bizaiops_bot.engine.execution.replay import Replayed, ReplayMismatch, replay
from bizaiops_bot.engine.lint.lint import Finding, lint
from bizaiops_bot.engine.runs.history import History
from bizaiops_bot.playbook import Inputs, Playbook

__all__ = [
    "ENGINEER",
    "Finding",
    "History",
    "ReplayMismatch",
    "Replayed",
    "StillClock",
    "lint",
    "load_history",
    "plan",
    "ports",
    "replay",
]

ENGINEER = Actor(id="engineer", name="Engineer", roles=("engineer",))


class StillClock:
    """A clock that stands, by default at noon of 4 March 2026."""

    def __init__(self, at: datetime = datetime(2026, 3, 4, 12, tzinfo=UTC)) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    async def sleep_until(self, when: datetime) -> None:
        self.at = max(self.at, when)


def ports(**given: Any) -> Ports:
    """The ports of a test: those that are given, and a clock that stands. Using another one says which to give."""
    known = get_type_hints(Ports)
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise TypeError(f"{', '.join(unknown)}: no such port; known are {', '.join(known)}")
    missing: dict[str, Any] = {name: _Missing(name) for name in known}
    return cast(Ports, SimpleNamespace(**(missing | {"clock": StillClock()} | given)))


class _Missing:
    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, method: str) -> Any:
        raise AttributeError(f"the playbook uses run.{self._name}.{method}: give ports({self._name}=...)")


async def plan(
    playbook: Playbook,
    inputs: Inputs | Mapping[str, Any],
    *,
    ports: Ports,
    actor: Actor = ENGINEER,
    conversation: str = "ml-ops",
    time_zone: str = "UTC",
) -> Plan:
    """What the order would do: reads of `ports` are real, steps are only noted.

    The plan has `words()` to read, `canonical` JSON and `hash`. Raises what the playbook's own checks raise.
    """
    asked = inputs if isinstance(inputs, Inputs) else playbook.inputs.model_validate(dict(inputs))
    return await make_plan(playbook, asked, actor, conversation, ports, time_zone)


def load_history(path: Path | str) -> History:
    """A run recorded with `bizaiops playbooks history RUN`. Raises BadInput naming what is wrong in the file."""
    return History.load(Path(path))
