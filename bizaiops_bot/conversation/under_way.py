"""What is under way in a conversation, so that "approve it" has a meaning there."""

from __future__ import annotations

import json

import sqlalchemy as sa

from bizaiops_bot.domain.posts import PostedMessage
from bizaiops_bot.domain.records import run_title
from bizaiops_bot.domain.routing import OpenRun
from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.store import tables as t

_r, _c = t.runs.c, t.cards.c
_PLACE: sa.BindParameter[str] = sa.bindparam("place")
_SHOWN = sa.select(_c.run_id).where(_c.conversation == _PLACE, _c.run_id.is_not(None))
_OPEN = sa.select(t.runs).where(
    _r.status.in_(("waiting", "running")), sa.or_(_r.conversation == _PLACE, _r.id.in_(_SHOWN))
)
_OPEN = _OPEN.order_by(_r.id)
_THREADS = sa.select(_c.run_id).where(
    _c.conversation == _PLACE, _c.thread == sa.bindparam("key"), _c.run_id.is_not(None)
)

_INSTEAD = sa.select(t.stops.c.by_run).where(t.stops.c.by_run.is_not(None))


def open_runs(conn: sa.Connection, message: PostedMessage) -> tuple[OpenRun, ...]:
    """Runs that wait or work and have a card where `message` was said, oldest first; in a thread that is about some of
    them, those.
    """
    rows = conn.execute(_OPEN, {"place": message.conversation}).mappings().all()
    here = set(conn.execute(_THREADS, {"place": message.conversation, "key": message.thread}).scalars())
    inside = [row for row in rows if row["id"] in here or row["thread"] == message.thread]
    instead = set(conn.execute(_INSTEAD).scalars())
    found = []
    for row in inside or rows:
        mine = runs.actor_of(row).id == message.actor
        elsewhere = bool(here) and not inside
        found.append(
            OpenRun(
                number=row["id"],
                title=run_title(row["playbook"], json.loads(row["inputs"])),
                waiting=row["status"] == "waiting" and not row["cancel"],
                mine=mine,
                aside=elsewhere or (row["id"] in instead and not mine and here != {row["id"]}),
            )
        )
    return tuple(found)
