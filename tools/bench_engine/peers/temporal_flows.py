"""The workflows, in a module of their own: Temporal imports it again in its sandbox."""

from __future__ import annotations

import time
from datetime import timedelta

from temporalio import activity, workflow

LIMIT = timedelta(minutes=1)
entered: dict[str, float] = {}


@activity.defn
async def change(what: str) -> str:
    return what


@activity.defn
async def enter(run: str) -> str:
    entered[run] = time.perf_counter()
    return run


@workflow.defn
class Five:
    @workflow.run
    async def run(self, number: int) -> int:
        for step in ("one", "two", "three", "four", "five"):
            await workflow.execute_activity(change, step, start_to_close_timeout=LIMIT)
        return number


@workflow.defn
class Gated:
    def __init__(self) -> None:
        self._decided = False

    @workflow.run
    async def run(self, run: str) -> str:
        await workflow.execute_activity(change, "before", start_to_close_timeout=LIMIT)
        await workflow.wait_condition(lambda: self._decided)
        return await workflow.execute_activity(enter, run, start_to_close_timeout=LIMIT)

    @workflow.signal
    def decide(self) -> None:
        self._decided = True
