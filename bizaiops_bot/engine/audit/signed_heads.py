"""Signed heads: "entry 500 had this hash at this time". Kept in the database and in a file beside it, so that cutting
off the newest entries and their heads in the database is seen.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from bizaiops_bot.domain.plan import canonical_json
from bizaiops_bot.engine.audit.signing_keys import HeadKey, is_signed, key_id
from bizaiops_bot.engine.store import tables as t

HEADS_FILE = "audit-heads.jsonl"


@dataclass(frozen=True)
class Head:
    """Attests the entries up to `seq` by the hash of that one. at: real time; key: the public key."""

    seq: int
    hash: str
    at: str
    key: str
    signature: str

    @property
    def key_id(self) -> str:
        return key_id(self.key)

    @property
    def valid(self) -> bool:
        """Whether the owner of `key` signed it; whose key it is, is another question."""
        return is_signed(self.key, _text(self.seq, self.hash, self.at, self.key), self.signature)


def make(key: HeadKey, seq: int, last_hash: str, at: datetime) -> Head:
    when, public = t.iso(at), key.public
    return Head(seq, last_hash, when, public, key.sign(_text(seq, last_hash, when, public)))


def put(conn: sa.Connection, head: Head) -> None:
    conn.execute(sa.insert(t.audit_heads).values(asdict(head)))


def stored(conn: sa.Connection) -> list[Head]:
    """Those of the database, oldest first."""
    return [Head(*row) for row in conn.execute(_columns().order_by(t.audit_heads.c.seq))]


def last(conn: sa.Connection) -> Head | None:
    row = conn.execute(_columns().order_by(t.audit_heads.c.seq.desc()).limit(1)).first()
    return None if row is None else Head(*row)


def signed_since(conn: sa.Connection, key: HeadKey, seq: int) -> list[Head]:
    """The heads that `key` signed above `seq`, oldest first."""
    query = _columns().where(t.audit_heads.c.key == key.public, t.audit_heads.c.seq > seq)
    return [Head(*row) for row in conn.execute(query.order_by(t.audit_heads.c.seq))]


def hashes(conn: sa.Connection, heads: Iterable[Head]) -> dict[int, str]:
    """{number: hash as stored} of the entries that a few heads speak of and that are there."""
    query = sa.select(t.audit.c.seq, t.audit.c.hash).where(t.audit.c.seq.in_([head.seq for head in heads]))
    return {int(row[0]): str(row[1]) for row in conn.execute(query)}


def in_file(folder: Path) -> tuple[list[Head], list[str]]:
    """(heads of the folder's file, what is wrong with its lines). No file: nothing of either.

    A last line without its end is one that was being written, and no mistake.
    """
    try:
        text = (folder / HEADS_FILE).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return [], []
    heads, problems = [], []
    lines = text.split("\n")
    for number, line in enumerate(lines[:-1], 1):
        head = from_json(line)
        if head is None:
            problems.append(f"line {number} of {HEADS_FILE} is not a head")
        else:
            heads.append(head)
    return heads, problems


def add_to_file(folder: Path, heads: Iterable[Head]) -> None:
    """Durable when it returns. Raises OSError."""
    text = "".join(canonical_json(asdict(head)) + "\n" for head in heads)
    with (folder / HEADS_FILE).open("a+", encoding="utf-8") as out:
        out.write(("" if _ends_a_line(out.fileno()) else "\n") + text)
        out.flush()
        os.fsync(out.fileno())


def from_json(line: str) -> Head | None:
    """None for what is no head."""
    try:
        body = json.loads(line)
        head = Head(body["seq"], *(str(body[name]) for name in ("hash", "at", "key", "signature")))
    except (ValueError, TypeError, KeyError):
        return None
    return head if type(head.seq) is int else None


def _ends_a_line(file: int) -> bool:
    size = os.fstat(file).st_size
    return size == 0 or os.pread(file, 1, size - 1) == b"\n"


def _columns() -> sa.Select[int, str, str, str, str]:
    c = t.audit_heads.c
    return sa.select(c.seq, c.hash, c.at, c.key, c.signature)


def _text(seq: int, last_hash: str, at: str, key: str) -> str:
    return canonical_json(["bizaiops audit head", seq, last_hash, at, key])
