"""News of one process reaches the others: the same promises from every kind of signals, with real servers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from redis.asyncio.client import PubSub

from bizaiops_bot.adapters.redis import RedisSettings
from bizaiops_bot.engine.store.signals import NoSignals, PostgresSignals, Signals, feed_head
from bizaiops_bot.engine.store.tables import feed
from tests.support import servers
from tests.support.servers import PostgresServer, RedisServer

PATIENCE_S = 10.0
NEVER_LONGER_S = 3.0


@dataclass
class Place:
    """What the processes of one bot share: a database, and the server that carries the news."""

    server: PostgresServer | RedisServer
    make: Callable[[], Signals]
    engine: sa.Engine | None = None

    async def write(self, signals: Signals, head: int, *, commit: bool = True) -> None:
        """A transaction with news, as the store makes it."""
        if self.engine is not None:
            await asyncio.to_thread(self._transact, signals, head, commit)
        if commit:
            await signals.after_commit(head)

    def _transact(self, signals: Signals, head: int, commit: bool) -> None:
        assert self.engine is not None
        with self.engine.connect() as conn:
            signals.in_transaction(conn, head)
            conn.commit() if commit else conn.rollback()


class Process:
    """A worker's end of the signals; `heads` is what it heard."""

    def __init__(self, signals: Signals) -> None:
        self.signals, self.heads = signals, list[int]()
        self.task = asyncio.create_task(signals.run(self.heads.append))

    async def hears(self, head: int, within_s: float = PATIENCE_S) -> float:
        """Returns the seconds it took."""
        began = time.monotonic()
        while head not in self.heads:
            assert time.monotonic() - began < within_s, f"{head} not heard in {within_s} s, only {self.heads}"
            await asyncio.sleep(0.005)
        return time.monotonic() - began

    async def end(self) -> None:
        self.task.cancel()
        ended, _ = await asyncio.wait({self.task}, timeout=PATIENCE_S)
        assert ended, "a cancel did not end it"
        await self.signals.close()


