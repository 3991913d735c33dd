"""The checks of a canary: each fails on sure harm, passes only when harm beyond its limit is ruled out, else says what
is missing.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import NamedTuple

from bizaiops_bot.domain.canary_bounds import (
    Band,
    Dispersion,
    dispersion,
    effective,
    enough_times,
    error_evidence,
    mixture_half_width,
    moments,
    p95,
    ratio_of,
    rise_upper,
    skew,
)
from bizaiops_bot.domain.canary_limits import POWER_Z, CanaryLimits
from bizaiops_bot.domain.histogram import on_common_edges
from bizaiops_bot.domain.judge import CheckName, Unread
from bizaiops_bot.domain.monitoring import ArmSample, Check, Outcome
from bizaiops_bot.domain.probability import upper_tail, wilson_bounds

PASS, FAIL, UNSURE = Outcome.SUCCESSFUL, Outcome.FAILED, Outcome.INCONCLUSIVE


class Look(NamedTuple):
    """Both arms as they are now, and how they are looked at.

    ends: how many ends this hold may have. final: this is one of them; before that nothing passes. unread: checks of
    which nothing could be read.
    """

    stable: ArmSample
    canary: ArmSample
    limits: CanaryLimits
    final: bool
    ends: int
    unread: Mapping[CheckName, Unread] = {}

    @property
    def pass_z(self) -> float:
        return self.limits.pass_z(self.ends)


def unknown(name: str, limit: str, reason: str | Unread, *, must: bool = True) -> Check:
    """A check that could not be made, which is no pass."""
    check = Check(name=name, outcome=UNSURE, stable="", canary="", limit=limit, reason=str(reason), must=must)
    if isinstance(reason, str):
        return check
    told = {"reason": f"{name} not judged: {reason.why}", "unread": reason.why, "away": reason.away}
    return check.model_copy(update=told)


def advised(check: Check, name: CheckName, advisory: Collection[CheckName]) -> Check:
    """The check, as advice where it is one: without enough evidence it is not judged, unless harm is likely by it."""
    if name not in advisory or check.outcome is not UNSURE or check.suspected:
        return check
    return check.model_copy(update={"must": False})


# -- sample ratio ------------------------------------------------------------------------------------


def sample_ratio(look: Look, share: int) -> Check:
    """Fails when the canary's part of the requests cannot be the share it was given: some are lost, or go elsewhere."""
    if missing := look.unread.get("sample_ratio"):
        return unknown("sample ratio", f"{share}%", missing)
    stable, canary, limits = look.stable, look.canary, look.limits
    total, wanted = stable.requests + canary.requests, share / 100.0
    got = canary.requests / total if total else 0.0
    z = (canary.requests - wanted * total) / math.sqrt(max(wanted * (1.0 - wanted) * total, 1e-9))
    outcome = PASS
    reason = f"{got:.1%} of the requests were the canary's, {share}% were to be"
    if abs(z) > limits.ratio_z(final=look.final):
        outcome = FAIL
        lost = "requests of it are lost, or not counted" if z < 0 else "requests of the stable version are lost"
        reason += f" ({canary.requests:,} instead of about {wanted * total:,.0f}): {lost}, or the split is another one"
    return Check(
        name="sample ratio",
        outcome=outcome,
        stable=f"{1.0 - got:.1%}",
        canary=f"{got:.1%}",
        limit=f"{share}%",
        reason=reason,
    )


# -- errors ------------------------------------------------------------------------------------------


def errors(look: Look) -> Check:
    """Fails when more errors are sure (mixture sequential test, valid at every look) and the rise is above the limit.
    Passes when the rise, and the rate itself, are shown to be under theirs.
    """
    stable, canary, limits = look.stable, look.canary, look.limits
    if missing := look.unread.get("errors"):
        return unknown("error rate", f"{limits.error_rate_increase * 100:+.2f} points", missing)
    rates = [arm.errors / arm.requests if arm.requests else 0.0 for arm in (stable, canary)]
    rise, limit = rates[1] - rates[0], f"{limits.error_rate_increase * 100:+.2f} points"
    phi, suspected = dispersion(stable, canary), False
    reason = f"error rate {rates[1]:.2%} against {rates[0]:.2%}"
    sure = error_evidence(stable, canary, phi.together) >= 1.0 / limits.check_alpha
    if rise > limits.error_rate_increase and sure:
        outcome = FAIL
        reason += f", {rise * 100:+.2f} points, limit {limits.error_rate_increase * 100:+.2f}"
    else:
        outcome, why = _errors_shown(look, phi)
        suspected = outcome is UNSURE and _errs_too_often(look, phi)
        reason += f", {why}" if outcome is PASS else f": {why}"
    return Check(
        name="error rate",
        outcome=outcome,
        suspected=suspected,
        stable=f"{rates[0]:.2%} ({stable.errors:,} of {stable.requests:,})",
        canary=f"{rates[1]:.2%} ({canary.errors:,} of {canary.requests:,})",
        limit=limit,
        reason=reason,
    )


