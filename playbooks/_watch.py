"""Judging a version that got all traffic at once: with no stable arm beside it, the hour before takes its place."""

from __future__ import annotations

from datetime import timedelta

from bizaiops_bot.playbook import ArmSample, NoData, Run, Verdict, assess_canary, duration_s, spoken_duration
from playbooks._cards import clock_now

BEFORE = timedelta(hours=1)


async def arm_before(run: Run, model: str, stable: str) -> ArmSample | None:
    """What the stable version did in the last hour; None without requests."""
    since = await clock_now(run) - BEFORE
    return _of(stable, await run.read(run.metrics.arms, model, since))


async def watch_all(run: Run, model: str, version: str, before: ArmSample | None, *, hold: str) -> Verdict:
    """Waits `hold`, then judges `version` like a canary, with the stable version's hour before as the other arm.

    The same checks and limits as for a canary; the hour of day is not the same on both sides, so it is less certain.
    """
    start = await clock_now(run)
    hold_s = duration_s(hold)

    async def over() -> tuple[bool, str]:
        passed = (run.clock.now() - start).total_seconds()
        return passed >= hold_s, f"{spoken_duration(min(passed, hold_s))} of {spoken_duration(hold_s)} watched"

    await run.wait("watch all traffic", over, deadline=f"{round(hold_s * 3)}s")
    after = _of(version, await run.read(run.metrics.arms, model, start))
    return assess_canary(before, after, final=True)


def _of(version: str, arms: list[ArmSample] | NoData) -> ArmSample | None:
    return None if isinstance(arms, NoData) else next((a for a in arms if a.version == version), None)
