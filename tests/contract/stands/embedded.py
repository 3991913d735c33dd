"""What looks at the embedded company's life: metrics, drift reports and faults, on the tiny world."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import ClassVar

from prometheus_client.parser import text_string_to_metric_families

from bizaiops_bot.embedded.life.serving import revision_of
from tests.contract.stands.stand import DriftStand, FaultsStand, MetricsStand, OutcomesStand, PredictionsStand
from tests.support.services import service
from tests.support.tiny_world import TinyWorld


class _InTheWorld:
    """Its system is the bot's own process; broken, the world's file is closed."""

    name = "embedded"
    reads_outlive = "what is measured is in the bot's memory"
    writes_outlive = "faults are kept with the next save of the world"
    model, first, second = "churn", "v1", "v2"

    def __init__(self, folder: Path) -> None:
        self.tiny = TinyWorld(folder)
        self.service = service(self.model)

    def now(self) -> datetime:
        return self.tiny.clock.now()

    async def traffic(self, minutes: int) -> None:
        await self.tiny.live(minutes)

    async def canary(self, percent: int) -> None:
        await self.tiny.world.serving.set_canary(self.service, self.second, percent, guard="0", key="stand/canary")

    def answered(self) -> int:
        return self._counted("bizaiops_requests") - self._counted("bizaiops_errors")

    def _counted(self, name: str) -> int:
        families = text_string_to_metric_families(self.tiny.world.exposition())
        samples = [s for family in families if family.name == name for s in family.samples]
        mine = [s for s in samples if s.name.endswith("_total") and s.labels["model"] == self.model]
        return round(sum(s.value for s in mine))

    def break_(self) -> None:
        self.tiny.world._memory.close()


class EmbeddedMetricsStand(_InTheWorld, MetricsStand):
    """Requests are counted apart, for Prometheus."""

    series: ClassVar = {
        "requests_per_minute": (250, 450),
        "error_rate": (0, 0.01),
        "latency_p95_ms": (35, 60),
    }

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port = self.tiny.world.metrics
        self.revisions = [revision_of(self.model, version) for version in (self.first, self.second)]

    async def pause(self) -> None:
        await self.tiny.world.serving.pause(self.service, key="stand/pause")

    def requests(self) -> int:
        return self._counted("bizaiops_requests")


class EmbeddedPredictionsStand(_InTheWorld, PredictionsStand):
    """Answers are counted apart, for Prometheus."""

    series: ClassVar = {"score_mean": (0.4, 0.6), "drift_psi": (0, 0.05)}

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port = self.tiny.world.predictions
        self.revisions = {revision_of(self.model, version): version for version in (self.first, self.second)}

    async def shift(self) -> str:
        await self.tiny.world.faults.inject(self.model, "covariate_drift")
        return "size"

    async def promote(self) -> None:
        await self.tiny.world.serving.promote(self.service, self.second, guard="0", key="stand/promote")


class EmbeddedOutcomesStand(_InTheWorld, OutcomesStand):
    """Answers are counted apart, for Prometheus."""

    late = 4

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port = self.tiny.world.outcomes

    async def worsen(self) -> None:
        await self.tiny.world.faults.inject(self.model, "concept_drift")


class EmbeddedDriftStand(_InTheWorld, DriftStand):
    """Customers of another size than before."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port = self.tiny.world.drift

    async def few(self) -> None:
        await self.tiny.clock.advance(20)
        self.tiny.world.tick(self.now())

    async def shift(self) -> str:
        await self.tiny.world.faults.inject(self.model, "covariate_drift")
        return "size"

    async def promote(self) -> None:
        await self.tiny.world.serving.promote(self.service, self.second, guard="0", key="stand/promote")


class EmbeddedFaultsStand(_InTheWorld, FaultsStand):
    """Faults of the world."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port = self.tiny.world.faults
