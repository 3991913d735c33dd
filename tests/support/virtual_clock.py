"""A clock that stands still until a test moves it: thirty days of the bot's life in seconds, always the same."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta


class VirtualClock:
    """The Clock port for tests. Sleepers wake in order of time; between two, the event loop comes to rest."""

    def __init__(
        self, start: datetime, *, turns: int = 50, settle: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """turns: of the event loop between two timers. settle: awaited then too, for work in threads."""
        if start.tzinfo is None:
            raise ValueError("the start needs a time zone")
        self._now = start
        self._turns, self._settle = turns, settle
        self._order = itertools.count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    async def sleep_until(self, when: datetime) -> None:
        """Returns once a test has moved the clock to `when`; a past time returns after one turn of the loop."""
        if when <= self._now:
            await asyncio.sleep(0)
            return
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (when, next(self._order), wake))
        await wake

    def next_timer(self) -> datetime | None:
        """When the next sleeper wants to wake, None if nobody sleeps."""
        while self._sleepers and self._sleepers[0][2].done():  # cancelled while asleep
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    async def advance(self, seconds: float) -> None:
        """Moves `seconds` on."""
        await self.advance_to(self._now + timedelta(seconds=seconds))

    async def advance_to(self, when: datetime) -> None:
        """Moves to `when`, stopping at every timer on the way; timers set meanwhile count too. Never goes back."""
        await self.rest()
        while (timer := self.next_timer()) is not None and timer <= when:
            self._now = max(self._now, timer)
            _, _, wake = heapq.heappop(self._sleepers)
            wake.set_result(None)
            await self.rest()
        self._now = max(self._now, when)
        await self.rest()

    async def leap_to(self, when: datetime) -> None:
        """Moves to `when` at once, as a machine that slept: all timers up to then ring late, at `when`."""
        await self.rest()
        self._now = max(self._now, when)
        await self.advance_to(when)

    async def rest(self) -> None:
        """Lets everything that can go on without time passing go on."""
        for _ in range(self._turns):
            await asyncio.sleep(0)
        if self._settle is not None:
            await self._settle()
