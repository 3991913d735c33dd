"""What several ports know together, for those who look at a model outside of a run."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bizaiops_bot.domain.arms import health_by_version
from bizaiops_bot.domain.monitoring import PREDICTED, HealthSample, SeriesData
from bizaiops_bot.domain.services import ServiceRef, TrafficState
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.ports.metrics import Metrics
from bizaiops_bot.ports.predictions import Predictions


class _Measuring(Protocol):
    @property
    def metrics(self) -> Metrics: ...


class _Charting(_Measuring, Protocol):
    @property
    def predictions(self) -> Predictions: ...


async def health_of(ports: _Measuring, traffic: TrafficState, *, minutes: float) -> list[HealthSample] | NoData:
    """One sample for each version that got requests in the last `minutes`."""
    samples = await ports.metrics.health(traffic.service, list(traffic.versions), minutes=minutes)
    return samples if isinstance(samples, NoData) else health_by_version(samples, traffic.versions)


async def series_of(
    ports: _Charting, service: ServiceRef, metric: str, start: datetime, end: datetime, points: int
) -> SeriesData | NoData:
    """Any series, from the port that has it."""
    port = ports.predictions if metric in PREDICTED else ports.metrics
    return await port.series(service, metric, start, end, points)
