"""A card in a terminal (rich) and as plain text. Strings are never read as rich markup."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.panel import Panel
from rich.table import Table as RichTable
from rich.text import Text as RichText

from bizaiops_bot.domain.cards import (
    Block,
    ButtonsHere,
    Card,
    Chart,
    Context,
    Details,
    Diff,
    Fields,
    File,
    Links,
    Steps,
    Table,
    Text,
    sparkline,
)
from bizaiops_bot.surfaces.render.clean import clean, number, one_line, spans
from bizaiops_bot.surfaces.render.html import STEP_SIGNS, took
from bizaiops_bot.surfaces.render.plot import plot_of

TONES = {"info": "blue", "success": "green", "warning": "yellow", "danger": "red", "muted": "bright_black"}
STYLES = {"bold": "bold", "italic": "italic", "code": "cyan"}
STEP_STYLES = {"running": "cyan", "waiting": "yellow", "done": "green", "failed": "red", "undone": "magenta"}
ROWS_MAX, TEXT_MAX, BLOCKS_MAX, SPARK_MAX = 40, 6_000, 60, 48
SPARK_MIN = 8
TITLE_MAX = 72  # a frame cuts what does not fit into its line


def card_rich(card: Card, labels: tuple[str, ...] | None = None, *, first: int = 1) -> RenderableType:
    """The card in a frame of its tone's colour. `labels` are its buttons, numbered from `first`."""
    parts = _parts(card, labels, first)
    title = RichText(one_line(card.title), style="bold")
    body = Group(*parts) if parts else Group(RichText(one_line(card.summary, 400)))
    if len(title) > TITLE_MAX:
        return Panel(Group(title, *parts), border_style=TONES[card.tone], padding=(0, 1))
    return Panel(body, title=title, title_align="left", border_style=TONES[card.tone], padding=(0, 1))


def plain_text(card: Card, labels: tuple[str, ...] | None = None, *, width: int = 100) -> str:
    """The card without colour or frame, for logs, pipes and fallbacks."""
    parts = [RichText(one_line(card.title)), *_parts(card, labels, 1)]
    out = io.StringIO()
    Console(file=out, width=width, color_system=None, highlight=False, legacy_windows=False).print(Group(*parts))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def _parts(card: Card, labels: tuple[str, ...] | None, first: int) -> list[RenderableType]:
    """The blocks with the buttons in their place. Nothing folds here: of a run's details only the short lines stay, how
    it is undone among them, and where the rest is.
    """
    labels = tuple(button.label for button in card.buttons) if labels is None else labels
    above, below, details = card.layout
    told = details and card.run_id is not None
    kept = tuple(block for block in details if isinstance(block, Fields) or not told)
    below = (*below, *kept)[: max(0, BLOCKS_MAX - len(above))]
    parts = [block_rich(block) for block in above[:BLOCKS_MAX]]
    parts += [_buttons(labels, first)] if labels else []
    if labels and below:
        parts.append(RichText(""))
    parts += [block_rich(block) for block in below]
    return [*parts, RichText(f"All of it: say show run {card.run_id}", style="bright_black")] if told else parts


def block_rich(block: Block) -> RenderableType:
    """One block for a terminal."""
    draw: Callable[[Any], RenderableType] = DRAW[type(block)]
    return draw(block)


def _inline(text: str) -> RichText:
    out = RichText()
    for style, piece in spans(text):
        out.append(piece, STYLES.get(style))
    return out


def _text(block: Text) -> RenderableType:
    text = clean(block.text).strip()
    cut = text if len(text) <= TEXT_MAX else text[:TEXT_MAX] + " … (see all in the console)"
    return _inline(cut)


def _fields(block: Fields) -> RenderableType:
    grid = RichTable.grid(padding=(0, 2))
    grid.add_column(style="bright_black", no_wrap=True, max_width=30)
    grid.add_column(overflow="fold")
    for label, value in block.fields[:ROWS_MAX]:
        grid.add_row(RichText(one_line(label, 80)), _inline(one_line(value, 400)))
    return grid


