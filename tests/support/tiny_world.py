"""A living world of the tiny company, moved tick by tick."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bizaiops_bot.bot_api.observed import health_of
from bizaiops_bot.domain.arms import arms_by_version
from bizaiops_bot.domain.monitoring import ArmSample, HealthSample
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.embedded.life.world import World
from tests.support.ends import at_end
from tests.support.services import service
from tests.support.tiny_company import Shelf, TinyStore, tiny_streams
from tests.support.virtual_clock import VirtualClock

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


class TinyWorld:
    """The world with its clock; every request's measured work counts as nothing, so that it is the same each time."""

    def __init__(self, folder: Path, *, at: datetime = START, shelf: Shelf | None = None, warm: int = 0) -> None:
        self.folder, self.clock, self.shelf = folder, VirtualClock(at), shelf or Shelf()
        self.bad: dict[str, bool] = {}
        self.world = World(
            folder,
            tiny_streams(),
            TinyStore(),
            self.clock,
            self.shelf,
            mark_bad_release=self.bad.__setitem__,
            stopwatch=lambda: 0.0,
        )
        at_end(self.world._memory.close)
        self.world.begin(warm_minutes=warm)

    async def health(self, model: str = "churn", *, minutes: float) -> list[HealthSample] | NoData:
        """By version, as people are shown it."""
        traffic = await self.world.serving.traffic(service(model))
        return await health_of(self.world, traffic, minutes=minutes)

    async def arms(self, model: str = "churn", since: datetime = START) -> dict[str, ArmSample]:
        """By version, as the judge has them: what three ports know."""
        traffic = await self.world.serving.traffic(service(model))
        of, versions = traffic.service, traffic.versions
        counted = await self.world.metrics.arms(of, list(versions), since)
        scores = await self.world.predictions.scores(of, versions, since)
        values = await self.world.outcomes.value(of, sorted(versions.values()), since)
        assert not isinstance(counted, NoData) and not isinstance(scores, NoData)
        return arms_by_version(counted, scores, values, versions)

    async def live(self, minutes: int) -> None:
        """Minute by minute."""
        for _ in range(minutes):
            await self.clock.advance(60)
            self.world.tick(self.clock.now())
