"""A card's blocks as HTML. Everything is escaped, nothing fails on a valid card, long blocks fold behind "See all"."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

from bizaiops_bot.domain.cards import (
    BARS,
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
    StepLine,
    Steps,
    Table,
    Text,
)
from bizaiops_bot.domain.values import spoken_duration
from bizaiops_bot.surfaces.render.clean import clean, one_line, spans
from bizaiops_bot.surfaces.render.svg import chart_svg, escaped_lines, spark_svg

log = logging.getLogger(__name__)
TEXT_LIMIT, TEXT_MAX = 1_500, 20_000
ROWS_SHOWN, ROWS_MAX = 12, 500
FIELDS_MAX, STEPS_MAX, BLOCKS_MAX = 40, 100, 60
TAGS = {"bold": "strong", "italic": "em", "code": "code"}
ALIGN = {"l": "left", "r": "right", "c": "center"}
BAR_HEIGHTS: dict[str, float | None] = {bar: float(i) for i, bar in enumerate(BARS)} | {"·": None}
STEP_SIGNS = {"planned": "○", "running": "◐", "waiting": "…", "done": "✓", "failed": "✕", "skipped": "–", "undone": "↶"}


def card_blocks(card: Card) -> Markup:
    """All of a card but its title and buttons."""
    return blocks_html(card.layout.above) + blocks_html(card.layout.below) + card_details(card)


def blocks_html(blocks: tuple[Block, ...]) -> Markup:
    """Blocks in order, as many as a page takes."""
    shown = [block_html(block) for block in blocks[:BLOCKS_MAX]]
    if len(blocks) > BLOCKS_MAX:
        shown.append(_small(f"{len(blocks) - BLOCKS_MAX} more parts are not shown."))
    return Markup("").join(shown)


def card_details(card: Card) -> Markup:
    """What of a card is folded away."""
    details = card.layout.details
    return _fold("Details", blocks_html(details)) if details else Markup("")


def block_html(block: Block) -> Markup:
    """One block. A defect in drawing costs this block its picture, never the reader the message."""
    draw: Callable[[Any], Markup] = DRAW[type(block)]
    try:
        return draw(block)
    except (ArithmeticError, ValueError, LookupError) as error:
        log.exception("a %s block could not be drawn", block.type, exc_info=error)
        return _small(f"This {block.type} could not be drawn.")


def inline(text: str) -> Markup:
    """Bold, italic and code; all else literal."""
    return Markup("").join(
        Markup("<{0}>{1}</{0}>").format(Markup(TAGS[style]), piece) if style else escaped_lines(piece)
        for style, piece in spans(text)
    )


def _text(block: Text) -> Markup:
    text = clean(block.text)[:TEXT_MAX].strip()
    if len(text) <= TEXT_LIMIT:
        return _paragraphs(text)
    cut = text.rfind(" ", TEXT_LIMIT - 200, TEXT_LIMIT)
    cut = cut if cut > 0 else TEXT_LIMIT
    return _paragraphs(text[:cut] + " …") + _fold("See all", _paragraphs(text[cut:]))


def _paragraphs(text: str) -> Markup:
    return Markup("").join(Markup("<p>{}</p>").format(inline(part)) for part in text.split("\n\n") if part.strip())


def _fields(block: Fields) -> Markup:
    rows = Markup("").join(
        Markup("<div{}><dt>{}</dt><dd>{}</dd></div>").format(
            Markup(' class="wide"') if len(value) > 42 else "", one_line(label, 80), inline(one_line(value, 400))
        )
        for label, value in block.fields[:FIELDS_MAX]
    )
    return Markup('<dl class="fields">{}</dl>').format(rows)


def _table(block: Table) -> Markup:
    head, tail = block.rows[:ROWS_SHOWN], block.rows[ROWS_SHOWN:ROWS_MAX]
    first = _rows(block, head)
    if not tail:
        return first
    hidden = len(block.rows) - ROWS_MAX
    note = _small(f"{hidden} more rows are not shown.") if hidden > 0 else Markup("")
    whole = block.model_copy(update={"caption": ""})
    return first + _fold(f"See all {len(block.rows)} rows", _rows(whole, tail) + note)


def _rows(block: Table, rows: Iterable[tuple[str, ...]]) -> Markup:
    width = len(block.columns)
    align = [ALIGN.get(a, "left") for a in block.align[:width].ljust(width, "l")]
    head = Markup("").join(
        Markup('<th scope="col" class="{}">{}</th>').format(a, one_line(c, 80))
        for a, c in zip(align, block.columns, strict=True)
    )
    body = Markup("").join(Markup("<tr>{}</tr>").format(_cells(row, align)) for row in rows)
    caption = Markup("<caption>{}</caption>").format(one_line(block.caption)) if block.caption else Markup("")
    return Markup(
        '<div class="table-scroll" tabindex="0"><table>{}<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
    ).format(caption, head, body)


def _cells(row: tuple[str, ...], align: list[str]) -> Markup:
    """A short row is filled up, a long one keeps its surplus in the last column."""
    width = max(1, len(align))
    cells = [*row[: width - 1], " ".join(row[width - 1 :])] if len(row) > width else [*row, *[""] * (width - len(row))]
    return Markup("").join(
        Markup('<td class="{}">{}</td>').format(a, _cell(cell))
        for a, cell in zip(align or ["left"], cells, strict=True)
    )


def _cell(text: str) -> Markup:
    """Inline text; a row of bar characters becomes a line that looks the same in every font."""
    bars = text.strip()
    if len(bars) < 4 or not set(bars) <= BAR_HEIGHTS.keys():
        return inline("\n".join(one_line(line, 400) for line in text.strip().splitlines()))
    return spark_svg(tuple(BAR_HEIGHTS[bar] for bar in bars[:120]), label=f"Trend of {len(bars)} values")


def _steps(block: Steps) -> Markup:
    items = Markup("").join(_step(step) for step in block.steps[:STEPS_MAX])
    more = len(block.steps) - STEPS_MAX
    rest = _small(f"{more} more steps on the run's page.") if more > 0 else Markup("")
    return Markup('<ol class="steps">{}</ol>{}').format(items, rest)


def _step(step: StepLine) -> Markup:
    spoken = Markup('<span class="sr-only"> ({})</span>').format(step.status)
    detail = (
        Markup('<span class="step-detail">{}</span>').format(inline(one_line(step.detail, 600))) if step.detail else ""
    )
    return Markup(
        '<li class="step {status}"><span class="step-sign" aria-hidden="true">{sign}</span>'
        '<span class="step-name">{name}{spoken}</span><span class="step-time">{took}</span>{detail}</li>'
    ).format(
        status=step.status,
        sign=STEP_SIGNS[step.status],
        name=one_line(step.name),
        spoken=spoken,
        took=took(step),
        detail=detail,
    )


def took(step: StepLine) -> str:
    """How long a step took, or nothing while that is not known."""
    if step.started is None or step.ended is None:
        return "running" if step.status == "running" else "waiting" if step.status == "waiting" else ""
    seconds = _seconds(step.started, step.ended)
    return spoken_duration(seconds) if seconds >= 1 else "< 1 s"


def _seconds(start: datetime, end: datetime) -> float:
    # A naive time would be a defect elsewhere; a card must still be drawn.
    if (start.tzinfo is None) != (end.tzinfo is None):
        return 0.0
    return max(0.0, (end - start).total_seconds())


def _diff(block: Diff) -> Markup:
    rows = Markup("").join(
        Markup(
            '<tr><th scope="row">{}</th><td class="before"><del>{}</del></td>'
            '<td class="arrow" aria-label="becomes">→</td><td class="after"><ins>{}</ins></td></tr>'
        ).format(inline(one_line(line.what)), one_line(line.before or "nothing"), one_line(line.after or "nothing"))
        for line in block.lines[:ROWS_MAX]
    )
    return Markup(
        '<div class="table-scroll" tabindex="0"><table class="diff"><caption>What changes</caption>'
        "<tbody>{}</tbody></table></div>"
    ).format(rows)


def _context(block: Context) -> Markup:
    return Markup('<p class="context">{}</p>').format(inline(clean(block.text)[:TEXT_LIMIT]))


def _links(block: Links) -> Markup:
    """Paths of this site alone: the model takes no other."""
    shown = [Markup('<a href="{}">{}</a>').format(link.to, one_line(link.label, 120)) for link in block.links]
    return Markup('<p class="context">{}</p>').format(Markup(" · ").join(shown))


def _file(block: File) -> Markup:
    """What it is; the link to it is the page's, which knows the card."""
    lines = block.text.count("\n")
    return Markup('<p class="context">{} · {} lines</p>').format(one_line(block.title, 120), f"{lines:,}")


def _small(text: str) -> Markup:
    return Markup('<p class="context">{}</p>').format(text)


def _fold(label: str, inside: Markup) -> Markup:
    return Markup('<details class="fold"><summary>{}</summary>{}</details>').format(label, inside)


DRAW: dict[type[Any], Callable[[Any], Markup]] = {
    Text: _text,
    Fields: _fields,
    Table: _table,
    Chart: chart_svg,
    Steps: _steps,
    Diff: _diff,
    Context: _context,
    Links: _links,
    File: _file,
    ButtonsHere: lambda _: Markup(""),
    Details: lambda _: Markup(""),
}


def safe(text: str) -> Markup:
    """Escaped, cleaned text with line breaks, as people's own messages are shown: nothing is interpreted."""
    return Markup("<br>").join(escape(line) for line in clean(text)[:TEXT_MAX].split("\n"))
