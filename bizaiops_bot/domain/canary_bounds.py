"""The numbers behind a canary's checks: bounds, evidence and spread from sufficient statistics, no decisions."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bizaiops_bot.domain.histogram import Histogram
from bizaiops_bot.domain.monitoring import ArmSample
from bizaiops_bot.domain.probability import wilson_bounds

Floats = NDArray[np.float64]
_ODDS = (1.5, 2.0, 3.0, 5.0, 10.0, 25.0, 60.0, 150.0)
_MINUTES_TO_MEASURE = 3
_USUAL_CORRELATION = 0.01
_TAIL = 0.05
_MOST = 100.0  # times the requests; beyond that "more of them" is no advice


class Band(NamedTuple):
    """A point estimate with the bounds of the confidence that was asked for."""

    point: float
    low: float
    high: float


# -- errors ------------------------------------------------------------------------------------------


class Dispersion(NamedTuple):
    """How many times more the errors vary than those of independent requests would, >= 1: of both arms together, and
    of each.
    """

    together: float
    stable: float
    canary: float


def dispersion(stable: ArmSample, canary: ArmSample) -> Dispersion:
    """Pearson X2 / df over minutes and arms: errors come in clusters (a dependency is away for a minute), so they are
    worth fewer observations.

    Of one arm: what the correlation within a minute, measured on both, makes of the arm's requests a minute; or what
    is measured on the arm itself where that is clearly more. Before the third minute it cannot be measured, and a
    correlation of 0.01 is counted. 1 without minutes.
    """
    ours, theirs = _minutes(stable), _minutes(canary)
    if not (ours.size or theirs.size):
        return Dispersion(1.0, 1.0, 1.0)
    sizes = [arm[:, 0].mean() if len(arm) else 1.0 for arm in (ours, theirs)]
    if max(len(ours), len(theirs)) < _MINUTES_TO_MEASURE:
        each = np.concatenate([ours[:, 0], theirs[:, 0]])
        usual = [1.0 + _USUAL_CORRELATION * (size - 1.0) for size in ((each**2).sum() / each.sum(), *sizes)]
        return Dispersion(*usual)
    found = [_chi2(arm) for arm in (ours, theirs)]
    df = sum(arm.df for arm in found)
    weight = sum(arm.df * (size - 1.0) for arm, size in zip(found, sizes, strict=True))
    correlation = max(0.0, sum(arm.chi2 - arm.df for arm in found) / weight) if weight > 0.0 else 0.0
    each_arm = [
        max(1.0 + correlation * max(0.0, size - 1.0), arm.chi2 / arm.df if arm.clearly else 1.0)
        for arm, size in zip(found, sizes, strict=True)
    ]
    return Dispersion(max(1.0, sum(arm.chi2 for arm in found) / df) if df else 1.0, *each_arm)


class _Chi2(NamedTuple):
    """`clearly`: more than 3 sd above what independent errors give, which are rare in each minute."""

    chi2: float
    df: int
    clearly: bool


def _minutes(arm: ArmSample) -> Floats:
    """(requests, errors) of the minutes with requests, shape (k, 2)."""
    found = np.asarray(arm.by_minute, np.float64).reshape(-1, 2)
    return found[found[:, 0] > 0]


def _chi2(minutes: Floats) -> _Chi2:
    total = minutes[:, 0].sum()
    share = minutes[:, 1].sum() / total if total else 0.0
    if len(minutes) < 2 or not 0.0 < share < 1.0:
        return _Chi2(0.0, 0, clearly=False)
    expected = minutes[:, 0] * share
    chi2, df = float(((minutes[:, 1] - expected) ** 2 / (expected * (1.0 - share))).sum()), len(minutes) - 1
    return _Chi2(chi2, df, clearly=chi2 > df + 3.0 * math.sqrt(2.0 * df + float((1.0 / expected).sum())))


def error_evidence(stable: ArmSample, canary: ArmSample, phi: float) -> float:
    """E-value for "the canary errs more often": >= 1/alpha at any look happens with probability <= alpha when it
    does not.

    Given that an error happened, it is the canary's with the canary's share of requests; likelihood ratios for
    higher odds are averaged (mSPRT with a discrete mixture, Robbins 1970; Johari et al. 2017). The traffic split has
    to be constant while the canary runs. phi: errors are counted as this many times fewer.
    """
    total = stable.requests + canary.requests
    if not canary.requests or not stable.requests:
        return 0.0
    share = canary.requests / total
    logs = []
    for odds in _ODDS:
        alternative = share * odds / (share * odds + 1.0 - share)
        ours = canary.errors / phi * math.log(alternative / share)
        logs.append(ours + stable.errors / phi * math.log((1.0 - alternative) / (1.0 - share)))
    top = max(logs)
    return math.exp(min(700.0, top)) * sum(math.exp(v - top) for v in logs) / len(logs)


def rise_upper(stable: tuple[float, float], canary: tuple[float, float], z: float) -> float:
    """Upper bound of canary - stable of two (errors, requests) (Newcombe 1998, method 10)."""
    (base_e, base_n), (e, n) = stable, canary
    base, rate = base_e / base_n, e / n
    low, _ = wilson_bounds(base_e, base_n, z)
    _, high = wilson_bounds(e, n, z)
    return rate - base + math.hypot(high - rate, base - low)


def effective(arm: ArmSample, phi: float) -> tuple[float, float]:
    """(errors, requests) as independent ones would count."""
    return arm.errors / phi, arm.requests / phi


def enough_times(
    stable: tuple[float, float], canary: tuple[float, float], z: float, rise: float, level: float
) -> float:
    """How many times the requests would show both bounds if the rates stay; inf when more would not do."""

    def shown(times: float) -> bool:
        ours, theirs = ((errors * times, n * times) for errors, n in (stable, canary))
        return rise_upper(ours, theirs, z) < rise and wilson_bounds(*theirs, z)[1] < level

    low, high = 1.0, _MOST
    if not shown(high):
        return math.inf
    for _ in range(30):
        middle = (low + high) / 2.0
        low, high = (low, middle) if shown(middle) else (middle, high)
    return high


# -- latency -----------------------------------------------------------------------------------------


def p95(found: Histogram, z: float, *, coarse: float) -> Band | None:
    """p95 in ms with its order-statistic bounds, linear within a bin; None when there are too few for an upper bound.

    A bin whose edges are further apart than `coarse` times cannot tell, so its edges are the bounds there. A bound in
    the last, open bin is infinite.
    """
    n = found.total
    spread = z * math.sqrt(_TAIL * (1.0 - _TAIL) / n) if n else math.inf
    if spread >= _TAIL:
        return None
    shares = (1.0 - _TAIL, 1.0 - _TAIL - spread, 1.0 - _TAIL + spread)
    point, low, high = (_quantile(found, share) for share in shares)
    return Band(
        point.value, low.bottom if low.ratio > coarse else low.value, high.top if high.ratio > coarse else high.value
    )


class _Place(NamedTuple):
    """Where a quantile lies: its value, and the bin it is in."""

    value: float
    bottom: float
    top: float

    @property
    def ratio(self) -> float:
        return self.top / self.bottom


def _quantile(found: Histogram, share: float) -> _Place:
    edges = (min(0.1, found.edges_ms[0] / 2.0), *found.edges_ms, math.inf)
    rank, seen = share * found.total, 0.0
    for i, count in enumerate(found.counts):
        if count and seen + count >= rank:
            bottom, top = edges[i], edges[i + 1]
            within = (rank - seen) / count
            return _Place(bottom if math.isinf(top) else bottom + within * (top - bottom), bottom, top)
        seen += count
    return _Place(math.inf, found.edges_ms[-1], math.inf)


def ratio_of(slow: Band, quick: Band) -> Band:
    """slow / quick with bounds, both arms' spreads added on the log scale (MOVER, Zou and Donner 2008)."""

    def apart(a: float, b: float) -> float:
        return math.log(a / b) if math.isfinite(a) and b > 0.0 else math.inf

    point = slow.point / quick.point
    up = math.hypot(apart(slow.high, slow.point), apart(quick.point, quick.low))
    down = math.hypot(apart(slow.point, slow.low), apart(quick.high, quick.point))
    return Band(point, point * math.exp(-down), point * math.exp(up) if up < 700.0 else math.inf)


