"""What live rows of the stable version looked like, minute by minute."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np

from bizaiops_bot.domain.drift import Sketch, assess_drift
from bizaiops_bot.domain.live_drift import MIN_ROWS, merged
from bizaiops_bot.domain.monitoring import FeatureDrift
from bizaiops_bot.embedded.life.minutes import time_of
from bizaiops_bot.embedded.life.served import ServedModel

KEPT_MINUTES = 24 * 60
GAUGE_MINUTES = 10


def score_column(served: ServedModel) -> str:
    """Name of the score's column in the version's reference."""
    return next(column.name for column in served.reference.columns if column.kind == "score")


class SketchRing:
    """A day of minutes of one model's stable version; a new stable version begins anew, against its own reference."""

    def __init__(self) -> None:
        self._version = ""
        self._sketches: dict[int, Sketch] = {}
        self._psi: dict[int, float] = {}
        self.latest: tuple[FeatureDrift, ...] = ()

    @property
    def version(self) -> str:
        """The version whose rows are in the sketches."""
        return self._version

    def fold(self, served: ServedModel, minute: int, columns: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """Counts rows of the stable version; `columns` holds the features and the reference's score column."""
        if served.version != self._version:
            self._version, self._sketches, self.latest = served.version, {}, ()
        if minute not in self._sketches:
            self._sketches[minute] = Sketch.empty(served.reference)
        self._sketches[minute].fold(columns)

    def window(self, first: int, last: int) -> list[tuple[datetime, Sketch]]:
        """(begin of minute, sketch) over first..last, oldest first."""
        found = ((minute, self._sketches.get(minute)) for minute in range(max(first, self._oldest()), last + 1))
        return [(time_of(minute), sketch) for minute, sketch in found if sketch is not None]

    def close(self, served: ServedModel, minute: int) -> None:
        """Notes the drift of the last ten minutes as the value of `minute`, and forgets what is older than a day."""
        _forget(self._sketches, minute - KEPT_MINUTES)
        window = self.window(minute - GAUGE_MINUTES + 1, minute)
        if served.version != self._version or sum(sketch.rows for _, sketch in window) < MIN_ROWS:
            return
        self.latest = assess_drift(served.reference, merged(window))
        self._psi[minute] = max(f.psi for f in self.latest if f.kind != "score")
        _forget(self._psi, minute - 7 * KEPT_MINUTES)

    def psi(self, minute: int) -> float | None:
        """Largest PSI of any input over the ten minutes up to `minute`."""
        return self._psi.get(minute)

    def _oldest(self) -> int:
        return next(iter(self._sketches), 0)


def _forget(minutes: dict[int, Any], before: int) -> None:
    """Drops the oldest entries; they were added in order of time."""
    while minutes and (oldest := next(iter(minutes))) < before:
        del minutes[oldest]
