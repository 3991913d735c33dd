"""How the parts of one process hear of each other's changes without asking the database over and over."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress

import sqlalchemy as sa

from bizaiops_bot.domain.records import FINISHED
from bizaiops_bot.engine.context.activity import Activity
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.store import Store


class Doorbells:
    """One bell a run, and one each for schedules, notices and timers. Another worker's changes do not ring here."""

    def __init__(self, store: Store, activity: Activity) -> None:
        self._store, self._activity = store, activity
        self._runs: dict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self._ends: dict[int, asyncio.Event] = {}
        self.schedules, self.notices, self.timers = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.wake: Callable[[int], None] = _nobody
        """Something about the run has changed: a parked one is gone on with, one that is carried out hears of it."""
        self.begin: Callable[[int, int], None] = _nobody
        """The run's segment, claimed for this worker already, is carried out."""

        self.parked: Callable[[int], None] = _nobody
        """The run waits to see something outside, and nobody carries it out meanwhile."""
        self.changed: Callable[[str], None] = _nobody
        """The system behind the port of that name is not as it was."""

    def of(self, number: int) -> asyncio.Event:
        """Rings when a cancel may have been asked for a run that is carried out here."""
        return self._runs[number]

    def forget(self, number: int) -> None:
        """The run is not carried out here any more."""
        self._runs.pop(number, None)

    def ring_all(self) -> None:
        """What waits for its time looks again: this worker has begun or ceased to lead."""
        for bell in (self.schedules, self.notices, self.timers):
            bell.set()

    async def ended(self, number: int) -> None:
        """Returns once the run has ended, wherever it is carried out."""
        query = sa.select(t.runs.c.status).where(t.runs.c.id == number)
        rings = self._ends.setdefault(number, asyncio.Event())
        with self._activity.resting():
            while await self._store.read(lambda conn: conn.execute(query).scalar()) not in FINISHED:
                with suppress(TimeoutError):  # one that ends at another worker does not ring here
                    await asyncio.wait_for(rings.wait(), 1.0)
        self._ends.pop(number, None)

    def tell_end(self, number: int) -> None:
        """Those who wait for the end of the run go on; with it a pause may be over."""
        self.timers.set()
        ended = self._ends.get(number)
        if ended is not None:
            ended.set()


def _nobody(*_args: object) -> None:
    """Nobody carries runs out yet."""
