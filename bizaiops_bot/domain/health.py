"""Is a served model well? Measured against its service level, with separate limits to enter and to leave a bad
state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from bizaiops_bot.domain.monitoring import HealthSample
from bizaiops_bot.domain.probability import wilson_interval
from bizaiops_bot.domain.values import NoData, Value

HealthState = Literal["ok", "degraded", "failing", "no_data"]
_WORST: tuple[HealthState, ...] = ("failing", "degraded", "ok", "no_data")


HEALTH_MINUTES = 15.0
"""The window of health that people are shown."""
WATCH_MINUTES = 3.0
"""The window that the watch and an investigation look at: short enough to be of now."""


class HealthLimits(Value):
    """The service level and how far back it must come to count as recovered."""

    error_rate: float = 0.02
    """Errors are too many when the whole interval of the rate lies above this, 0..1."""
    error_rate_exit: float = 0.01
    """Errors are over when the measured rate is at most this."""
    latency_p95_ms: float = 150.0
    """A p95 above this many milliseconds is too slow."""
    latency_exit_share: float = 0.8
    """Slowness is over when the p95 is at most this share of the limit."""
    baseline_ratio: float = 3.0
    """With a baseline, a p95 above this multiple of it is too slow too, but never one under half of
    `latency_p95_ms`.
    """
    min_requests: int = 100
    """Requests a version needs in the window before it is judged."""
    confidence: float = 0.95
    """Confidence of the error rate's Wilson interval."""


class VersionHealth(Value):
    """One version in one window; `errors` and `slow` say which limit is broken, `reason` gives the numbers."""

    version: str
    state: HealthState
    errors: bool
    slow: bool
    requests: int
    error_rate: float
    latency_p95_ms: float | None
    reason: str


class HealthVerdict(Value):
    """The worst version decides; `no_data` only when no version could be judged."""

    state: HealthState
    reason: str
    versions: tuple[VersionHealth, ...]

    @property
    def erring(self) -> tuple[VersionHealth, ...]:
        """Versions with too many errors, worst first."""
        return tuple(sorted((v for v in self.versions if v.errors), key=lambda v: -v.error_rate))

    @property
    def slow(self) -> tuple[VersionHealth, ...]:
        """Versions that are too slow, slowest first."""
        return tuple(sorted((v for v in self.versions if v.slow), key=lambda v: -(v.latency_p95_ms or 0.0)))


def assess_health(
    samples: Sequence[HealthSample] | NoData,
    limits: HealthLimits | None = None,
    *,
    before: HealthVerdict | None = None,
    baseline_p95_ms: float | None = None,
) -> HealthVerdict:
    """Judges every version of one model.

    before: the previous verdict; a broken limit stays broken until its exit limit is met. baseline_p95_ms: the p95
    of ordinary days. Too many errors are `failing`, slowness is `degraded`.
    """
    limits = limits or HealthLimits()
    if isinstance(samples, NoData):
        return HealthVerdict(state="no_data", reason=str(samples), versions=())
    if not samples:
        return HealthVerdict(state="no_data", reason="no version got requests", versions=())
    former = {v.version: v for v in before.versions} if before else {}
    slow_ms = latency_limit(limits, baseline_p95_ms)
    versions = tuple(_version(sample, limits, slow_ms, former.get(sample.version)) for sample in samples)
    state = next(s for s in _WORST if any(v.state == s for v in versions))
    reason = "; ".join(v.reason for v in versions if v.state == state)
    return HealthVerdict(state=state, reason=reason, versions=versions)


def share_words(share: float) -> str:
    """ "2.0%", "0.25%": a limit is told as it is."""
    return f"{share:.1%}" if round(share, 3) == share else f"{100 * share:g}%"


def pace_words(latency_ms: float | None) -> str:
    """ "48 ms" """
    return "not measured" if latency_ms is None else f"{latency_ms:.0f} ms"


def latency_limit(limits: HealthLimits, baseline_p95_ms: float | None) -> float:
    """Milliseconds from where on a p95 is too slow."""
    if baseline_p95_ms is None:
        return limits.latency_p95_ms
    return min(limits.latency_p95_ms, max(limits.latency_p95_ms / 2.0, limits.baseline_ratio * baseline_p95_ms))


def _version(sample: HealthSample, limits: HealthLimits, slow_ms: float, former: VersionHealth | None) -> VersionHealth:
    enough = sample.requests >= limits.min_requests and _possible(sample)
    erring = _too_many_errors(sample, limits, former) if enough else bool(former and former.errors)
    slow = _too_slow(sample, limits, slow_ms, former) if enough else bool(former and former.slow)
    state: HealthState = "failing" if erring else "degraded" if slow else "ok"
    return VersionHealth(
        version=sample.version,
        state=state if enough else "no_data",
        errors=erring,
        slow=slow,
        requests=sample.requests,
        error_rate=sample.error_rate,
        latency_p95_ms=sample.latency_p95_ms,
        reason=_reason(sample, limits, slow_ms, erring, slow, enough),
    )


def _possible(sample: HealthSample) -> bool:
    """Whether these can be counts and a time at all: what is not a number is no evidence of health."""
    pace = sample.latency_p95_ms
    return 0 <= sample.errors <= sample.requests and (pace is None or pace >= 0)  # which NaN is not


def _too_many_errors(sample: HealthSample, limits: HealthLimits, former: VersionHealth | None) -> bool:
    if former is not None and former.errors:
        return sample.error_rate > limits.error_rate_exit
    low, _ = wilson_interval(sample.errors, sample.requests, confidence=limits.confidence)
    return low > limits.error_rate


def _too_slow(sample: HealthSample, limits: HealthLimits, slow_ms: float, former: VersionHealth | None) -> bool:
    if sample.latency_p95_ms is None:
        return bool(former and former.slow)
    if former is not None and former.slow:
        return sample.latency_p95_ms > limits.latency_exit_share * slow_ms
    return sample.latency_p95_ms > slow_ms


def _reason(sample: HealthSample, limits: HealthLimits, slow_ms: float, erring: bool, slow: bool, enough: bool) -> str:
    if sample.requests < limits.min_requests:
        return f"{sample.version} got {sample.requests:,} of {limits.min_requests:,} requests needed"
    if not enough:
        measured = f"{sample.errors} errors in {sample.requests} requests, p95 {sample.latency_p95_ms} ms"
        return f"{sample.version}: what was measured cannot be: {measured}"
    low, high = wilson_interval(sample.errors, sample.requests, confidence=limits.confidence)
    errors = f"error rate {sample.error_rate:.1%} ({low:.1%} to {high:.1%})"
    pace = f"p95 {pace_words(sample.latency_p95_ms)}"
    parts = [f"{errors}, limit {share_words(limits.error_rate)}"] if erring else []
    parts += [f"{pace}, limit {slow_ms:.0f} ms"] if slow else []
    return f"{sample.version}: " + (" and ".join(parts) or f"{errors}, {pace}")
