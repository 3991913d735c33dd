"""How fast the world runs: fast while there is something to wait for, calm while a person reads, thinks or is away."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from bizaiops_bot.bot_api.records import Records
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.embedded.life.clock import WorldClock
from bizaiops_bot.ports.faults import Faults

LOOK_S = 0.5
SETTLES = timedelta(minutes=30)
"""World time that an alert gets to end, or to lead to something, after it began or the last run ended."""
SHOWS = timedelta(hours=3)
"""World time that a fault gets to show."""
log = logging.getLogger("bizaiops")


class Pace:
    """Sets the world's clock to `fast` or `calm`. Looks twice a real second."""

    def __init__(self, clock: WorldClock, records: Records, faults: Faults, *, fast: float, calm: float) -> None:
        """fast, calm: world seconds a real second."""
        self._clock, self._records, self._faults = clock, records, faults
        self._fast, self._calm = fast, calm

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
            except BotError as exc:  # the world goes on as it went
                log.warning("pace: %s", exc)
            except Exception:
                log.exception("pace")
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Sets the speed that fits what is going on now."""
        wanted = self._fast if await self.busy() else self._calm
        if wanted != self._clock.speed:
            self._clock.set_speed(wanted)

    async def busy(self) -> bool:
        """Whether a run is at work or waits for a time, or an alert or a fault has just begun."""
        now = self._clock.now()
        runs = await self._records.runs(limit=50)
        asked = {gate.run for gate in await self._records.approvals()}
        if any(not run.finished and run.id not in asked for run in runs):
            return True
        moved = max((run.ended for run in runs if run.ended), default=None)
        for alert in await self._records.alerts(open_only=True):
            if now - max(filter(None, (alert.detected, moved))) < SETTLES:
                return True
        return any(now - since < SHOWS for _, _, since in await self._faults.active())
