"""Charts: Slack's own where it can show all of it, else bars of text and a picture to upload."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from bizaiops_bot.domain.cards import Chart, sparkline
from bizaiops_bot.surfaces.charts import chart_png
from bizaiops_bot.surfaces.render.blockkit_escape import line
from bizaiops_bot.surfaces.render.blockkit_limits import (
    AXIS_LABEL,
    CHART_LABEL,
    CHART_POINTS,
    CHART_SERIES,
    CHART_TITLE,
    CHARTS,
)
from bizaiops_bot.surfaces.render.blockkit_sheet import Json, Picture, Sheet, preformatted, rich, section, small, word
from bizaiops_bot.surfaces.render.clean import number, one_line
from bizaiops_bot.surfaces.render.plot import Plot, plot_of
from bizaiops_bot.surfaces.render.svg import MARK_SIGNS

PICTURES = 4
SPARK_MAX, SPARK_NAME = 28, 18
Line = Sequence[float | None]


def draw_chart(block: Chart, sheet: Sheet) -> list[Json]:
    plot = plot_of(block)
    if not any(value is not None for values in plot.lines for value in values):
        title = one_line(block.title, 120)
        return [rich(section([word(f"{title}: ", bold=True), word("no data in this window.")]))]
    if sheet.native and not sheet.home and not block.as_picture and sheet.charts < CHARTS:
        drawn = _native(block, plot)
        if drawn:
            sheet.charts += 1
            sheet.data_blocks += 1
            return drawn
    if not sheet.home and len(sheet.pictures) < PICTURES:
        name = f"chart-{len(sheet.pictures) + 1}.png"
        sheet.pictures.append(Picture(name, line(block.title, 120), partial(chart_png, block)))
    return _sparks(block, plot)


def _native(block: Chart, plot: Plot) -> list[Json]:
    """Nothing when Slack's chart could not show it truthfully: it has no gaps and six lines at most."""
    together = -(-plot.length // CHART_POINTS)
    lines = {name: _means(values, together) for name, values in zip(_unique(plot.names), plot.lines, strict=True)}
    if plot.limit is not None and block.kind == "line":
        limit = _unique([*lines, plot.limit_words])[-1]
        lines[limit] = [plot.limit] * len(next(iter(lines.values())))
    if len(lines) > CHART_SERIES or any(value is None for values in lines.values() for value in values):
        return []
    labels = _unique(plot.x[i] or str(i + 1) for i in range(0, plot.length, together))
    axis: Json = {"categories": labels} | ({"y_label": line(block.unit, AXIS_LABEL)} if block.unit.strip() else {})
    series = [
        {"name": name, "data": [{"label": x, "value": _short(v)} for x, v in zip(labels, values, strict=True)]}
        for name, values in lines.items()
    ]
    drawn = {
        "type": "data_visualization",
        "title": line(block.title, CHART_TITLE),
        "chart": {"type": block.kind, "series": series, "axis_config": axis},
    }
    merged = [f"each point is the mean of {together}"] if together > 1 else []
    notes = merged + _notes(plot, limit=block.kind != "line")
    return [drawn, *([small(" · ".join(notes))] if notes else [])]


def _means(values: Line, together: int) -> list[float | None]:
    """One mean for every `together` neighbours; None where there is nothing."""
    out: list[float | None] = []
    for start in range(0, len(values), together):
        known = [value for value in values[start : start + together] if value is not None]
        # Divided first: the sum of huge floats would be infinite.
        out.append(sum(value / len(known) for value in known) if known else None)
    return out


def _short(value: float | None) -> float:
    """Six digits: a chart shows no more, and a message must not be long."""
    return float(f"{value or 0.0:.6g}")


def _unique(names: Iterable[str]) -> list[str]:
    """Labels as Slack takes them: 1 to 20 characters, none twice."""
    out: list[str] = []
    for name in names:
        label, n = line(name, CHART_LABEL), 1
        while label in out:
            n += 1
            label = f"{line(name, CHART_LABEL - len(str(n)) - 3)} ({n})"
        out.append(label)
    return out


def _sparks(block: Chart, plot: Plot) -> list[Json]:
    width = min(SPARK_NAME, max(len(name) for name in plot.names))
    rows = []
    for name, values in zip(plot.names, plot.lines, strict=True):
        known = [value for value in values if value is not None]
        ends = f"{number(min(known), block.unit)} … {number(max(known), block.unit)}" if known else "no data"
        last = number(known[-1], block.unit) if known else ""
        bars = _bars(_means(values, -(-len(values) // SPARK_MAX)))
        rows.append(f"{one_line(name, SPARK_NAME).ljust(width)}  {bars}  {last}  ({ends})".strip())
    heading = section([word(one_line(block.title, 120) or "Chart", bold=True)])
    span = [f"{plot.x[0]} – {plot.x[-1]}"] if plot.x[0] and plot.x[-1] else []
    notes = span + _notes(plot, limit=True)
    return [rich(heading, preformatted("\n".join(rows))), *([small(" · ".join(notes))] if notes else [])]


def _bars(values: Line) -> str:
    # Scaled first: the span of two huge floats would be infinite.
    most = max((abs(value) for value in values if value is not None), default=1.0) or 1.0
    return sparkline([None if value is None else value / most for value in values])


def _notes(plot: Plot, *, limit: bool) -> list[str]:
    notes = [plot.limit_words] if limit and plot.limit is not None else []
    marks = [
        f"{MARK_SIGNS[mark.kind]} {one_line(mark.label, 60)} at {plot.when(mark) or mark.at + 1}" for mark in plot.marks
    ]
    return notes + marks
