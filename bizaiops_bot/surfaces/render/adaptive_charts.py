"""Charts: Teams' own where it has them, bars of text elsewhere, and below either one the numbers in words."""

from __future__ import annotations

from typing import TypeVar

from bizaiops_bot.domain.cards import Chart, sparkline
from bizaiops_bot.surfaces.render.adaptive_detail import Detail
from bizaiops_bot.surfaces.render.adaptive_text import Element, rich, run, small
from bizaiops_bot.surfaces.render.clean import number, one_line
from bizaiops_bot.surfaces.render.plot import Plot, Point, plot_of, words

T = TypeVar("T")
BARS_MAX, NAMES_MAX = 40, 8
WORDS_MAX = 400


def chart_elements(block: Chart, detail: Detail) -> list[Element]:
    """Title, picture, numbers. Teams' charts know neither limits nor marks: those are said in words."""
    plot = plot_of(block)
    title = [rich([run(one_line(block.title, 120), weight="Bolder")])] if one_line(block.title) else []
    drawn = _native(block, plot, detail.points) if detail.points and plot.length > 1 else None
    bars = _bars(block, plot)
    if drawn is not None:
        fallback = bars[0] if len(bars) == 1 else {"type": "Container", "items": bars}
        bars = [{**drawn, "fallback": fallback}]
    return [*title, *bars, small(one_line(_words(block, plot), WORDS_MAX), spacing="Small")]


def _words(block: Chart, plot: Plot) -> str:
    gaps = sum(v is None for line in plot.lines for v in line)
    span = f"{plot.x[0]} – {plot.x[-1]}. " if plot.length > 1 and plot.x[0] and plot.x[-1] else ""
    return f"{span}{words(block, plot)}{f' Values missing: {gaps}.' if gaps else ''}"


def _bars(block: Chart, plot: Plot) -> list[Element]:
    lines = []
    for name, line in zip(plot.names, plot.lines, strict=True):
        known = [v for v in line if v is not None]
        last = f" {number(known[-1], block.unit)}" if known else ""
        bars = sparkline([None if v is None else plot.up(v) for v in thinned(line, BARS_MAX)])
        label = [run(f"{name}  ", isSubtle=True)] if name else []
        lines.append(rich([*label, run(bars or "·", color="Accent"), run(last or " no data", weight="Bolder")]))
    return lines or [small("No data.")]


def _native(block: Chart, plot: Plot, points: int) -> Element | None:
    """None when there is nothing to draw."""
    places = thinned(tuple(range(plot.length)), points)
    labels = _labels(plot, places)
    data = [
        {"legend": name or f"{i}", "values": _values(line, places, labels)}
        for i, (name, line) in enumerate(zip(plot.names, plot.lines, strict=True), 1)
    ]
    data = [series for series in data if series["values"]]
    if not data:
        return None
    about: Element = {"title": one_line(block.title, 120) or "Chart"}
    about |= {"yAxisTitle": one_line(block.unit, 20)} if one_line(block.unit, 20) else {}
    if isinstance(labels[0], int) and plot.x[0] and plot.x[-1]:
        about["xAxisTitle"] = f"{plot.x[0]} – {plot.x[-1]}"
    if block.kind == "bar" and len(data) == 1:
        return {"type": "Chart.VerticalBar", **about, "color": "categoricalBlue", "data": data[0]["values"]}
    if block.kind == "bar":
        return {"type": "Chart.VerticalBar.Grouped", **about, "data": data}
    if plot.limit is not None:
        ends = [{"x": labels[i], "y": _short(plot.limit)} for i in (0, -1)]
        name = plot.limit_words
        data.append({"legend": name, "values": ends, "color": "attention"})
    return {"type": "Chart.Line", **about, "data": data}


def _labels(plot: Plot, places: list[int]) -> list[str | int]:
    """Names where all of them can be read. Teams cuts many to a letter each, and puts equal ones on one spot: then
    the points have numbers.
    """
    names: list[str | int] = [plot.x[i] for i in places]
    readable = len(names) <= NAMES_MAX and all(names) and len(set(names)) == len(names)
    return names if readable else [i + 1 for i in places]


def _values(line: tuple[Point, ...], places: list[int], labels: list[str | int]) -> list[Element]:
    pairs = ((label, line[place]) for place, label in zip(places, labels, strict=True))
    return [{"x": label, "y": _short(value)} for label, value in pairs if value is not None]


def thinned(items: tuple[T, ...], most: int) -> list[T]:
    """Evenly chosen, the last one among them."""
    step = -(-len(items) // most) if items else 1
    return list(items[::-1][::step])[::-1]


def _short(value: float) -> float:
    return float(f"{value:.4g}")
