"""What did a release do to a KPI? An estimate with an interval, or an honest "cannot tell"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bizaiops_bot.domain.kpi import Effect, Kpi, KpiDay
from bizaiops_bot.domain.monitoring import ArmSample
from bizaiops_bot.domain.probability import normal_quantile
from bizaiops_bot.domain.step_test import step_test

Floats = NDArray[np.float64]
Verdict = Literal["better", "worse", "no_clear_change", "cannot_tell"]

_MAX_BEFORE, _MAX_AFTER = 90, 28
_ALPHA = 0.01
_MAX_GAPS = 0.25


class _Days(NamedTuple):
    """Every day of the window in order, NaN where there is no value; `known` says where there is."""

    days: tuple[date, ...]
    level: Floats
    known: NDArray[np.bool_]


def release_effect(
    kpi: Kpi,
    treated: Sequence[KpiDay],
    control: Sequence[KpiDay] | None,
    released: date,
    *,
    others: Sequence[date] = (),
    min_before: int = 14,
    min_after: int = 7,
) -> Effect:
    """The KPI's step at `released` in the KPI's unit, with a 99% interval that allows for a trend, for weekdays and
    for day-to-day dependence (AR(1) errors, parametric bootstrap).

    control: the same days of something the release did not touch, in the same unit; what both have in common is taken
    off (difference in differences). others: days of other releases; the window ends at the nearest one on either side,
    as what they did would be taken for this one's doing. The day of the release itself is mixed and left out; so are
    incomplete days. "cannot_tell": too few days or too many gaps. "no_clear_change": enough days, and the interval
    holds 0.
    """
    method = "difference in differences" if control is not None else "weekdays taken off"
    method += ", trend taken off, AR(1) errors, bootstrap"
    lows, highs = [d for d in others if d < released], [d for d in others if d > released]
    days = _window(treated, control, released, max(lows, default=None), min(highs, default=None))
    after = np.asarray([d > released for d in days.days], bool)
    n_before, n_after = int((days.known & ~after).sum()), int((days.known & after).sum())
    gaps = 1.0 - (n_before + n_after) / max(1, len(days.days) - (released in days.days))
    reason = _cannot_tell(n_before, n_after, gaps, min_before, min_after)
    found = Effect(
        kpi=kpi.id,
        verdict="cannot_tell",
        estimate=None,
        low=None,
        high=None,
        n_before=n_before,
        n_after=n_after,
        method=method,
        reason=reason or "",
        first=days.days[0] if days.days else None,
        last=days.days[-1] if days.days else None,
    )
    if reason is None:
        fitted = _fit(days, after, weekdays=control is None)
        if fitted is not None:
            return _told(kpi, found, fitted)
        reason = "the days do not vary, so no interval can be given"
    if n_before < min_before and lows:
        reason += f"; another release came on {max(lows):%-d %b}, and what was before it does not count"
    if n_after < min_after and highs:
        reason += f"; another release came on {min(highs):%-d %b}, and what came after it does not count"
    return found.model_copy(update={"reason": reason})


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
            kpi=canary.value_name,
            verdict="cannot_tell",
            estimate=None,
            low=None,
            high=None,
            n_before=stable.value_n,
            n_after=canary.value_n,
            method=method,
            reason=" and ".join(short),
        )
    means = [arm.value_sum / arm.value_n for arm in (stable, canary)]
    variances = [
        max(0.0, arm.value_sumsq / arm.value_n - mean * mean) / arm.value_n
        for arm, mean in zip((stable, canary), means, strict=True)
    ]
    gap, half = means[1] - means[0], normal_quantile(1 - _ALPHA / 2) * math.sqrt(sum(variances))
    verdict = _verdict(gap - half, gap + half, up_is_good=True)
    words = f"{gap:+,.2f} {canary.value_unit} a request ({gap - half:+,.2f} to {gap + half:+,.2f})"
    return Effect(
        kpi=canary.value_name,
        verdict=verdict,
        estimate=gap,
        low=gap - half,
        high=gap + half,
        n_before=stable.value_n,
        n_after=canary.value_n,
        method=method,
        reason=_words(verdict, words),
    )


def _window(
    treated: Sequence[KpiDay],
    control: Sequence[KpiDay] | None,
    released: date,
    after: date | None,
    before: date | None,
) -> _Days:
    """The days that may tell of the release: after the release before it, and before the release after it."""
    values = {d.day: d.value for d in treated if d.complete and d.value is not None}
    if control is not None:
        base = {d.day: d.value for d in control if d.complete and d.value is not None}
        values = {day: value - base[day] for day, value in values.items() if day in base}
    used = sorted(
        day
        for day in values
        if day != released
        and -_MAX_BEFORE <= (day - released).days <= _MAX_AFTER
        and (after is None or day > after)
        and (before is None or day < before)
    )
    if not used:
        return _Days((), np.empty(0), np.empty(0, bool))
    days = tuple(used[0] + timedelta(days=n) for n in range((used[-1] - used[0]).days + 1))
    level = np.asarray([values[d] if d in values and d != released else math.nan for d in days], np.float64)
    return _Days(days, level, np.isfinite(level))


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


def _fit(days: _Days, after: NDArray[np.bool_], *, weekdays: bool) -> _Fit | None:
    """None when nothing varies."""
    known = days.level[days.known]
    spread = float(np.std(known))
    if spread <= 1e-12 * (1.0 + float(np.abs(known).max())):
        return None
    design = step_design(days.days, days.known, after, weekdays=weekdays)
    level = np.where(days.known, (days.level - known.mean()) / spread, 0.0)
    estimates, halves = step_test(design.tobytes(), design.shape[1]).of(level[None, :])
    estimate, half = float(estimates[0]) * spread, float(halves[0]) * spread
    return _Fit(estimate, estimate - half, estimate + half) if math.isfinite(estimate + half) else None


def step_design(days: Sequence[date], known: NDArray[np.bool_], after: NDArray[np.bool_], *, weekdays: bool) -> Floats:
    """A level, the step, a trend, weekdays, and a column for each unknown day, so that its neighbours stay two days
    apart.
    """
    n = len(days)
    columns = [np.ones(n), after.astype(np.float64), np.linspace(-1.0, 1.0, n)]
    if weekdays:
        columns += [np.asarray([float(d.weekday() == k) for d in days]) for k in range(1, 7)]
    return np.column_stack([*columns, *np.eye(n)[~known]])


def _told(kpi: Kpi, found: Effect, fit: _Fit) -> Effect:
    verdict = _verdict(fit.low, fit.high, up_is_good=kpi.direction == "up_is_good")
    p = kpi.decimals
    words = f"{fit.estimate:+,.{p}f} {kpi.unit} ({fit.low:+,.{p}f} to {fit.high:+,.{p}f})"
    reason = _words(verdict, f"{words}, {found.n_before} days before and {found.n_after} after")
    told = {"verdict": verdict, "estimate": fit.estimate, "low": fit.low, "high": fit.high, "reason": reason}
    return found.model_copy(update=told)


def _verdict(low: float, high: float, *, up_is_good: bool) -> Verdict:
    if low <= 0.0 <= high:
        return "no_clear_change"
    return "better" if (low > 0.0) == up_is_good else "worse"


def _words(verdict: Verdict, numbers: str) -> str:
    return (
        f"{numbers}; the interval holds 0" if verdict == "no_clear_change" else f"{numbers}; the interval is clear of 0"
    )
