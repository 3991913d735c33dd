"""Health, canary arms and chart series, read from the per-minute statistics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from bizaiops_bot.adapters.embedded.life import ModelLife
from bizaiops_bot.adapters.embedded.minutes import (
    ERRORS,
    LATENCY,
    REQUESTS,
    SCORE_SUM,
    SCORED,
    SCORES,
    VALUE_N,
    VALUE_SUM,
    VALUE_SUMSQ,
    WIDTH,
    Stats,
    minute_of,
    percentile_ms,
)
from bizaiops_bot.adapters.embedded.serving import EmbeddedServing
from bizaiops_bot.adapters.embedded.streams import Stream
from bizaiops_bot.domain.errors import BadInput, NotFound
from bizaiops_bot.domain.monitoring import ArmSample, HealthSample, SeriesData
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.ports import Clock

ALMOST_A_MINUTE = timedelta(minutes=1) - timedelta(microseconds=1)
SEARCHED = "per-minute statistics of the embedded company"


UNITS = {
    "requests_per_minute": "requests/min",
    "error_rate": "share",
    "latency_p95_ms": "ms",
    "score_mean": "score",
    "drift_psi": "PSI",
}
_READ: dict[str, Callable[[Stats, float], float | None]] = {
    "requests_per_minute": lambda stats, minutes: stats[REQUESTS] / minutes,
    "error_rate": lambda stats, _: stats[ERRORS] / stats[REQUESTS] if stats[REQUESTS] else None,
    "latency_p95_ms": lambda stats, _: percentile_ms(stats[LATENCY], 0.95) if stats[REQUESTS] else None,
    "score_mean": lambda stats, _: stats[SCORE_SUM] / stats[SCORED] if stats[SCORED] else None,
}


class EmbeddedMetrics:
    """The Metrics port of the embedded company."""

    def __init__(self, lives: Mapping[str, ModelLife], serving: EmbeddedServing, clock: Clock) -> None:
        self._lives, self._serving, self._clock = lives, serving, clock

    async def health(self, model: str, *, minutes: float) -> list[HealthSample] | NoData:
        """One sample per version with requests in the last `minutes`; percentiles are read from histogram bins."""
        ring, now = self._of(model).minutes, self._clock.now()
        start = now - timedelta(minutes=minutes)
        totals = ring.sums(minute_of(start), minute_of(now))
        if not totals:
            return self._nothing(f"health of {model}", f"{minutes:g} min")
        return [
            HealthSample(
                version=version,
                requests=int(stats[REQUESTS]),
                errors=int(stats[ERRORS]),
                latency_p50_ms=percentile_ms(stats[LATENCY], 0.5),
                latency_p95_ms=percentile_ms(stats[LATENCY], 0.95),
                start=start,
                end=now,
            )
            for version, stats in sorted(totals.items())
        ]

    async def arms(self, model: str, since: datetime) -> list[ArmSample] | NoData:
        """One arm per version with requests since `since`; values as far as labels have arrived.

        A minute that had begun before is left out: in it the requests were split in another way.
        """
        life, first, last = self._of(model), minute_of(since + ALMOST_A_MINUTE), minute_of(self._clock.now())
        totals = life.minutes.sums(first, last)
        if not totals:
            return self._nothing(f"arms of {model}", f"since {since:%H:%M} UTC")
        by_minute: dict[str, list[tuple[int, int]]] = {version: [] for version in totals}
        for _, version, stats in life.minutes.between(first, last):
            if version in by_minute and stats[REQUESTS]:
                by_minute[version].append((int(stats[REQUESTS]), int(stats[ERRORS])))
        return [self._arm(model, life.stream, v, stats, by_minute[v]) for v, stats in sorted(totals.items())]

    async def series(self, model: str, metric: str, start: datetime, end: datetime, points: int) -> SeriesData | NoData:
        """`points` equal steps over [start, end), at least a minute each, so there may be fewer.

        A value is None where nothing was measured. Raises NotFound for another metric, BadInput for an empty window.
        """
        life = self._of(model)
        if metric not in UNITS:
            raise NotFound("metric", metric, UNITS)
        if points < 1 or start >= end:
            raise BadInput(
                f"No series of {points} points from {start} to {end}.", do="Ask for one point or more of a window."
            )
        first, last = minute_of(start), minute_of(end - timedelta(microseconds=1))
        last = min(last, minute_of(self._clock.now()))
        bounds = np.unique(np.linspace(first, last + 1, min(points, max(1, last + 1 - first)) + 1).astype(int))
        values = [_step(life, metric, int(a), int(b)) for a, b in pairwise(bounds)]
        if all(value is None for value in values):
            return self._nothing(f"{metric} of {model}", f"{start:%-d %b %H:%M} to {end:%-d %b %H:%M} UTC")
        times = tuple(datetime.fromtimestamp(int(minute) * 60, start.tzinfo) for minute in bounds[:-1])
        return SeriesData(metric=metric, unit=UNITS[metric], times=times, values=tuple(values))

    def _arm(
        self, model: str, stream: Stream, version: str, stats: Stats, by_minute: list[tuple[int, int]]
    ) -> ArmSample:
        return ArmSample(
            version=version,
            requests=int(stats[REQUESTS]),
            errors=int(stats[ERRORS]),
            latency_counts=tuple(int(n) for n in stats[LATENCY]),
            score_counts=tuple(int(n) for n in stats[SCORES]),
            expected_score_shares=tuple(float(s) for s in self._serving.served(model, version).expected_score_shares),
            value_n=int(stats[VALUE_N]),
            value_sum=float(stats[VALUE_SUM]),
            value_sumsq=float(stats[VALUE_SUMSQ]),
            value_name=stream.value_name,
            value_unit=stream.value_unit,
            by_minute=tuple(by_minute),
        )

    def _of(self, model: str) -> ModelLife:
        self._serving.split(model)
        return self._lives[model]

    def _nothing(self, query: str, window: str) -> NoData:
        return NoData(query=query, window=window, searched=SEARCHED)


def _step(life: ModelLife, metric: str, first: int, end: int) -> float | None:
    """One point over the minutes first..end-1. Requests per minute count only minutes in which the world was alive."""
    if metric == "drift_psi":
        known = [psi for minute in range(first, end) if (psi := life.sketches.psi(minute)) is not None]
        return max(known) if known else None
    total, alive = np.zeros(WIDTH), set()
    for minute, _, stats in life.minutes.between(first, end - 1):
        total += stats
        alive.add(minute)
    if not alive:
        return 0.0 if metric == "requests_per_minute" and life.minutes.turned_away(first, end - 1) else None
    return _READ[metric](total, len(alive))
