"""Is the new version as good as the one in production? Sufficient statistics of both arms in, a verdict with numbers
out.

The judge looks again and again, so every test keeps its promise under repeated looks: a harmless canary is failed in
at most 5% of rollouts. An early look can only stop clear harm; only the last look can say successful, and never
without data.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from bizaiops_bot.domain.monitoring import LATENCY_EDGES_MS, ArmSample, Check, Outcome, Verdict
from bizaiops_bot.domain.probability import normal_quantile, upper_tail
from bizaiops_bot.domain.values import Value

_CHECKS = 4
_ODDS = (1.5, 2.0, 3.0, 5.0, 10.0, 25.0, 60.0, 150.0)


class CanaryLimits(Value):
    """What a canary may cost."""

    error_rate_increase: float = 0.01
    """Largest rise of the error rate over the stable arm, absolute: 0.01 is one percentage point."""
    latency_p95_ratio: float = 1.5
    """Largest p95 latency as a multiple of the stable arm's."""
    latency_floor_ms: float = 20.0
    """A p95 under this many milliseconds is always quick enough, whatever the ratio."""
    score_psi: float = 0.25
    """Largest PSI of the canary's live scores against its own held-out scores, sampling bias taken off."""
    value_drop: float = 0.1
    """Largest relative drop of the business value per request, 0.1 is 10% of the stable arm's mean."""
    min_requests: int = 200
    """Requests each arm needs before anything but clear errors is judged."""
    min_labelled: int = 100
    """Labelled requests each arm needs before the business value is judged."""
    alpha: float = 0.05
    """Chance that a harmless canary is failed, over all checks and all looks together."""

    @property
    def check_alpha(self) -> float:
        """The share of `alpha` one check may spend (Bonferroni)."""
        return self.alpha / _CHECKS

    def check_z(self, *, final: bool) -> float:
        """Band of a check without a sequential test of its own, one-sided.

        Half of its alpha is split over 20 early looks, about 3.4 sd; the other half is for the last one, about 2.5 sd.
        """
        return normal_quantile(1.0 - self.check_alpha / (2.0 if final else 40.0))


def assess_canary(
    stable: ArmSample | None, canary: ArmSample | None, limits: CanaryLimits | None = None, *, final: bool
) -> Verdict:
    """Judges the canary arm against the stable arm, both counted since the canary began.

    final: the hold is over. Before that the verdict is FAILED (clear harm) or INCONCLUSIVE (running); at the end
    SUCCESSFUL, FAILED or INCONCLUSIVE. No data, too few requests or too few labels at the end are INCONCLUSIVE.
    """
    limits = limits or CanaryLimits()
    if stable is None or canary is None:
        return _no_arm(stable, canary)
    checks = [_errors(stable, canary, limits)]
    short = _too_few(stable, canary, limits)
    if short is None:
        z = limits.check_z(final=final)
        checks += [
            _latency(stable, canary, limits, z),
            _scores(stable, canary, limits, z),
            _value(stable, canary, limits),
        ]
    failed = [c for c in checks if c.outcome is Outcome.FAILED]
    if failed:
        return _verdict(Outcome.FAILED, "; ".join(c.reason for c in failed), checks, stable, canary)
    if not final:
        running = [c if c.outcome is Outcome.INCONCLUSIVE else _so_far(c) for c in checks]
        reason = short or f"running, no clear harm in {canary.requests:,} requests of {canary.version}"
        return _verdict(Outcome.INCONCLUSIVE, reason, running, stable, canary)
    if short is not None:
        return _verdict(Outcome.INCONCLUSIVE, short, checks, stable, canary)
    unsure = [c for c in checks if c.outcome is Outcome.INCONCLUSIVE]
    if unsure:
        return _verdict(Outcome.INCONCLUSIVE, "; ".join(c.reason for c in unsure), checks, stable, canary)
    words = "; ".join(c.reason for c in checks)
    return _verdict(
        Outcome.SUCCESSFUL, f"{canary.version} holds on {canary.requests:,} requests: {words}", checks, stable, canary
    )


def _verdict(outcome: Outcome, reason: str, checks: list[Check], stable: ArmSample, canary: ArmSample) -> Verdict:
    return Verdict(
        outcome=outcome,
        reason=reason,
        checks=tuple(checks),
        stable_requests=stable.requests,
        canary_requests=canary.requests,
    )


def _no_arm(stable: ArmSample | None, canary: ArmSample | None) -> Verdict:
    absent = " and ".join(name for name, arm in (("stable", stable), ("canary", canary)) if arm is None)
    return Verdict(
        outcome=Outcome.INCONCLUSIVE,
        reason=f"no data for the {absent} arm",
        checks=(),
        stable_requests=stable.requests if stable else 0,
        canary_requests=canary.requests if canary else 0,
    )


def _too_few(stable: ArmSample, canary: ArmSample, limits: CanaryLimits) -> str | None:
    short = [
        f"{name} got {arm.requests:,} of {limits.min_requests:,} requests needed"
        for name, arm in (("stable", stable), ("canary", canary))
        if arm.requests < limits.min_requests
    ]
    return "; ".join(short) or None


