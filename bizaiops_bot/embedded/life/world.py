"""The living world: requests come, models answer, faults bite, labels arrive late, KPIs follow."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from bizaiops_bot.domain.environments import spoken_service
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.embedded.business.streams import Stream
from bizaiops_bot.embedded.life.bookings import Bookings, Warehousing
from bizaiops_bot.embedded.life.clock import WorldClock
from bizaiops_bot.embedded.life.drift import EmbeddedDrift
from bizaiops_bot.embedded.life.exposition import Exposition, Totals
from bizaiops_bot.embedded.life.faults import EmbeddedFaults, Fault, MarkBadRelease
from bizaiops_bot.embedded.life.life import ModelLife
from bizaiops_bot.embedded.life.memory import WorldMemory
from bizaiops_bot.embedded.life.metrics import EmbeddedMetrics
from bizaiops_bot.embedded.life.minutes import (
    KEPT_MINUTES,
    LATENCY_EDGES_MS,
    minute_of,
    time_of,
)
from bizaiops_bot.embedded.life.outcomes import EmbeddedOutcomes
from bizaiops_bot.embedded.life.past import PAST_DAYS, tell_past
from bizaiops_bot.embedded.life.predictions import EmbeddedPredictions
from bizaiops_bot.embedded.life.served import ModelStore
from bizaiops_bot.embedded.life.serving import EmbeddedServing
from bizaiops_bot.embedded.life.sketches import score_column
from bizaiops_bot.embedded.life.traffic import Slot, Traffic
from bizaiops_bot.ports.clock import Clock

LOG = logging.getLogger(__name__)

REQUESTS_PER_MINUTE = {"churn": 360.0, "demand": 240.0}
OTHER_REQUESTS_PER_MINUTE = 240.0
SAMPLED = 1 / 20
"""Share of the requests that every further environment gets a copy of: 18 a minute for churn."""
CAUGHT_UP_MINUTES = 15
WARM_MINUTES = 15
SAMPLE_WARM_MINUTES = 5
"""What a sample has lived through before the first request to the bot: enough to compare errors with."""
SAVE_EVERY_S = 10.0
SKETCHES_REBUILT = timedelta(minutes=60)
EDGES = np.asarray(LATENCY_EDGES_MS)


class World:
    """The embedded company at work. Its ports are named as those of the bot.

    Everything is drawn from `seed` and the begin of each slot of time, so the same ticks give the same world.
    """

    def __init__(
        self,
        folder: Path,
        streams: Iterable[Stream],
        store: ModelStore,
        clock: Clock,
        warehouse: Warehousing,
        *,
        seed: int = 7,
        past_days: int = PAST_DAYS,
        environments: Sequence[str] = ("demo",),
        mark_bad_release: MarkBadRelease,
        stopwatch: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Opens the world saved in `folder`, or a new one at `clock.now()`; call `begin` before the first tick.

        past_days: history of a new world. environments: the services are in each; all but the first get a sample of the
        requests, of which nothing comes. stopwatch: real seconds, for the
        measured part of the latency.
        Raises Permanent for a folder that cannot be used.
        """
        self._clock, self._warehouse, self._seed, self._past_days = clock, warehouse, seed, past_days
        self._memory = WorldMemory(folder)
        streams = list(streams)
        self._lives = {stream.info.name: _life(stream) for stream in streams}
        mine = list(self._lives)
        for there in environments[1:]:
            self._lives |= {spoken_service(s.info.name, there): _life(s, SAMPLED) for s in streams}
        saved = self._memory.get("world")
        self._last = datetime.fromisoformat(saved["last"]) if saved else _whole_minute(clock.now())
        begun = self._last - timedelta(days=past_days)
        self.serving = EmbeddedServing(folder, mine, store, clock, begun, environments=environments)
        faults = [Fault.model_validate(fault) for fault in saved["faults"]] if saved else []
        self.faults = EmbeddedFaults(self.serving, clock, mark_bad_release, faults)
        self._bookings, totals = Bookings(), Totals()
        self._traffic = Traffic(self._lives, self.serving, self.faults, self._bookings, totals, seed, stopwatch)
        self.serving.tried_by(lambda name, version, n: self._traffic.try_out(name, version, n, clock.now()))
        self.metrics = EmbeddedMetrics(self._lives, self.serving, clock)
        self.predictions = EmbeddedPredictions(self._lives, self.serving, clock)
        self.outcomes = EmbeddedOutcomes(self._lives, self.serving, clock)
        self.drift = EmbeddedDrift(self.predictions, self.serving)
        self._exposition = Exposition(self._lives, self.serving, totals)
        self._living = list(self._lives)
        self._target = self._last
        self._todo: deque[tuple[str, Slot]] = deque()
        self._new = saved is None
        if saved:
            self._bookings.restore(saved["bookings"])
            self._memory.restore(self._lives, self._last)
            self._rebuild_sketches()

    @property
    def is_new(self) -> bool:
        """Whether this world had no saved past when it was opened."""
        return self._new

    def begin(self, *, warm_minutes: int = WARM_MINUTES) -> None:
        """For a new world: sixty days of history, then the last `warm_minutes` before now lived through; then saves.

        A world that goes on does nothing here. Takes about two seconds of CPU.
        """
        if not self._new:
            return
        now = self._last
        self._last = self._target = now - timedelta(minutes=warm_minutes)
        lives = {name: life for name, life in self._lives.items() if life.counts}
        served = {name: self.serving.served(name, self.serving.split(name).stable) for name in lives}
        tell_past(lives, served, self._warehouse, self._seed, self._last, self._past_days)
        for left in range(warm_minutes, 0, -1):
            self._living = list(lives if left > SAMPLE_WARM_MINUTES else self._lives)
            self.tick(self._last + timedelta(minutes=1))
        self.save()

    async def run(self) -> None:
        """Ticks until cancelled, then saves. Between two models others get their turn."""
        saved_at = time.monotonic()
        try:
            while True:
                await self._clock.sleep_until(self._next_tick())
                try:
                    await self._tick_politely(self._next_tick(passed=True))
                    if time.monotonic() - saved_at >= SAVE_EVERY_S:
                        self.save()
                        saved_at = time.monotonic()
                except (sqlite3.Error, BotError):
                    # A full disk must not stop the world; what was not saved is lost only if it crashes.
                    LOG.exception("the world could not be saved and goes on")
        finally:
            self.save()

    def tick(self, now: datetime) -> None:
        """Lives from the last tick up to `now`; an earlier or equal time does nothing.

        After a long gap only 15 minutes of it, evenly spread, are lived through.
        """
        self._plan(now)
        self._finish()

    def labelled(self, model: str, since: datetime) -> pd.DataFrame:
        """Labelled rows requested since `since` (the newest 60,000 rows are kept): features, `label`, `at` (UTC)."""
        self.serving.split(model)
        return self._lives[model].rows.labelled(since, self._clock.now())

    def exposition(self) -> str:
        """Counters, latency histogram, weights and drift in the Prometheus text format."""
        return self._exposition.text()

    def save(self) -> None:
        """Finishes a begun tick and writes what changed since the last save; atomic.

        The warehouse goes first: a minute that the world believes to be booked must be on disk.
        """
        self._finish()
        self._warehouse.flush()
        state = {
            "last": self._last.isoformat(),
            "faults": [fault.model_dump(mode="json") for fault in self.faults.saved()],
            "bookings": self._bookings.saved(),
        }
        self._memory.save(self._lives, {"world": state, "time": max(self._last, self._clock.now()).isoformat()})

    def close(self) -> None:
        """Saves and closes the world's file."""
        self.save()
        self._memory.close()

    def _step_s(self) -> float:
        """World seconds a tick: a minute from speed 12 on, else what passes in five real seconds."""
        speed = self._clock.speed if isinstance(self._clock, WorldClock) else 60.0
        return min(60.0, 5.0 * speed)

    def _next_tick(self, *, passed: bool = False) -> datetime:
        """The next multiple of the step after the last tick, or the newest one that has passed."""
        step = self._step_s()
        if passed:
            return datetime.fromtimestamp(self._clock.now().timestamp() // step * step, UTC)
        return datetime.fromtimestamp((self._last.timestamp() // step + 1) * step, UTC)

    async def _tick_politely(self, now: datetime) -> None:
        """A tick that lets others in between; when it is cancelled, `save` does what is left of it."""
        self._plan(now)
        while len(self._todo) > 1:
            self._traffic.live(*self._todo.popleft())
            await asyncio.sleep(0)
        self._finish()

    def _plan(self, now: datetime) -> None:
        """Puts the slots up to `now` on the list. Each stays there until it is lived through."""
        self._finish()
        self._target = max(now, self._last)
        self._todo.extend((name, slot) for slot in _slots(self._last, now) for name in self._living)

    def _finish(self) -> None:
        """What a tick ends with: finished minutes go to the warehouse, old ones are forgotten, the time is noted."""
        while self._todo:
            self._traffic.live(*self._todo.popleft())
        now = self._target
        if now <= self._last:
            return
        if minute_of(now) > minute_of(self._last):
            for name, life in self._lives.items():
                stable = self.serving.served(name, self.serving.split(name).stable)
                life.sketches.close(stable, minute_of(now) - 1)
                life.minutes.forget_before(minute_of(now) - KEPT_MINUTES)
            self._warehouse.append(self._bookings.take_finished(now))
        self._last = now
        self._memory.note_time(now)

    def _rebuild_sketches(self) -> None:
        """After a restart: the sketches of the last hour, from the rows that were saved."""
        for name, life in self._lives.items():
            split = self.serving.split(name)
            served = self.serving.served(name, split.stable)
            at, columns = life.rows.answered(split.stable, max(split.stable_since, self._last - SKETCHES_REBUILT))
            columns = {**columns, score_column(served): columns["score"]} if columns else {}
            for minute in np.unique(at // 60).astype(int):
                mine = at // 60 == minute
                life.sketches.fold(served, int(minute), {key: values[mine] for key, values in columns.items()})
            if len(at):
                life.sketches.close(served, minute_of(self._last) - 1)


def _life(stream: Stream, share: float = 1.0) -> ModelLife:
    rate = REQUESTS_PER_MINUTE.get(stream.info.name, OTHER_REQUESTS_PER_MINUTE)
    return ModelLife.new(stream, rate * share, counts=share == 1.0)


def _slots(last: datetime, now: datetime) -> list[Slot]:
    """(last, now] cut at whole minutes; of more than 15, 15 evenly spread with the newest among them."""
    if now <= last:
        return []
    cuts = [time_of(minute) for minute in range(minute_of(last) + 1, minute_of(now) + 1)]
    points = [last, *(cut for cut in cuts if last < cut < now), now]
    slots = list(pairwise(points))
    if len(slots) <= CAUGHT_UP_MINUTES:
        return slots
    picked = np.linspace(0, len(slots) - 1, CAUGHT_UP_MINUTES).round().astype(int)
    return [slots[int(place)] for place in picked]


def _whole_minute(when: datetime) -> datetime:
    return time_of(minute_of(when))
