"""An A/B test of two versions: what their requests were worth decides, looked at as often as one likes.

The interval is an asymptotic confidence sequence of the difference in means (Waudby-Smith et al. 2021), by the normal
mixture of `mixture_half_width`, tuned to be narrowest when the test ends: it holds at all looks together, so that a
test may end early for harm and is never read too early.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from bizaiops_bot.domain.canary_bounds import mixture_half_width, moments, moments_of
from bizaiops_bot.domain.canary_limits import CanaryLimits
from bizaiops_bot.domain.monitoring import ArmSample, Check, Outcome, ValueArm, Verdict
from bizaiops_bot.domain.probability import chi2_tail, normal_quantile
from bizaiops_bot.domain.values import Value

ALPHA = 0.05
"""Chance that the interval is ever beside the true difference, over all looks of one test."""
LEAST = 100
"""Labelled requests of each version before anything is said."""
RATIO_ALPHA = 0.001
"""Chance that requests which are split as asked are told not to be, over all looks of one test."""
RATIO_MATTERS = 0.02
"""A share that is off by less than this part of it, such as 19.7% for 20%, changes no comparison."""
LOOK_EVERY = timedelta(minutes=10)
Standing = Literal["better", "worse", "open", "invalid"]


class AbTest(Value):
    """Two versions of a model side by side. share: percent of the requests that `version` is given."""

    stable: str
    version: str
    share: int
    begins: datetime
    ends: datetime


class AbSight(Value):
    """What is known at `at`. requests: by version. values: of the requests since the begin, as far as labels are there.
    unknown: why nothing is known of the value, "" where it is. changed: why the requests are not split as they were to
    be any more, "" where they are. harm: what else is worse, errors, latency or scores, "" for nothing clear.
    """

    at: datetime
    requests: dict[str, int] = Field(default_factory=dict)
    values: tuple[ValueArm, ...] = ()
    unknown: str = ""
    changed: str = ""
    harm: str = ""


class AbResult(Value):
    """The difference `version` - `stable` of the value per request: gap, low and high in its unit; None where too few
    labels are there. words: all of it in a sentence.
    """

    standing: Standing
    words: str
    name: str = "value"
    unit: str = ""
    means: tuple[float, float] | None = None
    counts: tuple[int, int] = (0, 0)
    gap: float | None = None
    low: float | None = None
    high: float | None = None

    def share(self, number: float) -> str:
        """A difference as a part of the stable version's mean: "+3.1%"; in the unit where that is 0."""
        base = 0.0 if self.means is None else self.means[0]
        return f"{number * 100.0 / abs(base):+.1f}%" if base else f"{number:+,.2f} {self.unit}".rstrip()


def compare(test: AbTest, sight: AbSight) -> AbResult:
    """Where the test stands. "invalid": the requests were not split as they were to be, so nothing can be compared."""
    if sight.harm:
        return AbResult(standing="worse", words=f"{test.version} does harm: {sight.harm}")
    if why := sight.changed or _not_split(test, sight):
        return AbResult(standing="invalid", words=why)
    arms = {arm.version: arm for arm in sight.values}
    known = [arms.get(test.stable), arms.get(test.version)]
    counts = tuple(0 if arm is None else arm.n for arm in known)
    if sight.unknown or min(counts) < LEAST:
        short = " and ".join(f"{name} {n:,}" for name, n in zip((test.stable, test.version), counts, strict=True))
        why = sight.unknown or f"{short} labelled requests, and {LEAST} of each are needed"
        return AbResult(standing="open", words=f"nothing can be said: {why}", counts=(counts[0], counts[1]))
    if min(sight.requests.get(name, 0) for name in (test.stable, test.version)) < LEAST:
        why = "how many requests each version got is not known, so nobody can tell whether they were split as asked"
        return AbResult(standing="open", words=f"nothing can be said: {why}", counts=(counts[0], counts[1]))
    stable, version = (arm for arm in known if arm is not None)
    (base, base_var), (mean, var) = (moments_of(arm.n, arm.total, arm.sumsq) for arm in (stable, version))
    # Money is skewed: an arm that has not met a large value yet looks certain, so the larger spread counts for both.
    spread = max(var, base_var)
    variance = spread / version.n + spread / stable.n
    half, gap = half_width(variance, _passed(test, sight.at)), mean - base
    low, high = gap - half, gap + half
    standing: Standing = "better" if low > 0 else "worse" if high < 0 else "open"
    result = AbResult(
        standing=standing,
        words="",
        name=version.name,
        unit=version.unit,
        means=(base, mean),
        counts=(stable.n, version.n),
        gap=gap,
        low=low,
        high=high,
    )
    return result.model_copy(update={"words": _said(test, result)})


