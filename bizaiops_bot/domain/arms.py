"""From what is measured of revisions to what is judged: versions, each with all that is known of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from bizaiops_bot.domain.histogram import together
from bizaiops_bot.domain.monitoring import ArmSample, HealthSample, RevisionSample, ScoreArm, ValueArm

T = TypeVar("T")


def health_by_version(samples: Sequence[RevisionSample], versions: Mapping[str, str]) -> list[HealthSample]:
    """One sample a version, by name; the revisions of one are added up. versions: revision -> version."""
    return [_health(version, own) for version, own in _grouped(samples, lambda s: versions.get(s.revision))]


def arms_by_version(
    samples: Sequence[RevisionSample],
    scores: Sequence[ScoreArm],
    values: Sequence[ValueArm],
    versions: Mapping[str, str],
) -> dict[str, ArmSample]:
    """One arm for each version of which anything is known. versions: revision -> version."""
    counted = dict(_grouped(samples, lambda s: versions.get(s.revision)))
    scored = dict(_grouped(scores, lambda s: versions.get(s.revision)))
    worth = {arm.version: arm for arm in values}
    known = sorted({*counted, *scored, *worth} & {*versions.values()})
    return {v: _arm(v, counted.get(v, []), scored.get(v, []), worth.get(v)) for v in known}


def _grouped(found: Iterable[T], version: Callable[[T], str | None]) -> list[tuple[str, list[T]]]:
    """(version, what is found of it), by version; what belongs to none is left out."""
    groups: defaultdict[str, list[T]] = defaultdict(list)
    for one in found:
        if name := version(one):
            groups[name].append(one)
    return sorted(groups.items())


def _health(version: str, own: list[RevisionSample]) -> HealthSample:
    latency = together(s.latency for s in own if s.latency is not None)
    measured = latency is not None and latency.total > 0
    return HealthSample(
        version=version,
        requests=sum(s.requests for s in own),
        errors=sum(s.errors for s in own),
        latency_p50_ms=latency.quantile(0.5) if latency and measured else None,
        latency_p95_ms=latency.quantile(0.95) if latency and measured else None,
        start=min(s.start for s in own),
        end=max(s.end for s in own),
    )


def _arm(version: str, own: list[RevisionSample], scores: list[ScoreArm], value: ValueArm | None) -> ArmSample:
    counts, shares = _scores(scores)
    return ArmSample(
        version=version,
        requests=sum(s.requests for s in own),
        errors=sum(s.errors for s in own),
        latency=together(s.latency for s in own if s.latency is not None),
        score_counts=counts,
        expected_score_shares=shares,
        value_n=value.n if value else 0,
        value_sum=value.total if value else 0.0,
        value_sumsq=value.sumsq if value else 0.0,
        value_name=value.name if value else "",
        value_unit=value.unit if value else "",
        by_minute=_by_minute(own),
    )


def _by_minute(own: list[RevisionSample]) -> tuple[tuple[int, int], ...]:
    """(requests, errors) of each minute; none where one revision has only totals, as its minutes would be too poor."""
    if any(s.requests and not s.by_minute for s in own):
        return ()
    minutes: defaultdict[object, list[int]] = defaultdict(lambda: [0, 0])
    for at, requests, errors in sorted(minute for s in own for minute in s.by_minute):
        minutes[at][0] += requests
        minutes[at][1] += errors
    return tuple((requests, errors) for requests, errors in minutes.values())


def _scores(arms: list[ScoreArm]) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Counts and held-out shares; none where two revisions of one version are held against other shapes."""
    if len({arm.expected_shares for arm in arms}) != 1 or len({len(arm.counts) for arm in arms}) != 1:
        return (), ()
    return tuple(map(sum, zip(*(arm.counts for arm in arms), strict=True))), arms[0].expected_shares
