"""Latencies as a monitoring system counts them: in bins of its own."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import reduce

from bizaiops_bot.domain.values import Value


class Histogram(Value):
    """Requests by latency. edges_ms: ascending, above 0. counts: one more than edges; the last bin is open."""

    edges_ms: tuple[float, ...]
    counts: tuple[float, ...]

    @property
    def total(self) -> float:
        return sum(self.counts)

    def quantile(self, share: float) -> float:
        """The latency in ms below which `share` of at least one request lie, straight within a bin.

        The first bin begins at 0, the last, open one counts as its lower edge.
        """
        target, seen = share * self.total, 0.0
        for low, high, count in zip((0.0, *self.edges_ms), self.edges_ms, self.counts, strict=False):
            if count and seen + count >= target:
                return low + (target - seen) / count * (high - low)
            seen += count
        return self.edges_ms[-1]

    def scaled(self, times: float) -> Histogram:
        """As if there were so many times the requests."""
        return self.model_copy(update={"counts": tuple(round(count * times) for count in self.counts)})

    def on(self, edges_ms: tuple[float, ...]) -> Histogram:
        """The same requests in wider bins; `edges_ms` are some of its own."""
        counts = [0.0] * (len(edges_ms) + 1)
        for edge, count in zip((*self.edges_ms, float("inf")), self.counts, strict=True):
            counts[bisect_left(edges_ms, edge)] += count
        return Histogram(edges_ms=edges_ms, counts=tuple(counts))


def on_common_edges(one: Histogram, other: Histogram) -> tuple[Histogram, Histogram] | None:
    """Both in the bins that both can be told in; None without an edge that both have: they cannot be compared."""
    if one.edges_ms == other.edges_ms:
        return one, other
    common = tuple(sorted({*one.edges_ms} & {*other.edges_ms}))
    return (one.on(common), other.on(common)) if common else None


def together(several: Iterable[Histogram]) -> Histogram | None:
    """All requests in the bins that all can be told in; None for no histogram, and without an edge that all have."""

    def both(one: Histogram | None, other: Histogram | None) -> Histogram | None:
        known = on_common_edges(one, other) if one and other else None
        if known is None:
            return None
        counts = tuple(a + b for a, b in zip(known[0].counts, known[1].counts, strict=True))
        return known[0].model_copy(update={"counts": counts})

    found: list[Histogram | None] = [*several]
    return reduce(both, found) if found else None
