"""Real time, for a bot that serves a real company."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime


class SystemClock:
    """The Clock port on the machine's own clock."""

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC)

    async def sleep_until(self, when: datetime) -> None:
        """Returns once `now() >= when`; a past time returns at once, after giving others a turn."""
        await asyncio.sleep(0)
        # An hour at most: the loop's timers follow the monotonic clock, `when` the wall clock, which may be set.
        while (left := (when - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 nothing but time is waited for
            await asyncio.sleep(min(left, 3600.0))
