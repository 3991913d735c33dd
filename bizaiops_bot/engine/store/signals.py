"""How processes on one database tell each other of new feed entries. Signals carry haste, never truth: the store also
looks for itself every second, so one that is lost or late costs a second and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

import sqlalchemy as sa

from bizaiops_bot.engine.store import tables as t

log = logging.getLogger("bizaiops.signals")
Heard = Callable[[int], None]
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 1.0


class Signals(Protocol):
    """Rings at every process on the database when one has written to the feed. A `head` is the newest place in it."""

    def in_transaction(self, conn: sa.Connection, head: int) -> None:
        """Called in the writer's thread, last in a transaction that made feed entries. An error undoes them."""
        ...

    async def after_commit(self, head: int) -> None:
        """Called in the event loop once `head` is durable. Returns at once, whatever the server does; never fails."""
        ...

    async def run(self, heard: Heard) -> None:
        """Calls `heard` with each head that any process rings, own ones too, in no promised order, until cancelled.

        After every loss it connects again, at least once a second and for ever. What was rung meanwhile is not told.
        """
        ...

    async def close(self) -> None:
        """Ends what it began besides `run`, within half a second."""
        ...


class NoSignals:
    """For one process on its own database: its writes are known to it."""

    def in_transaction(self, conn: sa.Connection, head: int) -> None:
        """Nobody else to tell."""

    async def after_commit(self, head: int) -> None:
        """Nobody else to tell."""

    async def run(self, heard: Heard) -> None:
        await asyncio.get_running_loop().create_future()

    async def close(self) -> None:
        """Nothing was begun."""


class PostgresSignals:
    """NOTIFY rings with the commit itself, LISTEN hears on a connection of its own.

    A pooler that gives every transaction another connection (PgBouncer in transaction mode) lets NOTIFY through and
    LISTEN not; then only the store's own look every second is left, or Redis.
    """

    CHANNEL = "bizaiops_feed"

    def __init__(self, url: str) -> None:
        """url: the store's, "postgresql://user:password@host/database". Nothing is opened before `run`."""
        self._url = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)

    def in_transaction(self, conn: sa.Connection, head: int) -> None:
        conn.execute(sa.select(sa.func.pg_notify(self.CHANNEL, str(head))))

    async def after_commit(self, head: int) -> None:
        """Postgres has rung when it committed."""

    async def run(self, heard: Heard) -> None:
        import psycopg

        await keep_listening("Postgres", self._listen, heard, (psycopg.Error, OSError))

    async def close(self) -> None:
        """The connection ends with `run`."""

    async def _listen(self, heard: Heard, connected: Callable[[], None]) -> None:
        import psycopg

        conn = await psycopg.AsyncConnection.connect(
            self._url,
            autocommit=True,
            connect_timeout=3,
            application_name="bizaiops signals",
            keepalives_idle=4,  # a host that vanished without a word is noticed after about ten seconds
            keepalives_interval=2,
            keepalives_count=3,
        )
        async with conn:
            await conn.execute(f"LISTEN {self.CHANNEL}")
            connected()
            async for news in conn.notifies():
                tell(heard, news.payload)


def feed_head(conn: sa.Connection) -> int:
    """The newest place in the feed, 0 while it is empty."""
    newest: int | None = conn.execute(sa.select(sa.func.max(t.feed.c.seq))).scalar_one()
    return newest or 0


def tell(heard: Heard, payload: object) -> None:
    """Passes on a head as it came over the wire; what is no number was rung by a stranger and is passed over."""
    words = str(payload)
    if words.isdecimal() and len(words) < 19:
        heard(int(words))


async def keep_listening(
    server: str,
    listen: Callable[[Heard, Callable[[], None]], Awaitable[None]],
    heard: Heard,
    losses: tuple[type[Exception], ...],
) -> None:
    """Calls `listen` for ever. After one of the `losses` it waits a little, at most a second, and listens again.

    listen: gets `heard` and a function to call once it hears. server: its name in the log, one line an outage.
    """
    pause, lost = FIRST_PAUSE_S, False

    def connected() -> None:
        nonlocal pause, lost
        if lost:
            log.info("%s: hearing of the other workers' news again", server)
        pause, lost = FIRST_PAUSE_S, False

    while True:
        try:
            await listen(heard, connected)
        except losses as exc:
            if not lost:
                log.warning("%s: not hearing of other workers' news, looking every second instead: %s", server, exc)
            lost = True
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_S)