def half_width(variance: float, passed: float) -> float:
    """Half of the interval; passed: the share of the test that is over, 0..1, which tells its variance at the end."""
    at_end = variance * max(passed, 1e-3)
    twice_log = -2.0 * math.log(ALPHA)
    tau = math.sqrt(at_end * (twice_log + math.log(twice_log + 1.0)))
    return mixture_half_width(variance, tau, ALPHA)


def smallest_difference(before: ArmSample, minutes: float, share: int) -> float | None:
    """The difference, as a part of the mean, that a test of so many minutes shows in 80 of 100 cases, going by what the
    stable version's requests brought `before`, an hour's; None where that is not known.
    """
    if before.value_n < LEAST or not before.value_sum:
        return None
    mean, variance = moments(before)
    labels = before.value_n / 60.0 * minutes
    at_end = variance / (labels * share / 100.0) + variance / (labels * (100 - share) / 100.0)
    return (half_width(at_end, 1.0) + normal_quantile(0.8) * math.sqrt(at_end)) / abs(mean)


def as_verdict(test: AbTest, sight: AbSight, result: AbResult) -> Verdict:
    """As trials of versions are kept and shown."""
    outcome = {"better": Outcome.SUCCESSFUL, "worse": Outcome.FAILED}.get(result.standing, Outcome.INCONCLUSIVE)
    checks: tuple[Check, ...] = ()
    if result.means is not None:
        unit = f" {result.unit}" if result.unit else ""
        told = [f"{mean:,.2f}{unit} ({n:,})" for mean, n in zip(result.means, result.counts, strict=True)]
        checks = (
            Check(
                name=result.name,
                outcome=outcome,
                stable=told[0],
                canary=told[1],
                limit="more than 0%",
                reason=result.words,
            ),
        )
    seen = [sight.requests.get(name, 0) for name in (test.stable, test.version)]
    return Verdict(
        outcome=outcome, reason=result.words, checks=checks, stable_requests=seen[0], canary_requests=seen[1]
    )


def looks(test: AbTest) -> int:
    """How often it is looked at until its end."""
    return max(1, round((test.ends - test.begins) / LOOK_EVERY))


def guarded(limits: CanaryLimits, test: AbTest) -> CanaryLimits:
    """The limits of a canary, with its chance to fail a harmless version shared by all looks of the test: a canary's
    early looks are a hundred.
    """
    return limits.model_copy(update={"alpha": limits.alpha * min(1.0, 100.0 / looks(test))})


def _passed(test: AbTest, at: datetime) -> float:
    whole = (test.ends - test.begins).total_seconds()
    return min(1.0, max(0.0, (at - test.begins).total_seconds() / whole)) if whole > 0 else 1.0


def _not_split(test: AbTest, sight: AbSight) -> str:
    """Why the requests cannot be those of the test, "" when they can."""
    stable, version = (sight.requests.get(name, 0) for name in (test.stable, test.version))
    total, share = stable + version, test.share / 100.0
    if total < LEAST:
        return ""
    expected = (total * (1.0 - share), total * share)
    chi2 = sum((seen - wanted) ** 2 / wanted for seen, wanted in zip((stable, version), expected, strict=True))
    off = abs(version / total - share)
    if off < RATIO_MATTERS * min(share, 1.0 - share) or chi2_tail(chi2, 1) >= RATIO_ALPHA / looks(test):
        return ""
    return (
        f"the requests were not split as asked: {test.version} got {version:,} of {total:,}, {version / total:.2%} "
        f"instead of {test.share}%, so the two cannot be compared"
    )


def _said(test: AbTest, result: AbResult) -> str:
    assert result.means is not None and result.gap is not None and result.low is not None and result.high is not None
    unit = f" {result.unit}" if result.unit else ""
    base, mean = result.means
    found = {
        "better": f"{test.version} brings more",
        "worse": f"{test.version} brings less",
        "open": "no difference is shown",
    }[result.standing]
    return (
        f"{found}: {result.name} {mean:,.2f}{unit} against {base:,.2f}{unit} a request, {result.share(result.gap)} "
        f"(interval {result.share(result.low)} to {result.share(result.high)}, on {result.counts[1]:,} and "
        f"{result.counts[0]:,} labelled requests)"
    )
