"""Three workers on one PostgreSQL, and a person beside them who orders, approves and looks."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.engine.api.controls import EngineControls
from bizaiops_bot.engine.approvals import deciding
from bizaiops_bot.engine.audit import trail
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.store import StoreDown
from tests.e2e.faults.worker import STEPS, FastClock, open_core

WORKERS = 3
ROOT = Path(__file__).parents[3]


class Worker:
    """A process that can be frozen and killed."""

    def __init__(self, url: str, folder: Path, started: float, redis: str | None) -> None:
        words = [sys.executable, "-m", "tests.e2e.faults.worker", url, str(folder), str(started)]
        self.log = (folder / f"worker-{time.monotonic_ns()}.log").open("wb")
        self.process = subprocess.Popen(
            words + ([redis] if redis else []),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        self.name = self._hear()

    def begin(self, first: int, count: int) -> None:
        """Returns at once; `begun` when they are there."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"begin {first} {count}\n")
        self.process.stdin.flush()

    def begun(self) -> None:
        assert self._hear() == "begun"

    def send(self, sign: signal.Signals) -> None:
        self.process.send_signal(sign)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=10)
        for stream in (self.process.stdin, self.process.stdout, self.log):
            if stream is not None:
                stream.close()

    def _hear(self) -> str:
        assert self.process.stdout is not None
        said = self.process.stdout.readline().strip()
        assert said, f"the worker ended: {Path(self.log.name).read_text()[-2000:]}"
        return said


class Fleet:
    """The workers and what can be asked of their database."""

    def __init__(self, url: str, folder: Path, redis: str | None = None) -> None:
        self.folder, self._url, self._redis, self._started = folder, url, redis, time.time()
        self.core = open_core(url, folder, FastClock(self._started))
        self.workers = [self.another() for _ in range(WORKERS)]

    def another(self) -> Worker:
        return Worker(self._url, self.folder, self._started, self._redis)

    def begin(self, count: int) -> None:
        """Every worker begins its share."""
        share = count // len(self.workers)
        for i, worker in enumerate(self.workers):
            worker.begin(i * share + 1, share)
        for worker in self.workers:
            worker.begun()

    async def close(self) -> None:
        for worker in self.workers:
            worker.end()
        await self.core.store.aclose()

    async def ask(self, query: sa.Select[Any]) -> list[Any]:
        return await self.core.store.read(lambda conn: list(conn.execute(query)))

    async def statuses(self) -> Counter[str]:
        return Counter(row[0] for row in await self.ask(sa.select(t.runs.c.status)))

    async def held_by(self, worker: str) -> int:
        query = sa.select(sa.func.count()).select_from(t.runs).where(t.runs.c.worker == worker)
        return int((await self.ask(query))[0][0])

    async def approve_all(self) -> None:
        for (number,) in await self.ask(sa.select(t.runs.c.id).where(t.runs.c.status == "waiting")):
            await deciding.decide_words(self.core, deciding.Decision(number, "approved", "lead"))

    async def schedule_every_minute(self) -> None:
        await EngineControls(self.core).add_schedule(
            "Tick", "send_digest", {}, "* * * * *", "UTC", actor="engineer", conversation="ticks"
        )

    async def all_done(self, count: int, *, within_s: float) -> float:
        """Seconds until so many runs have succeeded and nothing else is there."""
        began = time.monotonic()
        found: Counter[str] = Counter()
        while time.monotonic() - began < within_s:
            try:
                found = await self.statuses()
            except StoreDown:
                found = Counter()
            if found == {"succeeded": count}:
                return time.monotonic() - began
            if found["failed"]:
                raise AssertionError(await self.ask(sa.select(t.runs.c.id, t.runs.c.error).where(t.runs.c.error != "")))
            await asyncio.sleep(0.1)
        raise AssertionError(f"after {within_s} s: {found}")

    async def taken_from(self, worker: Worker, *, within_s: float) -> float:
        """Seconds until nothing is held by that worker any more."""
        began = time.monotonic()
        while await self.held_by(worker.name):
            assert time.monotonic() - began < within_s, f"{await self.held_by(worker.name)} runs still stuck"
            await asyncio.sleep(0.05)
        return time.monotonic() - began

    async def check_effects(self, count: int) -> int:
        """Every step of every run was done once; returns how often a key came again and was absorbed."""
        lines = [json.loads(line) for line in (self.folder / "effects.jsonl").read_text().splitlines()]
        done = Counter((e["model"], e["what"]) for e in lines if not e["repeated"])
        assert len(done) == count * STEPS, f"{len(done)} effects of {count * STEPS}"
        doubled = {deed: n for deed, n in done.items() if n > 1}
        assert not doubled, f"done twice: {doubled}"
        assert await self.core.store.read(trail.verify) == (await self._entries(), None)
        return sum(e["repeated"] for e in lines)

    async def check_ticks(self) -> int:
        """Each minute's digest was posted once and none is missing; how many there were."""
        fires = [row[0] for row in await self.ask(sa.select(t.fires.c.at).where(t.fires.c.done).order_by(t.fires.c.at))]
        rows = await self.ask(sa.select(t.cards.c.id, t.cards.c.version).where(t.cards.c.conversation == "ticks"))
        assert {row[1] for row in rows} == {1}
        posted = sorted(row[0].removeprefix("c-schedule-1-") for row in rows)
        assert [at for at in posted if at <= fires[-1]] == fires, "the clock goes on between the two reads"
        sent = await self.ask(sa.select(t.audit.c.subject).where(t.audit.c.kind == "request"))
        ticks = [row[0] for row in sent if row[0].startswith("schedule-1-")]
        assert len(ticks) >= len(fires)
        return len(fires)

    async def _entries(self) -> int:
        return int((await self.ask(sa.select(sa.func.count()).select_from(t.audit)))[0][0])


def freeze(worker: Worker) -> None:
    """As a machine that swaps, or a container that is throttled to nothing: it lives, and does nothing."""
    worker.send(signal.SIGSTOP)
    assert os.waitpid(worker.process.pid, os.WUNTRACED)[0] == worker.process.pid
