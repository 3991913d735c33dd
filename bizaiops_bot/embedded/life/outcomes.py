"""What became of the embedded company's requests, once their time has come."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bizaiops_bot.domain.live_drift import ONSET_MINUTES
from bizaiops_bot.domain.monitoring import PerformanceDrift, ValueArm
from bizaiops_bot.domain.performance import lost_since, performance
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.embedded.life.life import ModelLife
from bizaiops_bot.embedded.life.minutes import VALUE_N, VALUE_SUM, VALUE_SUMSQ, first_whole_minute, minute_of
from bizaiops_bot.embedded.life.serving import EmbeddedServing
from bizaiops_bot.ports.clock import Clock

SEARCHED = "answered requests of the embedded company"
METRIC = {"classification": "auc", "forecast": "wape"}


class EmbeddedOutcomes:
    """The Outcomes port of the embedded company."""

    def __init__(self, lives: Mapping[str, ModelLife], serving: EmbeddedServing, clock: Clock) -> None:
        self._lives, self._serving, self._clock = lives, serving, clock
        self._known: dict[tuple[str, str, float], tuple[Hashable, PerformanceDrift | NoData]] = {}

    async def ready(self) -> Readiness:
        return Readiness(ok=True, says=f"embedded: {SEARCHED}")

    async def labels(self, model: str, since: datetime) -> int:
        """Of the newest 60,000 requests. Raises NotFound."""
        self._serving.split(model)
        return self._lives[model].rows.labels(since, self._clock.now())

    async def quality(self, service: ServiceRef, version: str, *, minutes: float) -> PerformanceDrift | NoData:
        """Of requests since the version became stable, where it is. Computed once a tick, however many people ask."""
        model, now = self._serving.model_of(service), self._clock.now()
        split, rows = self._serving.split(model), self._lives[model].rows
        asked, state = (model, version, minutes), (split.generation, minute_of(now), rows.state)
        known = self._known.get(asked)
        if known is None or known[0] != state:
            known = self._known[asked] = (state, self._measured(model, version, minutes, now))
        return known[1]

    async def value(self, service: ServiceRef, versions: Sequence[str], since: datetime) -> list[ValueArm]:
        """By the stream's own unit; a version whose labels are all to come has none yet."""
        life = self._lives[self._serving.model_of(service)]
        sums = life.minutes.sums(first_whole_minute(since), minute_of(self._clock.now()))
        return [
            ValueArm(
                version=version,
                n=int(sums[version][VALUE_N]),
                total=float(sums[version][VALUE_SUM]),
                sumsq=float(sums[version][VALUE_SUMSQ]),
                name=life.stream.value_name,
                unit=life.stream.value_unit,
            )
            for version in versions
            if version in sums
        ]

    def _measured(self, model: str, version: str, minutes: float, now: datetime) -> PerformanceDrift | NoData:
        """On the labels that came in the last `minutes`; a loss is dated by the labels of two hours."""
        split, life = self._serving.split(model), self._lives[model]
        kind, asked_since = life.stream.info.task, split.stable_since if version == split.stable else now - _A_DAY
        start = max(now - timedelta(minutes=minutes), asked_since)
        judged = life.rows.judged(version, start, asked_since, now)
        expected = self._serving.served(model, version).metrics.get(METRIC[kind])
        found = performance(kind, judged.label, judged.score, expected)
        if found is None:
            searched = f"{SEARCHED}, {len(judged.label)} labels"
            return NoData(query=f"quality of {model} {version}", window=f"{minutes:g} min", searched=searched)
        if not found.drifted:
            return found
        known = life.rows.judged(version, now - timedelta(minutes=ONSET_MINUTES), asked_since, now)
        since = lost_since(kind, known.label, known.score, known.at)
        return found.model_copy(update={"onset": None if since is None else datetime.fromtimestamp(since, UTC)})


_A_DAY = timedelta(days=1)
