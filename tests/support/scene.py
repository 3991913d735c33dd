"""A bot on a company whose world can be held up or made to fail, and that notes who changes traffic at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.domain.services import ServiceRef
from tests.support.late_pipelines import LatePipelines
from tests.support.talk import Shown, Talk

MOVES = ("set_canary", "promote", "roll_back", "restore", "pause", "resume")
ASK = "deploy churn v3 as a 10% canary"


@dataclass
class Held:
    """A method of a port that waits until `go_on` is set, or fails while `fails`."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    fails: bool = False


class Scene:
    """churn v2 serves everything, v1 was before it."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.held: list[Held] = []
        self.late: LatePipelines | None = None
        self.changing = self.most_at_once = 0
        serving = talk.bot.core.ports.serving
        for method in MOVES:
            setattr(serving, method, self._counted(getattr(serving, method)))

    def _counted(self, real: Any) -> Any:
        @wraps(real)
        async def counted(service: ServiceRef, *args: Any, **more: Any) -> Any:
            self.changing += service.model == "churn"
            self.most_at_once = max(self.most_at_once, self.changing)
            try:
                return await real(service, *args, **more)
            finally:
                self.changing -= service.model == "churn"

        return counted

    def hold(self, port: str, method: str, *, fails: bool = False) -> Held:
        """From now on the method waits, or fails."""
        held = Held(fails=fails)
        self.held.append(held)
        adapter = getattr(self.talk.bot.core.ports, port)
        real = getattr(adapter, method)

        async def waits() -> None:
            held.begun.set()
            if held.fails:
                raise Permanent("The gateway does not answer.")
            core = self.talk.bot.core
            with core.activity.resting():
                await held.go_on.wait()

        @wraps(real)
        async def slow(*args: Any, key: str, **more: Any) -> Any:
            await waits()
            return await real(*args, key=key, **more)

        setattr(adapter, method, slow)
        return held

    def let_go(self) -> None:
        """What was held up goes on, what failed works again."""
        for held in self.held:
            held.fails = False
            held.go_on.set()
        if self.late is not None:
            self.late.holds = 0

    # -- what can be under way ------------------------------------------------------------------------

    async def deploy_waits(self) -> Shown:
        return await self.talk.starts(ASK)

    async def retraining_waits(self) -> Shown:
        return await self.talk.starts("retrain churn")

    async def scaling_waits(self) -> Shown:
        return await self.talk.starts("scale churn to 4")

    async def rollback_waits(self) -> Shown:
        return await self.talk.starts("roll back churn")

    async def pause_waits(self) -> Shown:
        return await self.talk.starts("pause churn")

    async def resume_waits(self) -> Shown:
        await (await self.talk.starts("pause churn")).click("Approve", by="lead")
        await self.talk.until(self._idle, minutes=2)
        return await self.talk.starts("resume churn")

    async def build_runs(self) -> Shown:
        ports = self.talk.bot.core.ports
        ports.pipelines = self.late = LatePipelines(ports.pipelines, self.talk.clock, holds=1)
        plan = await self.talk.starts(ASK)
        await plan.click("Approve", by="lead")

        async def queued() -> bool:
            return any(
                step.name == "build" and "queued" in step.detail for step in (await self.talk.run(plan.run)).steps
            )

        await self.talk.until(queued, minutes=2, what="the build in its queue")
        return plan

    async def scaling_runs(self) -> Shown:
        held = self.hold("serving", "scale")
        plan = await self.talk.starts("scale churn to 4")
        await plan.click("Approve", by="lead")
        await held.begun.wait()
        return plan

    async def canary_is_judged(self) -> Shown:
        plan = await self.talk.starts(ASK)
        await plan.click("Approve", by="lead")
        await self.talk.served("churn", {"v2": 90, "v3": 10})
        await self.talk.minutes(2)
        return plan

    async def undo_runs(self) -> Shown:
        held = self.hold("serving", "restore")
        plan = await self.canary_is_judged()
        await plan.click("Cancel", by="engineer")
        await held.begun.wait()
        return plan

    async def undo_failed(self) -> Shown:
        held = self.hold("serving", "restore", fails=True)
        plan = await self.canary_is_judged()
        await plan.click("Cancel", by="engineer")
        await held.begun.wait()

        async def asks() -> bool:
            return "Try again" in (await plan.now()).buttons()

        await self.talk.until(asks, minutes=2, what="the question of a run that is stuck")
        held.begun.clear()
        return plan

    async def _idle(self) -> bool:
        return not await self.talk.runs("waiting", "running")
