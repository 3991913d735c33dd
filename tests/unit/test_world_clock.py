"""Time in the embedded company, and the clock that tests move by hand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bizaiops_bot.adapters.clock import SystemClock
from bizaiops_bot.embedded.life.clock import WorldClock
from tests.support.virtual_clock import VirtualClock

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


class Seconds:
    """Real seconds that stand still until told otherwise."""

    def __init__(self) -> None:
        self.value = 100.0

    def __call__(self) -> float:
        return self.value


def test_world_time_is_real_time_times_speed() -> None:
    real = Seconds()
    clock = WorldClock(START, 60, real=real)
    real.value += 5
    assert clock.now() == START + timedelta(minutes=5)


def test_a_new_speed_counts_from_the_moment_it_is_set() -> None:
    real = Seconds()
    clock = WorldClock(START, 60, real=real)
    real.value += 1
    clock.set_speed(3600)
    real.value += 1
    assert clock.now() == START + timedelta(hours=1, minutes=1)


@pytest.mark.parametrize("speed", [0, -1, 1e9, float("nan")])
def test_a_speed_that_cannot_be_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="not between"):
        WorldClock(START, speed)


async def test_a_sleeper_wakes_early_when_the_world_is_made_faster() -> None:
    clock = WorldClock(START, 0.001)
    sleeper = asyncio.create_task(clock.sleep_until(START + timedelta(hours=1)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    clock.set_speed(100_000)
    await asyncio.wait_for(sleeper, 5)
    assert clock.now() >= START + timedelta(hours=1)


async def test_the_system_clock_is_aware_utc_and_does_not_wait_for_the_past() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    await clock.sleep_until(clock.now() - timedelta(days=1))


async def test_the_virtual_clock_wakes_sleepers_in_order_of_time() -> None:
    clock, woken = VirtualClock(START), []

    async def sleep(minutes: int) -> None:
        await clock.sleep_until(START + timedelta(minutes=minutes))
        woken.append((minutes, clock.now()))

    tasks = [asyncio.create_task(sleep(minutes)) for minutes in (3, 1, 2)]
    await clock.advance(150)
    assert woken == [(1, START + timedelta(minutes=1)), (2, START + timedelta(minutes=2))]
    assert clock.next_timer() == START + timedelta(minutes=3)
    await clock.advance(60)
    await asyncio.gather(*tasks)


async def test_a_timer_set_by_a_woken_sleeper_fires_within_the_same_advance() -> None:
    clock, beats = VirtualClock(START), []

    async def beat() -> None:
        while True:
            await clock.sleep_until(clock.now() + timedelta(minutes=1))
            beats.append(clock.now())

    task = asyncio.create_task(beat())
    await clock.advance(300)
    task.cancel()
    assert len(beats) == 5
    assert clock.now() == START + timedelta(minutes=5)
