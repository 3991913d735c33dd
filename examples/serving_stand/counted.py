"""Requests that came, by the second: counted by revision, with latencies in bins, as a monitoring system has them."""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

EDGES_MS = (5.0, 8.0, *map(float, range(10, 40, 2)), 40.0, 45.0, 50.0, 60.0, 75.0, 100.0, 150.0, 250.0, 500.0, 1000.0)
MINUTES = 5
"""Of fewer none are told: whether errors come in clusters cannot be seen in them, and a judge would wait for more."""
KEPT_S = 24 * 3600
SERIES = {"requests_per_minute": "1/min", "error_rate": "share", "latency_p95_ms": "ms"}


@dataclass
class Count:
    """Of one revision in one second, or of several together."""

    requests: int = 0
    errors: int = 0
    bins: list[int] = field(default_factory=lambda: [0] * (len(EDGES_MS) + 1))

    def add(self, other: Count) -> None:
        self.requests += other.requests
        self.errors += other.errors
        self.bins = [mine + theirs for mine, theirs in zip(self.bins, other.bins, strict=True)]

    def p95_ms(self) -> float:
        target, seen, low = 0.95 * sum(self.bins), 0.0, 0.0
        for high, count in zip(EDGES_MS, self.bins, strict=False):
            if count and seen + count >= target:
                return low + (target - seen) / count * (high - low)
            seen, low = seen + count, high
        return EDGES_MS[-1]


@dataclass(frozen=True)
class Manner:
    """How a version answers. errors: share of its requests. median_ms: of its latency, which is log-normal."""

    errors: float = 0.001
    median_ms: float = 15.0


class Counted:
    """The counts of one service: second -> revision -> count. A second without one had no requests, and was seen."""

    def __init__(self, seed: str) -> None:
        self._seconds: dict[int, dict[str, Count]] = {}
        self._dice = random.Random(seed)

    def come(self, second: int, requests: int, shares: Mapping[str, int], manners: Mapping[str, Manner]) -> None:
        """So many requests arrive in that second. shares: revision -> percent; none of them: they are turned away."""
        seen = self._seconds.setdefault(second, {})
        for revision in self._dice.choices([*shares], [*shares.values()], k=requests) if shares else ():
            manner, count = manners.get(revision, Manner()), seen.setdefault(revision, Count())
            count.requests += 1
            count.errors += self._dice.random() < manner.errors
            count.bins[bisect_left(EDGES_MS, self._latency_ms(manner))] += 1
        for old in [at for at in self._seconds if at < second - KEPT_S]:
            del self._seconds[old]

    def answers(self, requests: int, manner: Manner) -> tuple[int, list[float]]:
        """(errors, milliseconds of the other answers) of requests that are not counted."""
        errors = sum(self._dice.random() < manner.errors for _ in range(requests))
        return errors, [round(self._latency_ms(manner), 1) for _ in range(requests - errors)]

    def _latency_ms(self, manner: Manner) -> float:
        return manner.median_ms * math.exp(self._dice.gauss(0.0, 0.4))

    def total(self) -> int:
        return sum(count.requests for seen in self._seconds.values() for count in seen.values())

    def samples(self, revisions: Sequence[str], start: float, end: float) -> list[dict[str, Any]]:
        """Of the whole seconds from `start` to before `end`, by minute; the first minute may be a part of one."""
        begin, found = math.ceil(start), {name: (Count(), dict[int, Count]()) for name in revisions}
        for at in sorted(at for at in self._seconds if begin <= at < end):
            for name in revisions:
                if count := self._seconds[at].get(name):
                    whole, minutes = found[name]
                    whole.add(count)
                    minutes.setdefault(max(at - at % 60, begin), Count()).add(count)
        return [
            {
                "revision": name,
                "requests": whole.requests,
                "errors": whole.errors,
                "latency": {"edges_ms": EDGES_MS, "counts": whole.bins},
                "by_minute": [
                    [at, count.requests, count.errors] for at, count in minutes.items() if len(minutes) >= MINUTES
                ],
            }
            for name, (whole, minutes) in found.items()
            if whole.requests
        ]

    def series(self, metric: str, start: float, end: float, points: int) -> list[float | None]:
        """One value a step of equal length; None where nobody looked, or where there is nothing to divide by."""
        step = (end - start) / points
        return [self._value(metric, start + place * step, start + (place + 1) * step) for place in range(points)]

    def _value(self, metric: str, start: float, end: float) -> float | None:
        seen = [self._seconds[at] for at in self._seconds if start <= at < end]
        whole = Count()
        for second in seen:
            for count in second.values():
                whole.add(count)
        if metric == "requests_per_minute":
            return whole.requests / ((end - start) / 60) if seen else None
        if not whole.requests:
            return None
        return whole.errors / whole.requests if metric == "error_rate" else whole.p95_ms()
