"""What a rollout can show, and what it is held against: both from the stable version's hour before."""

from __future__ import annotations

from datetime import timedelta

from bizaiops_bot.playbook import ArmSample, BotError, Foresight, NoData, Run, duration_s, foresee
from playbooks._cards import clock_now

BEFORE = timedelta(hours=1)


async def arm_before(run: Run, model: str, stable: str) -> ArmSample | None:
    """What the stable version did in the last hour; None without requests."""
    return _of(stable, await _arms_before(run, model))


async def what_it_can_show(run: Run, model: str, stable: str, *, share: int, hold: str) -> Foresight:
    """What a hold at this traffic can rule out; that it is not known where the traffic is not."""
    try:
        arms = await _arms_before(run, model)
    except BotError:
        arms = []
    hold_min = duration_s(hold) / 60
    return foresee(_of(stable, arms), stable=stable, share=share, hold_min=hold_min, traffic=_traffic(arms))


async def _arms_before(run: Run, model: str) -> list[ArmSample]:
    since = await clock_now(run) - BEFORE
    arms = await run.read(run.metrics.arms, model, since)
    return [] if isinstance(arms, NoData) else list(arms)


def _of(version: str, arms: list[ArmSample]) -> ArmSample | None:
    return next((arm for arm in arms if arm.version == version), None)


def _traffic(arms: list[ArmSample]) -> float | None:
    """Requests a minute to all versions: one that became stable a minute ago had only a canary's part before.

    None without minutes. Minutes in which two versions answered count twice in a bot's first hour, so it is rather
    too small there.
    """
    whole = BEFORE.total_seconds() / 60.0
    minutes = min(whole, float(sum(len(arm.by_minute) for arm in arms)))
    return sum(arm.requests for arm in arms) / minutes if minutes else None
