"""Dry run: the playbook itself, with reads that are real and steps that are only noted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar, cast

from bizaiops_bot.domain.cards import Card, DiffLine
from bizaiops_bot.domain.errors import Conflict
from bizaiops_bot.domain.monitoring import Outcome, Verdict
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.plan import GateSpec, Plan, PlanStep
from bizaiops_bot.engine.base import PortedRun, call_name
from bizaiops_bot.playbook import Inputs, Playbook
from bizaiops_bot.ports import Ports

T = TypeVar("T")


class StandIn:
    """The result of a step that was not done: any attribute is a stand-in too, and it prints as where it comes from."""

    def __init__(self, source: str) -> None:
        self._source = source

    def __getattr__(self, name: str) -> StandIn:
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(f"{self._source}.{name}")

    def __str__(self) -> str:
        return f"<{self._source}>"

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return str(self)


class PlanningRun(PortedRun):
    """Notes what a playbook would do."""

    planning = True

    def __init__(self, actor: Actor, conversation: str, ports: Ports, time_zone: str) -> None:
        super().__init__(0, actor, conversation, ports, time_zone)
        self.noted: list[PlanStep] = []
        self.gates: list[GateSpec] = []

    async def step(
        self,
        name: str,
        do: Callable[..., Awaitable[T]],
        *args: Any,
        changes: Iterable[DiffLine] = (),
        assume: T | None = None,
        detail: Callable[[T], str] | None = None,
        timeout: str = "30m",
        **kwargs: Any,
    ) -> T:
        self.noted.append(
            PlanStep(name=name, kind="step", call=call_name(do), args=plan_words(args, kwargs), changes=tuple(changes))
        )
        return assume if assume is not None else cast(T, StandIn(name))

    async def read(self, do: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any) -> T:
        return await do(*args, **kwargs)

    async def approve(
        self, question: str, *, quorum: int = 1, role: str = "approver", expires: str = "24h", undo: str = ""
    ) -> None:
        name = f"approval {len(self.gates) + 1}"
        gate = GateSpec(name=name, question=question, quorum=quorum, role=role, expires=expires, undo=undo)
        self.gates.append(gate)
        self.noted.append(PlanStep(name=name, kind="gate", detail=question))

    def undo(
        self, name: str, do: Callable[..., Awaitable[Any]], *args: Any, changes: Iterable[DiffLine] = (), **kwargs: Any
    ) -> AbstractAsyncContextManager[None]:
        step = PlanStep(
            name=name, kind="undo", call=call_name(do), args=plan_words(args, kwargs), changes=tuple(changes)
        )
        self.noted.append(step)
        return _nothing()

    async def judge(self, model: str, version: str, *, hold: str = "20m") -> Verdict:
        self.noted.append(
            PlanStep(
                name=f"judge {version}", kind="judge", args=(model, str(version)), detail=f"on live traffic for {hold}"
            )
        )
        return Verdict(
            outcome=Outcome.SUCCESSFUL, reason="assumed in the plan", checks=(), stable_requests=0, canary_requests=0
        )

    async def wait(
        self, name: str, ready: Callable[[], Awaitable[tuple[bool, str]]], *, every: str = "1m", deadline: str = "4h"
    ) -> str:
        self.noted.append(PlanStep(name=name, kind="wait", detail=f"at most {deadline}"))
        return "assumed in the plan"

    async def notify(self, card: Card, *, conversation: str | None = None) -> None:
        self.noted.append(
            PlanStep(name=f"post {card.title}", kind="step", call="notify", args=(conversation or "here",))
        )


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield


def plan_words(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[str, ...]:
    """Arguments as a plan shows them. The run's own number is left out: a plan is made before the run has one."""
    named = tuple(f"{k}={_word(v)}" for k, v in kwargs.items() if k != "run")
    return tuple(_word(a) for a in args) + named


def same_words(planned: tuple[str, ...], now: tuple[str, ...]) -> bool:
    """Whether a run does what was planned; what the plan could not know yet, a stand-in or a typed result, may be
    anything.
    """
    return len(planned) == len(now) and all(p == n or p.startswith("<") for p, n in zip(planned, now, strict=True))


def require_planned(
    planned: PlanStep | None, number: int, name: str, kind: str, call: str, words: tuple[str, ...] | None
) -> None:
    """Raises Conflict when run `number` is about to do something else than `planned`; None: the plan has ended.

    words: the arguments as the plan shows them, None for kinds that have none there.
    """
    same = planned is not None and (planned.name, planned.kind, planned.call) == (name, kind, call)
    if planned is not None and same and (words is None or same_words(planned.args, words)):
        return
    expected = "nothing more" if planned is None else f"{planned.kind} {planned.name!r} ({', '.join(planned.args)})"
    raise Conflict(
        f"Run {number} stopped at {kind} {name!r} ({', '.join(words or ())}).",
        f"The approved plan has {expected} there, and only what was approved is done.",
        "Ask for it again to get a new plan.",
    )


def _word(value: Any) -> str:
    return str(value)[:200]


async def make_plan(
    playbook: Playbook, inputs: Inputs, actor: Actor, conversation: str, ports: Ports, time_zone: str
) -> Plan:
    """The plan of one order; raises what the playbook's own checks raise (BadInput, NotFound, Conflict)."""
    run = PlanningRun(actor, conversation, ports, time_zone)
    await playbook.body(run, inputs)
    return Plan(
        playbook=playbook.name, inputs=inputs.model_dump(mode="json"), steps=tuple(run.noted), gates=tuple(run.gates)
    )
