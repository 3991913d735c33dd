"""What a column looked like at training and since: fixed bins, exact integer counts, merged by adding.

The reference is known, so its quantiles are the bins: any worker can count any part of the stream, in any order, and
the sum is the same bit for bit. State is about 2-3 kB for 21 columns.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bizaiops_bot.domain.errors import BadInput, NotEnoughData
from bizaiops_bot.domain.values import Value

ColumnKind = Literal["number", "category", "score"]
Columns = Mapping[str, NDArray[Any]]
Counts = NDArray[np.int64]

MAX_BINS: Final = 32
MAX_CATEGORIES: Final = 30
OTHER: Final = "other values"
# Moments are kept as integers in thousandths of a reference sd, so that sums do not depend on their order; 1000 sd
# is far outside any shift.
_SCALE: Final = 1000.0
_CLIP_SD: Final = 1000.0


class ReferenceColumn(Value):
    """One column of the training rows.

    edges: inner bin edges of a number or score, ascending; bin i holds edges[i-1] <= x < edges[i].
    categories: the most frequent values of a category; every other value is counted in one more bin.
    counts: rows per bin, missing values not among them. mean, sd: of the values present (0 and 1 for a category).
    """

    name: str
    kind: ColumnKind
    edges: tuple[float, ...] = ()
    categories: tuple[str, ...] = ()
    counts: tuple[int, ...]
    missing: int
    mean: float = 0.0
    sd: float = 1.0

    @property
    def present(self) -> int:
        """Rows with a value."""
        return sum(self.counts)

    @property
    def missing_share(self) -> float:
        """Share of rows without a value, 0..1."""
        return self.missing / max(1, self.present + self.missing)


class ReferenceSketch(Value):
    """The rows a version was trained on, as counts; survives JSON exactly."""

    columns: tuple[ReferenceColumn, ...]
    rows: int

    @classmethod
    def build(cls, columns: Columns, kinds: Mapping[str, str]) -> ReferenceSketch:
        """Counts the columns named in `kinds` ("number", "category" or "score"); arrays of equal length, None and
        NaN are missing.

        Raises BadInput for an unknown kind or a column that is not there, NotEnoughData for a column under 50 values.
        """
        absent = [name for name in kinds if name not in columns]
        if absent:
            raise BadInput("The reference cannot be built.", f"Columns {', '.join(absent)} are not in the rows.")
        built = tuple(_build_column(name, kind, np.asarray(columns[name])) for name, kind in kinds.items())
        return cls(columns=built, rows=len(next(iter(columns.values()))))

    def column(self, name: str) -> ReferenceColumn:
        """The column called `name`; raises KeyError."""
        return self.columns[self.layout.position[name]]

    @cached_property
    def layout(self) -> Layout:
        """Where each column's counts stand in a sketch."""
        return _layout(self)


class Layout(NamedTuple):
    """Flat places of the counts: per column its bins, then one slot for missing values."""

    position: dict[str, int]
    starts: tuple[int, ...]
    slots: int
    numbers: tuple[int, ...]
    edges: tuple[NDArray[np.float64], ...]
    means: NDArray[np.float64]
    sds: NDArray[np.float64]
    lookups: dict[int, dict[object, int]]
    fingerprint: int


