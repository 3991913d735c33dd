"""Many workers on one PostgreSQL: the death or frost of one is made good by the others, and nothing is done twice."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from bizaiops_bot.engine.store import tables as t
from tests.e2e.faults.fleet import Fleet, freeze
from tests.support.servers import PostgresServer, RedisServer

RUNS = 198
RE_OWNED_S = 10.0

Record = Callable[[str, object], None]


@pytest.fixture
async def fleet(database: str, tmp_path: Path) -> AsyncIterator[Fleet]:
    fleet = Fleet(database, tmp_path)
    yield fleet
    await fleet.close()


async def test_runs_of_a_killed_worker_go_on_at_another_within_ten_seconds(
    fleet: Fleet, record_property: Record
) -> None:
    # given runs under way, and as many that wait for approval
    fleet.begin(RUNS)
    # when a worker is killed
    victim = fleet.workers[0]
    assert await fleet.held_by(victim.name) > 0
    victim.send(signal.SIGKILL)
    # then the others take its runs, waiting ones can be approved, and every step is done once
    took = await fleet.taken_from(victim, within_s=RE_OWNED_S)
    record_property("re_owned_s", round(took, 2))
    await fleet.approve_all()
    await fleet.all_done(RUNS, within_s=90)
    record_property("keys_absorbed", await fleet.check_effects(RUNS))


async def test_a_frozen_worker_that_comes_back_has_no_say_in_the_runs_it_lost(
    fleet: Fleet, record_property: Record
) -> None:
    fleet.begin(RUNS)
    victim = fleet.workers[1]
    assert await fleet.held_by(victim.name) > 0
    freeze(victim)
    took = await fleet.taken_from(victim, within_s=RE_OWNED_S)
    record_property("re_owned_s", round(took, 2))
    # when it thaws in the midst of its steps, then it begins anew as another worker
    victim.send(signal.SIGCONT)
    await fleet.approve_all()
    await fleet.all_done(RUNS, within_s=90)
    record_property("keys_absorbed", await fleet.check_effects(RUNS))
    assert await fleet.held_by(victim.name) == 0


async def test_a_schedule_fires_once_whatever_becomes_of_the_workers(fleet: Fleet) -> None:
    await fleet.schedule_every_minute()
    await asyncio.sleep(4)
    leads = await _leader(fleet)
    leader = next(w for w in fleet.workers if w.name == leads)
    freeze(leader)
    await asyncio.sleep(10)
    leader.send(signal.SIGCONT)
    await asyncio.sleep(3)
    assert await _leader(fleet) != leader.name
    assert await fleet.check_ticks() >= 6  # minutes missed while nobody led are sent once, not one by one


async def test_runs_survive_a_crash_of_the_database(
    fleet: Fleet, postgres: PostgresServer, record_property: Record
) -> None:
    fleet.begin(RUNS)
    postgres.stop(sign=signal.SIGQUIT)  # at once, without a checkpoint
    await asyncio.sleep(2)
    postgres.start()
    await fleet.core.store.read(lambda conn: None)
    await fleet.approve_all()
    took = await fleet.all_done(RUNS, within_s=90)
    record_property("done_after_s", round(took, 2))
    record_property("keys_absorbed", await fleet.check_effects(RUNS))


async def test_runs_do_not_mind_a_redis_that_comes_and_goes(database: str, redis: RedisServer, tmp_path: Path) -> None:
    fleet = Fleet(database, tmp_path, redis.url)
    try:
        fleet.begin(60)
        redis.stop()
        await fleet.approve_all()
        redis.start()
        redis.flush()
        await fleet.all_done(60, within_s=60)
        await fleet.check_effects(60)
    finally:
        await fleet.close()


async def _leader(fleet: Fleet) -> str:
    return str((await fleet.ask(sa.select(t.leases.c.worker)))[0][0])
