"""What is measured about a live model: health, canary arms, drift. Values only; decisions are beside it."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from bizaiops_bot.domain.histogram import Histogram
from bizaiops_bot.domain.values import Value

PREDICTED = frozenset({"score_mean", "drift_psi"})
"""Series that the log of requests has; all others are counted by a monitoring system."""


LABEL_MINUTES = 60.0
"""The labels of so long are what quality is told by."""


class RevisionSample(Value):
    """What the requests of one revision were like over a window, as a monitoring system counts them.

    latency: in the system's own bins, None where it has none. by_minute: (begin of the minute, requests, errors),
    empty when they are only known in total.
    """

    revision: str
    requests: int
    errors: int
    latency: Histogram | None
    start: datetime
    end: datetime
    by_minute: tuple[tuple[datetime, int, int], ...] = ()


class ScoreArm(Value):
    """Predictions of one revision per bin of its version's held-out score deciles, and the held-out shares of these."""

    revision: str
    counts: tuple[int, ...]
    expected_shares: tuple[float, ...]


class ValueArm(Value):
    """Business value of a version's labelled requests, in `unit`: count, sum, sum of squares."""

    version: str
    n: int
    total: float
    sumsq: float
    name: str
    unit: str


class HealthSample(Value):
    """One version over one window, all its revisions together. error_rate in 0..1; latency in milliseconds, None where
    it is not measured.
    """

    version: str
    requests: int
    errors: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    start: datetime
    end: datetime

    @property
    def error_rate(self) -> float:
        return self.errors / self.requests if self.requests else 0.0


class ArmSample(Value):
    """Sufficient statistics of one version, stable or canary, since the canary began: what is counted of its requests,
    its scores and what they were worth, each as far as it is known.

    latency: in the monitoring system's own bins, None where it has none.
    score_counts: predictions per bin of the version's own held-out score deciles; expected_score_shares is that held-
    out shape.
    value_*: business value per labelled request, in the model's value unit (count, sum, sum of squares).
    by_minute: (requests, errors) of each minute, empty when they are only known in total.
    """

    version: str
    requests: int
    errors: int
    latency: Histogram | None
    score_counts: tuple[int, ...]
    expected_score_shares: tuple[float, ...]
    value_n: int
    value_sum: float
    value_sumsq: float
    value_name: str
    value_unit: str
    by_minute: tuple[tuple[int, int], ...] = ()

    @property
    def timed(self) -> float:
        """Requests of which the latency is known."""
        return 0 if self.latency is None else self.latency.total

    @property
    def scored(self) -> int:
        """Predictions of which the score is known."""
        return sum(self.score_counts)


class Outcome(StrEnum):
    """What a judgement can say."""

    SUCCESSFUL = "successful"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


class Check(Value):
    """One comparison of a verdict, with the numbers that decided it.

    must: the verdict waits for it. What is not a must is advice: it is shown with its interval, and an inconclusive
    outcome means that it was not judged. suspected: harm is likely, though not sure: that is never mere advice.
    unread: why nothing could be read for it, "" where something was. away: what it needs did not answer.
    """

    name: str
    outcome: Outcome
    stable: str
    canary: str
    limit: str
    reason: str
    must: bool = True
    suspected: bool = False
    unread: str = ""
    away: bool = False


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

    @property
    def away(self) -> str:
        """What did not answer, and was needed for more than advice; "" for nothing."""
        return "; ".join(dict.fromkeys(check.unread for check in self.checks if check.must and check.away))


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
    onset: datetime | None
    left_out: tuple[str, ...] = ()
    """Columns that the company does not have watched, as its file says."""

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
