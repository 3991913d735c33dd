"""Writes that wait at the same time share one commit, and a failing one takes nobody's with it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from bizaiops_bot.domain.errors import Conflict
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.store import Store, after_commit
from tests.support import stores


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    made = stores.open_store(tmp_path)
    yield made
    made.close()


def flag(name: str) -> Callable[[sa.Connection], str]:
    def work(conn: sa.Connection) -> str:
        conn.execute(sa.insert(t.flags).values(name=name, value=name))
        return name

    return work


def failing(conn: sa.Connection) -> str:
    flag("half done")(conn)
    raise Conflict("No.", "It was too late.")


def twice_the_same(conn: sa.Connection) -> None:
    flag("one")(conn)  # the database itself refuses it


async def at_once(store: Store, *works: Callable[[sa.Connection], object]) -> list[object]:
    """In one commit: they wait together while another write is under way."""
    begun, go_on = threading.Event(), threading.Event()

    def first(_conn: sa.Connection) -> None:
        begun.set()
        assert go_on.wait(10)

    held = asyncio.create_task(store.write(first))
    await asyncio.to_thread(begun.wait, 10)
    waiting = [asyncio.ensure_future(store.write(work)) for work in works]
    await asyncio.sleep(0)
    go_on.set()
    await held
    return await asyncio.gather(*waiting, return_exceptions=True)


async def flags(store: Store) -> list[str]:
    query = sa.select(t.flags.c.name).order_by(t.flags.c.name)
    return await store.read(lambda conn: list(conn.execute(query).scalars()))


async def test_a_write_that_fails_is_undone_alone(store: Store) -> None:
    one, failed, two = await at_once(store, flag("one"), failing, flag("two"))

    assert (one, two) == ("one", "two")
    assert isinstance(failed, Conflict)
    assert await flags(store) == ["one", "two"]


async def test_a_write_that_the_database_refuses_is_undone_alone(store: Store) -> None:
    one, refused, two = await at_once(store, flag("one"), twice_the_same, flag("two"))

    assert (one, two) == ("one", "two")
    assert isinstance(refused, sa.exc.IntegrityError)
    assert await flags(store) == ["one", "two"]


async def test_what_was_to_follow_a_commit_follows_once_and_never_for_what_failed(store: Store) -> None:
    heard: list[str] = []

    def telling(name: str, *, fails: bool) -> Callable[[sa.Connection], None]:
        def work(conn: sa.Connection) -> None:
            after_commit(conn, lambda: heard.append(name))
            if fails:
                raise Conflict("No.", "It was too late.")

        return work

    await at_once(store, telling("one", fails=False), telling("two", fails=True), telling("three", fails=False))

    assert heard == ["one", "three"]