def _so_far(check: Check) -> Check:
    return check.model_copy(update={"outcome": Outcome.INCONCLUSIVE, "reason": f"so far {check.reason}"})


def _errors(stable: ArmSample, canary: ArmSample, limits: CanaryLimits) -> Check:
    """Fails when more errors are sure (mixture sequential test, valid at every look) and the rise is above the
    limit.
    """
    rates = [arm.errors / arm.requests if arm.requests else 0.0 for arm in (stable, canary)]
    rise = rates[1] - rates[0]
    evidence = _error_evidence(stable, canary)
    outcome = Outcome.SUCCESSFUL
    reason = f"error rate {rates[1]:.2%} against {rates[0]:.2%}"
    if rise > limits.error_rate_increase:
        sure = evidence >= 1.0 / limits.check_alpha
        outcome = Outcome.FAILED if sure else Outcome.INCONCLUSIVE
        reason += f", {rise * 100:+.2f} points, limit {limits.error_rate_increase * 100:+.2f}"
        reason += "" if sure else f": {canary.errors} errors are too few to be sure"
    return Check(
        name="error rate",
        outcome=outcome,
        stable=f"{rates[0]:.2%} ({stable.errors:,} of {stable.requests:,})",
        canary=f"{rates[1]:.2%} ({canary.errors:,} of {canary.requests:,})",
        limit=f"{limits.error_rate_increase * 100:+.2f} points",
        reason=reason,
    )


def _error_evidence(stable: ArmSample, canary: ArmSample) -> float:
    """E-value for "the canary errs more often": >= 1/alpha at any look happens with probability <= alpha when it
    does not.

    Given that an error happened, it is the canary's with the canary's share of requests; likelihood ratios for
    higher odds are averaged (mSPRT with a discrete mixture, Robbins 1970; Johari et al. 2017). The traffic split has
    to be constant while the canary runs.
    """
    total = stable.requests + canary.requests
    if not canary.requests or not stable.requests:
        return 0.0
    share = canary.requests / total
    logs = []
    for odds in _ODDS:
        alternative = share * odds / (share * odds + 1.0 - share)
        ours = canary.errors * math.log(alternative / share)
        logs.append(ours + stable.errors * math.log((1.0 - alternative) / (1.0 - share)))
    top = max(logs)
    return math.exp(min(700.0, top)) * sum(math.exp(v - top) for v in logs) / len(logs)


def _latency(stable: ArmSample, canary: ArmSample, limits: CanaryLimits, z: float) -> Check:
    """Fails when the whole interval of the p95 ratio (order statistics of both arms) lies above the limit."""
    slow, quick = _p95(canary.latency_counts, z), _p95(stable.latency_counts, z)
    limit = f"x{limits.latency_p95_ratio:g}"
    if slow is None or quick is None:
        return _unknown("latency p95", limit, "no latencies were measured")
    ratio, low, high = slow.point / quick.point, slow.low / quick.high, slow.high / quick.low
    outcome = Outcome.SUCCESSFUL
    reason = f"p95 {slow.point:.0f} ms against {quick.point:.0f} ms"
    if ratio > limits.latency_p95_ratio and slow.point > limits.latency_floor_ms:
        sure = low > limits.latency_p95_ratio and slow.low > limits.latency_floor_ms
        outcome = Outcome.FAILED if sure else Outcome.INCONCLUSIVE
        reason += f", x{ratio:.1f} ({low:.1f} to {high:.1f}), limit {limit}"
        reason += "" if sure else ": the interval reaches under the limit"
    return Check(
        name="latency p95",
        outcome=outcome,
        stable=f"{quick.point:.0f} ms",
        canary=f"{slow.point:.0f} ms (x{ratio:.2f})",
        limit=limit,
        reason=reason,
    )


class _Band(NamedTuple):
    point: float
    low: float
    high: float


def _p95(counts: tuple[int, ...], z: float) -> _Band | None:
    """p95 in ms with its order-statistic interval, linear within a bin; None without requests."""
    n = sum(counts)
    if n == 0:
        return None
    spread = z * math.sqrt(0.95 * 0.05 / n)
    points = [_histogram_quantile(counts, q) for q in (0.95, max(0.0, 0.95 - spread), min(1.0, 0.95 + spread))]
    return _Band(*points)


def _histogram_quantile(counts: tuple[int, ...], q: float) -> float:
    edges = (0.0, *LATENCY_EDGES_MS, LATENCY_EDGES_MS[-1])
    rank, seen = q * sum(counts), 0
    for i, count in enumerate(counts):
        if count and seen + count >= rank:
            within = (rank - seen) / count
            return max(0.1, edges[i] + within * (edges[i + 1] - edges[i]))
        seen += count
    return edges[-1]


