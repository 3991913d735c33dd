"""The waits of a live run that look at the world again and again: judging a canary, and until something is ready."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.errors import Temporary
from bizaiops_bot.domain.monitoring import Verdict
from bizaiops_bot.domain.records import TrialKind
from bizaiops_bot.domain.values import duration_s
from bizaiops_bot.engine import trials
from bizaiops_bot.engine.live_base import LiveBase, Work

LOOK_EVERY_S = 60.0


class WatchingRun(LiveBase):
    """Every wait has a deadline, counted from a beginning that is recorded."""

    async def note_trial(self, model: str, version: str, kind: TrialKind, verdict: Verdict) -> None:
        def work(conn: sa.Connection) -> None:
            if trials.add(conn, model, version, kind, verdict, run=self.id, now=self._core.clock.now()):
                told = verdict.model_dump(mode="json")
                self._core.note(conn, self.actor.id, "verdict", f"run {self.id}", version=version, trial=kind, **told)

        await self._write(work, keep=False)

    async def wait(
        self, name: str, ready: Callable[[], Awaitable[tuple[bool, str]]], *, every: str = "1m", deadline: str = "4h"
    ) -> str:
        n = self._next(name, "wait", "")
        began = await self._begin(n, name)
        last = began + timedelta(seconds=duration_s(deadline))

        async def look() -> tuple[dict[str, Any], Work]:
            done, words = await ready()
            while not done and self.clock.now() < last:
                await self._show(n, name, "waiting", words)
                await self._sleep(min(self.clock.now() + timedelta(seconds=duration_s(every)), last))
                done, words = await ready()
            status, said = "done" if done else "failed", words
            return {"done": done, "words": words}, lambda conn: self._put_step(conn, n, name, status, said)

        kept = await self._watched(n, name, f"{name} ends", look)
        if not kept["done"]:
            raise Temporary(f"{name}: not ready after {deadline}.", kept["words"] + ".", "Try again later.")
        return str(kept["words"])
