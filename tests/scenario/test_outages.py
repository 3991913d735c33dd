"""Something outside is away while a rollout is taken back: traffic and safety orders wait for neither registry nor CI."""

from __future__ import annotations

import asyncio
from typing import Any

from bizaiops_bot.domain.errors import Temporary
from bizaiops_bot.domain.models import ModelVersion
from tests.scenario.test_builds_outside import approved, builds, late
from tests.support.late_pipelines import LatePipelines
from tests.support.talk import Talk

__all__ = ["late"]


class Registry:
    """The company's, whose aliases cannot be set while it is away."""

    def __init__(self, inner: Any) -> None:
        self._inner, self.away = inner, False

    async def set_alias(self, model: str, alias: str, version: str, *, key: str) -> ModelVersion:
        if self.away:
            raise Temporary("MLflow does not answer.", "503.", after_s=0.001)
        found: ModelVersion = await self._inner.set_alias(model, alias, version, key=key)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


async def stands(talk: Talk, run: int, step: str, *status: str) -> bool:
    return any(s.name.startswith(step) and s.status in status for s in (await talk.run(run)).steps)


async def goes_on(talk: Talk, minutes: int) -> None:
    """So many minutes, with real time for what has to be done within each."""
    for _ in range(minutes):
        await talk.clock.advance(60)
        await asyncio.sleep(0.02)


async def promoted_without_a_registry(talk: Talk) -> tuple[int, Registry]:
    registry = Registry(talk.bot.core.ports.registry)
    talk.bot.core.ports.registry = registry  # type: ignore[misc, assignment]
    plan = await approved(talk)
    await talk.until(lambda: stands(talk, plan.run, "judge", "running"), minutes=60, what="judge")
    registry.away = True
    await talk.until(lambda: stands(talk, plan.run, "set alias", "waiting"), minutes=60, what="alias")
    assert await talk.traffic("churn") == {"v2": 100}
    return plan.run, registry


async def test_a_rollback_waits_for_no_registry(talk: Talk) -> None:
    run, _ = await promoted_without_a_registry(talk)
    await talk.bot.desk.post("ml-ops", "lead", "roll back churn")
    await goes_on(talk, 3)
    assert await talk.traffic("churn") == {"v1": 100}
    assert (await talk.run(run)).status in ("cancelled", "failed")


async def test_traffic_is_restored_before_an_alias_that_cannot_be(talk: Talk) -> None:
    run, registry = await promoted_without_a_registry(talk)
    await goes_on(talk, 33)  # longer than a step waits: the release is taken back
    assert await talk.traffic("churn") == {"v1": 100}
    assert await stands(talk, run, "restore champion", "waiting")
    registry.away = False
    await goes_on(talk, 2)
    record = await talk.finished(run)
    assert record.status == "failed"
    assert [s.status for s in record.steps if s.name.startswith("restore")] == ["undone", "undone"]


async def test_a_pause_waits_for_no_build_that_cannot_be_stopped(talk: Talk, late: LatePipelines) -> None:
    plan = await approved(talk)
    await builds(talk, plan, "train, 2 of 3")
    late.away = True
    await talk.bot.desk.post("ml-ops", "lead", "pause churn")
    await goes_on(talk, 3)
    assert (await talk.run(plan.run)).finished
    (pause,) = await talk.runs("waiting")
    await talk.bot.core.ports.controls.decide(pause.id, "approved", actor="sre")
    await talk.until(lambda: paused(talk), minutes=5, what="paused")


async def paused(talk: Talk) -> bool:
    return await talk.traffic("churn") == {}
