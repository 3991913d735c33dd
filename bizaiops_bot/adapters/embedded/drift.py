"""Drift of live rows against training: the minute sketches of the stable version, merged when someone asks."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import UTC, datetime, timedelta

from bizaiops_bot.adapters.embedded.life import ModelLife
from bizaiops_bot.adapters.embedded.minutes import minute_of
from bizaiops_bot.adapters.embedded.performance import lost_since, performance
from bizaiops_bot.adapters.embedded.served import ServedModel
from bizaiops_bot.adapters.embedded.serving import EmbeddedServing, Split
from bizaiops_bot.adapters.embedded.sketches import MIN_ROWS, merged
from bizaiops_bot.domain.drift import assess_drift, estimate_onset
from bizaiops_bot.domain.monitoring import DriftReport, FeatureDrift, PerformanceDrift
from bizaiops_bot.domain.sketch import Sketch
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.ports import Clock

SEARCHED = "live rows of the embedded company"
ONSET_MINUTES = 120
METRIC = {"classification": "auc", "forecast": "wape"}


class EmbeddedDrift:
    """The DriftReports port of the embedded company."""

    def __init__(self, lives: Mapping[str, ModelLife], serving: EmbeddedServing, clock: Clock) -> None:
        self._lives, self._serving, self._clock = lives, serving, clock
        self._assessed: dict[tuple[str, float], tuple[Hashable, list[FeatureDrift]]] = {}

    async def report(self, model: str, *, minutes: float) -> DriftReport | NoData:
        """The stable version's rows of the last `minutes` since it became stable; NoData under 200. Raises NotFound."""
        split = self._serving.split(model)
        life, now = self._lives[model], self._clock.now()
        start = max(now - timedelta(minutes=minutes), split.stable_since)
        window = life.sketches.window(minute_of(start), minute_of(now))
        rows = sum(sketch.rows for _, sketch in window)
        if life.sketches.version != split.stable or rows < MIN_ROWS:
            return NoData(
                query=f"drift of {model} {split.stable}", window=f"{minutes:g} min", searched=f"{SEARCHED}, {rows} rows"
            )
        served = self._serving.served(model, split.stable)
        columns = self._columns((model, minutes), served, window)
        inputs = tuple(column for column in columns if column.kind != "score")
        return DriftReport(
            model=model,
            version=split.stable,
            start=start,
            end=now,
            rows=rows,
            features=inputs,
            score=next(column for column in columns if column.kind == "score"),
            performance=self._performance(life, split, served, start, now),
            onset=self._onset(life, served, inputs, now),
        )

    def _columns(
        self, asked: tuple[str, float], served: ServedModel, window: list[tuple[datetime, Sketch]]
    ) -> list[FeatureDrift]:
        """Drift by column, computed once a tick however many people and pages ask: sketches only ever gain rows."""
        state = (served.version, window[0][0], window[-1][0], len(window), sum(sketch.rows for _, sketch in window))
        known = self._assessed.get(asked)
        if known is None or known[0] != state:
            known = self._assessed[asked] = (state, list(assess_drift(served.reference, merged(window))))
        return known[1]

    def _performance(
        self, life: ModelLife, split: Split, served: ServedModel, start: datetime, now: datetime
    ) -> PerformanceDrift | None:
        """Quality on the labels that came since `start`; a loss is dated by the labels of two hours."""
        kind = life.stream.info.kind
        judged = life.rows.judged(split.stable, start, split.stable_since, now)
        found = performance(kind, judged.label, judged.score, served.metrics.get(METRIC[kind]))
        if found is None or not found.drifted:
            return found
        known = life.rows.judged(split.stable, now - timedelta(minutes=ONSET_MINUTES), split.stable_since, now)
        since = lost_since(kind, known.label, known.score, known.at)
        return found.model_copy(update={"onset": None if since is None else datetime.fromtimestamp(since, UTC)})

    def _onset(
        self, life: ModelLife, served: ServedModel, inputs: tuple[FeatureDrift, ...], now: datetime
    ) -> datetime | None:
        """Looked for over two hours, so that an old drift is not dated to the begin of a short window."""
        names = [column.name for column in inputs if column.drifted or column.missing]
        if not names:
            return None
        last = minute_of(now)
        return estimate_onset(served.reference, life.sketches.window(last - ONSET_MINUTES, last), names)
