"""Charts as inline SVG: no script, no inline style (the CSP forbids both); colours come from the page's theme."""

from __future__ import annotations

from markupsafe import Markup, escape

from bizaiops_bot.domain.cards import Chart, Series
from bizaiops_bot.surfaces.render.clean import number, one_line
from bizaiops_bot.surfaces.render.plot import Plot, plot_of, words

WIDE, HIGH = 1000.0, 100.0
MARK_SIGNS = {"deploy": "▲", "drift": "◆", "fault": "✕", "other": "●"}


def chart_svg(chart: Chart) -> Markup:
    """A figure: title, legend, axes as text of fixed size, and a plot that stretches to its place."""
    plot = plot_of(chart)
    if not any(v is not None for line in plot.lines for v in line):
        empty = Markup(
            '<figure class="chart"><figcaption>{}</figcaption><p class="empty">No data in this window.</p></figure>'
        )
        return empty.format(one_line(chart.title))
    ticks = [number(plot.value_at(share), chart.unit) for share in (1.0, 0.5, 0.0)]
    y = Markup("").join(Markup("<span>{}</span>").format(tick) for tick in ticks)
    x = Markup("").join(Markup("<span>{}</span>").format(label) for label in _x_labels(plot))
    return Markup(
        '<figure class="chart"><figcaption>{title}{legend}</figcaption>'
        '<div class="chart-grid"><div class="chart-y" aria-hidden="true">{y}</div>{plot}'
        '<div class="chart-x" aria-hidden="true">{x}</div></div>{marks}</figure>'
    ).format(
        title=one_line(chart.title),
        legend=_legend(plot),
        y=y,
        plot=_plot(chart, plot),
        x=x,
        marks=_mark_list(plot),
    )


def _plot(chart: Chart, plot: Plot) -> Markup:
    shapes = _bars(plot) if chart.kind == "bar" else _lines(plot)
    grid = Markup("").join(
        Markup('<line class="grid" x1="0" x2="1000" y1="{0}" y2="{0}"/>').format(at) for at in (0, 50, 100)
    )
    limit = Markup("")
    if plot.limit is not None:
        limit = Markup('<line class="limit" x1="0" x2="1000" y1="{0}" y2="{0}"/>').format(_y(plot, plot.limit))
    return Markup(
        '<svg class="plot" role="img" aria-label="{title}. {words}"><desc>{words}</desc>'
        '<svg viewBox="0 0 1000 100" preserveAspectRatio="none" width="100%" height="100%">{inner}</svg>'
        "{signs}{dots}</svg>"
    ).format(
        title=one_line(chart.title),
        words=words(chart, plot),
        inner=grid + shapes + limit + _mark_lines(chart, plot),
        signs=_mark_signs(chart, plot),
        dots=Markup("") if chart.kind == "bar" else _last_dots(plot),
    )


def _y(plot: Plot, value: float) -> str:
    return f"{(1 - plot.up(value)) * HIGH:.2f}"


def _x(plot: Plot, index: float, *, bars: bool = False) -> str:
    return f"{plot.across(index, bars=bars) * WIDE:.2f}"


def _lines(plot: Plot) -> Markup:
    return Markup("").join(
        Markup('<path class="line s{}" d="{}"/>').format(i, line_path(plot, line)) for i, line in enumerate(plot.lines)
    )


def line_path(plot: Plot, line: tuple[float | None, ...]) -> str:
    """SVG path of one line; a gap lifts the pen, a lonely point becomes a short dash."""
    steps, pen_down = [], False
    for i, value in enumerate(line):
        if value is None:
            pen_down = False
            continue
        steps.append(f"{'L' if pen_down else 'M'}{_x(plot, i)} {_y(plot, value)}")
        if not pen_down and (i + 1 == len(line) or line[i + 1] is None):
            steps.append("h4")
        pen_down = True
    return "".join(steps)


def _bars(plot: Plot) -> Markup:
    slot = WIDE / max(1, plot.length)
    width = slot * 0.72 / max(1, len(plot.lines))
    out = []
    for s, line in enumerate(plot.lines):
        for i, value in enumerate(line):
            if value is None:
                continue
            top, bottom = max(plot.up(value), plot.base), min(plot.up(value), plot.base)
            left = plot.across(i, bars=True) * WIDE - width * len(plot.lines) / 2 + s * width
            rect = Markup('<rect class="bar s{}" x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}"/>')
            out.append(rect.format(s, left, (1 - top) * HIGH, width, max(0.8, (top - bottom) * HIGH)))
    return Markup("").join(out)