class Sketch:
    """Counts of live rows against one reference. Adding is associative and commutative, exactly."""

    __slots__ = ("moments", "reference", "rows", "slots")

    def __init__(self, reference: ReferenceSketch, rows: int, slots: Counts, moments: Counts) -> None:
        """slots: shape (layout.slots,). moments: shape (2, numbers), sums of z and z^2 in 1/1000 reference sd."""
        self.reference, self.rows, self.slots, self.moments = reference, rows, slots, moments

    @classmethod
    def empty(cls, reference: ReferenceSketch) -> Sketch:
        """No rows yet."""
        layout = reference.layout
        return cls(reference, 0, np.zeros(layout.slots, np.int64), np.zeros((2, len(layout.numbers)), np.int64))

    def fold(self, columns: Columns) -> Sketch:
        """Counts more rows, in place, and returns itself. A column that is not there counts as missing in every row.

        columns: arrays of equal length; others than the reference's are left out; a number that cannot be read is
        missing.
        """
        known = [np.asarray(columns[c.name]) for c in self.reference.columns if c.name in columns]
        if not known or len(known[0]) == 0:
            return self
        rows = len(known[0])
        places = np.empty((len(self.reference.columns), rows), np.int64)
        self._place_numbers(columns, rows, places)
        self._place_categories(columns, places)
        self.slots += np.bincount(places.ravel(), minlength=self.slots.size)
        self.rows += rows
        return self

    def _place_numbers(self, columns: Columns, rows: int, places: Counts) -> None:
        layout = self.reference.layout
        values = np.empty((len(layout.numbers), rows))
        for row, i in enumerate(layout.numbers):
            name = self.reference.columns[i].name
            values[row] = _floats(columns[name]) if name in columns else np.nan
        gaps = np.isnan(values)
        for row, i in enumerate(layout.numbers):
            edges = layout.edges[row]
            bins = np.searchsorted(edges, values[row], side="right")
            bins[gaps[row]] = edges.size + 1
            places[i] = bins + layout.starts[i]
        z = np.clip((values - layout.means) / layout.sds, -_CLIP_SD, _CLIP_SD)
        z[gaps] = 0.0
        whole = np.rint(z * _SCALE).astype(np.int64)
        self.moments[0] += whole.sum(axis=1)
        self.moments[1] += (whole * whole).sum(axis=1)

    def _place_categories(self, columns: Columns, places: Counts) -> None:
        layout = self.reference.layout
        for i, lookup in layout.lookups.items():
            column = self.reference.columns[i]
            other = len(column.categories)
            if column.name not in columns:
                places[i] = layout.starts[i] + other + 1
                continue
            found = [lookup.get(v, -1) for v in np.asarray(columns[column.name]).tolist()]
            if -1 in found:
                raw = np.asarray(columns[column.name]).tolist()
                found = [_category_slot(raw[k], lookup, other) if at == -1 else at for k, at in enumerate(found)]
            places[i] = np.asarray(found) + layout.starts[i]

    def counts(self, name: str) -> Counts:
        """Rows per bin of a column, missing ones not among them; shape as the reference's counts."""
        _, start, size = self._span(name)
        return self.slots[start : start + size]

    def missing(self, name: str) -> int:
        """Rows without a value in the column."""
        _, start, size = self._span(name)
        return int(self.slots[start + size])

    def mean_sd(self, name: str) -> tuple[float, float]:
        """Mean and sd of a number's present values, in its own unit; NaN without any."""
        i, _, _ = self._span(name)
        column, present = self.reference.columns[i], int(self.counts(name).sum())
        if present == 0:
            return float("nan"), float("nan")
        first, second = (float(v) for v in self.moments[:, self.reference.layout.numbers.index(i)])
        mean_z = first / present / _SCALE
        variance_z = max(0.0, second / present / _SCALE**2 - mean_z**2)
        return column.mean + mean_z * column.sd, float(np.sqrt(variance_z)) * column.sd

    def _span(self, name: str) -> tuple[int, int, int]:
        i = self.reference.layout.position[name]
        return i, self.reference.layout.starts[i], len(self.reference.columns[i].counts)

    def __add__(self, other: Sketch) -> Sketch:
        """Both windows together. Raises BadInput for sketches of different references."""
        if self.reference.layout.fingerprint != other.reference.layout.fingerprint:
            raise BadInput("Two sketches cannot be added.", "They were counted against different references.")
        return Sketch(self.reference, self.rows + other.rows, self.slots + other.slots, self.moments + other.moments)

    def __eq__(self, other: object) -> bool:
        """Same reference and same counts."""
        if not isinstance(other, Sketch):
            return NotImplemented
        return self.to_bytes() == other.to_bytes()

    __hash__ = None  # type: ignore[assignment]

    def to_bytes(self) -> bytes:
        """Under 4 kB for 21 columns and fewer than 4 billion rows a bin."""
        width = 2 if self.slots.max(initial=0) < 2**16 else 4 if self.slots.max(initial=0) < 2**32 else 8
        head = struct.pack("<4sBIq", b"BSK1", width, self.reference.layout.fingerprint, self.rows)
        return head + self.slots.astype(f"<u{width}").tobytes() + self.moments.astype("<i8").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes, reference: ReferenceSketch) -> Sketch:
        """The sketch that `to_bytes` wrote. Raises BadInput when the bytes are not one of this reference."""
        head = struct.calcsize("<4sBIq")
        magic, width, fingerprint, rows = struct.unpack("<4sBIq", data[:head]) if len(data) >= head else (b"", 0, 0, 0)
        layout = reference.layout
        expected = head + layout.slots * width + 16 * len(layout.numbers)
        if magic != b"BSK1" or fingerprint != layout.fingerprint or len(data) != expected:
            size = f"{len(data)} bytes, {expected} expected."
            raise BadInput("These bytes are not a sketch of this reference.", size)
        cut = head + layout.slots * width
        slots = np.frombuffer(data[head:cut], f"<u{width}").astype(np.int64)
        moments = np.frombuffer(data[cut:], "<i8").astype(np.int64).reshape(2, -1)
        return cls(reference, rows, slots, moments)


