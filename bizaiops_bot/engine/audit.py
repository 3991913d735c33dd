"""The append-only, hash-chained log: a changed, removed or reordered entry is named by `verify`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.plan import canonical_json
from bizaiops_bot.domain.records import AuditEntry
from bizaiops_bot.engine import tables as t

GENESIS = "0" * 64
_SECRET = re.compile(
    r"(xox[abprs]-[\w-]{10,}|xapp-[\w-]{10,}|sk-[\w-]{16,}|gh[pousr]_\w{20,}|AKIA[0-9A-Z]{16}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*"
    r"|(?i:password|passwd|secret|token|api[_-]?key)\s*[=:]\s*\S+)"
)


def redact(text: str) -> str:
    """Secrets are replaced before anything is kept."""
    return _SECRET.sub("[redacted]", text)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {str(k): _clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(v) for v in value]
    return value if isinstance(value, int | float | bool | type(None)) else redact(str(value))


def append(conn: sa.Connection, *, at: datetime, actor: str, kind: str, subject: str, **detail: Any) -> AuditEntry:
    """Adds one entry, chained to the one before, in the caller's transaction."""
    last = conn.execute(sa.select(t.audit.c.seq, t.audit.c.hash).order_by(t.audit.c.seq.desc()).limit(1)).first()
    seq, prev = (1, GENESIS) if last is None else (int(last[0]) + 1, str(last[1]))
    body = canonical_json(_clean(detail))
    digest = _digest(seq, t.iso(at), actor, kind, subject, body, prev)
    values = {
        "seq": seq, "at": t.iso(at), "actor": actor, "kind": kind, "subject": subject, "detail": body,
        "prev_hash": prev, "hash": digest,
    }  # fmt: skip
    conn.execute(sa.insert(t.audit).values(values))
    return _entry(values)


def verify(conn: sa.Connection) -> tuple[int, str | None]:
    """(entries checked, what is wrong with the first bad one, None when all is well)."""
    prev, expected = GENESIS, 1
    count = 0
    for row in _all_rows(conn):
        count += 1
        if row["seq"] != expected:
            return count, f"entry {expected} is missing: entry {row['seq']} follows {expected - 1}"
        if row["prev_hash"] != prev:
            return count, f"entry {row['seq']} does not follow the entry before it"
        digest = _digest(*(row[k] for k in ("seq", "at", "actor", "kind", "subject", "detail", "prev_hash")))
        if digest != row["hash"]:
            return (
                count,
                f"entry {row['seq']} was changed: its hash is {row['hash'][:12]}, its content gives {digest[:12]}",
            )
        prev, expected = row["hash"], expected + 1
    return count, None


def read(conn: sa.Connection, *, limit: int, before: int | None, subject: str | None) -> list[AuditEntry]:
    """Newest first."""
    query = sa.select(t.audit).order_by(t.audit.c.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(t.audit.c.seq < before)
    if subject is not None:
        query = query.where(t.audit.c.subject == subject)
    return [_entry(row) for row in conn.execute(query).mappings()]


def _all_rows(conn: sa.Connection) -> Iterator[sa.RowMapping]:
    yield from conn.execution_options(yield_per=1000).execute(sa.select(t.audit).order_by(t.audit.c.seq)).mappings()


def _digest(seq: int, at: str, actor: str, kind: str, subject: str, detail: str, prev: str) -> str:
    body = canonical_json([seq, at, actor, kind, subject, detail, prev])
    return hashlib.sha256(body.encode()).hexdigest()


def _entry(row: sa.RowMapping | dict[str, Any]) -> AuditEntry:
    return AuditEntry.model_validate({**dict(row), "detail": json.loads(row["detail"])})
