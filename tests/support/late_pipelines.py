"""A CI as companies have it: builds queue, take minutes, ask people, fail at a stage, and may register by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bizaiops_bot.domain.builds import Buildable, BuildOrder, BuildQuestion, BuildRef, BuildState, Stage
from bizaiops_bot.domain.errors import Conflict, NotFound, Temporary
from bizaiops_bot.domain.models import ModelVersion
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.embedded.training.pipelines import EmbeddedPipelines
from bizaiops_bot.ports.clock import Clock
from bizaiops_bot.ports.model_registry import ModelRegistry

STAGES = ("checkout", "train", "publish")
ASKED = "publish?"


@dataclass
class _Job:
    """One build: since when it is at its stage, and how it ended. inner: the build behind it, which does the work."""

    ref: BuildRef
    order: BuildOrder
    inner: BuildRef
    since: datetime
    at: int = -1
    answers: dict[str, bool] = field(default_factory=dict)
    ended: str = ""
    problem: str = ""
    lines: list[tuple[str, str]] = field(default_factory=list)
    registered: ModelVersion | None = None


@dataclass
class LatePipelines:
    """Implements ports.Pipelines over the embedded company's, which does the training; everything else is told late.

    takes: in the queue, and at each stage. asks: whether publishing has to be allowed. fails: stage -> why it fails.
    registry: where what is built gets registered by the pipeline itself. away: whether it answers nobody. holds: so
    many foreign builds are ahead in the queue and do not end. silent: whether orders are taken and not answered while
    it holds. slow: so long an order is on its way, also when nobody waits for its answer any more. waiting: around what
    only waits for a time.
    """

    work: EmbeddedPipelines
    clock: Clock
    takes: timedelta = timedelta(minutes=2)
    asks: bool = False
    fails: dict[str, str] = field(default_factory=dict)
    registry: ModelRegistry | None = None
    away: bool = False
    holds: int = 0
    silent: bool = False
    slow: timedelta = timedelta(0)
    waiting: Callable[[], AbstractContextManager[None]] = nullcontext
    on_their_way: set[asyncio.Task[None]] = field(default_factory=set)
    jobs: dict[str, _Job] = field(default_factory=dict)
    started: list[BuildOrder] = field(default_factory=list)

    def seen_by(self, work: EmbeddedPipelines) -> LatePipelines:
        """The same system, to another bot."""
        other = copy(self)
        other.work = work
        return other

    async def ready(self) -> Readiness:
        self._reached()
        return await self.work.ready()

    async def buildable(self, model: str) -> list[Buildable]:
        self._reached()
        return await self.work.buildable(model)

    async def all_buildable(self) -> dict[str, list[Buildable]]:
        self._reached()
        return await self.work.all_buildable()

    async def new_version(self, model: str, taken: Sequence[str]) -> str:
        self._reached()
        return await self.work.new_version(model, taken)

    async def start(self, order: BuildOrder, *, key: str) -> BuildRef:
        self._reached()
        if self.slow:
            journey = asyncio.create_task(self._arrives_late(order, key, self.clock.now() + self.slow))
            self.on_their_way.add(journey)
            with self.waiting():
                await asyncio.shield(journey)
        await self._take(order, key)
        while self.silent:
            with self.waiting():
                await self.clock.sleep_until(self.clock.now() + timedelta(seconds=1))
        return self.jobs[key].ref

    async def _arrives_late(self, order: BuildOrder, key: str, at: datetime) -> None:
        await self.clock.sleep_until(at)
        await self._take(order, key)

    async def _take(self, order: BuildOrder, key: str) -> None:
        if key not in self.jobs:
            inner = await self.work.start(order, key=key)
            number = len(self.jobs) + 1
            ref = BuildRef(id=f"ml/{order.model}/{number}", url=f"https://ci.example/ml/{order.model}/{number}")
            self.jobs[key] = _Job(ref, order, inner, self.clock.now())
            self.started.append(order)

    async def state(self, build: BuildRef) -> BuildState | NoData:
        self._reached()
        job = self._find(build)
        if job is None:
            return NoData(query=f"build {build}", window="any time", searched="the CI")
        await self._live(job)
        return await self._told(job)

    async def log(self, build: BuildRef, *, stage: str = "", tail: int = 40) -> str | NoData:
        self._reached()
        job = self._find(build)
        if job is None:
            return NoData(query=f"the log of build {build}", window="any time", searched="the CI")
        await self._live(job)
        return "\n".join([words for at, words in job.lines if stage in ("", at)][-tail:])

    async def answer(self, build: BuildRef, question: str, proceed: bool, *, key: str) -> BuildState:
        self._reached()
        job = self._known(build)
        await self._live(job)
        if question not in job.answers and not (question == ASKED and self._waits(job)):
            raise Conflict(f"Build {build} has not asked {question!r}.", f"It is {(await self._told(job)).spoken()}.")
        if question not in job.answers:
            job.answers[question], job.since = proceed, self.clock.now()
            job.lines.append(("publish", f"{'allowed' if proceed else 'aborted'} by {key}"))
            if not proceed:
                job.ended, job.problem = "stopped", "it was not allowed to publish"
        return await self._told(job)

    async def stop(self, build: BuildRef, *, key: str) -> BuildState:
        self._reached()
        job = self._known(build)
        await self._live(job)
        if not job.ended:
            job.ended, job.problem = "stopped", f"stopped by {key}"
            await self.work.stop(job.inner, key=key)
        return await self._told(job)

    # -- its life ----------------------------------------------------------------------------------

    async def _live(self, job: _Job) -> None:
        """Comes to where it is by now."""
        while not job.ended and self.clock.now() >= job.since + self.takes and not self._held(job):
            stage = STAGES[job.at] if job.at >= 0 else ""
            if stage in self.fails:
                job.lines.append((stage, self.fails[stage]))
                job.ended, job.problem = "failed", self.fails[stage]
                await self.work.stop(job.inner, key="failed")
            elif job.at + 1 < len(STAGES):
                job.at, job.since = job.at + 1, job.since + self.takes
                job.lines.append((STAGES[job.at], f"{STAGES[job.at]} begins"))
            elif not await self._done(job):
                return

    async def _done(self, job: _Job) -> bool:
        """Ends as the work behind it did, once that is done."""
        inner = await self.work.state(job.inner)
        assert isinstance(inner, BuildState)
        if inner.over:
            if inner.phase == "succeeded" and inner.package is not None and self.registry is not None:
                job.registered = await self.registry.register(inner.package, key=job.ref.id)
            job.ended, job.problem = inner.phase, inner.problem
        return inner.over

    def _held(self, job: _Job) -> bool:
        return (job.at < 0 and self.holds > 0) or self._waits(job)

    def _waits(self, job: _Job) -> bool:
        """Whether it asks now."""
        return self.asks and not job.ended and job.at == STAGES.index("publish") and ASKED not in job.answers

    async def _told(self, job: _Job) -> BuildState:
        asking = self._waits(job)
        phase = job.ended or ("queued" if job.at < 0 else "asking" if asking else "running")
        found = {"ref": job.ref, "phase": phase, "stages": self._stages(job, asking), "read_at": self.clock.now()}
        if phase == "queued":
            found["before"] = self.holds
        if asking:
            found["question"] = BuildQuestion(id=ASKED, text=f"Publish {job.order}?", stage="publish")
        if job.ended:
            inner = await self.work.state(job.inner)
            assert isinstance(inner, BuildState)
            found["problem"] = job.problem
            if job.ended == inner.phase:
                found["report"] = inner.report if self.registry is None else None
                found["package"] = inner.package if self.registry is None else None
                found["version"] = job.registered.version if job.registered is not None else ""
        return BuildState.model_validate(found)

    def _stages(self, job: _Job, asking: bool) -> tuple[Stage, ...]:
        def phase(at: int) -> str:
            if at != job.at or job.ended == "succeeded":
                return "succeeded" if at < job.at or job.ended == "succeeded" else "skipped" if job.ended else "waiting"
            return job.ended or ("asking" if asking else "running")

        return tuple(
            Stage.model_validate(
                {
                    "name": name,
                    "phase": phase(at),
                    "since": job.since if at == job.at else None,
                    "link": f"{job.ref.url}/{name}",
                }
            )
            for at, name in enumerate(STAGES)
        )

    def _find(self, build: BuildRef) -> _Job | None:
        return next((job for job in self.jobs.values() if job.ref == build), None)

    def _known(self, build: BuildRef) -> _Job:
        if (job := self._find(build)) is None:
            raise NotFound("build", build.id, [known.ref.id for known in self.jobs.values()])
        return job

    def _reached(self) -> None:
        if self.away:
            raise Temporary("Jenkins does not answer.", "503 Service Unavailable.", after_s=0.001)
