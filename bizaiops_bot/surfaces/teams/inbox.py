"""Activities that need no answer at once: kept durably, promised to Teams, then dealt with in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from pydantic import ValidationError

from bizaiops_bot.conversation.lobby import Events
from bizaiops_bot.domain.errors import BotError, Temporary, Unknown
from bizaiops_bot.surfaces.teams.places import conversation_name
from bizaiops_bot.surfaces.teams.sdk import Activity, ActivityTypeAdapter

log = logging.getLogger("bizaiops.teams")
STOP_S = 1.5
TRIES = 4
Deal = Callable[[Activity, str], Awaitable[None]]
"""(activity, event). Raises Temporary or Unknown to be called again; must do nothing twice for the same event."""


def event_of(activity: Activity) -> str:
    """Its name over all conversations: Teams' ids are known to be unique in one only."""
    conversation = conversation_name(activity.conversation.id).partition(":")[2]
    return f"teams/{conversation}/{activity.id}"


class Inbox:
    """One conversation's activities are dealt with one after the other, those of others meanwhile."""

    def __init__(self, events: Events, deal: Deal, *, pause_s: float = 1.0, later_s: float = 30.0) -> None:
        """pause_s: after a first failure, then twice that. later_s: between rounds, and looks at what is left."""
        self._events, self._deal, self._pause_s, self._later_s = events, deal, pause_s, later_s
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, activity: Activity) -> None:
        """Returns once it will be dealt with, even after a crash. Known ones change nothing. Raises StoreDown."""
        event = event_of(activity)
        body = activity.model_dump_json(by_alias=True, exclude_none=True)
        if await self._events.take(event, "teams", body):
            self._begin(activity, event)

    async def run(self) -> None:
        """Takes up what other workers leave when they die; until cancelled."""
        while True:
            await asyncio.sleep(self._later_s)
            try:
                await self.resume()
            except BotError as exc:
                log.warning("activities that were left are looked for later: %s", exc)

    async def resume(self) -> None:
        """Takes up what a dead process left."""
        for event, body in await self._events.left("teams"):
            try:
                self._begin(ActivityTypeAdapter.validate_json(body), event)
            except ValidationError as exc:  # kept by another version of the SDK
                log.error("%s is not understood any more: %s", event, exc)
                await self._events.end(event)

    async def stop(self) -> None:
        """Lets what is under way end for a moment; the rest is taken up at the next start."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=STOP_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _begin(self, activity: Activity, event: str) -> None:
        task = asyncio.create_task(self._work(activity, event), name=event)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, activity: Activity, event: str) -> None:
        key = conversation_name(activity.conversation.id)
        turn = self._turns.setdefault(key, asyncio.Lock())

        async def deal() -> None:
            async with turn:
                await self._try(activity, event)

        await self._insist(deal, event)
        await self._insist(lambda: self._events.end(event), event)

    async def _insist(self, work: Callable[[], Awaitable[None]], event: str) -> None:
        """However long Teams or the database are away: what waited for the next start would be done long after."""
        while True:
            try:
                return await work()
            except BotError as exc:
                log.warning("%s waits: %s", event, exc)
            await asyncio.sleep(self._later_s)

    async def _try(self, activity: Activity, event: str) -> None:
        """What cannot be done is logged and let go: coming again with every start would help nobody."""
        for tries in range(1, TRIES + 1):
            try:
                await self._deal(activity, event)
                return
            except (Temporary, Unknown) as exc:
                if tries == TRIES:
                    raise
                await asyncio.sleep(min(self._pause_s * 2 ** (tries - 1), 8.0))
                log.info("%s again: %s", event, exc)
            except Exception:
                log.exception("%s", event)
                return
