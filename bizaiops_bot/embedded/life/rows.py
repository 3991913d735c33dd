"""The answered requests of one model: features, score, and what then happened, seen only when its time comes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd

from bizaiops_bot.embedded.business.streams import Feature

Array = np.ndarray[Any, Any]
KEPT_ROWS = 60_000
UNIT = "_unit"  # streams of real data name the row of the file in it, so that a training can drop repeats
_FIXED = ("label", "value")


@dataclass(frozen=True)
class Known:
    """Outcomes that became known: arrays of equal length; `measures` has shape (n, len(names))."""

    version: Array
    requested_s: Array
    value: Array
    names: tuple[str, ...]
    measures: Array


@dataclass(frozen=True)
class Judged:
    """Labelled rows as quality is measured on them; `at` is when each was requested, in seconds since 1970."""

    label: Array
    score: Array
    at: Array


class RowStore:
    """A ring of the last rows in order of arrival; numbers in 4 bytes, categories as codes.

    Rows whose label is still unknown when they fall out of the ring are never labelled.
    """

    def __init__(self, features: tuple[Feature, ...], capacity: int = KEPT_ROWS) -> None:
        self._features, self._capacity = features, capacity
        self._numbers = [f.name for f in features if f.kind == "number"]
        self._categories = [f.name for f in features if f.kind == "category"]
        self._words: dict[str, list[str]] = {name: [] for name in self._categories}
        self._codes: dict[str, dict[str, int]] = {name: {} for name in self._categories}
        self._versions: list[str] = []
        self._measures: tuple[str, ...] = ()
        self._columns: dict[str, Array] = {}
        self._total = 0
        self._open = np.zeros(0, np.int64)
        self._guard = threading.Lock()
        self._unsaved: list[tuple[int, dict[str, Array]]] = []

    @property
    def total(self) -> int:
        """Rows ever added."""
        return self._total

    @property
    def state(self) -> tuple[int, int]:
        """Another one whenever rows or labels have come."""
        return self._total, self._open.size

    def add(
        self, rows: pd.DataFrame, outcome: pd.DataFrame, version: str, score: Array, at_s: Array, known_s: Array
    ) -> None:
        """Rows answered by `version`, in order of arrival. at_s, known_s: seconds since 1970, shape (n,)."""
        self._measures = self._measures or tuple(c for c in outcome.columns if c not in _FIXED)
        batch: dict[str, Array] = {
            "at": np.asarray(at_s, np.float64),
            "known": np.asarray(known_s, np.float64),
            "version": np.full(len(rows), self._version_code(version), np.int16),
            "score": np.asarray(score, np.float32),
            "outcome": outcome[[*_FIXED, *self._measures]].to_numpy(np.float32),
            "numbers": rows[self._numbers].to_numpy(np.float32, na_value=np.nan),
            "categories": self._encode(rows),
            "unit": rows[UNIT].to_numpy(np.int64) if UNIT in rows.columns else np.full(len(rows), -1, np.int64),
        }
        with self._guard:
            self._unsaved.append((self._total, batch))
            self._put(batch, revealed_until=None)
            while self._unsaved[0][0] + len(self._unsaved[0][1]["at"]) <= self._total - self._capacity:
                self._unsaved.pop(0)  # it has left the ring before anyone saved it

    def reveal(self, now_s: float) -> Known | None:
        """The outcomes that became known since the last call, None if there are none."""
        if not self._open.size:
            return None
        self._open = self._open[self._open >= self._total - self._capacity]
        places = self._open % self._capacity
        due = self._columns["known"][places] <= now_s
        if not due.any():
            return None
        places, self._open = places[due], self._open[~due]
        outcome = self._columns["outcome"][places]
        names = np.asarray(self._versions, dtype=object)
        return Known(
            version=names[self._columns["version"][places]],
            requested_s=self._columns["at"][places],
            value=outcome[:, 1],
            names=self._measures,
            measures=outcome[:, len(_FIXED) :],
        )

    def labelled(self, since: datetime, now: datetime) -> pd.DataFrame:
        """Rows requested since `since` whose label is known by `now`: the features, `label` and `at` (UTC), by `at`."""
        with self._guard:  # a training may ask from its own thread
            return self._frame(self._places(self._labelled_mask(since, now, requested=True)))

    def labels(self, since: datetime, now: datetime) -> int:
        """How many rows `labelled` has."""
        with self._guard:
            return int(self._labelled_mask(since, now, requested=True).sum())

    def judged(self, version: str, since: datetime, requested_since: datetime, now: datetime) -> Judged:
        """Labels known after `since`, of requests made after `requested_since` and answered by `version`."""
        if version not in self._versions or not self._total:
            return Judged(np.zeros(0), np.zeros(0), np.zeros(0))
        mask = self._labelled_mask(since, now, requested=False)
        mask &= (self._columns["version"] == self._versions.index(version)) & (
            self._columns["at"] >= requested_since.timestamp()
        )
        outcome, score, at = (self._columns[name][mask] for name in ("outcome", "score", "at"))
        return Judged(outcome[:, 0].astype(float), score.astype(float), at.astype(float))

    def answered(self, version: str, since: datetime) -> tuple[Array, dict[str, Array]]:
        """All rows answered by `version` since `since`, labelled or not: request times (s) and columns with `score`."""
        if version not in self._versions or not self._total:
            return np.zeros(0), {}
        mask = self._filled() & (self._columns["version"] == self._versions.index(version))
        places = self._places(mask & (self._columns["at"] >= since.timestamp()))
        frame = self._frame(places)
        columns = {f.name: frame[f.name].to_numpy(object if f.kind == "category" else float) for f in self._features}
        return self._columns["at"][places], {**columns, "score": self._columns["score"][places].astype(float)}

    def _labelled_mask(self, since: datetime, now: datetime, *, requested: bool) -> Array:
        if not self._total:
            return np.zeros(0, bool)
        column = self._columns["at" if requested else "known"]
        return self._filled() & (column >= since.timestamp()) & (self._columns["known"] <= now.timestamp())

    def _filled(self) -> Array:
        return np.arange(self._capacity) < self._total

    def _places(self, mask: Array) -> Array:
        places = np.flatnonzero(mask)
        return places[np.argsort(self._columns["at"][places], kind="stable")] if places.size else places

    def _frame(self, places: Array) -> pd.DataFrame:
        if not self._total:
            return pd.DataFrame(columns=[*(f.name for f in self._features), "label", "at"])
        data: dict[str, Any] = {}
        for feature in self._features:
            if feature.kind == "number":
                data[feature.name] = self._columns["numbers"][places, self._numbers.index(feature.name)]
            else:
                codes = self._columns["categories"][places, self._categories.index(feature.name)]
                data[feature.name] = pd.Categorical.from_codes(
                    codes, categories=pd.Index(self._words[feature.name], dtype=object)
                )
        units = self._columns["unit"][places]
        if units.size and units[0] >= 0:
            data[UNIT] = units
        data["label"] = self._columns["outcome"][places, 0].astype(float)
        data["at"] = pd.to_datetime(np.rint(self._columns["at"][places] * 1000).astype(np.int64), unit="ms", utc=True)
        return pd.DataFrame(data)

    def _version_code(self, version: str) -> int:
        if version not in self._versions:
            self._versions.append(version)
        return self._versions.index(version)

    def _encode(self, rows: pd.DataFrame) -> Array:
        codes = np.empty((len(rows), len(self._categories)), np.int16)
        for place, name in enumerate(self._categories):
            known = self._codes[name]
            codes[:, place] = [self._code(name, known, value) for value in rows[name].tolist()]
        return codes

    def _code(self, name: str, known: dict[str, int], value: object) -> int:
        if isinstance(value, str) and value in known:
            return known[value]
        if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
            return -1
        word = str(value)
        if word not in known:
            known[word] = len(self._words[name])
            self._words[name].append(word)
        return known[word]

    def _put(self, batch: dict[str, Array], revealed_until: float | None) -> None:
        """Writes a batch into the ring; rows known before `revealed_until` are not revealed again."""
        if not self._columns:
            self._columns = {
                name: np.zeros((self._capacity, *values.shape[1:]), values.dtype) for name, values in batch.items()
            }
        count = len(batch["at"])
        serials = np.arange(self._total, self._total + count)
        keep = slice(max(0, count - self._capacity), count)
        for name, values in batch.items():
            self._columns[name][serials[keep] % self._capacity] = values[keep]
        fresh = serials if revealed_until is None else serials[batch["known"] > revealed_until]
        self._open = np.concatenate([self._open, fresh])
        self._total += count

    def take_unsaved(self) -> list[tuple[int, bytes]]:
        """What was added since the last call as (number of the first row, bytes), for saving."""
        taken, self._unsaved = self._unsaved, []
        if not taken:
            return []
        first = taken[0][0]
        merged = {name: np.concatenate([batch[name] for _, batch in taken]) for name in taken[0][1]}
        buffer = BytesIO()
        np.savez(buffer, allow_pickle=False, **merged)
        return [(first, buffer.getvalue())]

    def dictionary(self) -> str:
        """The words behind the codes, as JSON; saved beside the rows."""
        return json.dumps({"words": self._words, "versions": self._versions, "measures": self._measures})

    def restore(self, dictionary: str, batches: Iterable[tuple[int, bytes]], now: datetime) -> None:
        """Puts saved rows back, oldest first; labels known by `now` are not revealed again."""
        saved = json.loads(dictionary)
        self._words = {name: saved["words"].get(name, []) for name in self._categories}
        self._codes = {name: {word: code for code, word in enumerate(words)} for name, words in self._words.items()}
        self._versions, self._measures = list(saved["versions"]), tuple(saved["measures"])
        for first, data in batches:
            with np.load(BytesIO(data), allow_pickle=False) as arrays:
                self._total = first
                self._put({name: arrays[name] for name in arrays.files}, revealed_until=now.timestamp())
