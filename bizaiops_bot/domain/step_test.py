"""Is there a step in days that depend on each other? A t-statistic whose critical value is found by simulation."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_GRID = np.asarray([0.0, 0.2, 0.4, 0.6, 0.75, 0.85, 0.91, 0.95, 0.98])
"""Day-to-day dependences that are tried."""
_DRAWS = 999
_ALPHA = 0.01
_DOUBT = 0.05
"""Each tail of the dependence that is left out: the estimate of it is poor over a few weeks."""


def ar1(shocks: Floats, rho: float) -> Floats:
    """Rows of shape (runs, days) whose days depend by `rho` on the day before, from independent shocks of sd 1."""
    out = np.empty_like(shocks)
    out[:, 0] = shocks[:, 0] / np.sqrt(1.0 - rho * rho)
    for day in range(1, shocks.shape[1]):
        out[:, day] = rho * out[:, day - 1] + shocks[:, day]
    return out


@lru_cache(maxsize=32)
def step_test(design: bytes, columns: int) -> StepTest:
    """The test of a design, made once: KPIs of one model share it. design: float64 of shape (days, columns)."""
    return StepTest(np.frombuffer(design, np.float64).reshape(-1, columns))


class StepTest:
    """Least squares with AR(1) errors for one design, whose column 1 is the step.

    Plug-in errors are too small, as too little dependence is found in short series (Marriott & Pope 1954). So the
    dependence is the median-unbiased one (Andrews 1993), and the critical value is the largest of a parametric
    bootstrap over its 90% interval. Nothing is random: the shocks are always the same.
    """

    def __init__(self, design: Floats) -> None:
        self._x = design
        self._left = np.linalg.pinv(design)
        shocks = np.random.default_rng(20_260_101).normal(size=(_DRAWS, design.shape[0]))
        series = [ar1(shocks, float(rho)) for rho in _GRID]
        found = np.stack([self._dependence(y) for y in series])
        self._quantiles = {q: np.maximum.accumulate(np.quantile(found, q, axis=1)) for q in (_DOUBT, 0.5, 1.0 - _DOUBT)}
        self._critical = np.asarray(
            [np.quantile(np.abs(np.divide(*self._fit(y, f))), 1.0 - _ALPHA) for y, f in zip(series, found, strict=True)]
        )

    def of(self, levels: Floats) -> tuple[Floats, Floats]:
        """(estimated step, half of its 99% interval) for rows of shape (runs, days)."""
        found = self._dependence(levels)
        estimate, se = self._fit(levels, found)
        low, high = self._rho(found, 1.0 - _DOUBT), self._rho(found, _DOUBT)
        ends = np.maximum(np.interp(low, _GRID, self._critical), np.interp(high, _GRID, self._critical))
        within = (low[:, None] <= _GRID) & (high[:, None] >= _GRID)
        return estimate, se * np.maximum(ends, np.where(within, self._critical, 0.0).max(axis=1))

    def _dependence(self, levels: Floats) -> Floats:
        """Correlation of neighbours in the residuals of ordinary least squares, one a row."""
        r = levels - (levels @ self._left.T) @ self._x.T
        return np.asarray((r[:, 1:] * r[:, :-1]).sum(axis=1) / (r * r).sum(axis=1), np.float64)

    def _rho(self, found: Floats, quantile: float) -> Floats:
        return np.asarray(np.interp(found, self._quantiles[quantile], _GRID), np.float64)

    def _fit(self, levels: Floats, found: Floats) -> tuple[Floats, Floats]:
        """(step, standard error) by generalised least squares (Prais-Winsten)."""
        x, rho = self._x, self._rho(found, 0.5)
        q, q2, first = rho[:, None], (rho * rho)[:, None], (1.0 - rho * rho)[:, None]
        x1, x0, y1, y0 = x[1:], x[:-1], levels[:, 1:], levels[:, :-1]
        cross = x1.T @ x0
        gram = (
            x1.T @ x1
            - q[..., None] * (cross + cross.T)
            + q2[..., None] * (x0.T @ x0)
            + first[..., None] * np.outer(x[0], x[0])
        )
        right = y1 @ x1 - q * (y1 @ x0 + y0 @ x1) + q2 * (y0 @ x0) + first * levels[:, :1] * x[0]
        inverse = np.linalg.inv(gram)
        beta = np.einsum("bij,bj->bi", inverse, right)
        r = levels - beta @ x.T
        squares = ((r[:, 1:] - q * r[:, :-1]) ** 2).sum(axis=1) + first[:, 0] * r[:, 0] ** 2
        free = max(1, x.shape[0] - x.shape[1])
        return beta[:, 1], np.sqrt(squares / free * inverse[:, 1, 1])
