"""What is measured about a live model: health, canary arms, drift. Values only; decisions are beside it."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from bizaiops_bot.domain.values import Value


class HealthSample(Value):
    """One revision over one window. Latency in milliseconds, error_rate in 0..1."""

    version: str
    requests: int
    errors: int
    latency_p50_ms: float
    latency_p95_ms: float
    start: datetime
    end: datetime

    @property
    def error_rate(self) -> float:
        return self.errors / self.requests if self.requests else 0.0


class ArmSample(Value):
    """Sufficient statistics of one arm (stable or canary) since the canary began.

    latency_counts: requests per bin of LATENCY_EDGES_MS (one more bin than edges).
    score_counts: predictions per bin of the version's own held-out score deciles; expected_score_shares is that held-
    out shape.
    value_*: business value per labelled request, in the model's value unit (count, sum, sum of squares).
    by_minute: (requests, errors) of each minute, empty when they are only known in total.
    """

    version: str
    requests: int
    errors: int
    latency_counts: tuple[int, ...]
    score_counts: tuple[int, ...]
    expected_score_shares: tuple[float, ...]
    value_n: int
    value_sum: float
    value_sumsq: float
    value_name: str
    value_unit: str
    by_minute: tuple[tuple[int, int], ...] = ()


LATENCY_EDGES_MS: tuple[float, ...] = (
    5, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100, 125, 150, 200, 250, 300, 400, 500, 750, 1000, 2000, 5000,
)  # fmt: skip


class Outcome(StrEnum):
    """What a judgement can say."""

    SUCCESSFUL = "successful"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


class Check(Value):
    """One comparison of a verdict, with the numbers that decided it.

    must: the verdict waits for it. What is not a must is advice: it is shown with its interval, and an inconclusive
    outcome means that it was not tested.
    """

    name: str
    outcome: Outcome
    stable: str
    canary: str
    limit: str
    reason: str
    must: bool = True


class Verdict(Value):
    """The judgement of a canary; `reason` is one sentence with numbers.

    decided: what a person, or the lack of an answer, made of too little evidence, in words; the outcome stays what it
    is. accepted: that the version goes on without it.
    """

    outcome: Outcome
    reason: str
    checks: tuple[Check, ...]
    stable_requests: int
    canary_requests: int
    decided: str = ""
    accepted: bool = False

    @property
    def ok(self) -> bool:
        """Whether the version may go on: shown to be harmless, or let through by a person who saw that it was not."""
        return self.outcome is Outcome.SUCCESSFUL or self.accepted


class FeatureDrift(Value):
    """One column of one window against its reference."""

    name: str
    kind: Literal["number", "category", "score"]
    psi: float
    p_value: float
    missing_share: float
    reference_missing_share: float
    missing_p_value: float
    drifted: bool
    missing: bool
    change: str


class PerformanceDrift(Value):
    """Quality on late labels against the quality at the gate. Higher is better for `auc`, lower for `wape`.

    onset: when the requests began on which it is lost, None when that cannot be told.
    """

    metric: str
    current: float
    expected: float
    low: float
    high: float
    labelled: int
    drifted: bool
    onset: datetime | None = None


class DriftReport(Value):
    """A window of live rows compared with the rows the serving version was trained on."""

    model: str
    version: str
    start: datetime
    end: datetime
    rows: int
    features: tuple[FeatureDrift, ...]
    score: FeatureDrift
    performance: PerformanceDrift | None
    onset: datetime | None

    @property
    def drifted(self) -> tuple[FeatureDrift, ...]:
        """Drifting columns, strongest first."""
        return tuple(sorted((f for f in self.features if f.drifted), key=lambda f: -f.psi))

    @property
    def missing(self) -> tuple[FeatureDrift, ...]:
        """Columns with more missing values than at training, worst first."""
        return tuple(sorted((f for f in self.features if f.missing), key=lambda f: -f.missing_share))


class SeriesData(Value):
    """A metric over time: `values[i]` covers the step that begins at `times[i]`."""

    metric: str
    unit: str
    times: tuple[datetime, ...]
    values: tuple[float | None, ...]

    def place(self, when: datetime) -> int | None:
        """The step that `when` falls into; None outside of the window: a mark is never moved to its edge."""
        if not self.times or when < self.times[0]:
            return None
        step = self.times[-1] - self.times[-2] if len(self.times) > 1 else timedelta(minutes=1)
        return None if when >= self.times[-1] + step else sum(t <= when for t in self.times) - 1

    def spoken(self) -> SeriesData:
        """For people: a share in percent, all else as it is."""
        if self.unit != "share":
            return self
        values = tuple(value if value is None else 100.0 * value for value in self.values)
        return self.model_copy(update={"unit": "%", "values": values})
