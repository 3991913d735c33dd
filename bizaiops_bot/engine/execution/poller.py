"""Looks for runs that are parked until something outside has changed; a run is only woken when it has.

What many runs wait for is looked at once for all of them, and a look that sees nothing new writes nothing.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.errors import Temporary
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.execution.port_looks import LOOK_TIMEOUT_S, PortLook
from bizaiops_bot.engine.runs import polls, runs
from bizaiops_bot.engine.store.failpoints import failpoint
from bizaiops_bot.engine.store.store import StoreDown

log = logging.getLogger("bizaiops.poller")
AT_ONCE = 20
"""So many looks are under way together."""
SYNC_S = 5.0
"""Real time between two reads of what other workers have parked."""
MANY = 100
BREATH_S = 0.1
"""With many waits, those that are due within it are looked at together."""
AGAIN_S = 1.0
HEARD_S = 1.0
"""Real time within which a run is parked that has looked."""
FAR = datetime.max.replace(tzinfo=UTC)


@dataclass
class _Watched:
    """One thing that is looked at, and the runs that wait for it."""

    look: PortLook
    due: datetime
    waits: dict[int, polls.Poll] = field(default_factory=dict)
    looking: bool = False
    again: bool = False

    @property
    def every(self) -> timedelta:
        return timedelta(seconds=min(poll.every_s for poll in self.waits.values()))


class Poller:
    """One per worker; only the one that leads looks."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._watched: dict[str, _Watched] = {}
        self._place: dict[int, str] = {}
        self._order: list[tuple[datetime, str]] = []
        self._new: set[int] = set()
        self._bell = asyncio.Event()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._looks: set[asyncio.Task[None]] = set()
        self._synced: float | None = None
        self._heard: dict[str, float] = {}
        core.bells.parked = self.add
        core.bells.changed = self.look_now
        core.lead.listeners.append(self._bell.set)

    @property
    def waiting(self) -> int:
        """How many runs are looked for."""
        return len(self._place)

    def add(self, number: int) -> None:
        """The run was parked by this worker a moment ago."""
        self._new.add(number)
        self._bell.set()

    def look_now(self, port: str) -> None:
        """Its adapter has heard of a change, and says so before the next look is due."""
        self._heard[port] = time.monotonic()
        now = self._core.clock.now()
        for key, watched in self._watched.items():
            if watched.look.port != port:
                continue
            if watched.looking:
                watched.again = True
            else:
                self._plan(key, watched, now)
        self._bell.set()

    def forget(self, number: int) -> None:
        """Nobody waits for it any more: the run has ended, or is about to be woken."""
        key = self._place.pop(number, None)
        if key is None:
            return
        watched = self._watched[key]
        watched.waits.pop(number, None)
        if not watched.waits:
            del self._watched[key]

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                await self._turn()
        finally:
            for look in self._looks:
                look.cancel()
            await asyncio.gather(*self._looks, return_exceptions=True)

    async def _turn(self) -> None:
        core, pause = self._core, SYNC_S if self._core.store.database.shared else None
        self._bell.clear()
        try:
            if core.lead.leading:
                with core.activity.working():
                    await self._sync()
                    self._begin_due()
            else:
                self._forget_all()
        except StoreDown as exc:
            log.warning("what runs wait for could not be read: %s", exc)
            self._synced, pause = None, AGAIN_S
        except Exception:
            log.exception("what runs wait for could not be looked after")
            self._synced, pause = None, AGAIN_S
        await self._rest(pause)
        if self.waiting > MANY:
            await asyncio.sleep(BREATH_S)

    async def _rest(self, pause_s: float | None) -> None:
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._bell.wait())]
        if self._order:
            waits.append(asyncio.ensure_future(self._core.clock.sleep_until(self._order[0][0])))
        try:
            await asyncio.wait(waits, timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    # -- which runs wait for what ------------------------------------------------------------------

    async def _sync(self) -> None:
        """All that wait at first, later those that this worker has parked; what others have, every few seconds."""
        shared = self._core.store.database.shared
        if self._synced is None or (shared and time.monotonic() - self._synced >= SYNC_S):
            self._new.clear()
            found = await self._core.store.read(polls.parked)
            self._synced = time.monotonic()
            for number in self._place.keys() - {poll.run_id for poll in found}:
                self.forget(number)
        elif self._new:
            new, self._new = self._new, set()
            found = await self._core.store.read(lambda conn: polls.parked(conn, new))
        else:
            return
        for poll in found:
            self._note(poll)

    def _note(self, poll: polls.Poll) -> None:
        if (known := self._place.get(poll.run_id)) is not None:
            if self._watched[known].waits[poll.run_id] == poll:
                return
            self.forget(poll.run_id)
        watched = self._watched.get(poll.look)
        if watched is None:
            look = PortLook.model_validate_json(poll.look)
            watched = self._watched[poll.look] = _Watched(look, FAR)
        watched.waits[poll.run_id] = poll
        self._place[poll.run_id] = poll.look
        due = self._core.clock.now() if self._just_heard(watched.look.port) else poll.due
        if not watched.looking and due < watched.due:
            self._plan(poll.look, watched, due)

    def _just_heard(self, port: str) -> bool:
        """Whether the change may have come between a run's own look and its row."""
        return time.monotonic() - self._heard.get(port, float("-inf")) < HEARD_S

    def _plan(self, key: str, watched: _Watched, due: datetime) -> None:
        watched.due = due
        heapq.heappush(self._order, (due, key))

    def _forget_all(self) -> None:
        self._watched.clear()
        self._place.clear()
        self._order.clear()
        self._synced = None

    # -- looking -----------------------------------------------------------------------------------

    def _begin_due(self) -> None:
        now = self._core.clock.now()
        while self._order and self._order[0][0] <= now:
            due, key = heapq.heappop(self._order)
            watched = self._watched.get(key)
            if watched is None or watched.looking or watched.due != due:
                continue  # nobody waits for it any more, or it was planned anew
            watched.looking = True
            task = asyncio.create_task(self._look(key, watched))
            self._looks.add(task)
            task.add_done_callback(self._looks.discard)

    async def _look(self, key: str, watched: _Watched) -> None:
        async with self._room:
            with self._core.activity.working():
                try:
                    await self._wake(await self._changed(watched))
                except StoreDown as exc:
                    log.warning("runs could not be woken: %s", exc)
                finally:
                    watched.looking = False
                    if self._watched.get(key) is watched:
                        wait = timedelta(0) if watched.again else watched.every
                        self._plan(key, watched, self._core.clock.now() + wait)
                        self._bell.set()
                    watched.again = False

    async def _changed(self, watched: _Watched) -> list[int]:
        """The runs for which something is new: what they see, or that it cannot be reached any more, or again."""
        try:
            async with asyncio.timeout(LOOK_TIMEOUT_S):
                seen = await watched.look.sight(self._core.ports)
        except (Temporary, TimeoutError):
            return [number for number, poll in watched.waits.items() if poll.away is None]
        except Exception as exc:  # the run meets it when it looks for itself, and knows what to do
            log.info("a look at %s.%s failed: %s", watched.look.port, watched.look.method, exc)
            return list(watched.waits)
        return [n for n, poll in watched.waits.items() if poll.away is not None or poll.seen != seen]

    async def _wake(self, numbers: list[int]) -> None:
        if not numbers:
            return

        def work(conn: sa.Connection) -> None:
            for number in numbers:
                runs.wake(conn, number)

        await self._core.store.write(work)
        failpoint("run.woken")
        for number in numbers:
            self.forget(number)
            self._core.bells.wake(number)
