"""This process among the workers: it beats, takes over what a dead or frozen one left, and one of all leads."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from dataclasses import dataclass

import sqlalchemy as sa

from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.store import Store

BEAT_S = 1.0
STALE_S = 5.0
KEEP_LOST_S = 7 * 86400.0
LEADER = "leader"


@dataclass(frozen=True)
class Beat:
    """What a beat found. `lost`: this worker was taken for dead meanwhile, and must begin anew."""

    lost: bool
    leading: bool
    taken: tuple[tuple[int, int], ...] = ()
    """(run, segment) taken over from workers that are gone."""
    gone: bool = False
    """Whether another worker was found to be gone."""


def new_id() -> str:
    """Unique for every start: a worker that comes back is another one."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(3)}"


async def register(store: Store, worker: str, home: str) -> Beat:
    """Enters this worker.

    home: where it lives, such as host and locked data folder. Whoever was entered there before is dead, and what it
    left is taken at once; a database of one process has nobody else alive in it at all.
    """

    def work(conn: sa.Connection) -> Beat:
        gone = sa.update(t.workers).values(lost=True)
        conn.execute(gone.where(t.workers.c.host == home) if store.database.shared else gone)
        now = store.database.now(conn)
        conn.execute(sa.delete(t.workers).where(t.workers.c.lost, t.workers.c.beat < now - KEEP_LOST_S))
        row = {"id": worker, "host": home, "pid": os.getpid(), "started": str(now), "beat": now}
        conn.execute(sa.insert(t.workers).values(**row, lost=False))
        return Beat(False, _lead(conn, worker), _take_over(conn, worker))

    return await store.write(work)


async def require_alone(store: Store, worker: str, what: str) -> tuple[tuple[int, int], ...]:
    """For what lives in one process only. Waits till those that may be dead are surely so, and returns what was taken
    from them; raises Permanent when one is alive.
    """
    taken: tuple[tuple[int, int], ...] = ()
    other = sa.select(t.workers.c.host).where(t.workers.c.id != worker, ~t.workers.c.lost)
    home: str | None = ""
    for _ in range(round(2 * (STALE_S + BEAT_S))):
        home = await store.read(lambda conn: conn.execute(other).scalar())
        if home is None:
            return taken
        await asyncio.sleep(0.5)
        taken += (await beat(store, worker)).taken
    raise Permanent(
        f"Another worker is alive on this database, at {home}.",
        f"{what[:1].upper()}{what[1:]} lives in one process, so a second worker would act on another world.",
        "Stop the other one, or give this one a database of its own: BIZAIOPS_STORE__URL",
    )


async def beat(store: Store, worker: str) -> Beat:
    """Says that this worker lives, and looks after the others. Times are those of the database's clock."""

    def work(conn: sa.Connection) -> Beat:
        now = store.database.now(conn)
        mine = sa.update(t.workers).where(t.workers.c.id == worker, ~t.workers.c.lost).values(beat=now)
        if conn.execute(mine).rowcount != 1:
            return Beat(True, False)
        stale = (~t.workers.c.lost, t.workers.c.beat < now - STALE_S)
        gone = conn.execute(sa.update(t.workers).where(*stale).values(lost=True)).rowcount > 0
        return Beat(False, _lead(conn, worker), _take_over(conn, worker), gone)

    return await store.write(work)


async def leave(store: Store, worker: str) -> None:
    """Lets everything go, so that others need not wait until it is stale."""

    def work(conn: sa.Connection) -> None:
        runs.release_all(conn, worker)
        conn.execute(sa.update(t.workers).where(t.workers.c.id == worker).values(lost=True))
        conn.execute(sa.delete(t.leases).where(t.leases.c.worker == worker))

    await store.write(work)


def others(conn: sa.Connection, worker: str) -> int:
    """How many other workers live."""
    query = sa.select(sa.func.count()).select_from(t.workers).where(t.workers.c.id != worker, ~t.workers.c.lost)
    return int(conn.execute(query).scalar_one())


def leads(conn: sa.Connection, worker: str) -> bool:
    """Whether this worker leads, as a transaction that must not be done twice has to know it."""
    query = sa.select(t.leases.c.worker).where(t.leases.c.name == LEADER)
    return bool(conn.execute(query).scalar() == worker)


def _lead(conn: sa.Connection, worker: str) -> bool:
    """Takes the lead when nobody alive has it."""
    holder = conn.execute(sa.select(t.leases.c.worker).where(t.leases.c.name == LEADER)).scalar()
    if holder == worker:
        return True
    alive = conn.execute(sa.select(t.workers.c.id).where(t.workers.c.id == holder, ~t.workers.c.lost)).first()
    if alive is not None:
        return False
    if holder is None:
        conn.execute(sa.insert(t.leases).values(name=LEADER, worker=worker, fence=1))
    else:
        taken = sa.update(t.leases).where(t.leases.c.name == LEADER)
        conn.execute(taken.values(worker=worker, fence=t.leases.c.fence + 1))
    return True


def _take_over(conn: sa.Connection, worker: str) -> tuple[tuple[int, int], ...]:
    taken = []
    for number, gone in runs.orphans(conn):
        segment = runs.claim(conn, number, worker, held_by=gone)
        if segment is not None:
            taken.append((number, segment))
    for number in runs.unheld(conn):
        segment = runs.claim(conn, number, worker)
        if segment is not None:
            taken.append((number, segment))
    return tuple(taken)
