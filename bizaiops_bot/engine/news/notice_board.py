"""Tells what has waited once it may be told: at the end of quiet hours, of a mute, of a snooze."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import sqlalchemy as sa

from bizaiops_bot.domain.records import Mute
from bizaiops_bot.engine.context.core import Core, log
from bizaiops_bot.engine.context.resting import rest
from bizaiops_bot.engine.news import mutes, waiting_news
from bizaiops_bot.engine.runs import workers

T = TypeVar("T")
_AGAIN = timedelta(minutes=5)
"""Of the bot's clock: when it tries again what could not be done, on a full disk say."""


class Redraw(Protocol):
    """As Watch.redraw."""

    def __call__(self, number: int, *, released: bool = False) -> Awaitable[None]: ...


class NoticeBoard:
    """One loop, by the worker that leads."""

    def __init__(self, core: Core, redraw: Redraw) -> None:
        self._core, self._redraw = core, redraw

    async def run(self) -> None:
        """Until cancelled."""
        core = self._core
        while True:
            core.bells.notices.clear()
            try:
                with core.activity.working():
                    await self.tell()
                    until = await core.store.read(lambda conn: waiting_news.next_due(core, conn, core.clock.now()))
            except Exception:  # a full disk, say: what waits goes on waiting
                log.exception("news that waited could not be told")
                until = core.clock.now() + _AGAIN
            await rest(self._core, until, self._core.bells.notices)

    async def tell(self) -> None:
        """Everything that may be told by now. A crash in between leaves the rest for the next time."""
        if not self._core.lead.leading:
            return
        now = self._core.clock.now()
        begun = await self._core.store.read(lambda conn: mutes.begun(conn, now))
        ended, alone = await self._write(lambda conn: self._tell(conn, now)) or ([], [])
        for number in alone:
            await self._redraw(number, released=True)
        over = await self._core.store.read(lambda conn: [m for m, _ in mutes.over(conn, now)])
        changed = [*begun, *(m for m in over if m.id in ended)]
        for number in await self._core.store.read(lambda conn: self._open(conn, changed)):
            await self._redraw(number)
        if changed:
            await self._write(lambda conn: self._mark(conn, [m.id for m in begun], ended))

    def _tell(self, conn: sa.Connection, now: datetime) -> tuple[list[int], list[int]]:
        ended = waiting_news.tell_ended_mutes(self._core, conn, now)
        return ended, waiting_news.release(self._core, conn, now)

    def _open(self, conn: sa.Connection, changed: list[Mute]) -> list[int]:
        """Alerts whose cards show a mute that began or ended."""
        found = [a.id for m in changed for a in waiting_news.open_alerts(conn, m.model, m.alert)]
        return list(dict.fromkeys(found))

    def _mark(self, conn: sa.Connection, begun: list[int], ended: list[int]) -> None:
        mutes.mark(conn, begun, shown=True)
        mutes.mark(conn, ended, settled=True)

    async def _write(self, work: Callable[[sa.Connection], T]) -> T | None:
        """Nothing for a worker that only believes to lead: it was frozen, and another one leads by now."""
        core = self._core

        def leading_only(conn: sa.Connection) -> T | None:
            shared = core.store.database.shared
            return None if shared and not workers.leads(conn, core.lead.worker) else work(conn)

        return await core.store.write(leading_only)