def _errors_shown(look: Look, phi: Dispersion) -> tuple[Outcome, str]:
    """Whether rise and rate are shown to be small enough, with the numbers."""
    stable, canary, limits, z = look.stable, look.canary, look.limits, look.pass_z
    if not stable.requests or not canary.requests:
        return UNSURE, "no requests"
    ours, theirs = effective(stable, phi.stable), effective(canary, phi.canary)
    rise, level = rise_upper(ours, theirs, z), wilson_bounds(*theirs, z)[1]
    allowed, slo = limits.error_rate_increase, limits.error_rate_slo
    if rise < allowed and level < slo:
        return PASS, f"at most {rise * 100:+.2f} points, limit {allowed * 100:+.2f}"
    if _errs_too_often(look, phi):
        return UNSURE, f"above the service level of {slo:.1%}, whatever the other version does"
    times = enough_times(ours, theirs, z, allowed, slo)
    would = f" (about {_about(math.ceil(times * canary.requests))} would)" if math.isfinite(times) else ""
    clusters = f", as errors come in clusters (x{max(phi):.1f})" if max(phi) >= 1.5 else ""
    if rise >= allowed:
        ruled = f"rule out {rise * 100:+.1f} points, not {allowed * 100:+.1f}"
    else:
        ruled = f"rule out a rate of {level:.1%}, not the service level of {slo:.1%}"
    return UNSURE, f"{canary.requests:,} requests {ruled}{would}{clusters}"


def _errs_too_often(look: Look, phi: Dispersion) -> bool:
    """Whether the canary's error rate is surely above the service level."""
    theirs = effective(look.canary, phi.canary)
    return theirs[1] > 0 and wilson_bounds(*theirs, look.pass_z)[0] > look.limits.error_rate_slo


def _about(n: int) -> str:
    """Two digits are as much as can be known: "950", "1,400"."""
    unit = 10 ** max(0, len(str(n)) - 2)
    return f"{math.ceil(n / unit) * unit:,}"


# -- latency -----------------------------------------------------------------------------------------


def latency(look: Look) -> Check:
    """Fails when the whole interval of the p95 ratio lies above the limit. Passes when the upper bound lies under it,
    or under what is quick anyway, and the p95 is surely within the service level.
    """
    stable, canary, limits = look.stable, look.canary, look.limits
    limit = f"x{limits.latency_p95_ratio:g}"
    if missing := look.unread.get("latency") or _unmeasured(look, "latencies", "timed"):
        return unknown("latency p95", limit, missing)
    assert stable.latency is not None and canary.latency is not None
    both = on_common_edges(canary.latency, stable.latency)
    if both is None:
        return unknown("latency p95", limit, "the two versions' latencies are counted in bins without a common edge")
    z = limits.check_z(final=look.final)
    bands = [p95(found, q, coarse=limits.latency_p95_ratio) for q in (z, look.pass_z) for found in both]
    if any(band is None for band in bands):
        return unknown("latency p95", limit, f"{canary.timed:,.0f} latencies are too few for a p95")
    slow, quick, slow_pass, quick_pass = (band for band in bands if band is not None)
    ratio, low, high = slow.point / quick.point, slow.low / quick.high, slow.high / quick.low
    reason, suspected = f"p95 {slow.point:.0f} ms against {quick.point:.0f} ms", False
    if ratio > limits.latency_p95_ratio and low > limits.latency_p95_ratio and slow.low > limits.latency_floor_ms:
        outcome = FAIL
        reason += f", x{ratio:.1f} ({low:.1f} to {high:.1f}), limit {limit}"
    else:
        outcome, why = _latency_shown(look, slow_pass, quick_pass)
        suspected = outcome is UNSURE and slow_pass.low > limits.latency_slo_ms
        reason += f", {why}" if outcome is PASS else f": {why}"
    return Check(
        name="latency p95",
        outcome=outcome,
        suspected=suspected,
        stable=f"{quick.point:.0f} ms",
        canary=f"{slow.point:.0f} ms (x{ratio:.2f})",
        limit=limit,
        reason=reason,
    )


