"""What did a release do to a KPI? An estimate with an interval, or an honest "cannot tell"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bizaiops_bot.domain.kpi import Effect, Kpi, KpiDay
from bizaiops_bot.domain.monitoring import ArmSample
from bizaiops_bot.domain.probability import normal_quantile

Floats = NDArray[np.float64]
Verdict = Literal["better", "worse", "no_clear_change", "cannot_tell"]

_MAX_BEFORE, _MAX_AFTER = 90, 28
# 99%, not 95%: day-to-day dependence makes the nominal interval too short. Measured on simulated days, false claims are
# about 3% of all at a dependence of 0.5 and 10-14% at 0.9: more than the nominal 1%, which the docs say.
_ALPHA = 0.01
_MAX_GAPS = 0.25


class _Days(NamedTuple):
    """Usable days in order: the level to explain, whether the release was out, and the weekday 0..6."""

    level: Floats
    after: Floats
    weekday: NDArray[np.int64]
    gaps: float


def release_effect(
    kpi: Kpi,
    treated: Sequence[KpiDay],
    control: Sequence[KpiDay] | None,
    released: date,
    *,
    min_before: int = 14,
    min_after: int = 7,
) -> Effect:
    """The KPI's change since `released` in the KPI's unit, with a 99% interval that allows for day-to-day dependence
    (AR(1) errors).

    control: the same days of something the release did not touch; what both have in common is taken off (difference
    in differences). Without one, weekdays are taken off instead. The day of the release itself is mixed and left
    out; so are incomplete days. "cannot_tell": too few days or too many gaps. "no_clear_change": enough days, and
    the interval holds 0.
    """
    method = "difference in differences, AR(1) errors" if control is not None else "weekday-adjusted, AR(1) errors"
    days = _usable(treated, control, released)
    n_after = int(days.after.sum())
    n_before = int(days.after.size) - n_after
    reason = _cannot_tell(n_before, n_after, days.gaps, min_before, min_after)
    if reason is None:
        fitted = _fit(days, weekdays=control is None)
        if fitted is not None:
            return _effect(kpi, fitted, n_before, n_after, method)
        reason = "the days do not vary, so no interval can be given"
    return Effect(
        kpi=kpi.id, verdict="cannot_tell", estimate=None, low=None, high=None,
        n_before=n_before, n_after=n_after, method=method, reason=reason,
    )  # fmt: skip


def arm_effect(stable: ArmSample, canary: ArmSample, *, min_n: int = 50) -> Effect:
    """The randomised comparison: canary against stable business value per labelled request, Welch, 99% interval,
    higher is better.

    Looked at once; the judge's own check (`assess_canary`) is the one that allows for repeated looks. n_before
    counts the stable arm, n_after the canary.
    """
    method = "randomised canary, Welch"
    counts = {"stable": stable.value_n, "canary": canary.value_n}
    short = [f"the {name} arm has {n:,} of {min_n:,} labels needed" for name, n in counts.items() if n < min_n]
    if short:
        return Effect(
            kpi=canary.value_name, verdict="cannot_tell", estimate=None, low=None, high=None,
            n_before=stable.value_n, n_after=canary.value_n, method=method, reason=" and ".join(short),
        )  # fmt: skip
    means = [arm.value_sum / arm.value_n for arm in (stable, canary)]
    variances = [
        max(0.0, arm.value_sumsq / arm.value_n - mean * mean) / arm.value_n
        for arm, mean in zip((stable, canary), means, strict=True)
    ]
    gap, half = means[1] - means[0], normal_quantile(1 - _ALPHA / 2) * math.sqrt(sum(variances))
    verdict = _verdict(gap - half, gap + half, up_is_good=True)
    words = f"{gap:+,.2f} {canary.value_unit} a request ({gap - half:+,.2f} to {gap + half:+,.2f})"
    return Effect(
        kpi=canary.value_name, verdict=verdict, estimate=gap, low=gap - half, high=gap + half,
        n_before=stable.value_n, n_after=canary.value_n, method=method, reason=_words(verdict, words),
    )  # fmt: skip


def _usable(treated: Sequence[KpiDay], control: Sequence[KpiDay] | None, released: date) -> _Days:
    values = {d.day: d.value for d in treated if d.complete and d.value is not None}
    if control is not None:
        base = {d.day: d.value for d in control if d.complete and d.value is not None}
        values = {day: value - base[day] for day, value in values.items() if day in base}
    near = [d for d in values if d != released and -_MAX_BEFORE <= (d - released).days <= _MAX_AFTER]
    used = sorted(near)
    span = (used[-1] - used[0]).days + 1 - (used[0] < released < used[-1]) if used else 1
    return _Days(
        level=np.asarray([values[d] for d in used], np.float64),
        after=np.asarray([float(d > released) for d in used], np.float64),
        weekday=np.asarray([d.weekday() for d in used], np.int64),
        gaps=1.0 - len(used) / span,
    )


def _cannot_tell(n_before: int, n_after: int, gaps: float, min_before: int, min_after: int) -> str | None:
    short = []
    if n_before < min_before:
        short.append(f"{n_before} of {min_before} complete days before the release")
    if n_after < min_after:
        short.append(f"{n_after} of {min_after} complete days after it")
    if short:
        return "too few days: " + " and ".join(short)
    if gaps > _MAX_GAPS:
        return f"{gaps:.0%} of the days have no value, at most {_MAX_GAPS:.0%} may be missing"
    return None


class _Fit(NamedTuple):
    estimate: float
    low: float
    high: float


def _fit(days: _Days, *, weekdays: bool) -> _Fit | None:
    """Least squares with AR(1) errors; None when nothing varies. Days next to a gap count as neighbours."""
    # statsmodels takes 2 s to import, and only this question needs it.
    from statsmodels.regression.linear_model import GLSAR

    design = _design(days, weekdays=weekdays)
    spread = float(np.std(days.level))
    if spread <= 1e-12 * (1.0 + float(np.abs(days.level).max())):
        return None
    model = GLSAR(days.level / spread, design, rho=1)
    model.iterative_fit(maxiter=8)
    # Yule-Walker finds too little dependence in short series (Marriott & Pope 1954); too little would make the
    # interval too short.
    n = days.level.size
    rho = min(0.95, max(0.0, (n * float(np.atleast_1d(model.rho)[0]) + 1.0) / (n - 3.0)))
    result = GLSAR(days.level / spread, design, rho=np.asarray([rho])).fit()
    low, high = result.conf_int(alpha=_ALPHA)[1]
    if not math.isfinite(low + high):
        return None
    return _Fit(float(result.params[1]) * spread, float(low) * spread, float(high) * spread)


def _design(days: _Days, *, weekdays: bool) -> Floats:
    columns = [np.ones(days.after.size), days.after]
    if weekdays:
        columns += [(days.weekday == k).astype(np.float64) for k in sorted(set(days.weekday.tolist()))[1:]]
    return np.column_stack(columns)


def _effect(kpi: Kpi, fit: _Fit, n_before: int, n_after: int, method: str) -> Effect:
    verdict = _verdict(fit.low, fit.high, up_is_good=kpi.direction == "up_is_good")
    p = kpi.decimals
    words = f"{fit.estimate:+,.{p}f} {kpi.unit} ({fit.low:+,.{p}f} to {fit.high:+,.{p}f})"
    return Effect(
        kpi=kpi.id, verdict=verdict, estimate=fit.estimate, low=fit.low, high=fit.high,
        n_before=n_before, n_after=n_after, method=method,
        reason=_words(verdict, f"{words}, {n_before} days before and {n_after} after"),
    )  # fmt: skip


def _verdict(low: float, high: float, *, up_is_good: bool) -> Verdict:
    if low <= 0.0 <= high:
        return "no_clear_change"
    return "better" if (low > 0.0) == up_is_good else "worse"


def _words(verdict: Verdict, numbers: str) -> str:
    return (
        f"{numbers}; the interval holds 0" if verdict == "no_clear_change" else f"{numbers}; the interval is clear of 0"
    )
