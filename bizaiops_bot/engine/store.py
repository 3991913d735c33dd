"""Durable state: short transactions in one writer thread, and a doorbell for those who wait for news."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event

from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.engine.tables import metadata

T = TypeVar("T")
R = TypeVar("R")
SCHEMA = 1
"""Raised with every change of the tables that an older file does not have."""


class Store:
    """The bot's database. `write` commits all or nothing before it returns; WAL with synchronous=FULL, so a commit
    survives kill -9.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._news = asyncio.Condition()
        self._last_feed = 0

    @classmethod
    def sqlite(cls, path: Path) -> Store:
        """Opens or creates the file; raises Permanent when the folder cannot be written."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = not path.exists()
            engine = sqlite_engine(path)
            _check_schema(engine, path, fresh=fresh)
            metadata.create_all(engine)
        except (OSError, sa.exc.OperationalError) as exc:
            raise Permanent(
                f"The data folder {str(path.parent)!r} cannot be used.",
                f"{exc}.",
                "Give a folder you may write to: --data DIR",
            ) from exc
        return cls(engine)

    async def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Runs `work` in one transaction, then rings for new feed entries it made."""
        result, head = await self._run(self._transact, work)
        if head > self._last_feed:
            self._last_feed = head
            async with self._news:
                self._news.notify_all()
        return result

    async def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Runs `work` on a connection that changes nothing."""
        return await self._run(self._query, work)

    @property
    def head(self) -> int:
        """The newest feed entry this process has seen."""
        return self._last_feed

    async def news(self, after: int) -> None:
        """Returns once the feed has an entry above `after`."""
        async with self._news:
            await self._news.wait_for(lambda: self._last_feed > after)

    def close(self) -> None:
        self._thread.shutdown(wait=True)
        self._engine.dispose()

    async def _run(self, call: Callable[[Callable[[sa.Connection], T]], R], work: Callable[[sa.Connection], T]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, work)

    def _transact(self, work: Callable[[sa.Connection], T]) -> tuple[T, int]:
        with self._engine.begin() as conn:
            result = work(conn)
            head: int = conn.info.pop("feed_head", 0)
        return result, head

    def _query(self, work: Callable[[sa.Connection], T]) -> T:
        with self._engine.connect().execution_options(reads=True) as conn:
            return work(conn)


def _check_schema(engine: sa.Engine, path: Path, *, fresh: bool) -> None:
    """Stamps a new file. Raises Permanent for one that another version of the bot made: it is left as it is."""
    with engine.begin() as conn:
        if fresh:
            conn.exec_driver_sql(f"PRAGMA user_version={SCHEMA}")
            return
        found = conn.exec_driver_sql("PRAGMA user_version").scalar()
    if found != SCHEMA:
        engine.dispose()
        raise Permanent(
            f"The data folder {str(path.parent)!r} was made by another version of the bot.",
            f"Its schema is {found}, this version reads {SCHEMA}. Nothing was changed.",
            "Give another folder: --data DIR",
        )


def sqlite_engine(path: Path, *, own_begin: bool = True) -> sa.Engine:
    """SQLite as we want it everywhere: WAL, full sync, immediate write locks.

    own_begin: transactions begin with BEGIN IMMEDIATE before their first read, so that what was read still holds when
    it is
    written. Python's driver alone begins at the first write. DBOS brings its own checks and wants the driver's way.
    """
    level = None if own_begin else "IMMEDIATE"
    arguments = {"isolation_level": level, "check_same_thread": False, "timeout": 30}
    engine = sa.create_engine(f"sqlite:///{path}", connect_args=arguments)

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    if own_begin:

        @event.listens_for(engine, "begin")
        def _begin(conn: sa.Connection) -> None:
            reads = conn.get_execution_options().get("reads", False)
            conn.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine
