"""Numbers of a chart made ready to draw: gaps, a round axis, positions in 0..1, and the chart in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bizaiops_bot.domain.cards import Chart, Mark
from bizaiops_bot.surfaces.render.clean import number, one_line

MAX_POINTS = 400
MAX_SERIES = 6
Point = float | None


@dataclass(frozen=True)
class Plot:
    """What both pictures and SVG draw from. `lines` hold finite values or None, all of the same length."""

    names: tuple[str, ...]
    lines: tuple[tuple[Point, ...], ...]
    x: tuple[str, ...]
    low: float
    high: float
    limit: float | None
    marks: tuple[Mark, ...]
    limit_words: str = ""
    """ "limit 2%", "target 17%", "" without one."""

    def when(self, mark: Mark) -> str:
        """The moment of a mark in words, "" when neither it nor the axis says it."""
        return one_line(mark.when, 40) or self.x[mark.at]

    @property
    def length(self) -> int:
        return len(self.lines[0]) if self.lines else 0

    def up(self, value: float) -> float:
        """Height of `value`: 0 at the bottom of the axis, 1 at its top."""
        # Halves keep the difference of two huge floats finite.
        share = (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return min(1.0, max(0.0, share))

    @property
    def base(self) -> float:
        """Where bars stand: the height of zero, or the bottom of an axis without it."""
        return self.up(0.0) if self.low <= 0 <= self.high else 0.0

    def value_at(self, share: float) -> float:
        """The number at a height in 0..1."""
        return self.low * (1 - share) + self.high * share

    def across(self, index: float, *, bars: bool = False) -> float:
        """Place of point `index` from left to right, in 0..1; bars sit in the middle of their slot."""
        if bars:
            return (index + 0.5) / max(1, self.length)
        return index / (self.length - 1) if self.length > 1 else 0.5


def plot_of(chart: Chart) -> Plot:
    """Never fails: infinities and NaN are gaps, short series are filled up with gaps, long ones keep their end."""
    longest = max((len(s.values) for s in chart.series), default=0)
    cut = max(0, longest - MAX_POINTS)
    lines = [_line(s.values, longest)[cut:] for s in chart.series[:MAX_SERIES]]
    limit = chart.limit if chart.limit is not None and math.isfinite(chart.limit) else None
    known = [v for line in lines for v in line if v is not None] + ([limit] if limit is not None else [])
    low, high = _axis(known, zero=chart.kind == "bar")
    length = longest - cut
    x = tuple(one_line(label, 40) for label in chart.x[cut : cut + length])
    return Plot(
        names=tuple(one_line(s.name, 60) for s in chart.series[:MAX_SERIES]),
        lines=tuple(lines),
        x=x + ("",) * (length - len(x)),
        low=low,
        high=high,
        limit=limit,
        limit_words="" if limit is None else f"{chart.limit_name} {number(limit, chart.unit)}",
        marks=tuple(m.model_copy(update={"at": m.at - cut}) for m in chart.marks[:20] if 0 <= m.at - cut < length),
    )


def _line(values: tuple[Point, ...], length: int) -> tuple[Point, ...]:
    finite = tuple(v if v is not None and math.isfinite(v) else None for v in values)
    return finite + (None,) * (length - len(finite))


def _axis(known: list[float], *, zero: bool) -> tuple[float, float]:
    """Round ends that hold all values; an axis that nearly reaches zero begins there."""
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    if low >= 0 and (zero or low < 0.4 * high):
        low = 0.0
    if high <= 0 and zero:
        high = 0.0
    if high / 2 - low / 2 <= max(abs(low), abs(high)) * 1e-9:
        pad = abs(high) * 0.1 or 1.0
        low, high = low - pad, high + pad
    if max(abs(low), abs(high)) > 1e300 or high - low < 1e-300:
        return (low, high) if high > low else (low, low + 1.0)
    step = _round_step((high - low) / 4)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in (1.0, 2.0, 2.5, 5.0, 10.0) if step * power >= rough * 0.999)


def words(chart: Chart, plot: Plot) -> str:
    """The chart for someone who cannot see it: last, lowest and highest value of each line, limit and marks."""
    parts = []
    for name, line in zip(plot.names, plot.lines, strict=True):
        known = [v for v in line if v is not None]
        if known:
            last, low, high = (number(v, chart.unit) for v in (known[-1], min(known), max(known)))
            parts.append(f"{name}: last {last}, lowest {low}, highest {high}.")
        else:
            parts.append(f"{name}: no data.")
    if plot.limit is not None:
        parts.append(f"{plot.limit_words.capitalize()}.")
    parts += [f"{one_line(mark.label, 60)} at {plot.when(mark) or mark.at}." for mark in plot.marks]
    return " ".join(parts) or "No data."