def _build_column(name: str, kind: str, values: NDArray[Any]) -> ReferenceColumn:
    if kind == "category":
        return _build_category(name, values)
    if kind not in {"number", "score"}:
        raise BadInput(f"Column {name!r} has kind {kind!r}.", "Known: number, category, score.")
    numbers = _floats(values)
    present = numbers[np.isfinite(numbers)]
    _enough(name, present.size)
    edges = _edges(present)
    counts = np.bincount(np.searchsorted(edges, present, side="right"), minlength=edges.size + 1)
    mean, sd = float(present.mean()), float(present.std())
    return ReferenceColumn(
        name=name,
        kind="score" if kind == "score" else "number",
        edges=tuple(edges.tolist()),
        counts=tuple(counts.tolist()),
        missing=int(numbers.size - present.size),
        mean=mean,
        sd=sd if sd > 0.0 else max(abs(mean), 1.0),
    )


def _build_category(name: str, values: NDArray[Any]) -> ReferenceColumn:
    texts = [_text(v) for v in values.tolist()]
    present = [t for t in texts if t is not None]
    _enough(name, len(present))
    words, counts = np.unique(np.asarray(present, dtype=object).astype(str), return_counts=True)
    ranked = sorted(zip((-counts).tolist(), words.tolist(), strict=True))
    top = ranked[:MAX_CATEGORIES]
    rest = sum(-count for count, _ in ranked[MAX_CATEGORIES:])
    return ReferenceColumn(
        name=name,
        kind="category",
        categories=tuple(word for _, word in top),
        counts=(*(-count for count, _ in top), rest),
        missing=len(texts) - len(present),
    )


def _enough(name: str, present: int) -> None:
    if present < 50:
        raise NotEnoughData(f"Column {name!r} cannot be a reference.", f"{present} values, 50 needed.")


def _edges(present: NDArray[np.float64]) -> NDArray[np.float64]:
    """Few distinct values get a bin each, one value gets below / equal / above, all else quantile bins."""
    distinct = np.unique(present)
    if distinct.size == 1:
        return np.asarray([distinct[0], np.nextafter(distinct[0], np.inf)])
    if distinct.size <= MAX_BINS:
        return (distinct[1:] + distinct[:-1]) / 2.0
    return np.unique(np.quantile(present, np.linspace(0.0, 1.0, MAX_BINS + 1)[1:-1]))


def _floats(values: NDArray[Any]) -> NDArray[np.float64]:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        return np.asarray([_float_or_nan(v) for v in np.asarray(values, dtype=object)], dtype=np.float64)


def _float_or_nan(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _text(value: object) -> str | None:
    """A category as text; None for None, NaN and pandas.NA, which is recognised without importing pandas."""
    if isinstance(value, str):
        return value
    if (
        value is None
        or (isinstance(value, float) and math.isnan(value))
        or type(value).__name__ in {"NAType", "NaTType"}
    ):
        return None
    return str(value)


def _category_slot(value: object, lookup: dict[object, int], other: int) -> int:
    text = _text(value)
    return other + 1 if text is None else lookup.get(text, other)


def _layout(reference: ReferenceSketch) -> Layout:
    sizes = [len(c.counts) + 1 for c in reference.columns]
    starts = tuple(int(s) for s in np.cumsum([0, *sizes])[:-1])
    numbers = tuple(i for i, c in enumerate(reference.columns) if c.kind != "category")
    lookups: dict[int, dict[object, int]] = {}
    for i, column in enumerate(reference.columns):
        if column.kind == "category":
            lookups[i] = {**{word: at for at, word in enumerate(column.categories)}, None: len(column.categories) + 1}
    return Layout(
        position={c.name: i for i, c in enumerate(reference.columns)},
        starts=starts,
        slots=sum(sizes),
        numbers=numbers,
        edges=tuple(np.asarray(reference.columns[i].edges, dtype=np.float64) for i in numbers),
        means=np.asarray([[reference.columns[i].mean] for i in numbers], dtype=np.float64).reshape(-1, 1),
        sds=np.asarray([[reference.columns[i].sd] for i in numbers], dtype=np.float64).reshape(-1, 1),
        lookups=lookups,
        fingerprint=zlib.crc32(reference.model_dump_json().encode()),
    )
