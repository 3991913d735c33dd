"""When did it begin? The likeliest start of a change that still lasts, from per-minute counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from bizaiops_bot.domain.sketch import ReferenceSketch, Sketch

_TAIL_ROWS = 200
_GROUPS = 8


def estimate_onset(
    reference: ReferenceSketch, minutes: Sequence[tuple[datetime, Sketch]], names: Sequence[str]
) -> datetime | None:
    """First minute of the run up to now in which the named columns differ from the reference; None when no run is
    convincing.

    minutes: (start of the minute, its rows), oldest first. Maximum likelihood of one change point with a known
    "before": the "after" is learned from the newest rows, then the start is the minute from which on the
    log-likelihood ratio sums up highest; twice more with the rows since that start. Missing values are a bin like
    any other.
    """
    named = [name for name in dict.fromkeys(names) if name in reference.layout.position]
    if not named or not minutes:
        return None
    tables = [_table(reference, minutes, name) for name in named]
    start = _tail_start(minutes)
    gain = 0.0
    for _ in range(3):
        ratios = np.zeros(len(minutes))
        for before, counts in tables:
            ratios += counts @ _log_ratio(before, counts[start:].sum(axis=0))
        suffix = np.cumsum(ratios[::-1])[::-1]
        start, gain = int(suffix.argmax()), float(suffix.max())
    df = sum(before.size - 1 for before, _ in tables)
    return minutes[start][0] if gain > df / 2 + 3 * math.sqrt(df / 2) + 5 else None


def _tail_start(minutes: Sequence[tuple[datetime, Sketch]]) -> int:
    """Index from which on the newest minutes hold at least 200 rows."""
    rows = 0
    for i in range(len(minutes) - 1, -1, -1):
        rows += minutes[i][1].rows
        if rows >= _TAIL_ROWS:
            return i
    return 0


def _table(
    reference: ReferenceSketch, minutes: Sequence[tuple[datetime, Sketch]], name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Reference shares, shape (bins,), and counts per minute, shape (minutes, bins); few bins, the last for missing
    values.
    """
    column = reference.column(name)
    counts = np.asarray([[*sketch.counts(name), sketch.missing(name)] for _, sketch in minutes], np.float64)
    whole = np.asarray([*column.counts, column.missing], np.float64)
    starts = _groups(whole[:-1]) if column.kind != "category" else list(range(whole.size - 1))
    starts.append(whole.size - 1)
    before, grouped = np.add.reduceat(whole, starts), np.add.reduceat(counts, starts, axis=1)
    return (before + 0.5) / (before + 0.5).sum(), grouped


def _groups(counts: NDArray[np.float64]) -> list[int]:
    """First bins of at most 8 groups with about equal shares of the reference."""
    level = np.floor((np.cumsum(counts) - counts) / max(1.0, counts.sum()) * _GROUPS)
    return [0, *(i for i in range(1, counts.size) if level[i] != level[i - 1])]


def _log_ratio(before: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """log(after / before) per bin; ten rows shaped like the reference keep an empty bin finite."""
    after = (counts + 10.0 * before) / (counts.sum() + 10.0)
    return np.asarray(np.log(after / before), np.float64)
