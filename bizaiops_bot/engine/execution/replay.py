"""Runs a playbook against the record of an earlier run, without any port: would a run under way still find its way?"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from bizaiops_bot.domain.cards import Card, DiffLine
from bizaiops_bot.domain.errors import BotError, Permanent, Undecided
from bizaiops_bot.domain.judge import JudgeSpec, Stage
from bizaiops_bot.domain.monitoring import ArmSample, Verdict
from bizaiops_bot.domain.plan import GateSpec, PlanStep
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.engine.execution import planned
from bizaiops_bot.engine.execution.base import call_name, result_type
from bizaiops_bot.engine.execution.envelope import Stopped, opened
from bizaiops_bot.engine.execution.halts import Halt
from bizaiops_bot.engine.execution.recorded_ports import recorded_ports
from bizaiops_bot.engine.execution.taking_back import TakingBack, Undo
from bizaiops_bot.engine.runs.history import History
from bizaiops_bot.playbook import Playbook, card_and_output
from bizaiops_bot.playbook.run import Question

T = TypeVar("T")
_PARTS = (" begins", " extended verdict", " verdict", " decision", " ends", " outcome")


class ReplayMismatch(Permanent):
    """The code does not do what the record says was done."""


@dataclass(frozen=True)
class Replayed:
    """How the playbook went along its record.

    status: "succeeded", how it ended otherwise, or "under way" when the record ends in a run that had not ended.
    """

    status: str
    card: Card | None = None
    output: dict[str, Any] | None = None
    error: str = ""
    steps: tuple[str, ...] = ()


class _Differs(Halt):
    """No `except Exception` of the playbook may hide it."""


class _RecordEnds(Halt):
    """Nothing more is known."""


async def replay(playbook: Playbook, history: History) -> Replayed:
    """Every result comes from the record, by order and name. Raises ReplayMismatch naming the place."""
    if history.playbook != playbook.name:
        raise ReplayMismatch(f"The history is of {history.playbook}, not of {playbook.name}.")
    run = ReplayRun(history)
    try:
        result = await playbook.body(run, playbook.inputs.model_validate(history.inputs))
        card, output = card_and_output(result)
        found = Replayed("succeeded", card, output, steps=tuple(run.done))
    except _Differs as exc:
        raise _mismatch(history, str(exc)) from None
    except _RecordEnds:
        found = Replayed("under way", steps=tuple(run.done))
    except Stopped as exc:
        found = Replayed(exc.status, error=exc.what, steps=tuple(run.done))
    except Undecided as exc:
        found = Replayed(exc.ends_as, error=str(exc), steps=tuple(run.done))
    except Exception as exc:
        found = Replayed("failed", error=str(exc), steps=tuple(run.done))
    difference = run.difference or run.left_over() or _other_end(history, found)
    if difference:
        raise _mismatch(history, difference)
    return found


def _mismatch(history: History, difference: str) -> ReplayMismatch:
    return ReplayMismatch(
        f"{history.playbook} does not follow the history of run {history.number}.",
        f"{difference[0].upper()}{difference[1:]}.",
        'Put new steps under `if run.patched("..."):`.',
    )


def _other_end(history: History, found: Replayed) -> str:
    if not history.ended or (history.status == "succeeded") == (found.status == "succeeded"):
        return ""
    why = f": {found.error.rstrip('.')}" if found.error else ""
    return f"the recorded run ended as {history.status}, the code now ends as {found.status}{why}"


class ReplayRun(TakingBack):
    """What a playbook's `run` is while it is replayed. `done` has the names of the steps that were come to."""

    def __init__(self, history: History) -> None:
        ports = recorded_ports(self._called_directly)
        super().__init__(history.number, history.actor, history.conversation, ports, history.time_zone)
        self._history, self._entries, self._plan = history, history.entries, history.plan
        self._at = self._n = self._gate = 0
        self.done: list[str] = []
        self.difference = ""

    def patched(self, change: str) -> bool:
        return change in self._plan.patches

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
        self._come_to(planned.deed("step", name, do, args, kwargs, changes), name)
        return result_type(do).validate_python(opened(self._take(name)))

    async def read(self, do: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any) -> T:
        return result_type(do).validate_python(opened(self._take(f"read {call_name(do)}")))

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
        if self._plan.quorum == 0:
            return
        self._gate += 1
        spec = planned.gate(
            self._gate,
            question,
            quorum=self._plan.quorum or quorum,
            role=role,
            people=people,
            expires=expires,
            escalate=escalate,
            undo=undo,
            foresight=foresight,
        )
        gates = self._plan.gates
        before = gates[self._gate - 1] if self._gate <= len(gates) else None
        self._come_to(planned.gate_step(spec), spec.name, gate=(before, spec))
        self._take(spec.name)
        outcome = str(json.loads(self._take(f"{spec.name} outcome")))
        if outcome != "approved":
            status = {"void": "failed"}.get(outcome, outcome)
            raise Stopped(status, f"Run {self.id}: {spec.name} was {outcome}.")

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
        step = planned.judgement(service, version, by, hold, share, stage)
        self._come_to(step, f"{step.name} begins")
        self._take(f"{step.name} begins")
        verdict = Verdict.model_validate(opened(self._take(f"{step.name} verdict")))
        asks = planned.asks(self._plan.steps[self._n - 1])
        if asks and planned.is_held_longer(verdict):
            verdict = Verdict.model_validate(opened(self._take(f"{step.name} extended verdict")))
        if asks and (planned.is_open(verdict) or planned.is_asked(stage, verdict)):
            verdict = Verdict.model_validate(opened(self._take(f"{step.name} decision")))
        return verdict

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
        self._come_to(planned.waiting(name, deadline), f"{name} begins")
        self._take(f"{name} begins")
        found, k = opened(self._take(f"{name} seen")), 1
        while asks is not None and "asked" in found:
            opened(self._take(f"{name}: answer {k}"))
            found, k = opened(self._take(f"{name} seen")), k + 1
        return result_type(look).validate_python(found if asks is None else found["seen"])

    async def notify(self, card: Card, *, conversation: str | None = None) -> None:
        step = planned.posting(card.title, conversation)
        self._come_to(step, step.name)
        self._take(step.name)

    def undo(
        self, name: str, do: Callable[..., Awaitable[Any]], *args: Any, changes: Iterable[DiffLine] = (), **kwargs: Any
    ) -> AbstractAsyncContextManager[None]:
        self._come_to(planned.deed("undo", name, do, args, kwargs, changes), None)

        async def once(attempt: int, _patient: bool) -> None:
            opened(self._take(undo.called(attempt)))
            self.done.append(name)

        undo = Undo(name, once)
        return self._covered(undo)

    async def _agreed_to(self, question: str, undo: Undo, failed: BotError) -> bool:
        self._take(question)
        return bool(json.loads(self._take(f"{question} outcome")) == "approved")

    # -- the record --------------------------------------------------------------------------------

    def _come_to(
        self, step: PlanStep, first: str | None, *, gate: tuple[GateSpec | None, GateSpec] | None = None
    ) -> None:
        """The next place of the plan. first: the result that is asked for there; None asks for none."""
        self._n += 1
        if step.kind != "undo":
            self.done.append(step.name)
        if first is not None and self._at < len(self._entries):
            self._meet(first)
        there = self._plan.steps[self._n - 1] if self._n <= len(self._plan.steps) else None
        found = planned.difference(
            there, step.name, step.kind, step.call, step.args, changes=step.changes, detail=_said(step), gate=gate
        )
        if found is not None:
            words = f" ({', '.join(step.args)})" if step.args else ""
            self._differ(f"{self._place()}: the code asks for {step.name!r}{words}. {found}")

    def _take(self, name: str) -> str:
        """The recorded result called `name` at this place."""
        if self._at >= len(self._entries):
            self._end_at(name)
        self._meet(name)
        self._at += 1
        return self._entries[self._at - 1].output

    def _meet(self, name: str) -> None:
        """Raises what stopped the recorded run here, or _Differs when another result is recorded."""
        entry = self._entries[self._at]
        if entry.name == name:
            return
        if (
            self._to_undo
            and not self._undoing
            and entry.name == self._to_undo[-1].name
            and self._history.status != "succeeded"
        ):
            raise self._stopped()
        self._differ(f"{self._place(name)}: the code asks for {_short(name)!r}, the history has {_short(entry.name)!r}")

    def _end_at(self, name: str) -> NoReturn:
        if not self._history.ended:
            raise _RecordEnds(name)
        if self._history.status != "succeeded":
            raise self._stopped()
        self._differ(f"{self._place(name)}: the code asks for {_short(name)!r}, the history has ended")

    def _stopped(self) -> Stopped:
        status = self._history.status if self._history.ended else "failed"
        return Stopped(status, f"Run {self.id} was stopped here ({status}).")

    def left_over(self) -> str:
        """What was recorded and not asked for."""
        if self._at >= len(self._entries):
            return ""
        rest = _short(self._entries[self._at].name)
        return f"{self._place('read ')}: the code has ended, the history goes on with {rest!r}"

    def _place(self, name: str = "") -> str:
        """As the plan is numbered for people; reads have no number there."""
        if not self.done:
            return "before step 1"
        return f"{'after ' if name.startswith('read ') else ''}step {len(self.done)}"

    def _called_directly(self, what: str) -> NoReturn:
        self._differ(
            f"{self._place('read ')}: {what} is called directly; only what goes through run.step or run.read is kept"
        )

    def _differ(self, words: str) -> NoReturn:
        self.difference = self.difference or words
        raise _Differs(words)


def _said(step: PlanStep) -> str | None:
    """Words of the plan that the code must repeat; an undo's are the planner's own."""
    return None if step.kind == "undo" else step.detail


def _short(name: str) -> str:
    return next((name.removesuffix(part) for part in _PARTS if name.endswith(part)), name)
