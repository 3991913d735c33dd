"""The clock of a run that is carried out."""

from __future__ import annotations

from datetime import datetime

from bizaiops_bot.engine.context.activity import Activity
from bizaiops_bot.ports.clock import Clock


class RestingClock:
    """Implements ports.Clock for what a step does: to wait for a time within it is no work."""

    def __init__(self, inner: Clock, activity: Activity) -> None:
        self._inner, self._activity = inner, activity

    def now(self) -> datetime:
        return self._inner.now()

    async def sleep_until(self, when: datetime) -> None:
        with self._activity.resting():
            await self._inner.sleep_until(when)
