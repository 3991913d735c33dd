"""Is the new version as good as the one in production? Sufficient statistics of both arms in, a verdict with numbers
out.

Nothing passes by default: successful means that every check which is a must has ruled out the harm it is about. The
judge looks again and again, so every test keeps its promise under repeated looks: a harmless canary is failed in at
most 5% of rollouts. An early look can only stop clear harm; only an end of the hold can say successful.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping

from bizaiops_bot.domain import canary_checks as make
from bizaiops_bot.domain.canary_checks import Look
from bizaiops_bot.domain.canary_limits import CanaryLimits
from bizaiops_bot.domain.judge import CheckName, Unread
from bizaiops_bot.domain.monitoring import ArmSample, Check, Outcome, Verdict

__all__ = ["CanaryLimits", "assess_canary"]


def assess_canary(
    stable: ArmSample | None,
    canary: ArmSample | None,
    limits: CanaryLimits | None = None,
    *,
    final: bool,
    ends: int = 1,
    share: int | None = None,
    value_must: bool | None = None,
    advisory: Collection[CheckName] = (),
    unread: Mapping[CheckName, Unread] | None = None,
) -> Verdict:
    """Judges the canary arm against the stable arm, both counted since the canary began.

    final: the hold is over. Before that the verdict is FAILED (clear harm) or INCONCLUSIVE (running); at the end
    SUCCESSFUL, FAILED or INCONCLUSIVE (not enough evidence: no data, too few requests, or harm is not ruled out).
    ends: how many ends the hold may have, 2 when it can be extended: each gets its part of the chance to be wrong.
    share: percent of the requests the canary was to get; None when the arms are not of the same minutes.
    value_must: whether the plan said that the value is tested; None goes by what the stable arm's labels can show.
    advisory: checks that are told as not judged where there is too little evidence; harm that they show, or that is
    likely by them, counts like any other.
    unread: checks for which nothing could be read: they are not judged, and the others are.
    Numbers that cannot be (not finite, negative, more errors than requests) are an ERROR.
    """
    limits = limits or CanaryLimits()
    if stable is None or canary is None:
        return _no_arm(stable, canary)
    if broken := "; ".join(words for arm in (stable, canary) if (words := _impossible(arm))):
        return _verdict(Outcome.ERROR, f"the numbers cannot be right: {broken}", [], stable, canary)
    look = Look(stable, canary, limits, final, ends, unread or {})
    checks = [make.advised(make.errors(look), "errors", advisory)]
    short = _too_few(look)
    if short is None:
        must = make.value_is_testable(look) if value_must is None else value_must
        checks += [
            make.advised(make.latency(look), "latency", advisory),
            make.advised(make.scores(look), "scores", advisory),
            make.advised(make.value(look, must=must), "value", advisory),
        ]
        if share is not None:
            checks.append(make.advised(make.sample_ratio(look, share), "sample_ratio", advisory))
    failed = [c for c in checks if c.outcome is Outcome.FAILED]
    if failed:
        return _verdict(Outcome.FAILED, "; ".join(c.reason for c in failed), checks, stable, canary)
    if not final:
        counted = f"{canary.requests:,} requests" if "errors" not in look.unread else "what is known"
        reason = short or f"running, no clear harm in {counted} of {canary.version}"
        return _verdict(Outcome.INCONCLUSIVE, reason, [_so_far(c) for c in checks], stable, canary)
    return _at_the_end(look, checks, short)


def _at_the_end(look: Look, checks: list[Check], short: str | None) -> Verdict:
    stable, canary = look.stable, look.canary
    unsure = _reasons([c for c in checks if c.must and c.outcome is not Outcome.SUCCESSFUL])
    if short is not None or unsure:
        reason = f"not enough evidence: {short or '; '.join(unsure)}"
        return _verdict(Outcome.INCONCLUSIVE, reason, checks, stable, canary)
    held = ", ".join(f"{c.name} {c.canary}" for c in checks if c.outcome is Outcome.SUCCESSFUL)
    advice = ", ".join(c.name for c in checks if c.outcome is not Outcome.SUCCESSFUL)
    untested = f"; not judged: {advice}" if advice else ""
    counted = f"{canary.requests:,} requests" if "errors" not in look.unread else "what is known"
    reason = f"{canary.version} holds on {counted}: {held}{untested}"
    return _verdict(Outcome.SUCCESSFUL, reason, checks, stable, canary)


def _reasons(unsure: list[Check]) -> list[str]:
    """What each check says; those that the same port leaves unread are one reason."""
    unread: dict[str, list[str]] = {}
    for check in unsure:
        if check.unread:
            unread.setdefault(check.unread, []).append(check.name)
    said = [check.reason for check in unsure if not check.unread]
    return [*said, *(f"{', '.join(names)} not judged: {why}" for why, names in unread.items())]


def _verdict(outcome: Outcome, reason: str, checks: list[Check], stable: ArmSample, canary: ArmSample) -> Verdict:
    counts = [arm.requests if math.isfinite(arm.requests) else 0 for arm in (stable, canary)]
    return Verdict(
        outcome=outcome, reason=reason, checks=tuple(checks), stable_requests=counts[0], canary_requests=counts[1]
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


def _impossible(arm: ArmSample) -> str:
    """What is wrong with the numbers of an arm, empty when they can be."""
    for name, number in _numbers(arm):
        if not math.isfinite(number):
            return f"{name} of {arm.version} is {number}"
        if number < 0 and name != "value_sum":
            return f"{name} of {arm.version} is negative ({number:g})"
    if arm.errors > arm.requests:
        return f"{arm.version} has {arm.errors:,} errors in {arm.requests:,} requests"
    return ""


def _numbers(arm: ArmSample) -> Iterator[tuple[str, float]]:
    for name in ("requests", "errors", "value_n", "value_sum", "value_sumsq"):
        yield name, getattr(arm, name)
    yield from (("latency", count) for count in (arm.latency.counts if arm.latency else ()))
    for name in ("score_counts", "expected_score_shares"):
        yield from ((name, number) for number in getattr(arm, name))
    yield from (("by_minute", number) for minute in arm.by_minute for number in minute)


def _too_few(look: Look) -> str | None:
    if "errors" in look.unread:
        return None
    needed = look.limits.min_requests
    short = [
        f"{name} got {arm.requests:,} of {needed:,} requests needed"
        for name, arm in (("stable", look.stable), ("canary", look.canary))
        if arm.requests < needed
    ]
    return "; ".join(short) or None


def _so_far(check: Check) -> Check:
    return check.model_copy(update={"outcome": Outcome.INCONCLUSIVE, "reason": f"so far {check.reason}"})
