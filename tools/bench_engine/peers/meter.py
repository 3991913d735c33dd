"""What every candidate's process needs: it answers commands on its standard input, and counts processor time.

A command is a line "noop 10"; the answer is one line of JSON. Only the standard library and psutil, as the peers' own
environment runs this too.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable

import psutil

Numbers = dict[str, float]
Handler = Callable[[float], Awaitable[Numbers]]
CONCURRENCY = 20
SETTLE_S = 0.6


async def serve(handlers: dict[str, Handler]) -> None:
    """Carries commands out one after the other, till the input ends."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    say({"ready": 1})
    while line := (await lines.readline()).decode().split():
        say(await handlers[line[0]](float(line[1])))


def say(numbers: Numbers) -> None:
    print(json.dumps(numbers), flush=True)


def tree_cpu_s(pid: int) -> float:
    """Processor seconds of a process, its living children and those it has outlived."""
    spent = 0.0
    top = psutil.Process(pid)
    for process in (top, *top.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent += times.user + times.system + times.children_user + times.children_system
    return spent


class Meter:
    """Processor seconds of this process, of a server that works for it, and seconds on the clock."""

    def __init__(self, server: int | None = None) -> None:
        """server: process id, None when there is none."""
        self._server = server
        self._own, self._theirs = time.process_time(), self._of_server()
        self._began = time.perf_counter()

    def _of_server(self) -> float:
        return 0.0 if self._server is None else tree_cpu_s(self._server)

    @property
    def wall_s(self) -> float:
        return time.perf_counter() - self._began

    @property
    def own_s(self) -> float:
        return time.process_time() - self._own

    @property
    def server_s(self) -> float:
        return self._of_server() - self._theirs


async def throughput(one: Callable[[int], Awaitable[object]], seconds: float, server: int | None = None) -> Numbers:
    """Runs one after the other, 20 at a time, begun for so many seconds.

    Each pays all its processor time, what is done behind its back included: the count ends a moment after the last
    run. The clock stops with the last run.
    """
    for number in range(CONCURRENCY):
        await one(-1 - number)
    await asyncio.sleep(SETTLE_S)
    meter, begun = Meter(server), 0

    async def person() -> None:
        nonlocal begun
        while meter.wall_s < seconds:
            begun += 1
            await one(begun)

    await asyncio.gather(*(person() for _ in range(CONCURRENCY)))
    wall = meter.wall_s
    await asyncio.sleep(SETTLE_S)
    own, theirs = meter.own_s / begun * 1000, meter.server_s / begun * 1000
    return {"runs": begun, "wall_s": wall, "runs_s": begun / wall, "cpu_ms": own + theirs, "server_cpu_ms": theirs}


async def idle(seconds: float, server: int | None = None) -> Numbers:
    """What the process holds and uses while nothing happens."""
    gc.collect()
    me = psutil.Process(os.getpid())
    meter = Meter(server)
    await asyncio.sleep(seconds)
    return {
        "rss_kb": me.memory_info().rss / 1024,
        "threads": me.num_threads(),
        "idle_percent": (meter.own_s + meter.server_s) / meter.wall_s * 100,
    }


async def clicks(click: Callable[[int], Awaitable[float]], count: float) -> Numbers:
    """Latencies of single clicks, one after the other; percentiles are taken where all rounds come together."""
    return {str(n): await click(n) for n in range(int(count))}
