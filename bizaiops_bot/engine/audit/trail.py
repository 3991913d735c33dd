"""The append-only, hash-chained log: who did what, without their names and without secrets."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.records import AuditEntry
from bizaiops_bot.engine.audit import pseudonyms, redaction
from bizaiops_bot.engine.audit.chain import COLUMNS, GENESIS, Chain, Row, digest, rows
from bizaiops_bot.engine.audit.redaction import redact
from bizaiops_bot.engine.store import tables as t

__all__ = ["append", "entry", "read", "redact", "verify"]

# As domain.plan.canonical_json, made once; what is no JSON (a time, say) is kept as its text.
_encode: Callable[[Any], str] = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str
).encode
_last = sa.select(t.audit.c.seq, t.audit.c.hash).order_by(t.audit.c.seq.desc()).limit(1)
_insert = sa.insert(t.audit)


def append(conn: sa.Connection, *, at: datetime, actor: str, kind: str, subject: str, **detail: Any) -> int:
    """Adds one entry, chained to the one before, in the caller's transaction; its number.

    Secrets are taken out; people (see `pseudonyms.know`) stand under their pseudonyms, also within sentences,
    and are read back by their ids.
    """
    body = _json(detail)
    if redaction.suspects(f"{subject} {body}"):
        subject, detail = redact(subject), redaction.clean(detail)
        body = _json(detail)
    others = pseudonyms.mentioned(conn, f"{subject} {body}")
    people = set(others.values()) - {""}
    if pseudonyms.is_person(conn, actor):
        people.add(actor)
    seq, prev, known = _place(conn, people)
    if others:
        hide = pseudonyms.hider({said: known.get(person, pseudonyms.SOMEBODY) for said, person in others.items()})
        subject, body = hide(subject), _json(redaction.mapped(detail, hide))
    who = known.get(actor, actor)
    when = t.iso(at)
    conn.execute(
        _insert,
        {
            "seq": seq,
            "at": when,
            "actor": who,
            "kind": kind,
            "subject": subject,
            "detail": body,
            "prev_hash": prev,
            "hash": digest(seq, when, who, kind, subject, body, prev),
        },
    )
    return seq


def verify(conn: sa.Connection) -> tuple[int, str | None]:
    """(entries checked, the first thing that is wrong with the chain, None when all is well).

    `audit_report.examine` tells everything, and also looks at the signed heads.
    """
    chain = Chain()
    chain.feed(rows(conn))
    chain.finish()
    return chain.count, None if chain.whole else chain.problems[0]


def read(
    conn: sa.Connection,
    *,
    limit: int,
    before: int | None = None,
    subject: str | None = None,
    actor: str | None = None,
    kind: str | frozenset[str] | None = None,
    since: datetime | None = None,
) -> list[AuditEntry]:
    """Newest first, with people's ids for the pseudonyms that the map knows."""
    query = sa.select(*COLUMNS).order_by(t.audit.c.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(t.audit.c.seq < before)
    if subject is not None:
        query = query.where(t.audit.c.subject.in_(_as_written(conn, subject)))
    if actor is not None:
        query = query.where(t.audit.c.actor.in_(_as_written(conn, actor)))
    if kind is not None:
        query = query.where(t.audit.c.kind.in_([kind] if isinstance(kind, str) else sorted(kind)))
    if since is not None:
        query = query.where(t.audit.c.at >= t.iso(since))
    found: list[Row] = [tuple(row) for row in conn.execute(query)]
    said = {name for row in found for text in (row[2], row[4], row[5]) for name in pseudonyms.within(text)}
    people = pseudonyms.names(conn, said) if said else {}
    return [entry(row, people) for row in found]


def entry(row: Row, people: dict[str, str]) -> AuditEntry:
    """The stored row as people read it; `people` is {pseudonym: person}."""
    seq, at, actor, kind, subject, body, prev, kept = row
    detail = json.loads(body)
    if people:
        actor, subject = pseudonyms.named(actor, people), pseudonyms.named(subject, people)
        if pseudonyms.within(body):
            detail = redaction.mapped(detail, lambda text: pseudonyms.named(text, people))
    return AuditEntry.model_validate(
        {
            "seq": seq,
            "at": at,
            "actor": actor,
            "kind": kind,
            "subject": subject,
            "detail": detail,
            "prev_hash": prev,
            "hash": kept,
        }
    )


def _place(conn: sa.Connection, people: set[str]) -> tuple[int, str, dict[str, str]]:
    """(number of the next entry, hash of the one before, {person: pseudonym} of `people`), in few statements."""
    known: dict[str, str] = {}
    last: Any
    if people:
        wanted = {f"p{n}": person for n, person in enumerate(people)}
        found: list[Any] = list(conn.execute(_last_with(len(people)), wanted))
        known = {row[2]: row[3] for row in found if row[2] is not None}
        last = found[0] if found else None
        if last is None:  # an empty log, yet not always an empty map
            known = {person: name for name, person in pseudonyms.names(conn).items() if person in people}
        for person in sorted(people - known.keys()):
            known[person] = pseudonyms.give(conn, person)
    else:
        last = conn.execute(_last).first()
    return (1, GENESIS, known) if last is None else (int(last[0]) + 1, str(last[1]), known)


@cache
def _last_with(people: int) -> sa.Select[Any]:
    """The last entry, once for each of so many people p0, p1, ... whom the map has, or once without any."""
    tip = _last.subquery()
    wanted: list[Any] = [sa.bindparam(f"p{n}") for n in range(people)]
    columns = (tip.c.seq, tip.c.hash, t.pseudonyms.c.person, t.pseudonyms.c.pseudonym)
    return sa.select(*columns).select_from(tip.outerjoin(t.pseudonyms, t.pseudonyms.c.person.in_(wanted)))


def _as_written(conn: sa.Connection, text: str) -> list[str]:
    """`text` as it is asked for, and as entries have it: with pseudonyms."""
    known = {person: name for name, person in pseudonyms.names(conn).items() if person in text}
    return [text, pseudonyms.hider(known)(text)] if known else [text]


def _json(detail: dict[str, Any]) -> str:
    try:
        return _encode(detail)
    except TypeError:  # keys that are no text
        return _encode(redaction.mapped(detail, str))
