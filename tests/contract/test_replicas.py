"""People connected to one replica see at once what happens at another: a browser's stream, with and without Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bizaiops_bot.adapters.redis import RedisSettings
from bizaiops_bot.conversation.front_desk import FrontDesk
from bizaiops_bot.domain.cards import Card
from bizaiops_bot.engine.api.controls import EngineControls
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.execution.runner import Runner
from bizaiops_bot.engine.orders.orders import Orders
from bizaiops_bot.engine.posting import outbox
from tests.e2e.faults.worker import FastClock, open_core
from tests.support.servers import RedisServer
from tests.support.site import running_site

PATIENCE_S = 10.0


class Replica:
    """One worker with its desk."""

    def __init__(self, core: Core) -> None:
        self.core, self.runner = core, Runner(core)
        self.desk = FrontDesk(core, Orders(core), EngineControls(core), None, core.clock)  # type: ignore[arg-type]

    async def posts(self, card: str, title: str) -> None:
        now = self.core.clock.now()
        place = {"conversation": "ml-ops", "thread": card, "reply_to": None}
        await self.core.store.write(lambda conn: outbox.put_card(conn, card, Card(title=title), **place, now=now))

    async def stop(self) -> None:
        await self.desk.stop()
        await self.runner.stop()
        await self.core.store.aclose()


@pytest.fixture(params=["postgres", "redis"])
async def two(
    request: pytest.FixtureRequest, database: str, redis: RedisServer, tmp_path: Path
) -> AsyncIterator[tuple[Replica, Replica]]:
    clock, url = FastClock(time.time()), redis.url if request.param == "redis" else None
    both = Replica(open_core(database, tmp_path, clock, url)), Replica(open_core(database, tmp_path, clock, url))
    for n, replica in enumerate(both):
        await replica.runner.launch(home=f"replica {n}")
    yield both
    for replica in both:
        await replica.stop()


async def test_a_card_posted_at_one_replica_reaches_a_browser_at_the_other(two: tuple[Replica, Replica]) -> None:
    here, there = two
    address = "/api/conversations/ml-ops/events"
    async with (
        running_site(there.desk) as site,
        httpx.AsyncClient(base_url=site, timeout=10) as browser,
        browser.stream("GET", address) as stream,
    ):
        lines = stream.aiter_lines()
        await anext(lines)
        for n in range(5):
            began = time.monotonic()
            await here.posts(f"c{n}", f"Card {n}")
            await _until(lines, f"Card {n}")
            assert time.monotonic() - began < PATIENCE_S


async def test_an_edit_is_seen_too_and_the_newest_version_wins(two: tuple[Replica, Replica]) -> None:
    here, there = two
    events = there.desk.events("ml-ops", after=0)
    for n in range(20):
        await here.posts("c", f"Step {n}")
    async with asyncio.timeout(5):
        async for post in events:
            if getattr(post, "card", None) is not None and post.card.title == "Step 19":  # type: ignore[union-attr]
                break
    (shown,) = await there.desk.cards("ml-ops")
    assert shown.card.title == "Step 19" and shown.version == 20


async def _until(lines: AsyncIterator[str], words: str) -> None:
    async for line in lines:
        if words in line:
            return
    raise AssertionError(f"the stream ended before {words!r}")


def test_the_address_of_redis_is_checked_when_settings_are_read() -> None:
    with pytest.raises(ValueError, match="redis://"):
        RedisSettings.model_validate({"kind": "redis", "url": "http://127.0.0.1"})
