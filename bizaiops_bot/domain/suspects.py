"""Whose fault is it? The newest change of the traffic is the first suspect; what each version shows decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from bizaiops_bot.domain.changes import Change
from bizaiops_bot.domain.health import pace_words
from bizaiops_bot.domain.values import Value, spoken_duration
from bizaiops_bot.domain.wording import BAKE_TIME, SLACK

Metric = Literal["errors", "latency"]
Who = Literal["version", "common", "elsewhere", "change", "unknown"]
_TWO = 2
_FEW = 20
"""Requests below which a version says nothing."""


class Arm(Value):
    """What one version shows in the window. bad: it breaks the limit; sure: on as many requests as are needed."""

    version: str
    requests: int
    error_rate: float
    latency_p95_ms: float | None
    bad: bool
    sure: bool = True

    def words(self, metric: Metric) -> str:
        """ "v2 p95 415 ms on 108 requests" """
        shown = f"errors {self.error_rate:.1%}" if metric == "errors" else f"p95 {pace_words(self.latency_p95_ms)}"
        return f"{self.version} {shown} on {self.requests:,} requests"


class Suspicion(Value):
    """The first suspect and whether the evidence holds against it.

    who: "version" (the one the change brought, and no other), "common" (every version alike), "elsewhere" (another
    version than the one the change brought), "change" (the change is no version), "unknown" (one version alone).
    """

    change: Change
    who: Who
    because: str


def fresh(known: Sequence[Change], onset: datetime) -> list[Change]:
    """The changes up to the onset that are young enough, or whose run is at work still. known: newest first."""
    return [
        change
        for change in known
        if change.at is None or (onset - change.at >= -SLACK and (change.open or onset - change.at <= BAKE_TIME))
    ]


def suspicion(
    metric: Metric, version: str, onset: datetime, known: Sequence[Change], arms: Sequence[Arm]
) -> Suspicion | None:
    """What is to be thought of `version` being bad since `onset`; None when nothing has touched the traffic lately.

    The newest change is suspected, unless the versions side by side show that an older one brought it.
    """
    suspects = fresh(known, onset)
    if not suspects:
        return None
    measured = [arm for arm in arms if arm.requests >= _FEW]
    proved = [change for change in suspects if _who(change, version, measured) == "version"]
    change = (proved or suspects)[0]
    who = _who(change, version, measured)
    return Suspicion(change=change, who=who, because=_because(change, who, version, onset, metric, measured))


def _because(change: Change, who: Who, version: str, onset: datetime, metric: Metric, measured: Sequence[Arm]) -> str:
    told = f"{change.words}{_before(change, onset)}"
    beside = "; ".join(arm.words(metric) for arm in measured)
    if who == "version":
        return f"{version} itself: {told}. No other version is affected: {beside}"
    if who == "common":
        return (
            f"something common to all versions, such as load or the serving infrastructure: {beside}. "
            f"The newest change is that {told}, but it is not {change.version} alone"
        )
    if who == "elsewhere":
        return f"not {change.version}, which came last ({told}): it is {version} that is affected. {beside}"
    if who == "change":
        return f"the newest change: {told}"
    return f"the newest change: {told}. Whether another version is affected too cannot be told"


def _who(change: Change, version: str, measured: Sequence[Arm]) -> Who:
    if not change.version or (change.kind == "restore" and len(measured) < _TWO):
        return "change"
    others = [arm for arm in measured if arm.version != change.version]
    own = next((arm for arm in measured if arm.version == change.version), None)
    if change.version != version and own is not None and not own.bad:
        return "elsewhere"
    if not others or own is None:
        return "unknown"
    return "common" if any(arm.bad for arm in others) else "version"


def _before(change: Change, onset: datetime) -> str:
    if change.at is None:
        return ""
    gap = (onset - change.at).total_seconds()
    return f", {spoken_duration(gap)} before it began" if gap >= 60 else ", as it began"