def _latency_shown(look: Look, slow: Band, quick: Band) -> tuple[Outcome, str]:
    limits, highest = look.limits, ratio_of(slow, quick).high
    within, allowed = slow.high < limits.latency_slo_ms, limits.latency_p95_ratio
    if within and slow.high < limits.latency_floor_ms:
        return PASS, f"under {limits.latency_floor_ms:.0f} ms is quick enough"
    if within and highest < allowed:
        return PASS, f"at most x{highest:.2f}, limit x{allowed:g}"
    if slow.low > limits.latency_slo_ms:
        return UNSURE, f"above the service level of {limits.latency_slo_ms:.0f} ms, whatever the other version does"
    n = round(look.canary.timed)
    if highest < allowed:
        return UNSURE, f"{n:,} requests do not show it under the service level of {limits.latency_slo_ms:.0f} ms"
    ruled = f"rule out x{highest:.2f}, not x{allowed:g}" if math.isfinite(highest) else f"cannot rule out x{allowed:g}"
    return UNSURE, f"{n:,} requests {ruled}{_would(n, highest, ratio_of(slow, quick).point, allowed)}"


def _would(n: int, highest: float, point: float, allowed: float) -> str:
    """How many would do if the ratio stays: its bound comes nearer with the square root."""
    if not point < allowed or not math.isfinite(highest):
        return ""
    times = (math.log(highest / point) / math.log(allowed / point)) ** 2
    return f" (about {_about(math.ceil(n * times))} would)" if times < 100.0 else ""


def _unmeasured(look: Look, what: str, counts: str) -> str:
    """Why the measured few say nothing about all; empty when nearly all were measured."""
    for name, arm in (("stable", look.stable), ("canary", look.canary)):
        known, answered = getattr(arm, counts), arm.requests - arm.errors
        if not known:
            return f"no {what} of the {name} arm were measured"
        if known < look.limits.min_measured * answered:
            needed = f"{look.limits.min_measured:.0%} are needed"
            return f"{what} of {known:,.0f} of {answered:,} {name} answers are known, {needed}"
    return ""


# -- scores ------------------------------------------------------------------------------------------


def scores(look: Look) -> Check:
    """Fails when the canary's scores are surely skewed against its own held-out shape, and surely more than the
    stable arm's are. Passes when a skew beyond the limit is ruled out.
    """
    limits, name = look.limits, "score distribution"
    limit = f"PSI {limits.score_psi:g}"
    if why := look.unread.get("scores") or _too_few_scores(look):
        return unknown(name, limit, why)
    own, other = skew(look.canary), skew(look.stable)
    if own is None:
        return unknown(name, limit, "the canary's scores or their held-out shape are unknown")
    if other is not None and (missing := _unmeasured(look, "scores", "scored")):
        return unknown(name, limit, missing)
    (psi, sd), (base, base_sd) = own, other or (0.0, 0.0)
    z, pass_z = limits.check_z(final=look.final), limits.score_z(look.ends)
    beyond, spread = psi - base, math.hypot(sd, base_sd)
    reason = f"score PSI {psi:.2f} against {base:.2f}"
    if psi - z * sd > limits.score_psi and beyond > z * spread:
        outcome = FAIL
        reason += f", limit {limits.score_psi:g}"
    elif psi + pass_z * sd < limits.score_psi:
        outcome = PASS
        reason += f", at most {psi + pass_z * sd:.2f}, limit {limits.score_psi:g}"
    elif base > limits.score_psi and beyond + pass_z * spread < limits.score_psi:
        outcome = PASS
        reason += f", above {limits.score_psi:g} like the stable arm: the requests have changed, not the model"
    else:
        outcome = UNSURE
        n = sum(look.canary.score_counts)
        reason += f": {n:,} scores rule out PSI {psi + pass_z * sd:.2f}, not {limits.score_psi:g}"
        times = (pass_z * sd / (limits.score_psi - psi)) ** 2 if psi < limits.score_psi else math.inf
        reason += f" (about {_about(math.ceil(n * times))} would)" if times < 100.0 else ""
    return Check(
        name=name,
        outcome=outcome,
        stable=f"PSI {base:.2f}" if other else "unknown",
        canary=f"PSI {psi:.2f}",
        limit=limit,
        reason=reason,
    )


def _too_few_scores(look: Look) -> str:
    """Where requests are not counted, scores are what there has to be enough of; empty when there is."""
    if "errors" not in look.unread or look.canary.scored >= look.limits.min_requests:
        return ""
    return f"{look.canary.scored:,} of {look.limits.min_requests:,} scores needed"


# -- business value ----------------------------------------------------------------------------------


def smallest_drop(stable: ArmSample, labels: float, base_labels: float, limits: CanaryLimits, z: float) -> float:
    """Smallest relative drop of the value that so many labels show in 80 of 100 rollouts; inf when there is none."""
    if stable.value_n < 2 or labels <= 0.0 or base_labels <= 0.0:
        return math.inf
    mean, variance = moments(stable)
    if not mean:
        return math.inf
    kept = 1.0 - math.copysign(limits.value_drop, mean)
    return (z + POWER_Z) * math.sqrt(variance * (1.0 / labels + kept * kept / base_labels)) / abs(mean)


