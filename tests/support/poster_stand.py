"""A store, a chat platform and posters on a virtual clock: minutes of a channel's life in a blink."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.records import AuditEntry
from bizaiops_bot.engine.audit import trail
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.posting.poster import Poster
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.store import Store
from tests.support.chat_double import ChatDouble
from tests.support.stores import open_store
from tests.support.virtual_clock import VirtualClock
from tests.support.watched_store import WatchedStore

START = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
HOME = "ml-ops"


class Crash(BaseException):
    """The process ends here."""


class Stand:
    """A store, a chat and posters, on a virtual clock."""

    def __init__(self, folder: Path) -> None:
        self.store = WatchedStore(open_store(folder))
        self.clock = VirtualClock(START, turns=20, settle=self.store.rested)
        self.chat = ChatDouble(now=self.now, sleep=self.sleep)
        self.platforms, self.home = [self.chat], HOME
        self.leader = "a"
        self.posters: dict[str, Poster] = {}
        self.running: dict[str, asyncio.Task[None]] = {}
        self.versions: dict[str, int] = {}

    def now(self) -> float:
        return (self.clock.now() - START).total_seconds()

    async def sleep(self, seconds: float) -> None:
        await self.clock.sleep_until(self.clock.now() + timedelta(seconds=seconds))

    def note(self, conn: sa.Connection, actor: str, kind: str, subject: str, **detail: Any) -> AuditEntry:
        return trail.append(conn, at=self.clock.now(), actor=actor, kind=kind, subject=subject, **detail)

    def start(self, name: str = "a") -> None:
        """Begins a worker's poster."""
        poster = Poster(
            cast(Store, self.store),
            self.platforms,
            leads=lambda: self.leader == name,
            note=self.note,
            clock=self.clock,
            home=self.home,
            now=self.now,
            sleep=self.sleep,
            wall=self.clock.now,
            jitter=lambda _low, high: high,
        )
        self.posters[name] = poster
        self.running[name] = asyncio.create_task(poster.run())

    async def stop(self, name: str = "a") -> BaseException | None:
        """Ends a worker at once; what ended it before, if something has."""
        task = self.running.pop(name)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return None
        except BaseException as exc:
            return exc
        return None

    async def close(self) -> None:
        for name in list(self.running):
            await self.stop(name)
        self.store.store.close()

    async def put(self, *cards: str, title: str = "", channel: str = "slack:C1", thread: str | None = None) -> None:
        """Posts or edits cards in one transaction."""

        def work(conn: sa.Connection) -> None:
            for card in cards:
                version = self.versions[card] = self.versions.get(card, 0) + 1
                outbox.put_card(
                    conn,
                    card,
                    Card(title=title or f"{card} v{version}"),
                    conversation=channel,
                    thread=thread or card,
                    reply_to=None,
                    now=self.clock.now(),
                )

        await self.store.write(work)

    async def passes(self, seconds: float) -> None:
        await self.clock.advance(seconds)

    async def sleeps(self, seconds: float) -> None:
        """The machine sleeps: on waking, everything that was to happen meanwhile is late."""
        await self.clock.leap_to(self.clock.now() + timedelta(seconds=seconds))

    async def audited(self) -> list[tuple[str, int, str]]:
        """(card, version, outcome) of each delivery, oldest first."""
        rows = await self.store.read(lambda conn: trail.read(conn, limit=1000, before=None, subject=None))
        return [(e.subject, e.detail["version"], e.detail["outcome"]) for e in reversed(rows) if e.kind == "post"]

    async def ledger(self) -> dict[str, Any]:
        """card -> its row in `deliveries`."""
        query = sa.select(t.deliveries)
        return {r.card: r for r in await self.store.read(lambda conn: conn.execute(query).all())}
