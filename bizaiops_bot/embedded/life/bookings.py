"""What the warehouse gets: per minute, model and version the sum of every KPI measure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

import numpy as np

from bizaiops_bot.embedded.life.minutes import minute_of, time_of
from bizaiops_bot.embedded.life.rows import Known

Sums = tuple[datetime, str, str, dict[str, float]]


@runtime_checkable
class Warehousing(Protocol):
    """Where finished minutes go."""

    def append(self, rows: Iterable[Sums]) -> None:
        """(begin of the minute, model, version, sums by name); the same three again replace the first."""

    def flush(self) -> None:
        """Returns when all that was appended is on disk. Raises Temporary when that cannot be."""


class NoBooks:
    """Implements Warehousing for a company whose KPIs are counted elsewhere."""

    def append(self, rows: Iterable[Sums]) -> None: ...

    def flush(self) -> None: ...


class Bookings:
    """Minutes that still grow. An outcome is booked when it becomes known, so a finished minute is final."""

    def __init__(self) -> None:
        self._open: dict[tuple[int, str, str], dict[str, float]] = {}

    def answered(self, model: str, version: str, minute: int, rows: int) -> None:
        """Requests that got an answer: the measure `answered`."""
        sums = self._sums(minute, model, version)
        sums["answered"] = sums.get("answered", 0.0) + rows

    def known(self, model: str, minute: int, outcomes: Known) -> None:
        """Outcomes that became known: `labelled` and the stream's own measures, in the stream's units."""
        for version in np.unique(outcomes.version.astype(str)):
            mine = outcomes.version == version
            sums = self._sums(minute, model, str(version))
            sums["labelled"] = sums.get("labelled", 0.0) + float(mine.sum())
            totals = outcomes.measures[mine].sum(axis=0, dtype=np.float64)
            for name, total in zip(outcomes.names, totals, strict=True):
                sums[name] = sums.get(name, 0.0) + float(total)

    def take_finished(self, now: datetime) -> list[Sums]:
        """The minutes that are over at `now`, oldest first."""
        done = sorted(key for key in self._open if key[0] < minute_of(now))
        return [
            (time_of(minute), model, version, self._open.pop((minute, model, version)))
            for minute, model, version in done
        ]

    def saved(self) -> list[Any]:
        """For `restore`, as JSON values."""
        return [[*key, sums] for key, sums in self._open.items()]

    def restore(self, saved: list[Any]) -> None:
        """Goes on with the minutes that were open."""
        self._open = {(minute, model, version): dict(sums) for minute, model, version, sums in saved}

    def _sums(self, minute: int, model: str, version: str) -> dict[str, float]:
        return self._open.setdefault((minute, model, version), {})