def value_is_testable(look: Look) -> bool:
    """Whether the labels that the canary's requests must bring, going by the stable arm, could show a drop within the
    margin. Labels that the canary did not get make it no less testable: they are missing.
    """
    stable, canary = look.stable, look.canary
    expected = canary.requests * stable.value_n / stable.requests if stable.requests else 0.0
    return smallest_drop(stable, expected, stable.value_n, look.limits, look.pass_z) <= look.limits.value_drop


class _Gap(NamedTuple):
    """The canary's mean value minus the stable arm's, and what is known about it. `shown`: beyond the margin, in sd."""

    base: float
    mean: float
    gap: float
    variance: float
    half: float
    shown: float
    allowed: float


def value(look: Look, *, must: bool) -> Check:
    """Fails when the interval of the difference, valid at every look, lies wholly under the allowed drop. Passes, as
    a must, when such a drop is ruled out; else it is not judged.
    """
    stable, canary, limits = look.stable, look.canary, look.limits
    name, limit = canary.value_name or "business value", f"-{limits.value_drop:.0%}"
    if missing := look.unread.get("value"):
        return unknown(name, limit, missing, must=must)
    counts = {"stable": stable.value_n, "canary": canary.value_n}
    short = [
        f"{arm} has {n:,} of {limits.min_labelled:,} labels" for arm, n in counts.items() if n < limits.min_labelled
    ]
    if short:
        return unknown(name, limit, f"{name}{'' if must else ' not judged'}: {' and '.join(short)}", must=must)
    g = _gap(look)
    unit = f" {canary.value_unit}" if canary.value_unit else ""
    reason = f"{name} {g.mean:,.2f}{unit} against {g.base:,.2f}{unit}"
    if g.base:
        low, high = ((g.gap + side * g.half) * 100.0 / abs(g.base) for side in (-1, 1))
        reason += f" ({g.gap * 100.0 / abs(g.base):+.0f}%, interval {low:+.0f}% to {high:+.0f}%)"
    outcome, why, must, suspected = _value_outcome(look, g, must=must)
    return Check(
        name=name,
        outcome=outcome,
        suspected=suspected,
        stable=f"{g.base:,.2f}{unit} ({stable.value_n:,})",
        canary=f"{g.mean:,.2f}{unit} ({canary.value_n:,})",
        limit=limit,
        reason=reason + why,
        must=must,
    )


def _gap(look: Look) -> _Gap:
    stable, canary, limits = look.stable, look.canary, look.limits
    (base, base_var), (mean, var) = moments(stable), moments(canary)
    # Money is skewed: a few large values carry it, and a small arm that has not met one yet looks poor and certain.
    # The large arm knows how much the values really spread.
    own = max(var, base_var) / canary.value_n
    variance, allowed = own + base_var / stable.value_n, limits.value_drop * abs(base)
    half = mixture_half_width(variance, max(allowed, 0.1 * math.sqrt(base_var)), limits.check_alpha)
    kept = 1.0 - math.copysign(limits.value_drop, base) if base else 1.0
    beyond = (mean - kept * base) / math.sqrt(own + kept * kept * base_var / stable.value_n)
    return _Gap(base, mean, mean - base, variance, half, beyond, allowed)


def _value_outcome(look: Look, g: _Gap, *, must: bool) -> tuple[Outcome, str, bool, bool]:
    """(outcome, what is said of it, whether it is a must, whether a loss is likely)."""
    limits, limit = look.limits, f"-{look.limits.value_drop:.0%}"
    if g.gap + g.half < -g.allowed:
        return FAIL, f", limit {limit}", must, False
    if g.gap < -g.allowed and upper_tail(-g.gap / math.sqrt(g.variance)) < limits.check_alpha:
        return UNSURE, f", limit {limit}: a drop is likely but not sure", True, True
    if not must:
        seen = smallest_drop(look.stable, look.canary.value_n, look.stable.value_n, limits, look.pass_z)
        return UNSURE, f": not judged, {look.canary.value_n:,} labels {_would_show(seen)}", False, False
    if g.shown > look.pass_z:
        return PASS, f", a drop of {limits.value_drop:.0%} is ruled out", True, False
    more = look.canary.value_n * (look.pass_z / g.shown) ** 2 if g.shown > 0.0 else math.inf
    would = f" (about {_about(math.ceil(more))} would)" if more < 100.0 * look.canary.value_n else ""
    return UNSURE, f": {look.canary.value_n:,} labels do not rule out {limit}{would}", True, False


def _would_show(drop: float) -> str:
    return f"show a drop of {drop:.0%} or more" if drop <= 1.0 else "do not show even a loss of all of it"
