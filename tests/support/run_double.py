"""A Run for tests: steps are done at once on the fake company; a planning one only notes them, with real reads."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar

from bizaiops_bot.adapters.template_words import TemplateWords
from bizaiops_bot.domain.cards import Card, DiffLine
from bizaiops_bot.domain.errors import Permanent, Refused
from bizaiops_bot.domain.judge import JudgeSpec, Stage
from bizaiops_bot.domain.monitoring import ArmSample, Outcome, Verdict
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.plan import GateSpec, Plan, PlanStep
from bizaiops_bot.domain.records import Trial, TrialKind
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.domain.stand_in import StandIn
from bizaiops_bot.domain.values import duration_s
from bizaiops_bot.engine.execution.judging import Comparison, look_at
from bizaiops_bot.playbook import Playbook, Run, card_and_output
from bizaiops_bot.playbook.run import Question
from tests.support.fake_bot import FakeControls, FakeFaults, FakeRecords
from tests.support.fake_company import (
    Company,
    FakeClock,
    FakeDrift,
    FakeMetrics,
    FakeModels,
    FakeOutcomes,
    FakePipelines,
    FakePredictions,
    FakeRegistry,
    FakeServing,
    FakeWarehouse,
)
from tests.support.handbook import handbook

T = TypeVar("T")
ENGINEER = Actor(id="engineer", name="Engineer", roles=("engineer",))
GOOD = Verdict(
    outcome=Outcome.SUCCESSFUL,
    reason="error rate 0.4% against 0.5%.",
    checks=(),
    stable_requests=9_000,
    canary_requests=1_000,
)


class RunDouble(Run):
    """Executes directly. `done` holds the names of what happened in order, `notified` the cards posted."""

    def __init__(
        self,
        world: Company,
        *,
        actor: Actor = ENGINEER,
        verdict: Verdict = GOOD,
        approved: bool = True,
        meanwhile: Callable[[], None] = lambda: None,
        planning: bool = False,
    ) -> None:
        self.id, self.actor, self.conversation, self.time_zone, self.planning = 7, actor, "general", "UTC", planning
        self.clock, self.models = FakeClock(world), FakeModels()
        self.pipelines, self.serving = FakePipelines(world), FakeServing(world)
        self.registry, self.metrics, self.drift = FakeRegistry(world), FakeMetrics(world), FakeDrift(world)
        self.predictions, self.outcomes = FakePredictions(world), FakeOutcomes(world)
        self.warehouse, self.faults = FakeWarehouse(world), FakeFaults(world)
        self.records, self.controls, self.words = FakeRecords(world), FakeControls(world), TemplateWords()
        self.handbook = handbook()
        self.world = world
        self.verdict, self.approved, self.meanwhile = verdict, approved, meanwhile
        self.done: list[str] = []
        self.details: list[str] = []
        self.notified: list[tuple[str, Card]] = []
        self.steps: list[PlanStep] = []
        self.gates: list[GateSpec] = []

    async def note_trial(self, model: str, version: str, kind: TrialKind, verdict: Verdict) -> None:
        if not self.planning:
            self.world.trials.append(
                Trial(
                    id=len(self.world.trials) + 1,
                    model=model,
                    version=version,
                    kind=kind,
                    by=self.actor.id,
                    run=self.id,
                    at=self.world.now,
                    **verdict.model_dump(exclude={"decided", "accepted"}),
                )
            )

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
        duration_s(timeout)
        self._note(name, "step", do, args, changes)
        if self.planning:
            return assume if assume is not None else StandIn(name)  # type: ignore[return-value]
        result = await do(*args, **kwargs, **self._extras(do, name))
        if detail is not None:
            self.details.append(detail(result))
        return result

    def _extras(self, do: Callable[..., Any], name: str) -> dict[str, Any]:
        offered: dict[str, Any] = {"key": f"7/{name}", "progress": self.details.append}
        return {k: v for k, v in offered.items() if k in inspect.signature(do).parameters}

    def _note(self, name: str, kind: Any, do: Any = None, args: Any = (), changes: Iterable[DiffLine] = ()) -> None:
        self.done.append(name)
        call = getattr(do, "__qualname__", "")
        self.steps.append(PlanStep(name=name, kind=kind, call=call, args=tuple(map(str, args)), changes=tuple(changes)))

    async def read(self, do: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any) -> T:
        return await do(*args, **kwargs)

    def patched(self, change: str) -> bool:
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
        name = f"approval {len(self.gates) + 1}"
        gate = GateSpec(
            name=name,
            question=question,
            quorum=quorum,
            role=role,
            people=tuple(people),
            expires=expires,
            undo=undo,
            foresight=foresight,
        )
        self.gates.append(gate)
        self._note(self.gates[-1].name, "gate")
        if not self.planning:
            self.meanwhile()
        if not self.approved:
            raise Refused("Rejected by lead.")

    def undo(
        self, name: str, do: Callable[..., Awaitable[Any]], *args: Any, changes: Iterable[DiffLine] = (), **kwargs: Any
    ) -> AbstractAsyncContextManager[None]:
        return self._undo(name, do, args, changes, kwargs)

    @asynccontextmanager
    async def _undo(
        self,
        name: str,
        do: Callable[..., Awaitable[Any]],
        args: Any,
        changes: Iterable[DiffLine],
        kwargs: dict[str, Any],
    ) -> AsyncIterator[None]:
        if self.planning:
            self._note(name, "undo", do, args, changes)
        try:
            yield
        except BaseException:
            self.done.append(name)
            await do(*args, **kwargs, **self._extras(do, name))
            raise

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
        judge = by or JudgeSpec()
        hold = hold or judge.hold
        duration_s(hold)
        self._note(f"judge {version}", "judge", args=(service, version, hold))
        if self.planning:
            return StandIn("judge")  # type: ignore[return-value]
        if share is not None:
            return self.verdict
        await self.clock.sleep_until(self.clock.now() + timedelta(seconds=duration_s(hold)))
        compared = Comparison(service, version, self.clock.now(), judge, value_must=value_must, before=before)
        return (await look_at(self, compared)).verdict(final=True, ends=1)

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
        self._note(name, "wait")
        if self.planning:
            return assume if assume is not None else StandIn(name)  # type: ignore[return-value]
        end = self.clock.now() + timedelta(seconds=duration_s(deadline))
        while self.clock.now() < end:
            seen = await look(*args)
            if failed is not None and (why := failed(seen)) is not None:
                raise Permanent(why)
            self.details.append(detail(seen) if detail else "")
            if done(seen):
                return seen
            await self.clock.sleep_until(self.clock.now() + timedelta(seconds=duration_s(every)))
        raise Permanent(f"{name} was not over by its deadline.")

    async def notify(self, card: Card, *, conversation: str | None = None) -> None:
        self.notified.append((conversation or self.conversation, card))


async def play(playbook: Playbook, run: RunDouble, /, **inputs: Any) -> Card:
    """Runs a playbook as the engine would: typed inputs in, card out."""
    card, _ = card_and_output(await playbook.body(run, playbook.inputs(**inputs)))
    return card


async def plan_of(playbook: Playbook, world: Company, /, **inputs: Any) -> Plan:
    """The plan of a playbook, made by running it in planning mode; the world must stay as it is."""
    run = RunDouble(world, planning=True)
    await play(playbook, run, **inputs)
    return Plan(playbook=playbook.name, inputs=inputs, steps=tuple(run.steps), gates=tuple(run.gates))
