"""What is remembered of a thread, and which conversations hear of a model's alerts."""

from __future__ import annotations

import sqlalchemy as sa

from bizaiops_bot.domain.posts import PostedMessage
from bizaiops_bot.domain.routing import Memory
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.store import tables as t

# Built once: building a statement anew costs as much as the database does.
_m, _f = t.memory.c, t.follows.c
_THREAD = (_m.conversation == sa.bindparam("place"), _m.thread == sa.bindparam("key"))
_BODY = sa.select(_m.body).where(*_THREAD)
_KEEP = sa.update(t.memory).where(*_THREAD).values(body=sa.bindparam("kept"))
_NEW = sa.insert(t.memory)
_AGAIN = sa.update(t.follows).where(_f.conversation == sa.bindparam("place"), _f.model == sa.bindparam("what"))
_AGAIN = _AGAIN.values(at=sa.bindparam("when"))
_FOLLOW = sa.insert(t.follows)


def load_memory(conn: sa.Connection, message: PostedMessage) -> Memory | None:
    """What the thread is about; a new thread begins with what the same person spoke of last in this conversation."""
    for key in (message.thread, f"@{message.actor}"):
        body = conn.execute(_BODY, {"place": message.conversation, "key": key}).scalar()
        if body is not None:
            return Memory.model_validate_json(body)
    return None


def save_memory(conn: sa.Connection, message: PostedMessage, memory: Memory) -> None:
    place, body = message.conversation, memory.model_dump_json()
    for key in (message.thread, f"@{message.actor}"):
        if conn.execute(_KEEP, {"place": place, "key": key, "kept": body}).rowcount == 0:
            conn.execute(_NEW, {"conversation": place, "thread": key, "body": body})


def follow(conn: sa.Connection, conversation: str, model: str, core: Core) -> None:
    """Alerts about a model also go to the conversations that lately spoke of it."""
    at = t.iso(core.clock.now())
    if conn.execute(_AGAIN, {"place": conversation, "what": model, "when": at}).rowcount == 0:
        conn.execute(_FOLLOW, {"conversation": conversation, "model": model, "at": at})