def _scores(stable: ArmSample, canary: ArmSample, limits: CanaryLimits, z: float) -> Check:
    """Fails when the canary's scores are surely skewed against its own held-out shape, and surely more than the
    stable arm's are.
    """
    own, other = _skew(canary), _skew(stable)
    if own is None:
        return _unknown(
            "score distribution", f"PSI {limits.score_psi:g}", "the canary's scores or their held-out shape are unknown"
        )
    base, base_sd = other or (0.0, 0.0)
    skew, sd = own
    outcome = Outcome.SUCCESSFUL
    reason = f"score PSI {skew:.2f} against {base:.2f}"
    clearly_own = skew - base > z * math.hypot(sd, base_sd)
    if skew > limits.score_psi and base > limits.score_psi and not clearly_own:
        reason += f", above {limits.score_psi:g} like the stable arm: the requests have changed, not the model"
    elif skew > limits.score_psi:
        sure = clearly_own and skew - z * sd > limits.score_psi
        outcome = Outcome.FAILED if sure else Outcome.INCONCLUSIVE
        reason += f", limit {limits.score_psi:g}" + ("" if sure else ": not clearly above it and above the stable arm")
    return Check(
        name="score distribution",
        outcome=outcome,
        stable=f"PSI {base:.2f}" if other else "unknown",
        canary=f"PSI {skew:.2f}",
        limit=f"PSI {limits.score_psi:g}",
        reason=reason,
    )


def _skew(arm: ArmSample) -> tuple[float, float] | None:
    """Bias-corrected PSI of live scores against the held-out shape, and its sd (delta method); None when it cannot
    be known.
    """
    n = sum(arm.score_counts)
    if n == 0 or len(arm.score_counts) != len(arm.expected_score_shares) or len(arm.score_counts) < 2:
        return None
    half = 0.5
    expected = np.asarray(arm.expected_score_shares, np.float64) * n + half
    p, q = expected / expected.sum(), np.asarray(arm.score_counts, np.float64) + half
    q = q / q.sum()
    slope = np.log(q / p) + 1.0 - p / q
    variance = float((q * slope**2).sum() - (q * slope).sum() ** 2) / n
    raw = float(((q - p) * np.log(q / p)).sum())
    return max(0.0, raw - (p.size - 1) / n), math.sqrt(max(variance, 0.0))


def _value(stable: ArmSample, canary: ArmSample, limits: CanaryLimits) -> Check:
    """Fails when the interval of the difference, valid at every look, lies wholly under the allowed drop."""
    name, limit = canary.value_name or "business value", f"-{limits.value_drop:.0%}"
    counts = {"stable": stable.value_n, "canary": canary.value_n}
    short = [
        f"{arm} has {n:,} of {limits.min_labelled:,} labels" for arm, n in counts.items() if n < limits.min_labelled
    ]
    if short:
        return _unknown(name, limit, f"{name}: {' and '.join(short)}")
    (base, base_var), (mean, var) = _moments(stable), _moments(canary)
    # Money is skewed: a few large values carry it, and a small arm that has not met one yet looks poor and certain.
    # The large arm knows how much the values really spread.
    gap, variance = mean - base, max(var, base_var) / canary.value_n + base_var / stable.value_n
    allowed = limits.value_drop * abs(base)
    half = _mixture_half_width(variance, max(allowed, 0.1 * math.sqrt(base_var)), limits.check_alpha)
    scale = 100.0 / abs(base) if base else math.nan
    unit = f" {canary.value_unit}" if canary.value_unit else ""
    reason = f"{name} {mean:,.2f}{unit} against {base:,.2f}{unit}"
    if base:
        reason += f" ({gap * scale:+.0f}%, interval {(gap - half) * scale:+.0f}% to {(gap + half) * scale:+.0f}%)"
    outcome = Outcome.SUCCESSFUL
    if gap + half < -allowed:
        outcome = Outcome.FAILED
        reason += f", limit {limit}"
    elif gap < -allowed and upper_tail(-gap / math.sqrt(variance)) < limits.check_alpha:
        outcome = Outcome.INCONCLUSIVE
        reason += f", limit {limit}: a drop is likely but not sure"
    return Check(
        name=name,
        outcome=outcome,
        stable=f"{base:,.2f}{unit} ({stable.value_n:,})",
        canary=f"{mean:,.2f}{unit} ({canary.value_n:,})",
        limit=limit,
        reason=reason,
    )


def _moments(arm: ArmSample) -> tuple[float, float]:
    """Mean and variance of the value per labelled request; a tiny variance floor keeps constant values divisible."""
    mean = arm.value_sum / arm.value_n
    variance = max(0.0, arm.value_sumsq - arm.value_n * mean * mean) / max(1, arm.value_n - 1)
    return mean, max(variance, 1e-12 * (1.0 + mean * mean))


def _mixture_half_width(variance: float, tau: float, alpha: float) -> float:
    """Half-width of a confidence sequence: the normal-mixture mSPRT turned round (Johari et al. 2017); `tau` is the
    effect sought.
    """
    spread = variance + tau * tau
    return math.sqrt(variance * spread / (tau * tau) * (math.log(spread / variance) + 2.0 * math.log(1.0 / alpha)))


def _unknown(name: str, limit: str, reason: str) -> Check:
    return Check(name=name, outcome=Outcome.INCONCLUSIVE, stable="", canary="", limit=limit, reason=reason)
