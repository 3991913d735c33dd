"""The clocks: the machine's, the embedded company's, and the one that tests move by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime
from pathlib import Path

from bizaiops_bot.adapters.clock import SystemClock
from bizaiops_bot.embedded.life.clock import WorldClock
from tests.contract.stands.stand import ClockStand, T
from tests.support.virtual_clock import VirtualClock

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


class SystemClockStand(ClockStand):
    """Real time."""

    name = "system"
    moment_s = 0.02

    def __init__(self, folder: Path) -> None:
        self.port = SystemClock()


class WorldClockStand(ClockStand):
    """An hour a second."""

    name = "embedded"
    moment_s = 72.0

    def __init__(self, folder: Path) -> None:
        self.port = WorldClock(START, 3600)


class VirtualClockStand(ClockStand):
    """Moved by `pass_`."""

    name = "virtual"
    moment_s = 60.0

    def __init__(self, folder: Path) -> None:
        self.port = VirtualClock(START)

    async def pass_(self, sleeper: Awaitable[T]) -> T:
        task = asyncio.ensure_future(sleeper)
        await self.port.advance(2 * self.moment_s)
        return await super().pass_(task)
