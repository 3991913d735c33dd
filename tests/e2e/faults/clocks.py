"""A bot's day in a minute: clocks that go on from life to life, much faster than real time."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

SPEED = 1000.0  # of the bot's own clock
CHAT_SPEED = 50.0  # of the chat platform's: a commit must stay short beside the time in which a call settles
BEGINNING = datetime(2026, 3, 4, 8, tzinfo=UTC)


class FastClock:
    """The Clock port. started: real time, the same in every life. skew_s: how wrong it goes in this one."""

    def __init__(self, started: float, skew_s: float = 0.0) -> None:
        self._started, self._skew_s = started, skew_s

    def now(self) -> datetime:
        return BEGINNING + timedelta(seconds=(time.time() - self._started) * SPEED + self._skew_s)

    async def sleep_until(self, when: datetime) -> None:
        while (left := (when - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 (a timer may ring early)
            await asyncio.sleep(left / SPEED)


def chat_now() -> float:
    """Seconds of the platform's monotonic clock, the same in every process."""
    return time.monotonic() * CHAT_SPEED


async def chat_sleep(seconds: float) -> None:
    await asyncio.sleep(max(0.0, seconds) / CHAT_SPEED)


def chat_wall(started: float) -> datetime:
    return BEGINNING + timedelta(seconds=(time.time() - started) * CHAT_SPEED)
