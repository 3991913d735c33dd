"""What every kind of Run shares: the ports, who asked, and where."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, get_type_hints

from pydantic import TypeAdapter

from bizaiops_bot.bot_api.reach import Ports
from bizaiops_bot.domain.monitoring import Verdict
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.records import TrialKind
from bizaiops_bot.playbook import Run

T = TypeVar("T")


class PortedRun(Run):
    """A Run with its ports filled in; subclasses decide what a step does."""

    planning = False

    def __init__(self, number: int, actor: Actor, conversation: str, ports: Ports, time_zone: str) -> None:
        self.id, self.actor, self.conversation, self.time_zone = number, actor, conversation, time_zone
        self.clock, self.models = ports.clock, ports.models
        self.pipelines, self.serving = ports.pipelines, ports.serving
        self.registry, self.metrics, self.drift = ports.registry, ports.metrics, ports.drift
        self.predictions, self.outcomes = ports.predictions, ports.outcomes
        self.warehouse, self.faults = ports.warehouse, ports.faults
        self.records, self.controls, self.words = ports.records, ports.controls, ports.words
        self.handbook = ports.handbook

    async def note_trial(self, model: str, version: str, kind: TrialKind, verdict: Verdict) -> None:
        """Nothing was found by a plan, by an answer at once, or by a replay."""


def result_type(do: Callable[..., Awaitable[T]]) -> TypeAdapter[T]:
    """How the result of a port method goes to JSON and back, from its return annotation."""
    hints = get_type_hints(do)
    return TypeAdapter(hints.get("return", Any))


def call_name(do: Callable[..., Any]) -> str:
    """ "EmbeddedServing.set_canary" -> "set_canary": plans name the port's method, whichever adapter serves it."""
    return str(getattr(do, "__name__", type(do).__name__))


def wants(do: Callable[..., Any], parameter: str) -> bool:
    """Whether the method takes a keyword such as `key` or `progress`."""
    code = getattr(getattr(do, "__func__", do), "__code__", None)
    return code is not None and parameter in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
