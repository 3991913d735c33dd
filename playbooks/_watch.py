"""What a rollout can show, and what it is held against: both from the stable version's hour before."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from bizaiops_bot.playbook import (
    ArmSample,
    BotError,
    Foresight,
    JudgeSpec,
    NoData,
    Run,
    TrafficState,
    arms_by_version,
    duration_s,
    foresee,
)
from playbooks._cards import clock_now

T = TypeVar("T")
BEFORE = timedelta(hours=1)


async def arm_before(run: Run, traffic: TrafficState, stable: str) -> ArmSample | None:
    """What the stable version did in the last hour; None without requests."""
    return (await _arms_before(run, traffic)).get(stable)


async def what_it_can_show(run: Run, traffic: TrafficState, stable: str, *, share: int, judge: JudgeSpec) -> Foresight:
    """What a hold at this traffic can rule out; that it is not known where the traffic is not."""
    unknown = ""
    try:
        before = await _arms_before(run, traffic)
    except BotError as exc:
        before, unknown = {}, exc.what.rstrip(".")
    return foresee(
        before.get(stable),
        stable=stable,
        share=share,
        hold_min=duration_s(judge.hold) / 60,
        traffic=_traffic(before),
        judge=judge,
        unknown=unknown,
    )


async def _arms_before(run: Run, traffic: TrafficState) -> Mapping[str, ArmSample]:
    """By version. Scores and value are there as far as their ports answer."""
    found = await run.read(arms, run, traffic, await clock_now(run) - BEFORE)
    return {} if isinstance(found, NoData) else {arm.version: arm for arm in found}


async def arms(run: Run, traffic: TrafficState, since: datetime) -> list[ArmSample] | NoData:
    """Of every version that got requests since. One read of three ports, and by this name in the record of a run."""
    service, versions = traffic.service, traffic.versions
    counted = await run.metrics.arms(service, list(versions), since)
    if isinstance(counted, NoData):
        return counted
    scores = await _known(run.predictions.scores(service, versions, since))
    values = await _known(run.outcomes.value(service, sorted({*versions.values()}), since))
    return list(arms_by_version(counted, scores, values, versions).values())


async def _known(asked: Awaitable[Sequence[T] | NoData]) -> Sequence[T]:
    try:
        found = await asked
    except BotError:
        return ()
    return () if isinstance(found, NoData) else found


def _traffic(before: Mapping[str, ArmSample]) -> float | None:
    """Requests a minute to all versions: one that became stable a minute ago had only a canary's part before.

    None without minutes. Minutes in which two versions answered count twice in a bot's first hour, so it is rather
    too small there.
    """
    whole = BEFORE.total_seconds() / 60.0
    minutes = min(whole, float(sum(len(arm.by_minute) for arm in before.values())))
    return sum(arm.requests for arm in before.values()) / minutes if minutes else None
