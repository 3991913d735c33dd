"""Drift of live rows against training: the minute sketches of the stable version, merged when someone asks."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime

from bizaiops_bot.domain.drift import assess_drift, estimate_onset
from bizaiops_bot.domain.live_drift import MIN_ROWS, ONSET_MINUTES, LiveSketches
from bizaiops_bot.domain.monitoring import DriftReport, FeatureDrift
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.embedded.life.predictions import SEARCHED, EmbeddedPredictions
from bizaiops_bot.embedded.life.serving import EmbeddedServing


class EmbeddedDrift:
    """The DriftReports port of the embedded company."""

    def __init__(self, predictions: EmbeddedPredictions, serving: EmbeddedServing) -> None:
        self._predictions, self._serving = predictions, serving
        self._assessed: dict[tuple[str, float], tuple[Hashable, list[FeatureDrift]]] = {}

    async def ready(self) -> Readiness:
        return Readiness(ok=True, says=f"embedded: {SEARCHED}")

    async def report(self, model: str, *, minutes: float) -> DriftReport | NoData:
        """The stable version's rows of the last `minutes` since it became stable; NoData under 200. Raises NotFound."""
        state = self._serving.state(model)
        service, stable = state.service, str(state.stable)
        seen = await self._predictions.sketches(service, stable, minutes=minutes)
        rows = 0 if isinstance(seen, NoData) else seen.rows
        if isinstance(seen, NoData) or rows < MIN_ROWS:
            return NoData(
                query=f"drift of {model} {stable}", window=f"{minutes:g} min", searched=f"{SEARCHED}, {rows} rows"
            )
        columns = self._columns((model, minutes), seen)
        inputs = tuple(column for column in columns if column.kind != "score")
        return DriftReport(
            model=model,
            version=stable,
            start=seen.start,
            end=seen.end,
            rows=rows,
            features=inputs,
            score=next(column for column in columns if column.kind == "score"),
            onset=await self._onset(service, seen.version, inputs),
        )

    def _columns(self, asked: tuple[str, float], seen: LiveSketches) -> list[FeatureDrift]:
        """Drift by column, computed once a tick however many people and pages ask: sketches only ever gain rows."""
        state = (seen.version, seen.minutes[0][0], seen.minutes[-1][0], len(seen.minutes), seen.rows)
        known = self._assessed.get(asked)
        if known is None or known[0] != state:
            known = self._assessed[asked] = (state, list(assess_drift(seen.reference, seen.whole)))
        return known[1]

    async def _onset(self, service: ServiceRef, version: str, inputs: tuple[FeatureDrift, ...]) -> datetime | None:
        names = [column.name for column in inputs if column.drifted or column.missing]
        if not names:
            return None
        seen = await self._predictions.sketches(service, version, minutes=ONSET_MINUTES)
        return None if isinstance(seen, NoData) else estimate_onset(seen.reference, list(seen.minutes), names)
