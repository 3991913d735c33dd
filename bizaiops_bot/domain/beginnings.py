"""When did it begin, what was before, and which release came first: what series and the list of releases tell."""

from __future__ import annotations

from datetime import datetime, timedelta
from statistics import median

from bizaiops_bot.domain.monitoring import SeriesData
from bizaiops_bot.domain.records import Release
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.domain.wording import BAKE_TIME, SLACK

_LEVEL_POINTS = 5


def began(series: SeriesData | NoData, limit: float) -> datetime | None:
    """The first point of the run up to now that is above `limit`; None when the newest point is not.

    One point below it does not end the run; points without data do not either.
    """
    if isinstance(series, NoData):
        return None
    onset, below = None, 0
    for at, value in zip(reversed(series.times), reversed(series.values), strict=True):
        if value is None:
            continue
        below = below + 1 if value <= limit else 0
        if below > 1 or (below and onset is None and at < series.times[-1] - timedelta(minutes=3)):
            break
        if not below:
            onset = at
    return onset


def level(series: SeriesData | NoData, start: datetime | None, end: datetime | None) -> float | None:
    """The median from `start` up to `end`; None with under five points."""
    if isinstance(series, NoData):
        return None
    known = [
        v
        for t, v in zip(series.times, series.values, strict=True)
        if v is not None and (start is None or t >= start) and (end is None or t < end)
    ]
    return median(known) if len(known) >= _LEVEL_POINTS else None


def grown(load: SeriesData | NoData, since: datetime | None) -> float | None:
    """How many times the requests of before there are since then; None when that cannot be told."""
    if since is None or isinstance(load, NoData):
        return None
    before = level(load, None, since)
    known = [v for t, v in zip(load.times, load.values, strict=True) if v is not None and t >= since]
    return None if not before or not known else median(known) / before


def last_before(releases: tuple[Release, ...], onset: datetime) -> Release | None:
    """The newest release up to the onset, else the newest of all. releases: newest first."""
    return next((r for r in releases if r.at <= onset + SLACK), releases[0] if releases else None)


def blamed(release: Release, onset: datetime, version: str) -> bool:
    """Whether it brought the version that is affected, at most an hour before."""
    fresh = -SLACK <= onset - release.at <= BAKE_TIME
    return fresh and release.kind in ("deploy", "retrain") and release.version == version


def baseline(series: SeriesData | NoData) -> float | None:
    """The p95 of the calmer half of the look back."""
    if isinstance(series, NoData):
        return None
    known = sorted(v for v in series.values if v is not None)
    half = known[: len(known) // 2]
    return median(half) if len(half) >= _LEVEL_POINTS else None