def _last_dots(plot: Plot) -> Markup:
    out = []
    for s, line in enumerate(plot.lines):
        last = next((i for i in range(len(line) - 1, -1, -1) if line[i] is not None), None)
        value = line[last] if last is not None else None
        if last is not None and value is not None:
            dot = Markup('<circle class="dot s{}" cx="{:.2f}%" cy="{:.2f}%" r="3"/>')
            out.append(dot.format(s, plot.across(last) * 100, (1 - plot.up(value)) * 100))
    return Markup("").join(out)


def _mark_lines(chart: Chart, plot: Plot) -> Markup:
    line = Markup('<line class="mark {kind}" x1="{x}" x2="{x}" y1="0" y2="100"/>')
    bars = chart.kind == "bar"
    return Markup("").join(line.format(kind=mark.kind, x=_x(plot, mark.at, bars=bars)) for mark in plot.marks)


def _mark_signs(chart: Chart, plot: Plot) -> Markup:
    sign = Markup(
        '<text class="sign {kind}" x="{x:.2f}%" y="9" text-anchor="middle"><title>{label}</title>{sign}</text>'
    )
    bars = chart.kind == "bar"
    return Markup("").join(
        sign.format(
            kind=m.kind, x=plot.across(m.at, bars=bars) * 100, label=one_line(m.label, 80), sign=MARK_SIGNS[m.kind]
        )
        for m in plot.marks
    )


def _legend(plot: Plot) -> Markup:
    items = []
    if len(plot.names) > 1:
        items += [Markup('<span class="key s{}">{}</span>').format(i, name) for i, name in enumerate(plot.names)]
    if plot.limit is not None:
        items.append(Markup('<span class="key limit">{}</span>').format(plot.limit_words))
    return Markup('<span class="legend">{}</span>').format(Markup("").join(items)) if items else Markup("")


def _mark_list(plot: Plot) -> Markup:
    if not plot.marks:
        return Markup("")
    items = Markup("").join(
        Markup('<li class="{}"><span aria-hidden="true">{}</span> {} <small>{}</small></li>').format(
            m.kind, MARK_SIGNS[m.kind], one_line(m.label, 80), plot.when(m)
        )
        for m in plot.marks
    )
    return Markup('<ul class="marks">{}</ul>').format(items)


def _x_labels(plot: Plot) -> list[str]:
    if plot.length <= 2:
        return list(plot.x)
    return [plot.x[0], plot.x[plot.length // 2], plot.x[-1]]


def spark_svg(values: tuple[float | None, ...], *, label: str, target: float | None = None) -> Markup:
    """A line without axes for tables and the dashboard. `label` says it in words."""
    plot = plot_of(Chart(title=label, x=(), series=(Series(name=label, values=values),), limit=target))
    line = plot.lines[0] if plot.lines else ()
    limit = Markup("")
    if plot.limit is not None:
        limit = Markup('<line class="limit" x1="0" x2="1000" y1="{0}" y2="{0}"/>').format(_y(plot, plot.limit))
    return Markup(
        '<svg class="spark" role="img" aria-label="{}" viewBox="0 -6 1000 112" preserveAspectRatio="none">{}'
        '<path class="line s0" d="{}"/></svg>'
    ).format(one_line(label), limit, line_path(plot, line))


def split_bar(shares: list[tuple[str, int, str]]) -> Markup:
    """A traffic split: (label, percent, state) side by side in one bar."""
    left, out = 0, []
    for label, percent, state in shares:
        share = max(0, min(100 - left, percent))
        rect = Markup('<rect class="share {}" x="{}%" y="0" width="{}%" height="100%"><title>{} {}%</title></rect>')
        out.append(rect.format(state, left, share, label, percent))
        left += share
    spoken = ", ".join(f"{label} {percent}%" for label, percent, _ in shares) or "no traffic"
    return Markup('<svg class="split" role="img" aria-label="Traffic: {}">{}</svg>').format(
        spoken, Markup("").join(out)
    )


def escaped_lines(text: str) -> Markup:
    """Escaped text with its line breaks kept."""
    return Markup("<br>").join(escape(line) for line in text.split("\n"))
