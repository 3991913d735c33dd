"""Our engine as a process that is measured: `python -m tools.bench_engine.candidate FOLDER [URL SERVER_PID]`.

Commands: noop SECONDS · park RUNS · idle SECONDS · clicks COUNT · wake RUN; see `peers.meter`.
"""

from __future__ import annotations

import asyncio
import sys
import time
from itertools import count
from pathlib import Path

from tools.bench_engine.engine import BenchEngine
from tools.bench_engine.peers import meter
from tools.bench_engine.peers.meter import CONCURRENCY, Numbers

PARKED_S = 0.15


class Candidate:
    """The engine with the commands."""

    def __init__(self, folder: Path, url: str | None, server: int | None) -> None:
        self._engine, self._server = BenchEngine(folder, url), server
        self._tags = (f"{time.time_ns()}-{n}" for n in count())

    async def launch(self) -> None:
        await self._engine.launch()

    def handlers(self) -> dict[str, meter.Handler]:
        return {
            "noop": lambda seconds: meter.throughput(self._five, seconds, self._server),
            "idle": self._idle,
            "clicks": lambda times: meter.clicks(self._click, times),
            "park": self._park,
            "wake": self._wake,
        }

    async def _idle(self, seconds: float) -> Numbers:
        return {**await meter.idle(seconds, self._server), "waiting": await self._engine.waiting()}

    async def _five(self, _number: int) -> None:
        await self._engine.ended(await self._engine.order("five_steps", next(self._tags)))

    async def _waiting(self) -> int:
        number = await self._engine.order("gated_steps", next(self._tags))
        await self._engine.parked(number)
        return number

    async def _click(self, _number: int) -> float:
        """A click on a new run, once its card is drawn; it is ended before the next one."""
        number = await self._waiting()
        await asyncio.sleep(PARKED_S)
        spent = await self._engine.click(number)
        await self._engine.ended(number)
        return spent

    async def _park(self, runs: float) -> Numbers:
        """Begins so many runs that wait for people, 20 at a time; the number of the last."""
        left, last = iter(range(int(runs))), 0

        async def person() -> None:
            nonlocal last
            for _ in left:
                last = max(last, await self._waiting())

        began = meter.Meter(self._server)
        await asyncio.gather(*(person() for _ in range(CONCURRENCY)))
        return {
            "runs_s": runs / began.wall_s,
            "wall_s": began.wall_s,
            "cpu_ms": began.own_s / runs * 1000,
            "last": last,
        }

    async def _wake(self, number: float) -> Numbers:
        return {"click_ms": await self._engine.click(int(number))}


async def main() -> None:
    began = time.perf_counter()
    url, server = (sys.argv[2], int(sys.argv[3])) if len(sys.argv) > 2 else (None, None)
    candidate = Candidate(Path(sys.argv[1]), url, server)
    await candidate.launch()
    meter.say({"launch_ms": (time.perf_counter() - began) * 1000})
    await meter.serve(candidate.handlers())


if __name__ == "__main__":
    asyncio.run(main())
