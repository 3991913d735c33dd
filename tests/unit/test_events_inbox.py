"""What chat platforms send: once each, kept until it was dealt with, and taken up after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bizaiops_bot.conversation.events import EngineEvents
from bizaiops_bot.engine.runs import workers
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.timing.retention import Keep, Retention
from tests.support.small_engine import START, SmallEngine
from tests.support.virtual_clock import VirtualClock


async def begun(folder: Path, worker: str, *, home: str = "here") -> SmallEngine:
    engine = SmallEngine(folder, [], VirtualClock(START))
    engine.core.lead.worker = worker
    await workers.register(engine.core.store, worker, home)
    return engine


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[SmallEngine]:
    engine = await begun(tmp_path, "one")
    yield engine
    await engine.core.store.aclose()


async def bodies(engine: SmallEngine) -> dict[str, str]:
    rows = await engine.core.store.read(lambda conn: conn.execute(sa.select(t.events.c.event, t.events.c.body)).all())
    return {row.event: row.body for row in rows}


async def test_an_event_is_taken_once_however_often_it_is_sent(engine: SmallEngine) -> None:
    events = EngineEvents(engine.core)
    took = await asyncio.gather(*(events.take("slack/Ev1", "slack", "{}") for _ in range(20)))
    assert took.count(True) == 1
    await events.end("slack/Ev1")
    assert await events.take("slack/Ev1", "slack", "{}") is False


async def test_what_was_dealt_with_keeps_its_name_and_lets_its_body_go(engine: SmallEngine) -> None:
    events = EngineEvents(engine.core)
    await events.take("slack/Ev1", "slack", '{"text": "deploy churn v2"}')
    await events.end("slack/Ev1")
    assert await bodies(engine) == {"slack/Ev1": ""}


async def test_a_worker_alive_is_not_robbed_of_its_events(engine: SmallEngine) -> None:
    events = EngineEvents(engine.core)
    await events.take("slack/Ev1", "slack", "{}")
    assert await events.left("slack") == []


async def test_the_next_start_goes_on_with_what_was_left_oldest_first_and_once(tmp_path: Path) -> None:
    one = await begun(tmp_path, "one")
    events = EngineEvents(one.core)
    for n, event in enumerate(("slack/Ev2", "slack/Ev1", "slack/Ev3")):
        await one.clock.leap_to(START + timedelta(seconds=n))
        await events.take(event, "slack", f"body {event}")
    await events.take("teams/1", "teams", "t")
    await events.end("slack/Ev3")
    await one.core.store.aclose()
    two = await begun(tmp_path, "two")
    later = EngineEvents(two.core)
    assert await later.left("slack") == [("slack/Ev2", "body slack/Ev2"), ("slack/Ev1", "body slack/Ev1")]
    assert await later.left("slack") == []
    assert await later.left("teams") == [("teams/1", "t")]
    await two.core.store.aclose()


async def test_old_events_are_forgotten_only_when_they_were_dealt_with(engine: SmallEngine) -> None:
    events = EngineEvents(engine.core)
    await events.take("slack/Ev1", "slack", "{}")
    await events.take("slack/Ev2", "slack", "{}")
    await events.end("slack/Ev1")
    await engine.clock.leap_to(START + timedelta(days=15))
    assert await Retention(engine.core, Keep()).tidy() == {"events": 1}
    assert set(await bodies(engine)) == {"slack/Ev2"}
