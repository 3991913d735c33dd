"""Dry run: the playbook itself, with reads that are real and steps that are only noted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar, cast

from bizaiops_bot.bot_api.reach import Ports
from bizaiops_bot.domain.cards import Card, DiffLine
from bizaiops_bot.domain.judge import JudgeSpec, Stage
from bizaiops_bot.domain.monitoring import ArmSample, Outcome, Verdict
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.plan import GateSpec, Plan, PlanStep
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.domain.stand_in import StandIn
from bizaiops_bot.engine.execution import planned
from bizaiops_bot.engine.execution.base import PortedRun
from bizaiops_bot.engine.execution.planned import plan_words, require_planned, same_words
from bizaiops_bot.playbook import Inputs, Playbook
from bizaiops_bot.playbook.run import Question

__all__ = ["PlanningRun", "StandIn", "make_plan", "plan_words", "require_planned", "same_words"]
T = TypeVar("T")


class PlanningRun(PortedRun):
    """Notes what a playbook would do."""

    planning = True

    def __init__(
        self, actor: Actor, conversation: str, ports: Ports, time_zone: str, quorum: int | None = None
    ) -> None:
        super().__init__(0, actor, conversation, ports, time_zone)
        self._quorum = quorum
        self.noted: list[PlanStep] = []
        self.gates: list[GateSpec] = []
        self.patches: list[str] = []

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
        self.noted.append(planned.deed("step", name, do, args, kwargs, changes))
        return assume if assume is not None else cast(T, StandIn(name))

    async def read(self, do: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any) -> T:
        return await do(*args, **kwargs)

    def patched(self, change: str) -> bool:
        if change not in self.patches:
            self.patches.append(change)
        return True

    async def approve(
        self,
        question: str,
        *,
        quorum: int = 1,
        role: str = "approver",
        people: Iterable[str] = (),
        expires: str = "24h",
        escalate: Mapping[str, str] | None = None,
        undo: str = "",
        foresight: str = "",
    ) -> None:
        if self._quorum == 0:
            return
        spec = planned.gate(
            len(self.gates) + 1,
            question,
            quorum=self._quorum or quorum,
            role=role,
            people=people,
            expires=expires,
            escalate=escalate,
            undo=undo,
            foresight=foresight,
        )
        self.gates.append(spec)
        self.noted.append(planned.gate_step(spec))

    def undo(
        self, name: str, do: Callable[..., Awaitable[Any]], *args: Any, changes: Iterable[DiffLine] = (), **kwargs: Any
    ) -> AbstractAsyncContextManager[None]:
        self.noted.append(planned.deed("undo", name, do, args, kwargs, changes))
        return self._covering(len(self.noted) - 1)

    @asynccontextmanager
    async def _covering(self, at: int) -> AsyncIterator[None]:
        """Notes in the undo step which steps it covers."""
        yield
        inside = [step.name for step in self.noted[at + 1 :] if step.kind != "undo"]
        span = f"from {inside[0]!r} to {inside[-1]!r}" if inside else ""
        self.noted[at] = self.noted[at].model_copy(update={"detail": span})

    async def judge(
        self,
        service: ServiceRef,
        version: str,
        *,
        by: JudgeSpec | None = None,
        hold: str | None = None,
        share: int | None = None,
        value_must: bool | None = None,
        before: ArmSample | None = None,
        stage: Stage | None = None,
    ) -> Verdict:
        self.noted.append(planned.judgement(service, version, by, hold, share, stage))
        return Verdict(
            outcome=Outcome.SUCCESSFUL, reason="assumed in the plan", checks=(), stable_requests=0, canary_requests=0
        )

    async def until(
        self,
        name: str,
        look: Callable[..., Awaitable[T]],
        *args: Any,
        done: Callable[[T], bool],
        failed: Callable[[T], str | None] | None = None,
        every: str = "30s",
        deadline: str = "2h",
        detail: Callable[[T], str] | None = None,
        assume: T | None = None,
        asks: Callable[[T], Question | None] | None = None,
        answer: Callable[..., Awaitable[Any]] | None = None,
    ) -> T:
        self.noted.append(planned.waiting(name, deadline))
        return assume if assume is not None else cast(T, StandIn(name))

    async def notify(self, card: Card, *, conversation: str | None = None) -> None:
        self.noted.append(planned.posting(card.title, conversation))


async def make_plan(
    playbook: Playbook,
    inputs: Inputs,
    actor: Actor,
    conversation: str,
    ports: Ports,
    time_zone: str,
    *,
    quorum: int | None = None,
) -> Plan:
    """The plan of one order; raises what the playbook's own checks raise (BadInput, NotFound, Conflict).

    quorum: how many must agree at each approval, 0 for nobody, None for as many as the playbook says.
    """
    run = PlanningRun(actor, conversation, ports, time_zone, quorum)
    await playbook.body(run, inputs)
    return Plan(
        playbook=playbook.name,
        inputs=inputs.model_dump(mode="json"),
        steps=tuple(run.noted),
        gates=tuple(run.gates),
        patches=tuple(run.patches),
        quorum=quorum,
    )
