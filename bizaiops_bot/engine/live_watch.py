"""The waits of a live run that look at the world again and again: judging a canary, and until something is ready."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.canary import CanaryLimits
from bizaiops_bot.domain.errors import Temporary
from bizaiops_bot.domain.monitoring import Outcome, Verdict
from bizaiops_bot.domain.values import duration_s, spoken_duration
from bizaiops_bot.engine.judging import assess
from bizaiops_bot.engine.live_base import LiveBase

LOOK_EVERY_S = 60.0


class WatchingRun(LiveBase):
    """Every wait has a deadline, counted from a beginning that is recorded."""

    async def judge(self, model: str, version: str, *, hold: str = "20m") -> Verdict:
        name = f"judge {version}"
        n = self._next(name, "judge", "")
        began = await self._begin(n, name)
        end = began + timedelta(seconds=duration_s(hold))

        async def look() -> dict[str, Any]:
            verdict = await self._look(n, name, model, version, began, end)
            await self._write(lambda conn: self._keep_verdict(conn, n, name, verdict))
            return verdict.model_dump(mode="json")

        return Verdict.model_validate(await self._watched(f"{name} verdict", look))

    async def _look(self, n: int, name: str, model: str, version: str, began: datetime, end: datetime) -> Verdict:
        limits: CanaryLimits = self._core.canary_limits
        while True:
            final = self.clock.now() >= end
            verdict = await assess(self.metrics, model, version, began, limits, final=final)
            if final or verdict.outcome is Outcome.FAILED:
                return verdict
            left = spoken_duration((end - self.clock.now()).total_seconds())
            await self._show(n, name, "running", f"{verdict.canary_requests} canary requests so far, {left} left")
            await self._sleep(min(self.clock.now() + timedelta(seconds=LOOK_EVERY_S), end))

    def _keep_verdict(self, conn: sa.Connection, n: int, name: str, verdict: Verdict) -> None:
        self._put_step(conn, n, name, "done" if verdict.ok else "failed", f"{verdict.outcome}: {verdict.reason}")
        self._core.note(conn, self.actor.id, "verdict", f"run {self.id}", **verdict.model_dump(mode="json"))

    async def wait(
        self, name: str, ready: Callable[[], Awaitable[tuple[bool, str]]], *, every: str = "1m", deadline: str = "4h"
    ) -> str:
        n = self._next(name, "wait", "")
        began = await self._begin(n, name)
        last = began + timedelta(seconds=duration_s(deadline))

        async def look() -> dict[str, Any]:
            done, words = await ready()
            while not done and self.clock.now() < last:
                await self._show(n, name, "waiting", words)
                await self._sleep(min(self.clock.now() + timedelta(seconds=duration_s(every)), last))
                done, words = await ready()
            await self._show(n, name, "done" if done else "failed", words)
            return {"done": done, "words": words}

        kept = await self._watched(f"{name} ends", look)
        if not kept["done"]:
            raise Temporary(f"{name}: not ready after {deadline}.", kept["words"] + ".", "Try again later.")
        return str(kept["words"])