def _table(block: Table) -> RenderableType:
    caption = RichText(one_line(block.caption)) if block.caption else None
    table = RichTable(title=caption, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name, align in zip(block.columns, block.align.ljust(len(block.columns), "l"), strict=False):
        right = {"r": "right", "c": "center"}.get(align, "left")
        table.add_column(RichText(one_line(name, 60)), justify=right, overflow="fold")  # type: ignore[arg-type]
    width = max(1, len(block.columns))
    for row in block.rows[:ROWS_MAX]:
        table.add_row(*(_inline(one_line(cell, 300)) for cell in row[:width]))
    more = len(block.rows) - ROWS_MAX
    return (
        Group(table, RichText(f"… {more} more rows: see all in the console", style="bright_black"))
        if more > 0
        else table
    )


def _chart(block: Chart) -> RenderableType:
    plot = plot_of(block)
    grid = RichTable.grid(padding=(0, 1))
    for name, line in zip(plot.names, plot.lines, strict=True):
        values = list(line[-SPARK_MAX:])
        known = [v for v in values if v is not None]
        ends = f"{number(min(known), block.unit)} to {number(max(known), block.unit)}" if known else "no data"
        last = number(known[-1], block.unit) if known else ""
        grid.add_row(
            RichText(name),
            _Spark(tuple(values)),
            RichText(last, style="bold"),
            RichText(ends, style="bright_black"),
        )
    notes = [plot.limit_words] if plot.limit is not None else []
    notes += [f"{one_line(mark.label, 60)} at {plot.when(mark) or mark.at}" for mark in plot.marks]
    span = f"{plot.x[0]} – {plot.x[-1]}" if plot.x and plot.x[0] else ""
    foot = " · ".join(part for part in (span, *notes) if part)
    return Group(RichText(one_line(block.title), style="bold"), grid, RichText(foot, style="bright_black"))


@dataclass(frozen=True)
class _Spark:
    """A line of bars that shows the newest values when there is no room for all."""

    values: tuple[float | None, ...]

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(SPARK_MIN, len(self.values)), len(self.values))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield RichText(_bars(list(self.values[-max(1, options.max_width) :])), style="cyan")


def _bars(values: list[float | None]) -> str:
    # Scaled first: the span of two huge floats would be infinite.
    size = max((abs(v) for v in values if v is not None), default=1.0) or 1.0
    return sparkline([None if v is None else v / size for v in values])


def _steps(block: Steps) -> RenderableType:
    grid = RichTable.grid(padding=(0, 1))
    for step in block.steps[:100]:
        style = STEP_STYLES.get(step.status, "bright_black")
        name = RichText(one_line(step.name), style="bold" if step.status == "running" else "")
        sign = RichText(STEP_SIGNS[step.status], style=style)
        grid.add_row(sign, name, RichText(took(step), style="bright_black"), _inline(one_line(step.detail, 400)))
    return grid


def _diff(block: Diff) -> RenderableType:
    grid = RichTable.grid(padding=(0, 1))
    for line in block.lines[:100]:
        before, after = one_line(line.before) or "nothing", one_line(line.after) or "nothing"
        grid.add_row(
            _inline(one_line(line.what)), RichText(before, style="red"), RichText("→"), RichText(after, style="green")
        )
    return grid


def _context(block: Context) -> RenderableType:
    text = _inline(clean(block.text)[:1_500])
    text.stylize("bright_black")
    return text


def _links(block: Links) -> RenderableType:
    return RichText(" · ".join(f"{one_line(link.label, 120)}: {link.to}" for link in block.links), style="bright_black")


def _file(block: File) -> RenderableType:
    told = f"{one_line(block.title, 120)}: {block.name}, {block.text.count(chr(10)):,} lines, to take from the console"
    return RichText(told, style="bright_black")


def _buttons(labels: tuple[str, ...], first: int) -> RichText:
    out = RichText("\n")
    for number_, label in enumerate(labels, first):
        out.append(f"[{number_}] ", "bold")
        out.append(one_line(label, 80) + "   ")
    return out


DRAW: dict[type[Any], Callable[[Any], RenderableType]] = {
    Text: _text,
    Fields: _fields,
    Table: _table,
    Chart: _chart,
    Steps: _steps,
    Diff: _diff,
    Context: _context,
    Links: _links,
    File: _file,
    ButtonsHere: lambda _: RichText(""),
    Details: lambda _: RichText(""),
}
