"""What chat platforms sent: kept before anything is done about it, and gone on with after a crash."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from bizaiops_bot.engine.store import tables as t

_e = t.events.c
# Statements are built once: building them anew costs more than the database does.
_NEW = sa.text(
    "INSERT INTO events (event, platform, body, at, worker, done) "
    "VALUES (:event, :platform, :body, :at, :worker, false) ON CONFLICT (event) DO NOTHING"
)
_END = sa.update(t.events).where(_e.event == sa.bindparam("of")).values(done=True, body="")
_ALIVE = sa.select(t.workers.c.id).where(~t.workers.c.lost)
_LEFT = (
    sa.select(_e.event, _e.body)
    .where(~_e.done, _e.platform == sa.bindparam("of"), sa.or_(_e.worker.is_(None), _e.worker.not_in(_ALIVE)))
    .order_by(_e.at, _e.event)
)
_CLAIM = sa.update(t.events).where(_e.event == sa.bindparam("of")).values(worker=sa.bindparam("by"))


def take(conn: sa.Connection, event: str, platform: str, body: str, worker: str, now: datetime) -> bool:
    """False for an event that is known; then nothing is changed."""
    values = {"event": event, "platform": platform, "body": body, "at": t.iso(now), "worker": worker}
    return conn.execute(_NEW, values).rowcount == 1


def end(conn: sa.Connection, event: str) -> None:
    conn.execute(_END, {"of": event})


def claim_left(conn: sa.Connection, platform: str, worker: str) -> list[tuple[str, str]]:
    """(event, body) that nobody alive deals with, oldest first; now `worker` does."""
    left = [(str(row.event), str(row.body)) for row in conn.execute(_LEFT, {"of": platform})]
    if left:
        conn.execute(_CLAIM, [{"of": event, "by": worker} for event, _ in left])
    return left
