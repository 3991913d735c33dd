"""Tails, intervals and combinations of probabilities in closed form, so that decisions need no scipy (1 s and 100 MB
to import).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

_NORMAL = NormalDist()
_TINY = 1e-15


def normal_quantile(p: float) -> float:
    """The value a standard normal stays under with probability `p`, 0 < p < 1."""
    return _NORMAL.inv_cdf(p)


def two_sided(z: float) -> float:
    """Probability that a standard normal is at least |z| away from 0."""
    return math.erfc(abs(z) / math.sqrt(2.0))


def upper_tail(z: float) -> float:
    """Probability that a standard normal exceeds `z`."""
    return 0.5 * math.erfc(z / math.sqrt(2.0))


def binomial_tail(seen: int, n: int, p: float) -> float:
    """Probability that `n` tries, each with the chance `p`, bring at least `seen`."""
    if seen <= 0 or p >= 1.0:
        return 1.0
    whole, hit, miss = math.lgamma(n + 1), math.log(p), math.log1p(-p)
    logs = (whole - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * hit + (n - k) * miss for k in range(seen, n + 1))
    return min(1.0, sum(map(math.exp, logs)))


def chi2_tail(x: float, df: int) -> float:
    """Probability that chi-squared with `df` >= 1 degrees of freedom exceeds `x`; exact finite sums (Abramowitz &
    Stegun 26.4.4-5).
    """
    if x <= 0.0:
        return 1.0
    half = x / 2.0
    odd = df % 2
    total = math.erfc(math.sqrt(half)) if odd else 0.0
    for k in range(df // 2):
        power = k + 0.5 if odd else float(k)
        total += math.exp(power * math.log(half) - half - math.lgamma(power + 1.0))
    return min(1.0, total)


def kolmogorov_tail(distance: float, n: float) -> float:
    """Asymptotic p-value of a Kolmogorov-Smirnov distance with `n` effective observations; conservative for binned
    values.
    """
    scaled = distance * math.sqrt(n)
    if scaled < 0.3:
        return 1.0
    total = sum((-1.0) ** (k - 1) * math.exp(-2.0 * (k * scaled) ** 2) for k in range(1, 21))
    return min(1.0, max(0.0, 2.0 * total))


def cauchy_combine(p_values: Sequence[float]) -> float:
    """One p-value from several dependent ones (Liu & Xie 2020, arXiv 1808.09011)."""
    mean = sum(_cauchy_quantile(p) for p in p_values) / len(p_values)
    return 1.0 / (math.pi * mean) if mean > 1.0 / _TINY else 0.5 - math.atan(mean) / math.pi


def _cauchy_quantile(p: float) -> float:
    if p < _TINY:
        return 1.0 / (math.pi * max(p, 1e-300))
    return math.tan((0.5 - min(p, 1.0 - 1e-12)) * math.pi)


def holm_rejects(p_values: Sequence[float], alpha: float) -> list[bool]:
    """Which hypotheses fall when the chance of even one false rejection is held at `alpha` (Holm 1979); same order
    as given.
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    rejected = [False] * len(p_values)
    for rank, i in enumerate(order):
        if p_values[i] > alpha / (len(p_values) - rank):
            break
        rejected[i] = True
    return rejected


def wilson_interval(hits: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of a share (Wilson 1927), within [0, 1]; (0, 1) when n is 0."""
    return wilson_bounds(hits, n, normal_quantile(0.5 + confidence / 2.0))


def wilson_bounds(hits: float, n: float, z: float) -> tuple[float, float]:
    """As `wilson_interval`, `z` sd to each side; counts that were divided by a dispersion need not be whole."""
    if n <= 0:
        return 0.0, 1.0
    share, scale = hits / n, 1.0 + z * z / n
    middle = (share + z * z / (2 * n)) / scale
    half = z * math.sqrt(max(0.0, share * (1 - share) / n + z * z / (4 * n * n))) / scale
    return max(0.0, middle - half), min(1.0, middle + half)
