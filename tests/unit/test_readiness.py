"""/readyz tells the truth about the store: whether a message could be kept now."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from bizaiops_bot.engine.store import readiness
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.readiness import StoreProbe
from bizaiops_bot.engine.store.store import Store
from tests.support.ends import at_end


def opened(folder: Path) -> Store:
    store = Store.sqlite(folder / "b.sqlite")
    at_end(store.close)
    return store


async def test_a_store_that_keeps_what_it_is_given_is_no_problem(tmp_path: Path) -> None:
    assert await StoreProbe(opened(tmp_path)).problem() == ""


async def test_a_store_that_somebody_else_holds_is_a_problem_until_it_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "PATIENCE_S", 0.05)
    probe = StoreProbe(opened(tmp_path), fresh_s=0)
    with closing(sqlite3.connect(tmp_path / "b.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert await probe.problem() == "the store has not answered for 0.05 s"
        assert await probe.problem() != ""
        other.execute("ROLLBACK")
    monkeypatch.setattr(readiness, "PATIENCE_S", 30.0)
    assert await probe.problem() == ""


async def test_a_store_that_may_not_be_written_any_more_says_why(tmp_path: Path) -> None:
    store = opened(tmp_path)
    await store.write(lambda conn: conn.exec_driver_sql("PRAGMA query_only=ON"))
    told = await StoreProbe(store).problem()
    assert "cannot be used now" in told and "readonly" in told


async def test_however_many_ask_at_once_one_small_row_is_written(tmp_path: Path) -> None:
    store = opened(tmp_path)
    probe = StoreProbe(store)
    assert await asyncio.gather(*(probe.problem() for _ in range(50))) == [""] * 50
    rows = await store.read(lambda conn: conn.execute(sa.select(t.flags.c.value)).scalars().all())
    assert [row.split()[0] for row in rows] == ["0"]
