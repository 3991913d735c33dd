"""What a person's next words tell about how the ones before were understood."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.conversation.threads import load_memory
from bizaiops_bot.domain.feedback import Decided, Source, says_what_was_meant
from bizaiops_bot.domain.posts import PostedMessage
from bizaiops_bot.domain.routing import Command, Decision, Memory, Question
from bizaiops_bot.engine.audit import examples
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.router.followup import KEEP

AT_ONCE = timedelta(minutes=2)
"""Who cancels within this time did not want what was begun."""
LOOK_BACK = 5
_OWN_WORDS = frozenset({"local", "language", "exact"})
_WANTED: dict[str, frozenset[str]] = {
    "choice": frozenset({"question"}),
    "corrected": frozenset({"request"}),
    "cancelled": frozenset({"request"}),
}


@dataclass(frozen=True)
class Correction:
    """About the message with these words, understood so; label: the playbook that was meant, "" when that is open."""

    message: str
    text: str
    decided: Decided
    source: Source
    label: str


def observed(
    conn: sa.Connection, message: PostedMessage, memory: Memory | None, decision: Decision, said_at: datetime
) -> Correction | None:
    """The correction that `message`, which became `decision`, is; None when it is none.

    memory: of the thread, before it. said_at: by the clock of the memory.
    """
    if memory is None or said_at - memory.at > KEEP:
        return None
    found = _told(message.text, memory, decision, said_at)
    if found is None:
        return None
    source, label = found
    for before in earlier(conn, message):
        decided = examples.decided(conn, before.id)
        right_kind = decided.kind in _WANTED.get(source, frozenset({"question", "request", "refusal"}))
        if right_kind and decided.heard.get("stage") in _OWN_WORDS and "text" in decided.heard:
            if source == "meant" and label == decided.playbook:
                source = "corrected"
            return Correction(before.id, str(decided.heard["text"]), decided, source, label)
    return None


def cancelled(conn: sa.Connection, run: int, person: str, now: datetime) -> Correction | None:
    """The correction that a click on Cancel is, by who asked for the run, at once; None when it is none."""
    asked = sa.select(t.messages).join(t.runs, t.runs.c.message == t.messages.c.id)
    row = conn.execute(asked.where(t.runs.c.id == run, t.messages.c.actor == person)).mappings().first()
    if row is None:
        return None
    message = message_of(row)
    memory = load_memory(conn, message)
    if memory is None or memory.run != run or now - memory.at > AT_ONCE:
        return None
    decided = examples.decided(conn, message.id)
    if decided.heard.get("stage") not in _OWN_WORDS or "text" not in decided.heard:
        return None
    return Correction(message.id, str(decided.heard["text"]), decided, "cancelled", "")


def message_of(row: sa.RowMapping) -> PostedMessage:
    """A row of the messages."""
    names = ("id", "seq", "conversation", "thread", "actor", "at")
    return PostedMessage.model_validate({"text": row["body"], **{name: row[name] for name in names}})


def earlier(conn: sa.Connection, message: PostedMessage, limit: int = LOOK_BACK) -> list[PostedMessage]:
    """What was said before it, newest first: in its thread, else by the same person in the conversation."""
    m = t.messages.c
    same = sa.select(t.messages).where(m.conversation == message.conversation, m.seq < message.seq)
    same = same.order_by(m.seq.desc()).limit(limit)
    rows: list[Any] = list(conn.execute(same.where(m.thread == message.thread)).mappings())
    rows = rows or list(conn.execute(same.where(m.actor == message.actor)).mappings())
    return [message_of(row) for row in rows]


def _told(text: str, memory: Memory, decision: Decision, said_at: datetime) -> tuple[Source, str] | None:
    heard, meant = decision.heard, _playbook(decision)
    if memory.pending is not None and memory.pending.slot == "playbook":
        if heard.get("closed"):
            return "rejected", ""
        if meant and (heard.get("stage") == "click" or heard.get("follow_up") == "answer"):
            return "choice", meant
    if heard.get("follow_up") == "correction":
        return "corrected", meant
    if says_what_was_meant(text):
        return ("meant", meant) if meant else ("rejected", "")
    cancels = isinstance(decision, Command) and decision.playbook == "cancel_run"
    if cancels and decision_run(decision) == memory.run is not None and said_at - memory.at <= AT_ONCE:
        return "cancelled", ""
    return None


def decision_run(decision: Decision) -> int | None:
    """The run that a command is about."""
    number = decision.inputs.get("run") if isinstance(decision, Command) else None
    return number if isinstance(number, int) else None


def _playbook(decision: Decision) -> str:
    """What was understood, when that is one thing."""
    if isinstance(decision, Command):
        return decision.playbook
    return decision.pending.playbook if isinstance(decision, Question) and decision.slot != "playbook" else ""
