"""What is remembered of a thread, and which conversations hear of a model's alerts."""

from __future__ import annotations

import sqlalchemy as sa

from bizaiops_bot.domain.posts import PostedMessage
from bizaiops_bot.domain.routing import Memory
from bizaiops_bot.engine import tables as t
from bizaiops_bot.engine.core import Core


def load_memory(conn: sa.Connection, message: PostedMessage) -> Memory | None:
    """What the thread is about; a new thread begins with what the same person spoke of last in this conversation."""
    for key in (message.thread, f"@{message.actor}"):
        where = (t.memory.c.conversation == message.conversation, t.memory.c.thread == key)
        body = conn.execute(sa.select(t.memory.c.body).where(*where)).scalar()
        if body is not None:
            return Memory.model_validate_json(body)
    return None


def save_memory(conn: sa.Connection, message: PostedMessage, memory: Memory) -> None:
    for key in (message.thread, f"@{message.actor}"):
        where = (t.memory.c.conversation == message.conversation, t.memory.c.thread == key)
        body = memory.model_dump_json()
        if conn.execute(sa.update(t.memory).where(*where).values(body=body)).rowcount == 0:
            conn.execute(sa.insert(t.memory).values(conversation=message.conversation, thread=key, body=body))


def follow(conn: sa.Connection, conversation: str, model: str, core: Core) -> None:
    """Alerts about a model also go to the conversations that lately spoke of it."""
    where = (t.follows.c.conversation == conversation, t.follows.c.model == model)
    at = t.iso(core.clock.now())
    if conn.execute(sa.update(t.follows).where(*where).values(at=at)).rowcount == 0:
        conn.execute(sa.insert(t.follows).values(conversation=conversation, model=model, at=at))
