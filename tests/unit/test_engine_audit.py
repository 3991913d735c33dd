"""The audit names what was changed, and keeps no secrets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bizaiops_bot.engine import audit
from bizaiops_bot.engine import tables as t
from bizaiops_bot.engine.databases import sqlite_engine

AT = datetime(2026, 3, 4, 8, tzinfo=UTC)


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sa.Connection]:
    engine = sqlite_engine(tmp_path / "a.sqlite")
    t.metadata.create_all(engine)
    with engine.begin() as connection:
        for n in range(5):
            audit.append(
                connection,
                at=AT + timedelta(minutes=n),
                actor="engineer",
                kind="request",
                subject=f"m-{n}",
                text=f"word {n}",
            )
        yield connection
    engine.dispose()


def test_an_untouched_log_verifies(conn: sa.Connection) -> None:
    assert audit.verify(conn) == (5, None)


@pytest.mark.parametrize("column", ["at", "actor", "kind", "subject", "detail", "prev_hash", "hash"])
def test_a_changed_field_is_named_with_its_entry(conn: sa.Connection, column: str) -> None:
    conn.execute(sa.update(t.audit).where(t.audit.c.seq == 3).values({column: '{"text":"other"}'}))
    count, problem = audit.verify(conn)
    assert count in (3, 4)
    assert (problem is not None and "entry 3" in problem) or (problem is not None and "entry 4" in problem)


def test_a_removed_entry_is_named(conn: sa.Connection) -> None:
    conn.execute(sa.delete(t.audit).where(t.audit.c.seq == 2))
    assert audit.verify(conn)[1] == "entry 2 is missing: entry 3 follows 1"


def test_two_entries_that_changed_places_are_found(conn: sa.Connection) -> None:
    for old, new in ((2, 90), (3, 2), (90, 3)):
        conn.execute(sa.update(t.audit).where(t.audit.c.seq == old).values(seq=new))
    assert audit.verify(conn)[1] is not None


@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-123456789012-abcdefghij",
        "sk-abcdefghijklmnop1234",
        "AKIAABCDEFGHIJKLMNOP",
        "password: hunter2",
        "api_key=abc123",
    ],
)
def test_secrets_are_not_kept(conn: sa.Connection, secret: str) -> None:
    entry = audit.append(
        conn, at=AT, actor="engineer", kind="request", subject="m", text=f"use {secret} please", deep=[{"x": secret}]
    )
    assert secret not in entry.model_dump_json()
    assert "[redacted]" in entry.model_dump_json()
