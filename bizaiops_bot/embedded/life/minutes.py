"""Per-minute, per-version statistics of one model: all that health, canary arms and charts are read from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np

Stats = np.ndarray[Any, np.dtype[np.float64]]

LATENCY_EDGES_MS: tuple[float, ...] = (
    5,
    10,
    15,
    20,
    25,
    30,
    40,
    50,
    60,
    80,
    100,
    125,
    150,
    200,
    250,
    300,
    400,
    500,
    750,
    1000,
    2000,
    5000,
)
"""The bins of this company's latencies, in ms."""

REQUESTS, ERRORS, SCORED, SCORE_SUM, VALUE_N, VALUE_SUM, VALUE_SUMSQ = range(7)
LATENCY = slice(7, 7 + len(LATENCY_EDGES_MS) + 1)
SCORE_BINS = 10
SCORES = slice(LATENCY.stop, LATENCY.stop + SCORE_BINS)
WIDTH = SCORES.stop
TURNED_AWAY = ""  # the "version" of requests that a paused model did not serve
KEPT_MINUTES = 15 * 24 * 60
"""As long as an A/B test may last, and a day."""


def minute_of(when: datetime) -> int:
    """Whole minutes since 1970 UTC."""
    return int(when.timestamp() // 60)


def first_whole_minute(since: datetime) -> int:
    """The first that had not begun before: in an earlier one the requests were split in another way."""
    return -int(-since.timestamp() // 60)


def time_of(minute: int) -> datetime:
    """Begin of the minute, aware UTC."""
    return datetime.fromtimestamp(minute * 60, UTC)


class MinuteRing:
    """Fifteen days of minutes. One vector a version and minute: counts, sums, latency and score histograms."""

    def __init__(self) -> None:
        self._minutes: dict[int, dict[str, Stats]] = {}
        self._changed: set[tuple[int, str]] = set()

    def at(self, minute: int, version: str) -> Stats:
        """The vector of a version and minute, to add to; it counts as changed."""
        self._changed.add((minute, version))
        versions = self._minutes.setdefault(minute, {})
        if version not in versions:
            versions[version] = np.zeros(WIDTH)
        return versions[version]

    def sums(self, first: int, last: int) -> dict[str, Stats]:
        """Totals per version over the minutes first..last, both inclusive; versions without requests are left out."""
        totals: dict[str, Stats] = {}
        for _, version, stats in self.between(first, last):
            if version in totals:
                totals[version] += stats
            else:
                totals[version] = stats.copy()
        return {version: total for version, total in totals.items() if total[REQUESTS]}

    def between(self, first: int, last: int) -> Iterator[tuple[int, str, Stats]]:
        """Every (minute, version, vector) in first..last that was served, by minute."""
        for minute in range(max(first, next(iter(self._minutes), first)), last + 1):
            for version, stats in self._minutes.get(minute, {}).items():
                if version != TURNED_AWAY:
                    yield minute, version, stats

    def turned_away(self, first: int, last: int) -> int:
        """Requests that were not served because the model was paused."""
        found = (self._minutes.get(minute, {}).get(TURNED_AWAY) for minute in range(first, last + 1))
        return int(sum(stats[REQUESTS] for stats in found if stats is not None))

    def forget_before(self, minute: int) -> None:
        """Drops older minutes. They were added in order of time, so only the oldest are looked at."""
        while self._minutes and (oldest := next(iter(self._minutes))) < minute:
            del self._minutes[oldest]

    def take_changed(self) -> list[tuple[int, str, Stats]]:
        """What changed since the last call, for saving."""
        changed, self._changed = self._changed, set()
        known = ((minute, version, self._minutes.get(minute, {}).get(version)) for minute, version in sorted(changed))
        return [(minute, version, stats) for minute, version, stats in known if stats is not None]

    def restore(self, saved: Iterable[tuple[int, str, Stats]]) -> None:
        """Puts saved vectors back, oldest first."""
        for minute, version, stats in saved:
            self._minutes.setdefault(minute, {})[version] = stats
