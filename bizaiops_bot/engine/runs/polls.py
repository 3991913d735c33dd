"""What parked runs wait to see: one row a run, so that the looking goes on after a restart and at another worker."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.store import tables as t


@dataclass(frozen=True)
class Poll:
    """One run's wait. segment: of the run when it was parked; look: which port is asked what, as JSON; "" where only
    the run itself can look.

    seen: JSON of the last look. away: since when the outside could not be reached.
    """

    run_id: int
    segment: int
    look: str
    every_s: float
    looked: datetime
    seen: str
    away: datetime | None = None

    @property
    def due(self) -> datetime:
        return self.looked + timedelta(seconds=self.every_s)


_OF = sa.select(t.polls).where(t.polls.c.run_id == sa.bindparam("n"))
_DROP = sa.delete(t.polls).where(t.polls.c.run_id == sa.bindparam("n"))
_ADD = sa.insert(t.polls)
_PARKED = (
    sa.select(t.polls)
    .join(t.runs, t.runs.c.id == t.polls.c.run_id)
    .where(t.runs.c.worker.is_(None), t.runs.c.status.in_(("running", "waiting")), t.runs.c.wake_at != runs.AT_ONCE)
    .where(t.polls.c.look != "")
)


def of(conn: sa.Connection, number: int) -> Poll | None:
    """What the run waited for when it was parked last."""
    row = conn.execute(_OF, {"n": number}).mappings().first()
    return None if row is None else _poll(row)


def keep(conn: sa.Connection, poll: Poll) -> None:
    """The run waits for this, and for nothing else."""
    forget(conn, poll.run_id)
    away = None if poll.away is None else t.iso(poll.away)
    conn.execute(_ADD, {**poll.__dict__, "looked": t.iso(poll.looked), "away": away})


def forget(conn: sa.Connection, number: int) -> None:
    conn.execute(_DROP, {"n": number})


def parked(conn: sa.Connection, numbers: Collection[int] | None = None) -> list[Poll]:
    """The waits of parked runs that can be looked at without them: of these, or of all."""
    query = _PARKED if numbers is None else _PARKED.where(t.polls.c.run_id.in_(numbers))
    return [_poll(row) for row in conn.execute(query).mappings()]


def _poll(row: sa.RowMapping) -> Poll:
    times: dict[str, Any] = {
        "looked": datetime.fromisoformat(row["looked"]),
        "away": None if row["away"] is None else datetime.fromisoformat(row["away"]),
    }
    return Poll(**{**row, **times})
