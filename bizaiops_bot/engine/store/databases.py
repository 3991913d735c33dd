"""The two databases the bot keeps its state in, each set up so that a commit survives kill -9."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

WRITE_LOCK = 6173420917  # any number, the same in every worker
FROZEN_MS = 2000
"""A worker that stands still in a transaction would hold all others up: after so long the server ends it."""


@dataclass(frozen=True)
class Database:
    """An engine and what differs between the kinds.

    begin_write: begins being the only writer, until the transaction ends. now: seconds since 1970 by the database's
    own clock, the only one that all workers share. shared: whether other processes may write too.
    """

    engine: sa.Engine
    readers: int
    shared: bool
    begin_write: Callable[[sa.Connection], None]
    now: Callable[[sa.Connection], float]

    @property
    def kind(self) -> str:
        return self.engine.dialect.name


def sqlite(path: Path) -> Database:
    """One file in WAL mode with full sync; one process."""
    return Database(sqlite_engine(path), 2, shared=False, begin_write=_immediate, now=lambda _conn: time.time())


def postgres(url: str) -> Database:
    """Any PostgreSQL since 13; any number of workers.

    Writers take one advisory lock, so transactions commit in the order they read: the audit's chain, the feed's order
    and every look-then-write hold as they do on SQLite. Commits are grouped, which is what keeps this fast.
    """
    engine = sa.create_engine(
        sa.make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=6,
        connect_args={
            "connect_timeout": 3,
            "application_name": "bizaiops",
            "client_encoding": "utf8",  # one made without a locale would answer in bytes
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,  # ms: a network that swallows everything is noticed
            "options": f"-c idle_in_transaction_session_timeout={FROZEN_MS}",
        },
    )
    return Database(engine, 4, shared=True, begin_write=_advisory, now=_postgres_now)


def _immediate(conn: sa.Connection) -> None:
    """Done by the engine's own BEGIN IMMEDIATE."""


def _advisory(conn: sa.Connection) -> None:
    conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")


def _postgres_now(conn: sa.Connection) -> float:
    return float(conn.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one())


def sqlite_engine(path: Path) -> sa.Engine:
    """Transactions begin with BEGIN IMMEDIATE before their first read, so that what was read still holds when it is
    written: Python's driver alone begins at the first write.
    """
    arguments = {"isolation_level": None, "check_same_thread": False, "timeout": 30}
    # As text, an address would take the % and ? of a path for its own.
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), connect_args=arguments)

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(conn: sa.Connection) -> None:
        reads = conn.get_execution_options().get("reads", False)
        conn.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine
