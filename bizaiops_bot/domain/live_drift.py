"""Drift of live rows, from sketches of minutes that are merged when someone asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add

from bizaiops_bot.domain.sketch import ReferenceSketch, Sketch

Minutes = tuple[tuple[datetime, Sketch], ...]
MIN_ROWS = 200
ONSET_MINUTES = 120
"""An onset is looked for over so long, so that an old drift is not dated to the begin of a short window."""


@dataclass(frozen=True)
class LiveSketches:
    """What one version was asked over [start, end). minutes: (begin of the minute, sketch), oldest first, at least one.

    reference: the same columns at training.
    """

    version: str
    reference: ReferenceSketch
    start: datetime
    end: datetime
    minutes: Minutes

    @property
    def rows(self) -> int:
        return sum(sketch.rows for _, sketch in self.minutes)

    @property
    def whole(self) -> Sketch:
        return merged(self.minutes)


def merged(minutes: Sequence[tuple[datetime, Sketch]]) -> Sketch:
    """All rows of at least one minute."""
    return reduce(add, (sketch for _, sketch in minutes))
