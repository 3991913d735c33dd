"""The adapter `http`, on the serving stand: a program of its own, here in threads of the test."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import httpx
from pydantic import BaseModel

from bizaiops_bot.adapters.http import (
    HttpMetrics,
    HttpMetricsSettings,
    HttpRegistry,
    HttpRegistrySettings,
    HttpServing,
    HttpServingSettings,
)
from bizaiops_bot.domain.services import ServiceRef
from examples.serving_stand.company import Company
from examples.serving_stand.server import Stand as Program
from examples.serving_stand.serving import revision_of
from tests.contract.stands.stand import MetricsStand, RegistryStand, ServingStand
from tests.support.contexts import context
from tests.support.virtual_clock import VirtualClock

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


class _Outside:
    """Broken, nobody listens on its port; it comes back from its file."""

    name = "http"
    models: ClassVar = ["churn", "demand"]
    settings: ClassVar[type[BaseModel]]

    def __init__(self, folder: Path) -> None:
        self._folder, self.clock = folder, VirtualClock(NOW)
        self.company = Company(self.models, "production", folder / "stand.json")
        self._program = Program(self.company, "127.0.0.1", 0)
        self._program.start()
        self._port = self._program.port
        self.service = ServiceRef(environment="production", model="churn", name="churn-predictor", namespace="models")
        self.port: Any = self.again()

    def again(self) -> Any:
        built: Any = self.settings.model_validate({"kind": "http", "base_url": f"http://127.0.0.1:{self._port}"})
        return built.build(context(self._folder, self.clock))

    def break_(self) -> None:
        self._program.stop()

    def mend(self) -> None:
        counted, self.company = self.company.counted, Company([], "production", self._folder / "stand.json")
        self.company.counted = counted
        self._program = Program(self.company, "127.0.0.1", self._port)
        self._program.start()

    def end(self) -> None:
        self._program.stop()


class HttpServingStand(_Outside, ServingStand):
    """Its revisions are named after versions, and there at once."""

    apart = False
    settings = HttpServingSettings
    port: HttpServing

    def served(self) -> dict[str, int]:
        return self.company.services.split("churn").requests_go_by()


class HttpMetricsStand(_Outside, MetricsStand):
    """300 requests a minute."""

    settings = HttpMetricsSettings
    port: HttpMetrics
    series: ClassVar = {"requests_per_minute": (300, 300), "error_rate": (0, 0.01), "latency_p95_ms": (20, 40)}
    revisions = [revision_of("churn", version) for version in ("v1", "v2")]  # noqa: RUF012

    def now(self) -> datetime:
        return self.clock.now()

    async def traffic(self, minutes: int) -> None:
        for _ in range(minutes):
            for _ in range(10):
                self.company.requests(int(self.now().timestamp()), 30, "churn")
                await self.clock.advance(6)

    def _change(self, key: str, **order: Any) -> None:
        guard = str(self.company.services.split("churn").generation)
        self.company.change("churn", {"guard": guard, **order}, key)

    async def canary(self, percent: int) -> None:
        self._change("stand/canary", change="set_canary", version="v2", percent=percent)

    async def pause(self) -> None:
        self._change("stand/pause", change="pause")

    def requests(self) -> int:
        return self.company.counted["churn"].total()


class HttpRegistryStand(_Outside, RegistryStand):
    """It begins without models."""

    models: ClassVar = []
    settings = HttpRegistrySettings
    port: HttpRegistry

    def now(self) -> datetime:
        return self.clock.now()

    async def by_others(self, model: str, source: str) -> None:
        given = {"version": "1", "created": NOW.isoformat(), "summary": "", "metrics": {}, "digest": ""}
        where = f"http://127.0.0.1:{self._port}/v1/models/{model}/versions"
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.post(where, json={**given, "artifact": {"uri": source}, "by": "somebody"})
