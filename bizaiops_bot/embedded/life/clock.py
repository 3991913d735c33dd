"""World time: real time made faster, so that a day of the embedded company passes in minutes."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bizaiops_bot.domain.errors import Permanent

WORLD_FILE = "world.db"


class WorldClock:
    """The Clock port of the embedded company: `start` plus real elapsed seconds times `speed`."""

    def __init__(self, start: datetime, speed: float = 60.0, *, real: Callable[[], float] = time.monotonic) -> None:
        """start: world time now, aware UTC. speed: world seconds a real second. real: seconds, never going back."""
        if start.tzinfo is None:
            raise ValueError("the world's start needs a time zone")
        self._real = real
        self._base, self._since, self._speed = start, real(), _checked(speed)
        self._sleepers: set[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = set()
        self._guard = threading.Lock()

    @property
    def speed(self) -> float:
        """World seconds a real second."""
        return self._speed

    def now(self) -> datetime:
        """World time, aware UTC."""
        return self._base + timedelta(seconds=(self._real() - self._since) * self._speed)

    def set_speed(self, speed: float) -> None:
        """Goes on from this moment at `speed`; sleepers are woken to count their rest anew. Safe from any thread."""
        checked = _checked(speed)
        with self._guard:
            self._base, self._since = self.now(), self._real()
            self._speed = checked
            sleepers = list(self._sleepers)
        for loop, wake in sleepers:
            loop.call_soon_threadsafe(_finish, wake)

    async def sleep_until(self, when: datetime) -> None:
        """Returns once `now() >= when`; a past time returns at once, after giving others a turn."""
        await asyncio.sleep(0)
        while (left := (when - self.now()).total_seconds()) > 0:
            await self._nap(left / self._speed)

    async def _nap(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        wake: asyncio.Future[None] = loop.create_future()
        # A timer may fire a touch early; a millisecond more saves a second round.
        timer = loop.call_later(seconds + 0.001, _finish, wake)
        with self._guard:
            self._sleepers.add((loop, wake))
        try:
            await wake
        finally:
            timer.cancel()
            with self._guard:
                self._sleepers.discard((loop, wake))


def _finish(wake: asyncio.Future[None]) -> None:
    if not wake.done():
        wake.set_result(None)


def _checked(speed: float) -> float:
    if not 0 < speed <= 100_000:
        raise ValueError(f"speed {speed!r} is not between 0 and 100000 world seconds a real second")
    return float(speed)


def open_clock(folder: Path, speed: float, real_now: datetime) -> WorldClock:
    """The clock of the world in `folder`: from when it was last seen on. A new world begins at 08:00 UTC of today, with
    its days of past behind it.
    """
    start = real_now.astimezone(UTC).replace(hour=8, minute=0, second=0, microsecond=0)
    return WorldClock(saved_time(folder) or start, speed)


def saved_time(folder: Path) -> datetime | None:
    """When the world in `folder` was last seen, None if there is none: where its clock goes on. Raises Permanent."""
    if not (file := folder / WORLD_FILE).exists():
        return None
    try:
        with closing(sqlite3.connect(file)) as db:
            # A process that was killed in its first moment leaves a file without tables.
            begun = db.execute("select 1 from sqlite_master where name = 'state'").fetchone()
            row = db.execute("select value from state where key = 'time'").fetchone() if begun else None
    except sqlite3.Error as broken:
        what = f"The world's memory in {folder} cannot be used."
        raise Permanent(what, str(broken), "Name another folder: --data DIR") from broken
    return None if row is None else datetime.fromisoformat(json.loads(row[0]))
