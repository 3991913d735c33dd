"""Sentences with what people said about how they were understood: kept for a person's review, learned by nobody."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from bizaiops_bot.domain.errors import NotFound
from bizaiops_bot.domain.feedback import Decided, Example, State, Verdict
from bizaiops_bot.engine.audit import pseudonyms, redaction, trail
from bizaiops_bot.engine.store import tables as t

_HEARD = ("stage", "intent", "p", "sure", "guesses", "mood", "follow_up", "corrected", "language", "text")
_KINDS = frozenset({"request", "question", "refusal"})


def keep(conn: sa.Connection, example: Example) -> int:
    """Writes it, in the place of what the same person said before of the same message; its number.

    Secrets are taken out, people stand under their pseudonyms, as in the audit. A review of the one before is void.
    """
    decided = example.decided.model_dump_json()
    hide = _hider(conn, f"{example.text} {decided}")
    who, kind = _pseudonym(conn, example.who), _kind(example.source)
    values = {
        "source": example.source,
        "text": hide(redaction.redact(example.text)),
        "label": example.label,
        "shape": hide(redaction.redact(example.shape)),
        "at": t.iso(example.at),
        "state": "open",
        "settled": "",
        "decided": json.dumps(redaction.mapped(redaction.clean(json.loads(decided)), hide), ensure_ascii=False),
    }
    where = _of(example.message, who, kind)
    known = conn.execute(sa.select(t.examples.c.id).where(*where)).scalar()
    if known is not None:
        conn.execute(sa.update(t.examples).where(*where).values(values))
        return int(known)
    made = sa.insert(t.examples).values(message=example.message, who=who, kind=kind, **values)
    return int(conn.execute(made.returning(t.examples.c.id)).scalar_one())


def take_back(conn: sa.Connection, message: str, person: str) -> bool:
    """Deletes the person's vote on the answer to a message; False when there was none."""
    who = pseudonyms.pseudonym_of(conn, person)
    return who is not None and conn.execute(sa.delete(t.examples).where(*_of(message, who, "vote"))).rowcount > 0


def votes(conn: sa.Connection, person: str, conversation: str) -> dict[str, Verdict]:
    """{message: the person's vote on its answer} in a conversation."""
    who = pseudonyms.pseudonym_of(conn, person)
    e = t.examples.c
    query = sa.select(e.message, e.source).join(t.messages, t.messages.c.id == e.message)
    query = query.where(e.who == who, e.kind == "vote", t.messages.c.conversation == conversation)
    found: dict[str, Verdict] = {}
    for message, source in conn.execute(query) if who is not None else ():
        found[message] = "good" if source == "good" else "bad"
    return found


def vote(conn: sa.Connection, message: str, person: str) -> Example | None:
    """The person's vote on the answer to a message."""
    who = pseudonyms.pseudonym_of(conn, person)
    if who is None:
        return None
    row = conn.execute(sa.select(t.examples).where(*_of(message, who, "vote"))).mappings().first()
    return None if row is None else _example(row, pseudonyms.names(conn))


def listed(conn: sa.Connection, state: State | None = "open") -> list[Example]:
    """Oldest first; None: whatever became of them."""
    query = sa.select(t.examples).order_by(t.examples.c.id)
    if state is not None:
        query = query.where(t.examples.c.state == state)
    people = pseudonyms.names(conn)
    return [_example(row, people) for row in conn.execute(query).mappings()]


def get(conn: sa.Connection, number: int) -> Example:
    """Raises NotFound."""
    row = conn.execute(sa.select(t.examples).where(t.examples.c.id == number)).mappings().first()
    if row is None:
        known = conn.execute(sa.select(t.examples.c.id).where(t.examples.c.state == "open").limit(20)).scalars()
        raise NotFound("example", str(number), map(str, known))
    return _example(row, pseudonyms.names(conn))


def settle(conn: sa.Connection, number: int, state: State, settled: str) -> None:
    """Notes what a reviewer made of it."""
    conn.execute(sa.update(t.examples).where(t.examples.c.id == number).values(state=state, settled=settled))


def erase(conn: sa.Connection, pseudonym: str) -> int:
    """Deletes what a person said who is to be forgotten; how many."""
    return conn.execute(sa.delete(t.examples).where(t.examples.c.who == pseudonym)).rowcount


def decided(conn: sa.Connection, message: str) -> Decided:
    """How a message was understood: from the audit, which keeps it with the answer."""
    for entry in trail.read(conn, limit=1, subject=message, kind=_KINDS):
        detail, heard = entry.detail, entry.detail.get("heard") or {}
        return Decided(
            kind=entry.kind,
            playbook=str(detail.get("playbook") or ""),
            inputs=detail.get("inputs") or {},
            told=str(detail.get("told") or ""),
            offered=tuple(map(str, detail.get("offered") or ())),
            heard={name: heard[name] for name in _HEARD if name in heard},
        )
    return Decided()


def _kind(source: str) -> str:
    return "vote" if source in ("good", "bad") else "correction"


def _of(message: str, who: str, kind: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (t.examples.c.message == message, t.examples.c.who == who, t.examples.c.kind == kind)


def _pseudonym(conn: sa.Connection, person: str) -> str:
    return pseudonyms.pseudonym_of(conn, person) or pseudonyms.give(conn, person)


def _hider(conn: sa.Connection, text: str) -> Callable[[str], str]:
    said = pseudonyms.mentioned(conn, text)
    if not said:
        return lambda text: text
    return pseudonyms.hider({name: _pseudonym(conn, who) if who else pseudonyms.SOMEBODY for name, who in said.items()})


def _example(row: sa.RowMapping, people: dict[str, str]) -> Example:
    known = redaction.mapped(dict(row), lambda text: pseudonyms.named(text, people))
    return Example(
        **{name: known[name] for name in ("id", "message", "who", "source", "text", "shape", "label", "state")},
        at=datetime.fromisoformat(row["at"]),
        settled=known["settled"],
        decided=Decided.model_validate_json(known["decided"]),
    )