@pytest.fixture(params=["postgres", "redis"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    if request.param == "redis":
        redis = servers.redis()
        yield Place(redis, lambda: RedisSettings(url=redis.url).build())
        return
    postgres = servers.postgres()
    url = postgres.fresh_database()
    engine = sa.create_engine(url.replace("postgresql", "postgresql+psycopg"), poolclass=sa.NullPool)
    yield Place(postgres, lambda: PostgresSignals(url), engine)
    engine.dispose()
    postgres.drop_database(url)


@pytest.fixture
async def two(place: Place) -> AsyncIterator[tuple[Process, Process]]:
    """Two processes that hear each other."""
    both = Process(place.make()), Process(place.make())
    for number, process in enumerate(both):
        await connected(place, process, 1 + number)
    yield both
    for process in both:
        await process.end()


async def connected(place: Place, process: Process, head: int) -> None:
    """Rings until the process hears, as nobody is told when a listener is there."""
    for _ in range(200):
        await place.write(process.signals, head)
        with contextlib.suppress(AssertionError):
            await process.hears(head, 0.05)
            return
    raise AssertionError("it never heard anything")


async def test_news_reach_another_process(place: Place, two: tuple[Process, Process]) -> None:
    writer, other = two
    await place.write(writer.signals, 17)
    await other.hears(17)


async def test_a_process_hears_its_own_news_too(place: Place, two: tuple[Process, Process]) -> None:
    await place.write(two[0].signals, 17)
    await two[0].hears(17)


async def test_of_many_writes_at_once_the_newest_is_heard(place: Place, two: tuple[Process, Process]) -> None:
    writer, other = two
    await asyncio.gather(*(place.write(writer.signals, head) for head in range(11, 61)))
    await other.hears(60)


async def test_a_write_that_is_taken_back_is_not_told(place: Place, two: tuple[Process, Process]) -> None:
    writer, other = two
    await place.write(writer.signals, 18, commit=False)
    await place.write(writer.signals, 19)
    await other.hears(19)
    assert 18 not in other.heads


async def test_news_are_heard_again_within_seconds_of_a_crash_of_the_server(
    place: Place, two: tuple[Process, Process], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="bizaiops.signals")
    place.server.stop(sign=servers.CRASH)
    await said(caplog, "not hearing of other workers' news")
    place.server.start()
    began = time.monotonic()
    for number, process in enumerate(two):
        await connected(place, process, 2000 + number)
    assert time.monotonic() - began < PATIENCE_S
    lost = [line for line in caplog.messages if "not hearing" in line]
    assert len(lost) == 2, "one line a process and outage"


async def test_a_dead_server_holds_no_write_up(place: Place, two: tuple[Process, Process]) -> None:
    writer, _ = two
    place.server.stop(sign=servers.CRASH)
    try:
        began = time.monotonic()
        for head in range(20):
            await writer.signals.after_commit(head)
        assert time.monotonic() - began < NEVER_LONGER_S
    finally:
        place.server.start()


async def test_a_frozen_server_holds_no_write_up_and_no_end(place: Place, two: tuple[Process, Process]) -> None:
    writer, other = two
    place.server.pause()
    try:
        began = time.monotonic()
        await writer.signals.after_commit(5)
        assert time.monotonic() - began < NEVER_LONGER_S
        began = time.monotonic()
        await writer.end()
        await other.end()
        assert time.monotonic() - began < 2 * NEVER_LONGER_S + 0.5
    finally:
        place.server.resume()


async def test_nothing_goes_on_after_the_end(place: Place) -> None:
    before = asyncio.all_tasks()
    process = Process(place.make())
    await connected(place, process, 1)
    await place.write(process.signals, 2)
    await process.end()
    assert asyncio.all_tasks() == before


async def test_a_server_that_is_not_there_yet_is_waited_for(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.server.stop()
    process = Process(place.make())
    try:
        await said(caplog, "not hearing of other workers' news")
    finally:
        place.server.start()
    await connected(place, process, 3)
    await process.end()


async def test_an_emptied_redis_changes_nothing(redis: RedisServer) -> None:
    place = Place(redis, lambda: RedisSettings(url=redis.url).build())
    process = Process(place.make())
    await connected(place, process, 1)
    redis.flush()
    await place.write(process.signals, 2)
    await process.hears(2)
    await process.end()


async def test_bots_with_different_channels_on_one_redis_do_not_hear_each_other(redis: RedisServer) -> None:
    def place(channel: str) -> Place:
        return Place(redis, lambda: RedisSettings(url=redis.url, channel=channel).build())

    one, other = Process(place("one").make()), Process(place("other").make())
    await connected(place("one"), one, 1)
    await connected(place("other"), other, 2)
    await place("one").write(one.signals, 3)
    await one.hears(3)
    assert set(other.heads) == {2}
    await one.end()
    await other.end()


async def test_a_stranger_on_the_channel_is_passed_over(redis: RedisServer) -> None:
    place = Place(redis, lambda: RedisSettings(url=redis.url).build())
    process = Process(place.make())
    await connected(place, process, 1)
    for words in ("", "hello", "-4", "1e9", "9" * 40):
        redis.publish("bizaiops:feed", words)
    await place.write(process.signals, 2)
    await process.hears(2)
    assert set(process.heads) == {1, 2}
    await process.end()


async def test_a_redis_that_went_silent_is_told_once_and_heard_again(
    redis: RedisServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bizaiops_bot.adapters.redis.QUIET_S", 0.2)
    place = Place(redis, lambda: RedisSettings(url=redis.url).build())
    process = Process(place.make())
    await connected(place, process, 1)
    redis.pause()
    try:
        await said(caplog, "silent for")
    finally:
        redis.resume()
    await connected(place, process, 2)
    await process.end()


async def test_an_end_that_the_client_library_loses_is_told_again(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As asyncio.wait_for of Python 3.11, by which redis-py sends, does now and then."""
    real, lost = PubSub.get_message, list[int]()

    async def get_message(self: PubSub, timeout: float) -> object:
        try:
            return await real(self, timeout=timeout)
        except asyncio.CancelledError:
            if lost:
                raise
            lost.append(1)
            return await real(self, timeout=timeout)

    monkeypatch.setattr(PubSub, "get_message", get_message)
    place = Place(redis, lambda: RedisSettings(url=redis.url).build())
    process = Process(place.make())
    await connected(place, process, 1)
    began = time.monotonic()
    await process.end()
    assert lost and time.monotonic() - began < NEVER_LONGER_S


async def test_a_bot_alone_waits_for_nobody_and_ends_when_told() -> None:
    process = Process(NoSignals())
    await process.signals.after_commit(3)
    await asyncio.sleep(0)
    assert not process.task.done()
    await process.end()
    assert process.task.cancelled()


def test_the_newest_place_in_the_feed_is_found_in_an_empty_one_too(database: str) -> None:
    engine = sa.create_engine(database.replace("postgresql", "postgresql+psycopg"), poolclass=sa.NullPool)
    with engine.begin() as conn:
        feed.create(conn)
        assert feed_head(conn) == 0
        conn.execute(sa.insert(feed).values(seq=41))
        assert feed_head(conn) == 41


async def said(caplog: pytest.LogCaptureFixture, words: str) -> None:
    """Waits until the log says it."""
    began = time.monotonic()
    while not any(words in line for line in caplog.messages):
        assert time.monotonic() - began < PATIENCE_S, f"{words!r} was not said: {caplog.messages}"
        await asyncio.sleep(0.01)
