"""Clocks: aware UTC that never goes back; whoever sleeps wakes when it is time and not before."""

from __future__ import annotations

import asyncio
from datetime import UTC, timedelta

from tests.contract.stands import STANDS
from tests.contract.stands.stand import ClockStand, over

stand = over(STANDS["clock"])


async def test_now_is_aware_utc_and_never_goes_back(stand: ClockStand) -> None:
    times = [stand.port.now() for _ in range(1_000)]

    assert times[0].tzinfo is UTC
    assert times == sorted(times)


async def test_a_sleeper_wakes_when_it_is_time_and_not_before(stand: ClockStand) -> None:
    when = stand.port.now() + timedelta(seconds=stand.moment_s)

    await stand.pass_(stand.port.sleep_until(when))

    assert stand.port.now() >= when


async def test_the_past_is_not_waited_for_and_others_get_a_turn(stand: ClockStand) -> None:
    turns: list[str] = []
    other = asyncio.get_running_loop().create_task(_note(turns))

    await stand.port.sleep_until(stand.port.now() - timedelta(days=1))

    assert turns == ["other"]
    await other


async def test_two_sleepers_wake_in_the_order_of_their_times(stand: ClockStand) -> None:
    woken: list[int] = []
    begin = stand.port.now()

    async def sleep(moments: int) -> None:
        await stand.port.sleep_until(begin + timedelta(seconds=stand.moment_s) * moments)
        woken.append(moments)

    await stand.pass_(asyncio.gather(sleep(2), sleep(1)))

    assert woken == [1, 2]


async def test_a_sleeper_that_is_cancelled_is_gone(stand: ClockStand) -> None:
    when = stand.port.now() + timedelta(seconds=stand.moment_s)
    cancelled = asyncio.ensure_future(stand.port.sleep_until(when + timedelta(days=9)))
    await asyncio.sleep(0)
    cancelled.cancel()

    await stand.pass_(stand.port.sleep_until(when))

    assert cancelled.cancelled()


async def _note(turns: list[str]) -> None:
    turns.append("other")
