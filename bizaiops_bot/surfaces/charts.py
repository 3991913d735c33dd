"""A chart as a PNG, for chats that show pictures only. matplotlib is loaded when the first one is asked for."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING

from bizaiops_bot.domain.cards import Chart
from bizaiops_bot.surfaces.render.clean import number, one_line
from bizaiops_bot.surfaces.render.plot import Plot, plot_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LIGHT = {"paper": "#ffffff", "ink": "#1c2333", "soft": "#667085", "grid": "#e4e7ec", "limit": "#c4372b"}
DARK = {"paper": "#161b24", "ink": "#e6e9f0", "soft": "#98a2b3", "grid": "#2a3240", "limit": "#ff7b72"}
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
LINES = ("#3b5bdb", "#0c8599", "#e8590c", "#9c36b5", "#2b8a3e", "#868e96")
_drawing = threading.Lock()


def chart_png(chart: Chart, dark: bool = False) -> bytes:
    """800x400 PNG, usually 15 to 40 kB, at most 80. Safe to call from worker threads: one picture at a time."""
    with _drawing:
        return _draw(chart, plot_of(chart), DARK if dark else LIGHT)


def _draw(chart: Chart, plot: Plot, colours: dict[str, str]) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4), dpi=100, facecolor=colours["paper"], layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _frame(axes, chart, plot, colours)
    for i, (name, line) in enumerate(zip(plot.names, plot.lines, strict=True)):
        # Drawn in shares of the axis: matplotlib cannot lay out values near the end of the floats.
        values = [float("nan") if v is None else plot.up(v) for v in line]
        colour = LINES[i % len(LINES)]
        if chart.kind == "bar":
            width = 0.72 / len(plot.lines)
            axes.bar(
                [x - 0.36 + width * (i + 0.5) for x in range(len(values))],
                [value - plot.base for value in values],
                width,
                bottom=plot.base,
                color=colour,
                label=_label(name),
            )
        else:
            axes.plot(range(len(values)), values, color=colour, linewidth=2.2, label=_label(name))
    _limit_and_marks(axes, plot, colours)
    if len(plot.names) > 1:
        axes.legend(frameon=False, labelcolor=colours["soft"], fontsize=9, loc="best")
    out = io.BytesIO()
    figure.savefig(out, format="png", facecolor=colours["paper"])
    return _small(out.getvalue())


def _frame(axes: Axes, chart: Chart, plot: Plot, colours: dict[str, str]) -> None:
    title = f"{chart.title} ({chart.unit})" if chart.unit else chart.title
    axes.set_title(_literal(title, 90), loc="left", color=colours["ink"], fontsize=12, fontweight="bold", pad=12)
    axes.set_facecolor(colours["paper"])
    axes.set_ylim(0, 1)
    axes.set_xlim(-0.5, max(0.5, plot.length - 0.5))
    axes.set_yticks(TICKS)
    axes.set_yticklabels([_literal(number(plot.value_at(share))) for share in TICKS])
    places = (
        sorted({round(i * (plot.length - 1) / 5) for i in range(6)}) if plot.length > 1 else list(range(plot.length))
    )
    axes.set_xticks(places)
    axes.set_xticklabels([_literal(plot.x[i], 16) for i in places])
    axes.tick_params(colors=colours["soft"], labelsize=9, length=0)
    axes.grid(axis="y", color=colours["grid"], linewidth=0.8)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)


def _limit_and_marks(axes: Axes, plot: Plot, colours: dict[str, str]) -> None:
    if plot.limit is not None:
        axes.axhline(plot.up(plot.limit), color=colours["limit"], linewidth=1.2, linestyle=(0, (5, 4)))
    for mark in plot.marks:
        axes.axvline(mark.at, color=colours["soft"], linewidth=1, linestyle=":")
        label = _literal(mark.label, 28)
        axes.annotate(
            label,
            (mark.at, 1),
            xycoords=("data", "axes fraction"),
            xytext=(4, -10),
            textcoords="offset points",
            fontsize=8,
            color=colours["soft"],
        )


def _literal(text: str, limit: int = 40) -> str:
    """Text that matplotlib draws as it is: a dollar sign would begin a formula. Glyphs its font lacks become "?"."""
    plain = "".join(c if c in "–…→°µ·" or " " <= c <= "ɏ" else "?" for c in one_line(text, limit))
    return plain.replace("$", r"\$")


def _label(name: str) -> str:
    # matplotlib leaves out what begins with an underscore, and complains when nothing is left.
    return _literal(name).lstrip("_ ") or "–"


def _small(png: bytes) -> bytes:
    """Fewer colours when a picture is over 80 kB."""
    if len(png) <= 80_000:
        return png
    from PIL import Image

    out = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").quantize(32).save(out, "PNG", optimize=True)
    return out.getvalue()