# -- scores ------------------------------------------------------------------------------------------


def skew(arm: ArmSample) -> tuple[float, float] | None:
    """Bias-corrected PSI of live scores against the held-out shape, and its sd (delta method); None when it cannot
    be known.
    """
    n = sum(arm.score_counts)
    if n == 0 or len(arm.score_counts) != len(arm.expected_score_shares) or len(arm.score_counts) < 2:
        return None
    if sum(arm.expected_score_shares) <= 0.0:
        return None
    half = 0.5
    expected = np.asarray(arm.expected_score_shares, np.float64) * n + half
    p, q = expected / expected.sum(), np.asarray(arm.score_counts, np.float64) + half
    q = q / q.sum()
    slope = np.log(q / p) + 1.0 - p / q
    variance = float((q * slope**2).sum() - (q * slope).sum() ** 2) / n
    raw = float(((q - p) * np.log(q / p)).sum())
    return max(0.0, raw - (p.size - 1) / n), math.sqrt(max(variance, 0.0))


# -- business value ----------------------------------------------------------------------------------


def moments(arm: ArmSample) -> tuple[float, float]:
    """Mean and variance of the value per labelled request."""
    return moments_of(arm.value_n, arm.value_sum, arm.value_sumsq)


def moments_of(n: int, total: float, sumsq: float) -> tuple[float, float]:
    """Mean and variance of n values; a tiny variance floor keeps constant values divisible."""
    mean = total / n
    variance = max(0.0, sumsq - n * mean * mean) / max(1, n - 1)
    return mean, max(variance, 1e-12 * (1.0 + mean * mean))


def mixture_half_width(variance: float, tau: float, alpha: float) -> float:
    """Half-width of a confidence sequence: the normal-mixture mSPRT turned round (Johari et al. 2017); `tau` is the
    effect sought.
    """
    spread = variance + tau * tau
    return math.sqrt(variance * spread / (tau * tau) * (math.log(spread / variance) + 2.0 * math.log(1.0 / alpha)))
