"""Judging a version that got all traffic at once: with no stable arm beside it, the hour before takes its place."""

from __future__ import annotations

from datetime import datetime, timedelta

from bizaiops_bot.playbook import (
    ArmSample,
    BotError,
    NoData,
    Outcome,
    Run,
    Verdict,
    assess_canary,
    duration_s,
    spoken_duration,
)
from playbooks._cards import clock_now

BEFORE = timedelta(hours=1)


async def arm_before(run: Run, model: str, stable: str) -> ArmSample | None:
    """What the stable version did in the last hour; None without requests."""
    since = await clock_now(run) - BEFORE
    return _of(stable, await run.read(run.metrics.arms, model, since))


async def watch_all(run: Run, model: str, version: str, before: ArmSample | None, *, hold: str) -> Verdict:
    """Waits `hold`, less when `version` clearly fails, then judges it against the stable version's hour before.

    The same checks and limits as for a canary; the hour of day is not the same on both sides, so it is less certain.
    """
    start = await clock_now(run)
    hold_s = duration_s(hold)

    async def over() -> tuple[bool, str]:
        passed = (run.clock.now() - start).total_seconds()
        if (reason := await _failure(run, model, version, before, start)) is not None:
            return True, f"stopped after {spoken_duration(passed)}: {reason}"
        return passed >= hold_s, f"{spoken_duration(min(passed, hold_s))} of {spoken_duration(hold_s)} watched"

    await run.wait("watch all traffic", over, deadline=f"{round(hold_s * 3)}s")
    after = _of(version, await run.read(run.metrics.arms, model, start))
    return assess_canary(before, after, final=True)


async def _failure(run: Run, model: str, version: str, before: ArmSample | None, start: datetime) -> str | None:
    """Why the version clearly fails already; None while it does not, or cannot be measured just now."""
    try:
        arms = await run.metrics.arms(model, start)
    except BotError:
        return None
    so_far = assess_canary(before, _of(version, arms), final=False)
    return so_far.reason if so_far.outcome is Outcome.FAILED else None


def _of(version: str, arms: list[ArmSample] | NoData) -> ArmSample | None:
    return None if isinstance(arms, NoData) else next((a for a in arms if a.version == version), None)
