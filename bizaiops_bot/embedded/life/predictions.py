"""What the embedded company's models were asked and answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bizaiops_bot.domain.live_drift import LiveSketches
from bizaiops_bot.domain.monitoring import ScoreArm, SeriesData
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.embedded.life.life import ModelLife
from bizaiops_bot.embedded.life.minutes import SCORE_SUM, SCORED, SCORES, first_whole_minute, minute_of
from bizaiops_bot.embedded.life.series import series_of, totals
from bizaiops_bot.embedded.life.serving import EmbeddedServing
from bizaiops_bot.ports.clock import Clock

SEARCHED = "live rows of the embedded company"
UNITS = {"score_mean": "score", "drift_psi": "PSI"}


class EmbeddedPredictions:
    """The Predictions port of the embedded company."""

    def __init__(self, lives: Mapping[str, ModelLife], serving: EmbeddedServing, clock: Clock) -> None:
        self._lives, self._serving, self._clock = lives, serving, clock

    async def ready(self) -> Readiness:
        return Readiness(ok=True, says=f"embedded: {SEARCHED}")

    async def scores(
        self, service: ServiceRef, revisions: Mapping[str, str], since: datetime
    ) -> list[ScoreArm] | NoData:
        """Here a version has one revision."""
        model = self._serving.model_of(service)
        sums = self._lives[model].minutes.sums(first_whole_minute(since), minute_of(self._clock.now()))
        arms = [
            ScoreArm(
                revision=revision,
                counts=tuple(int(n) for n in sums[version][SCORES]),
                expected_shares=tuple(float(s) for s in self._serving.served(model, version).expected_score_shares),
            )
            for revision, version in revisions.items()
            if version in sums
        ]
        return arms or self._nothing(f"scores of {service}", f"the time since {since:%H:%M} UTC")

    async def sketches(self, service: ServiceRef, version: str, *, minutes: float) -> LiveSketches | NoData:
        """Only of the stable version, since it became stable."""
        model, now = self._serving.model_of(service), self._clock.now()
        split, life = self._serving.split(model), self._lives[model]
        start = max(now - timedelta(minutes=minutes), split.stable_since)
        found = life.sketches.window(minute_of(start), minute_of(now))
        if version != split.stable or life.sketches.version != version or not found:
            return self._nothing(f"requests to {service}, {version}", f"{minutes:g} min")
        reference = self._serving.served(model, version).reference
        return LiveSketches(version=version, reference=reference, start=start, end=now, minutes=tuple(found))

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

    def _nothing(self, query: str, window: str) -> NoData:
        return NoData(query=query, window=window, searched=SEARCHED)


def _step(life: ModelLife, metric: str, first: int, end: int) -> float | None:
    if metric == "drift_psi":
        known = [psi for minute in range(first, end) if (psi := life.sketches.psi(minute)) is not None]
        return max(known) if known else None
    total, _ = totals(life.minutes, first, end)
    return float(total[SCORE_SUM] / total[SCORED]) if total[SCORED] else None
