"""Health, canary arms and chart series of requests, read from the per-minute statistics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np

from bizaiops_bot.domain.histogram import Histogram
from bizaiops_bot.domain.monitoring import RevisionSample, SeriesData
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.embedded.life.life import ModelLife
from bizaiops_bot.embedded.life.minutes import (
    ERRORS,
    LATENCY,
    LATENCY_EDGES_MS,
    REQUESTS,
    Stats,
    first_whole_minute,
    minute_of,
    time_of,
)
from bizaiops_bot.embedded.life.series import series_of, totals
from bizaiops_bot.embedded.life.serving import EmbeddedServing, revision_of
from bizaiops_bot.ports.clock import Clock

SEARCHED = "per-minute statistics of the embedded company"
UNITS = {"requests_per_minute": "requests/min", "error_rate": "share", "latency_p95_ms": "ms"}
_READ: dict[str, Callable[[Stats, float], float | None]] = {
    "requests_per_minute": lambda stats, minutes: stats[REQUESTS] / minutes,
    "error_rate": lambda stats, _: stats[ERRORS] / stats[REQUESTS] if stats[REQUESTS] else None,
    "latency_p95_ms": lambda stats, _: _latency(stats).quantile(0.95) if stats[REQUESTS] else None,
}


class EmbeddedMetrics:
    """The Metrics port of the embedded company."""

    def __init__(self, lives: Mapping[str, ModelLife], serving: EmbeddedServing, clock: Clock) -> None:
        self._lives, self._serving, self._clock = lives, serving, clock

    async def ready(self) -> Readiness:
        return Readiness(ok=True, says=f"embedded: {SEARCHED}")

    async def health(
        self, service: ServiceRef, revisions: Sequence[str], *, minutes: float
    ) -> list[RevisionSample] | NoData:
        """Of the minutes that the window touches."""
        start = self._clock.now() - timedelta(minutes=minutes)
        samples = self._samples(service, revisions, start, minute_of(start))
        return samples or self._nothing(f"health of {service}", f"{minutes:g} min")

    async def arms(
        self, service: ServiceRef, revisions: Sequence[str], since: datetime
    ) -> list[RevisionSample] | NoData:
        """Of the minutes that began since."""
        samples = self._samples(service, revisions, since, first_whole_minute(since))
        return samples or self._nothing(f"arms of {service}", f"the time since {since:%H:%M} UTC")

    async def series(
        self, service: ServiceRef, metric: str, start: datetime, end: datetime, points: int
    ) -> SeriesData | NoData:
        """`points` equal steps over [start, end), at least a minute each, so there may be fewer.

        A value is None where nothing was measured. Raises NotFound for another metric, BadInput for an empty window.
        """
        life = self._lives[self._serving.model_of(service)]
        found = series_of(
            metric, UNITS, (start, end), points, self._clock.now(), lambda a, b: _step(life, metric, a, b)
        )
        return found or self._nothing(f"{metric} of {service}", f"{start:%-d %b %H:%M} to {end:%-d %b %H:%M} UTC")

    def _samples(
        self, service: ServiceRef, revisions: Sequence[str], start: datetime, first: int
    ) -> list[RevisionSample]:
        model, now = self._serving.model_of(service), self._clock.now()
        ring, asked = self._lives[model].minutes, {*revisions}
        sums = {v: stats for v, stats in ring.sums(first, minute_of(now)).items() if revision_of(model, v) in asked}
        by_minute: dict[str, list[tuple[datetime, int, int]]] = {version: [] for version in sums}
        for minute, version, stats in ring.between(first, minute_of(now)):
            if version in by_minute and stats[REQUESTS]:
                by_minute[version].append((time_of(minute), int(stats[REQUESTS]), int(stats[ERRORS])))
        return [
            RevisionSample(
                revision=revision_of(model, version),
                requests=int(stats[REQUESTS]),
                errors=int(stats[ERRORS]),
                latency=_latency(stats),
                start=start,
                end=now,
                by_minute=tuple(by_minute[version]),
            )
            for version, stats in sorted(sums.items())
        ]

    def _nothing(self, query: str, window: str) -> NoData:
        return NoData(query=query, window=window, searched=SEARCHED)


def _latency(stats: Stats) -> Histogram:
    return Histogram(edges_ms=LATENCY_EDGES_MS, counts=tuple(int(n) for n in stats[LATENCY]))


def _step(life: ModelLife, metric: str, first: int, end: int) -> float | None:
    """One point over the minutes first..end-1. Requests per minute count only minutes in which the world was alive."""
    total, alive = totals(life.minutes, first, end)
    if not alive:
        return 0.0 if metric == "requests_per_minute" and life.minutes.turned_away(first, end - 1) else None
    return _READ[metric](np.asarray(total), alive)
