"""How good a model is on labels that came late, with an interval that says how sure that is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bizaiops_bot.domain.monitoring import PerformanceDrift

Floats = np.ndarray[Any, np.dtype[np.float64]]

MIN_LABELLED = 300
Z = 2.576  # 99%: asked every minute, 95% would cry wolf three times an hour
AUC_MARGIN = 0.02
WAPE_MARGIN = 0.15
MIN_SIDE, MIN_HEIGHT = 100, 5.0


def performance(kind: str, label: Floats, score: Floats, expected: float | None) -> PerformanceDrift | None:
    """Quality now against `expected` at the gate, with a 99% interval.

    kind: "classification" (AUC, DeLong's interval) or "forecast" (WAPE as a share, delta-method interval).
    None under 300 labelled rows, with one class only, or without an `expected`.
    `drifted`: the whole interval is worse by more than 0.02 AUC, or by more than 15% of the expected WAPE.
    """
    if expected is None or len(label) < MIN_LABELLED:
        return None
    if kind == "classification":
        if not 1 < label.sum() < len(label) - 1:
            return None
        value, error = auc(label, score)
        drifted = value + Z * error < expected - AUC_MARGIN
    else:
        if not np.abs(label).sum() > 0:
            return None
        value, error = wape(label, score)
        drifted = value - Z * error > expected * (1 + WAPE_MARGIN)
    return PerformanceDrift(
        metric="auc" if kind == "classification" else "wape",
        current=value,
        expected=expected,
        low=max(0.0, value - Z * error),
        high=value + Z * error if kind == "forecast" else min(1.0, value + Z * error),
        labelled=len(label),
        drifted=bool(drifted),
    )


def lost_since(kind: str, label: Floats, score: Floats, at: Floats) -> float | None:
    """When the errors stepped up, in the unit of `at`; None when they did not clearly.

    at: when each row was requested, shape (n,), any order. One change of the mean error (squared for a probability,
    absolute for a forecast) by least squares, at least 100 rows on both sides, at least 5 standard errors high.
    """
    order = np.argsort(at, kind="stable")
    gap = np.abs(label - score)[order]
    loss = gap**2 if kind == "classification" else gap
    n, spread = len(loss), float(loss.std()) if len(loss) else 0.0
    if n < 2 * MIN_SIDE or spread == 0.0:
        return None
    before = np.arange(MIN_SIDE, n - MIN_SIDE + 1)
    sums = np.cumsum(loss)
    step = (sums[-1] - sums[before - 1]) / (n - before) - sums[before - 1] / before
    height = step * np.sqrt(before * (n - before) / n) / spread
    best = int(height.argmax())
    return float(at[order][before[best]]) if height[best] > MIN_HEIGHT else None


def auc(label: Floats, score: Floats) -> tuple[float, float]:
    """Area under the ROC curve and its standard error.

    label: 0 or 1, both present twice, shape (n,). Source: DeLong 1988 by the mid-rank form of Sun and Xu 2014.
    """
    positive = label > 0.5
    m, n = int(positive.sum()), int((~positive).sum())
    ranks = midranks(score)
    among_positive, among_negative = midranks(score[positive]), midranks(score[~positive])
    value = (ranks[positive].sum() / m - (m + 1) / 2) / n
    share_below = (ranks[positive] - among_positive) / n
    share_above = 1 - (ranks[~positive] - among_negative) / m
    return float(value), math.sqrt(share_below.var(ddof=1) / m + share_above.var(ddof=1) / n)


def wape(label: Floats, forecast: Floats) -> tuple[float, float]:
    """Sum of absolute errors over sum of actual units, and its standard error (ratio estimator, delta method)."""
    actual, off = np.abs(label), np.abs(label - forecast)
    value = off.sum() / actual.sum()
    error = math.sqrt(float(((off - value * actual) ** 2).sum()) * len(label) / (len(label) - 1)) / actual.sum()
    return float(value), float(error)


def midranks(values: Floats) -> Floats:
    """Ranks from 1, equal values share the mean of theirs; shape (n,)."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse], np.float64)
