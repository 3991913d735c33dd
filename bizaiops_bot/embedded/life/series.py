"""Something measured by minute, as equal steps over a window."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from bizaiops_bot.domain.errors import BadInput, NotFound
from bizaiops_bot.domain.monitoring import SeriesData
from bizaiops_bot.embedded.life.minutes import WIDTH, MinuteRing, Stats, minute_of


def series_of(
    metric: str,
    units: dict[str, str],
    window: tuple[datetime, datetime],
    points: int,
    now: datetime,
    step: Callable[[int, int], float | None],
) -> SeriesData | None:
    """`points` steps, at least a minute each; None when no step has a value. step: of the minutes first..end-1.

    Raises NotFound for a metric without a unit, BadInput for an empty window.
    """
    start, end = window
    if metric not in units:
        raise NotFound("metric", metric, units)
    if points < 1 or start >= end:
        raise BadInput(
            f"No series of {points} points from {start} to {end}.", do="Ask for one point or more of a window."
        )
    first, last = minute_of(start), minute_of(end - timedelta(microseconds=1))
    last = min(last, minute_of(now))
    bounds = np.unique(np.linspace(first, last + 1, min(points, max(1, last + 1 - first)) + 1).astype(int))
    values = [step(int(a), int(b)) for a, b in pairwise(bounds)]
    if all(value is None for value in values):
        return None
    times = tuple(datetime.fromtimestamp(int(minute) * 60, start.tzinfo) for minute in bounds[:-1])
    return SeriesData(metric=metric, unit=units[metric], times=times, values=tuple(values))


def totals(ring: MinuteRing, first: int, end: int) -> tuple[Stats, int]:
    """The sums of all versions over first..end-1, and in how many of these minutes anything was served."""
    total, alive = np.zeros(WIDTH), set()
    found: Iterable[tuple[int, str, Stats]] = ring.between(first, end - 1)
    for minute, _, stats in found:
        total += stats
        alive.add(minute)
    return total, len(alive)
