"""Runs that wait for something outside: `python -m tools.bench_polls [RUNS]`, 10,000 if not said, every 30 s.

Each waits for a service of its own, whose state is read from memory, as from a watch cache, and does not change.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bizaiops_bot.domain.values import ModelName, Value
from bizaiops_bot.playbook import Card, Inputs, Run, playbook
from tools.bench_engine import engine as bench

EVERY_S = 30
WINDOW_S = 60.0


class Seen(Value):
    """The state of a service, in the size of a real one."""

    model: str
    revisions: tuple[tuple[str, str, int], ...] = (("churn-00001", "v1", 90), ("churn-00002", "v2", 10))
    settled: bool = False
    read_at: datetime


class Services:
    """Counts how often it is looked at."""

    def __init__(self) -> None:
        self.looks, self.ready = 0, False

    async def state(self, model: str) -> Seen:
        self.looks += 1
        return Seen(model=model, settled=self.ready, read_at=datetime.now(UTC))


class Ask(Inputs):
    """A change of a model."""

    model: ModelName


@playbook(title="Waits", risk="change")
async def waits(run: Run, ask: Ask) -> Card:
    services: Any = run.serving
    await run.until("settle", services.state, ask.model, done=lambda s: s.settled, every=f"{EVERY_S}s", deadline="7d")
    return Card(title="settled")


async def _measure(runs: int, folder: Path) -> dict[str, float]:
    bench.PLAYBOOKS[waits.name] = waits
    stand, services = bench.BenchEngine(folder, None), Services()
    stand.core.ports.serving = services  # type: ignore[assignment]
    await stand.launch()
    before = _rss_mb()
    began = time.perf_counter()
    for number in range(runs):
        await stand.order(waits.name, str(number))
    await _until(lambda: stand._runner.poller.waiting == runs)
    parked_s = time.perf_counter() - began
    await asyncio.sleep(EVERY_S)
    grown, looks, cpu, at = _rss_mb() - before, services.looks, time.process_time(), time.perf_counter()
    await asyncio.sleep(WINDOW_S)
    took = time.perf_counter() - at
    percent = 100 * (time.process_time() - cpu) / took
    seen = services.looks - looks
    services.ready, at = True, time.perf_counter()
    await _until(lambda: stand._runner.poller.waiting == 0)
    return {
        "runs": runs,
        "parked_s": round(parked_s, 1),
        "core_percent": round(percent, 2),
        "looks_s": round(seen / took, 1),
        "kb_a_run": round(1024 * grown / runs, 2),
        "all_woken_s": round(time.perf_counter() - at, 1),
    }


async def _until(so: Callable[[], bool]) -> None:
    while not so():  # noqa: ASYNC110 (nobody tells a benchmark)
        await asyncio.sleep(0.1)


def _rss_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(runs: int) -> dict[str, float]:
    """runs, parked_s, core_percent while they wait, looks_s, kb_a_run (peak), all_woken_s once all have changed."""
    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(_measure(runs, Path(name)))


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)))
