"""A bot on a company whose world can be held up or made to fail, and that notes who changes traffic at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.engine.base import wants
from tests.support.talk import Shown, Talk

MOVES = ("set_canary", "promote", "restore", "pause", "resume")
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
        self.changing = self.most_at_once = 0
        serving = talk.bot.core.ports.serving
        for method in MOVES:
            setattr(serving, method, self._counted(getattr(serving, method)))

    def _counted(self, real: Any) -> Any:
        @wraps(real)
        async def counted(model: str, *args: Any, key: str) -> Any:
            self.changing += model == "churn"
            self.most_at_once = max(self.most_at_once, self.changing)
            try:
                return await real(model, *args, key=key)
            finally:
                self.changing -= model == "churn"

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
            with core.resting(), core.resting():  # the run's work, and the step's
                await held.go_on.wait()

        @wraps(real)
        async def slow(*args: Any, key: str) -> Any:
            await waits()
            return await real(*args, key=key)

        @wraps(real)
        async def slow_and_told(*args: Any, key: str, progress: Any) -> Any:
            await waits()
            return await real(*args, key=key, progress=progress)

        setattr(adapter, method, slow_and_told if wants(real, "progress") else slow)
        return held

    def let_go(self) -> None:
        """What was held up goes on, what failed works again."""
        for held in self.held:
            held.fails = False
            held.go_on.set()

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
        held = self.hold("pipelines", "build")
        plan = await self.talk.starts(ASK)
        await plan.click("Approve", by="lead")
        await held.begun.wait()
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
