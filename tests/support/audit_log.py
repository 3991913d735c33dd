"""Audits for tests: small ones in memory or in a store, what an attacker does to them, and which entries a report names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from bizaiops_bot.engine.audit import trail
from bizaiops_bot.engine.audit.chain import COLUMNS, GENESIS, Chain, Row, digest
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.store import Store

AT = datetime(2026, 3, 4, 8, tzinfo=UTC)
FIELDS = ("seq", "at", "actor", "kind", "subject", "detail", "prev_hash", "hash")


class HandClock:
    """Real time for a guard, moved by hand."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **span: float) -> None:
        self.now += timedelta(**span)


def chained(contents: Iterable[tuple[str, str, str]], prev: str = GENESIS, first: int = 1) -> list[Row]:
    """Entries as the bot would have written them, from (actor, subject, detail)."""
    made: list[Row] = []
    for seq, (actor, subject, detail) in enumerate(contents, first):
        row = (seq, t.iso(AT + timedelta(minutes=seq)), actor, "request", subject, detail, prev)
        prev = digest(*row)
        made.append((*row, prev))
    return made


def rechained(rows: list[Row], start: int) -> list[Row]:
    """The rows from index `start` on with all hashes made anew: what somebody does who knows how the log is built."""
    prev = rows[start - 1][7] if start else GENESIS
    made = rows[:start]
    for row in rows[start:]:
        body = (*row[:6], prev)
        prev = digest(*body)
        made.append((*body, prev))
    return made


def append(conn: sa.Connection, count: int, *, actor: str = "engineer") -> None:
    """So many entries more, written as the bot writes them."""
    for n in range(count):
        trail.append(
            conn, at=AT + timedelta(minutes=n), actor=actor, kind="request", subject=f"m-{n}", text=f"word {n}"
        )


async def filled(store: Store, count: int) -> None:
    await store.write(lambda conn: append(conn, count))


def stored_rows(conn: sa.Connection) -> list[Row]:
    return [tuple(row) for row in conn.execute(sa.select(*COLUMNS).order_by(t.audit.c.seq))]


def replace_all(conn: sa.Connection, rows: list[Row]) -> None:
    """Puts these in the place of the whole log."""
    conn.execute(sa.delete(t.audit))
    if rows:
        conn.execute(sa.insert(t.audit), [dict(zip(FIELDS, row, strict=True)) for row in rows])


def problems_of(rows: Iterable[Row]) -> list[str]:
    chain = Chain()
    chain.feed(rows)
    chain.finish()
    return chain.problems


def named(problems: Iterable[str]) -> set[int]:
    """The numbers of all entries that the sentences name."""
    found: set[int] = set()
    for text in problems:
        found |= {int(number.replace(",", "")) for number in re.findall(r"entry (-?[\d,]*\d)", text)}
        for first, last in re.findall(r"entries (\d+) to (\d+)", text):
            found |= set(range(int(first), int(last) + 1))
    return found
