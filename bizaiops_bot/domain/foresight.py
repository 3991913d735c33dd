"""What a canary of this share and length can show at this traffic: said before anyone approves it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from bizaiops_bot.domain.canary_bounds import p95, ratio_of, skew
from bizaiops_bot.domain.canary_checks import smallest_drop
from bizaiops_bot.domain.canary_limits import CanaryLimits
from bizaiops_bot.domain.judge import SPOKEN, JudgeSpec
from bizaiops_bot.domain.monitoring import ArmSample
from bizaiops_bot.domain.probability import upper_tail
from bizaiops_bot.domain.values import Value

EXTENDED = 3
"""Times the hold, at most: it is extended once while there is not enough evidence."""
_DRAWS = 4_000
_LEAST = 100


class Foresight(Value):
    """What a hold can show. `words` is for people; value_must: whether the business value will be tested, None
    when that is not known either.
    """

    words: str
    value_must: bool | None


def foresee(
    before: ArmSample | None,
    *,
    stable: str,
    share: int,
    hold_min: float,
    traffic: float | None = None,
    judge: JudgeSpec | None = None,
    unknown: str = "",
) -> Foresight:
    """From what the stable version did in the hour before, or in the minutes of it that are known: error rate,
    latencies and value.

    traffic: requests a minute to all versions of the model; None takes the stable version's for all.
    unknown: why nothing is known of that hour, "" where it is.
    Chances are for a canary that is no worse than it, at the end of the hold and when that is extended; of advisory
    checks none are told, as they keep nobody waiting.
    """
    judge = judge or JudgeSpec()
    limits = judge.limits
    if unknown:
        words = f"not known: {unknown}, so nobody can say what {_minutes(hold_min)} can rule out"
        return Foresight(words=words, value_must=None)
    minutes = (len(before.by_minute) if before is not None else 0) or 60
    if before is None or before.requests < _LEAST:
        got = 0 if before is None else before.requests
        words = (
            f"not known: {stable} got {got:,} requests in the last {minutes} min, so nobody can say what "
            f"{_minutes(hold_min)} can rule out"
        )
        return Foresight(words=words, value_must=None)
    n = (traffic or before.requests / minutes) * hold_min * share / 100.0
    times = (100.0 - share) / share if share < 100 else before.requests / n
    ruled = ", ".join(_ruled_out(before, n, times, judge)) or "nothing by itself"
    drop, said = _value(before, n, times, judge)
    words = (
        f"{share}% for {_minutes(hold_min)} is about {_round(n)} requests: can rule out {ruled}{said}{_advice(judge)}"
    )
    return Foresight(words=words, value_must=judge.value_must(drop <= limits.value_drop))


def _ruled_out(before: ArmSample, n: float, times: float, judge: JudgeSpec) -> Iterator[str]:
    """Of every check that is a must: its margin, and the chance to rule harm beyond it out."""
    limits, longer = judge.limits, n * EXTENDED
    if "errors" in judge.must:
        now, then = _errors(before, n, times, limits), _errors(before, longer, times, limits)
        yield f"errors {limits.error_rate_increase * 100:+.1f} points ({_chance(now)}{_later(now, then)})"
    if "latency" in judge.must:
        chance = "not: no latencies are measured"
        if before.timed:
            now, then = _latency(before, n, times, limits), _latency(before, longer, times, limits)
            chance = f"{_chance(now)}{_later(now, then)}"
        yield f"p95 x{limits.latency_p95_ratio:g} ({chance})"
    if "scores" in judge.must:
        chance = "not: no scores are measured"
        if skew(before) is not None:
            now, then = _scores(before, n, limits), _scores(before, longer, limits)
            chance = f"{_chance(now)}{_later(now, then)}"
        yield f"score PSI {limits.score_psi:g} ({chance})"


def _advice(judge: JudgeSpec) -> str:
    names = ", ".join(SPOKEN[check] for check in judge.advisory)
    return f"; advisory, not judged where it cannot be told: {names}" if names else ""


def _minutes(hold_min: float) -> str:
    return f"{hold_min:.0f} min" if hold_min <= 120 else f"{hold_min / 60:g} h"


def _errors(before: ArmSample, n: float, times: float, limits: CanaryLimits) -> float:
    """How often an equally good canary would be shown to be within both limits; drawn, as errors are few."""
    z, rate = limits.pass_z(2), min(0.99, (before.errors + 0.5) / (before.requests + 1.0))
    rng, ours, theirs = np.random.default_rng(1), max(1, round(n * times)), max(1, round(n))
    base, mine = rng.binomial(ours, rate, _DRAWS) / ours, rng.binomial(theirs, rate, _DRAWS) / theirs

    def bound(share: np.ndarray, size: int, side: float) -> np.ndarray:
        half = z * np.sqrt(share * (1.0 - share) / size + z * z / (4.0 * size * size))
        return (share + z * z / (2.0 * size) + side * half) / (1.0 + z * z / size)

    high = bound(mine, theirs, 1.0)
    rise = mine - base + np.hypot(high - mine, base - bound(base, ours, -1.0))
    return float(((rise < limits.error_rate_increase) & (high < limits.error_rate_slo)).mean())


def _latency(before: ArmSample, n: float, times: float, limits: CanaryLimits) -> float:
    z = limits.pass_z(2)
    seen, known = before.latency, before.timed
    bands = [
        p95(seen.scaled(size / known), z, coarse=limits.latency_p95_ratio) if seen and known else None
        for size in (n, n * times)
    ]
    slow, quick = bands
    if slow is None or quick is None:
        return 0.0
    if slow.high < limits.latency_floor_ms:
        return 1.0
    spread = math.log(ratio_of(slow, quick).high) / z
    level = math.log(slow.high / slow.point) / z
    if not (math.isfinite(spread) and math.isfinite(level)):
        return 0.0
    ratio, slo = math.log(limits.latency_p95_ratio), math.log(limits.latency_slo_ms / slow.point)
    return min(_power(ratio, spread, z), _power(slo, level, z))


def _scores(before: ArmSample, n: float, limits: CanaryLimits) -> float:
    known, counted = skew(before), sum(before.score_counts)
    if known is None:
        return 0.0
    psi, sd = known
    return _power(limits.score_psi - psi, sd * math.sqrt(counted / n), limits.score_z(2))


def _value(before: ArmSample, n: float, times: float, judge: JudgeSpec) -> tuple[float, str]:
    limits = judge.limits
    labels = n * before.value_n / before.requests
    name = before.value_name or "business value"
    drop = smallest_drop(before, labels, labels * times, limits, limits.pass_z(2))
    if drop <= limits.value_drop:
        return drop, f", and a drop of {name} of {drop:.0%}"
    if "value" in judge.must:
        sees = f"could only see a drop of {drop:.0%}" if drop <= 1.0 else "could not see even a loss of all of it"
        sees = sees if math.isfinite(drop) else "sees none, as no labels are known"
        return drop, f"; {name} is a must and this hold {sees}, so a person will be asked"
    if "value" in judge.advisory:
        return drop, ""
    if 1.0 < drop < math.inf:
        return drop, f"; of {name} it could not see even a loss of all of it, so that is shown and not judged"
    if math.isfinite(drop):
        return drop, f"; of {name} it could only see a drop of {drop:.0%}, so that is shown and not judged"
    return drop, f"; of {name} no labels are known, so that is shown and not judged"


def _power(distance: float, sd: float, z: float) -> float:
    """How often an estimate `distance` inside its limit is shown to be inside."""
    if distance <= 0.0:
        return 0.0
    return 1.0 if sd <= 0.0 else upper_tail(z - distance / sd)


def _chance(share: float) -> str:
    return "over 99%" if share > 0.99 else "under 1%" if share < 0.01 else f"{share:.0%}"


def _later(now: float, then: float) -> str:
    return f", {_chance(then)} when extended" if now < 0.95 else ""


def _round(n: float) -> str:
    unit = 10 ** max(0, len(str(round(n))) - 2)
    return f"{round(n / unit) * unit:,}"
