"""Changes of a service under test, each planned on what there is now and waited for."""

from __future__ import annotations

from bizaiops_bot.domain.services import TrafficState
from tests.contract.stands.stand import ServingStand


async def canary(stand: ServingStand, percent: int = 10, *, key: str = "7/1") -> TrafficState:
    """`second` gets that share, as planned on what there is now; waited for."""
    guard = await stand.generation()
    return await stand.settled(await stand.port.set_canary(stand.service, stand.second, percent, guard=guard, key=key))


async def promoted(stand: ServingStand, key: str = "7/2") -> TrafficState:
    guard = await stand.generation()
    return await stand.settled(await stand.port.promote(stand.service, stand.second, guard=guard, key=key))


async def scaled(stand: ServingStand, least: int, most: int | None = None, *, key: str = "8/1") -> TrafficState:
    guard, upper = await stand.generation(), least if most is None else most
    return await stand.settled(await stand.port.scale(stand.service, least, upper, guard=guard, key=key))


async def paused(stand: ServingStand, key: str = "8/2") -> TrafficState:
    return await stand.settled(await stand.port.pause(stand.service, key=key))


async def resumed(stand: ServingStand, key: str = "8/3") -> TrafficState:
    guard = await stand.generation()
    return await stand.settled(await stand.port.resume(stand.service, guard=guard, key=key))


async def rolled_back(stand: ServingStand, key: str = "7/3") -> TrafficState:
    return await stand.settled(await stand.port.roll_back(stand.service, stand.first, key=key))
