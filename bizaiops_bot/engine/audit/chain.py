"""The chain itself: every entry holds the SHA-256 of its own content and of the entry before it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from json.encoder import encode_basestring
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.engine.store import tables as t

GENESIS = "0" * 64
NAMED = 1000
"""Problems told one by one; what comes after them is counted."""
NEAR = 10_000
"""How far from its place a moved entry is looked for."""
SEARCHED = 50
"""Entries for which that is done, about 30 ms each; later ones are just called changed."""
PAGE = 2000

Row = tuple[int, str, str, str, str, str, str, str]
"""seq, at, actor, kind, subject, detail, prev_hash, hash: as stored."""

COLUMNS = (
    t.audit.c.seq,
    t.audit.c.at,
    t.audit.c.actor,
    t.audit.c.kind,
    t.audit.c.subject,
    t.audit.c.detail,
    t.audit.c.prev_hash,
    t.audit.c.hash,
)


def digest(seq: int, at: str, actor: str, kind: str, subject: str, detail: str, prev: str) -> str:
    """SHA-256 of the canonical JSON list of the arguments, written out by hand as it is made a million times."""
    q = encode_basestring
    body = f"[{seq},{q(at)},{q(actor)},{q(kind)},{q(subject)},{q(detail)},{q(prev)}]"
    return hashlib.sha256(body.encode()).hexdigest()


class Chain:
    """Checks entries in their order, from the first or from one that is known to be good.

    seq, hash: where the next entry must follow. problems: the first 1,000; `more`: how many were found after them.
    """

    def __init__(self, seq: int = 0, last_hash: str = GENESIS) -> None:
        self.seq, self.hash = seq, last_hash
        self.count = 0
        self.problems: list[str] = []
        self.more = 0
        self._sound = True  # the entry before is as it was written
        self._moved: dict[int, int] = {}
        self._searched = 0

    @property
    def whole(self) -> bool:
        return not self.problems

    def feed(self, rows: Iterable[Row]) -> int:
        """Checks the rows, which are sorted by their number; how many there were."""
        before = self.count
        for row in rows:
            self.count += 1
            good = _holds(row)
            if good and row[0] == self.seq + 1 and row[6] == self.hash:
                self.seq, self.hash, self._sound = row[0], row[7], True
            else:
                self._look_closer(row, good)
        return self.count - before

    def finish(self) -> None:
        """After the last entry: names what is missing because others stand in its place."""
        for place in sorted(self._moved.keys() - set(self._moved.values())):
            if place <= self.seq:
                self._tell(f"entry {place} is missing: another one stands in its place")

    def _look_closer(self, row: Row, good: bool) -> None:
        seq = row[0]
        origin = None if good else self._origin(row)
        if origin is not None:
            self._tell(f"entry {seq} stands in the wrong place: it was written as entry {origin}")
            self._moved[seq] = origin
            if seq != self.seq + 1:
                return  # what lies between is no gap: this entry never was here
        elif seq <= self.seq:
            first = f"entry {seq} does not belong to the log: it begins with entry 1"
            self._tell(first if seq < 1 else f"entry {seq} stands out of order, behind entry {self.seq}")
            return
        elif seq > self.seq + 1:
            self._tell(_missing(self.seq + 1, seq - 1))
        if origin is None and not good:
            self._tell(f"entry {seq} was changed: its hash is not that of its content")
        elif origin is None and seq == self.seq + 1 and self._sound:
            self._tell(_wrong_link(seq))
        self.seq, self.hash, self._sound = seq, row[7], good

    def _origin(self, row: Row) -> int | None:
        self._searched += 1
        return _written_as(row) if self._searched <= SEARCHED else None

    def _tell(self, problem: str) -> None:
        if len(self.problems) < NAMED:
            self.problems.append(problem)
        else:
            self.more += 1


def rows(conn: sa.Connection, after: int | None = None, limit: int | None = None) -> Iterator[Row]:
    """The stored entries in order, a page in memory at a time. after: only those with a higher number."""
    last = after
    try:
        for row in _select(conn, last, limit):
            last = row[0]
            yield row
    except sa.exc.OperationalError as exc:
        if "decode" not in str(exc):
            raise
        yield from _not_utf8(conn, last)


def _select(conn: sa.Connection, after: int | None, limit: int | None) -> Iterator[Row]:
    query = sa.select(*COLUMNS).order_by(t.audit.c.seq)
    if after is not None:
        query = query.where(t.audit.c.seq > after)
    if limit is not None:
        query = query.limit(limit)
    result = conn.execute(query, execution_options={"yield_per": PAGE})
    for page in result.partitions():
        yield from page


def _not_utf8(conn: sa.Connection, after: int | None) -> Iterator[Row]:
    """Goes on behind `after` where SQLite has bytes that are no text: somebody put them there; they must be named."""
    driver: Any = conn.connection.driver_connection
    driver.text_factory = lambda found: found.decode("utf-8", "surrogateescape")
    try:
        yield from _select(conn, after, None)
    finally:
        driver.text_factory = str


def _holds(row: Row) -> bool:
    try:
        return digest(row[0], row[1], row[2], row[3], row[4], row[5], row[6]) == row[7]
    except (TypeError, UnicodeEncodeError):  # SQLite keeps what is put in, a number or bytes too
        return False


def _written_as(row: Row) -> int | None:
    """The number with which the content gives the hash, if it is near."""
    _, *content, kept = row
    try:
        near = (n for n in range(max(1, row[0] - NEAR), row[0] + NEAR) if digest(n, *content) == kept)
        return next(near, None)
    except (TypeError, UnicodeEncodeError):
        return None


def _missing(first: int, last: int) -> str:
    if first == last:
        return f"entry {first} is missing: entry {last + 1} follows {first - 1}"
    return f"entries {first} to {last} are missing: entry {last + 1} follows {first - 1}"


def _wrong_link(seq: int) -> str:
    if seq == 1:
        return "entry 1 is not the first that was written: it names one before it"
    return f"entry {seq - 1} was replaced: entry {seq} follows another one"
