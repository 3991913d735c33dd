"""A small company as the router knows it, with the real playbooks' slots, and one router for all tests."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from bizaiops_bot.domain.routing import Catalogue, Command, Decision, Memory, Question, Refusal
from bizaiops_bot.evaluation.company import COMPANY, NOW, specs
from bizaiops_bot.router.intents import Intent, load_intents
from bizaiops_bot.router.router import Router

__all__ = [
    "COMPANY",
    "NOW",
    "PHRASES_OF",
    "ROOT",
    "Thread",
    "asks",
    "does",
    "hears",
    "intents",
    "refuses",
    "router",
    "specs",
    "spoken",
]

ROOT = Path(__file__).parent.parent.parent


@cache
def intents() -> tuple[Intent, ...]:
    return tuple(load_intents(ROOT / "intents"))


@cache
def router() -> Router:
    """Learned once for all tests of a process."""
    return Router(list(intents()), list(specs()), None)


def hears(text: str, memory: Memory | None = None, company: Catalogue = COMPANY) -> Decision:
    return router().route(text, memory, company)


def does(text: str, memory: Memory | None = None, company: Catalogue = COMPANY) -> tuple[str, dict[str, Any]]:
    """Playbook and inputs of a command; windows by their label. Fails for anything else."""
    decision = hears(text, memory, company)
    assert isinstance(decision, Command), f"{text!r} became {decision}"
    return decision.playbook, spoken(decision.inputs)


def spoken(inputs: dict[str, Any]) -> dict[str, Any]:
    return {name: value["label"] if isinstance(value, dict) else value for name, value in inputs.items()}


def asks(text: str, memory: Memory | None = None) -> Question:
    decision = hears(text, memory)
    assert isinstance(decision, Question), f"{text!r} became {decision}"
    return decision


def refuses(text: str, memory: Memory | None = None) -> Refusal:
    decision = hears(text, memory)
    assert isinstance(decision, Refusal), f"{text!r} became {decision}"
    return decision


class Thread:
    """A conversation thread: says one thing after another and remembers."""

    def __init__(self, memory: Memory | None = None, clock: Callable[[], datetime] = lambda: NOW) -> None:
        self.memory, self.clock = memory, clock

    def says(self, text: str) -> Decision:
        decision = router().route(text, self.memory, COMPANY, said_at=self.clock())
        self.memory = router().remember(self.memory, decision, COMPANY, self.clock())
        return decision

    def does(self, text: str) -> tuple[str, dict[str, Any]]:
        decision = self.says(text)
        assert isinstance(decision, Command), f"{text!r} became {decision}"
        return decision.playbook, spoken(decision.inputs)


def _said_in_help() -> list[tuple[str, str]]:
    found = []
    for intent in intents():
        phrases = re.findall(r"`([^`]+)`", intent.help)
        found += [(intent.playbook, phrase) for phrase in phrases if "..." not in phrase]
    return found


PHRASES_OF = _said_in_help()
