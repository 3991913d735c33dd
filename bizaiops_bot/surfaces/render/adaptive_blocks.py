"""A card's blocks as elements of Adaptive Cards 1.5. None fails; what is too long says where all of it is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from bizaiops_bot.domain.cards import (
    Block,
    ButtonsHere,
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
from bizaiops_bot.surfaces.render.adaptive_actions import open_url
from bizaiops_bot.surfaces.render.adaptive_charts import chart_elements
from bizaiops_bot.surfaces.render.adaptive_detail import Detail
from bizaiops_bot.surfaces.render.adaptive_tables import diff_elements, field_elements, table_elements
from bizaiops_bot.surfaces.render.adaptive_text import (
    SEE_ALL,
    Element,
    cut,
    inline,
    paragraphs,
    rich,
    run,
    small,
)
from bizaiops_bot.surfaces.render.clean import clean, one_line
from bizaiops_bot.surfaces.render.html import STEP_SIGNS, took

log = logging.getLogger(__name__)
LINKS_MAX = 6
STEP_COLOURS = {
    "running": "Accent",
    "waiting": "Warning",
    "done": "Good",
    "failed": "Attention",
    "undone": "Warning",
}
SPOKEN = {"failed", "skipped", "undone"}
"""States that the sign alone would leave unsaid to someone who hears the card; a time or its lack says the others."""


def block_elements(block: Block, detail: Detail) -> list[Element]:
    """One block. A defect in drawing costs this block its look, never the reader the message."""
    draw: Callable[[Any, Detail], list[Element]] = DRAW[type(block)]
    try:
        return draw(block, detail)
    except (ArithmeticError, ValueError, LookupError) as error:
        log.exception("a %s block could not be drawn for Teams", block.type, exc_info=error)
        return [small(f"This {block.type} could not be drawn: {SEE_ALL}.")]


def _text(block: Text, detail: Detail) -> list[Element]:
    return paragraphs(block.text, detail.text)


def _context(block: Context, detail: Detail) -> list[Element]:
    shown = cut(" ".join(clean(block.text).split()), min(600, detail.text))
    return [small(shown, spacing="Small")] if shown else []


def _steps(block: Steps, detail: Detail) -> list[Element]:
    """All, or a window around the step that counts now."""
    most = detail.rows * 2
    first = max(0, min(_current(block.steps) - most // 2, len(block.steps) - most))
    shown = block.steps[first : first + most]
    lines = [_step(step, detail) for step in shown]
    if first:
        lines.insert(0, small(f"{first} earlier steps: {SEE_ALL}"))
    if (left := len(block.steps) - first - len(shown)) > 0:
        lines.append(small(f"{left} later steps: {SEE_ALL}", spacing="Small"))
    return lines


def _current(steps: tuple[StepLine, ...]) -> int:
    """The first step that is neither done nor skipped; the last one when all are."""
    places = (i for i, step in enumerate(steps) if step.status not in {"done", "skipped", "undone"})
    return next(places, len(steps) - 1)


def _step(step: StepLine, detail: Detail) -> Element:
    name = one_line(step.name, 80) or "–"
    sign = run(f"{STEP_SIGNS[step.status]} ", weight="Bolder", color=STEP_COLOURS.get(step.status, "Default"))
    title = run(name, **({"weight": "Bolder"} if step.status in {"running", "failed", "waiting"} else {}))
    notes: list[str] = [step.status] if step.status in SPOKEN else []
    notes += [part for part in (took(step), one_line(step.detail, detail.cell * 2)) if part]
    rest = inline(f"  {' · '.join(notes)}", isSubtle=True) if notes else []
    return rich([sign, title, *rest], spacing="Small")


def _links(block: Links, _detail: Detail) -> list[Element]:
    """As buttons, which Teams opens in the browser; without an address the page's name is told, and where it is."""
    shown = block.links[:LINKS_MAX]
    if not shown:
        return []
    if not block.site:
        told = " · ".join(f"{one_line(link.label, 120)}, {link.to}" for link in shown)
        return [small(f"In the console: {told}", spacing="Small")]
    return [{"type": "ActionSet", "actions": [open_url(link.label, f"{block.site}{link.to}") for link in shown]}]


def _file(block: File, _detail: Detail) -> list[Element]:
    told = f"{one_line(block.title, 120)}: {block.name}, {block.text.count(chr(10)):,} lines"
    if not block.at:
        return [small(f"{told}. It is in the console, on this card.", spacing="Small")]
    return [small(told, spacing="Small"), {"type": "ActionSet", "actions": [open_url(f"Take {block.name}", block.at)]}]


DRAW: dict[type[Any], Callable[[Any, Detail], list[Element]]] = {
    Text: _text,
    Fields: field_elements,
    Table: table_elements,
    Chart: chart_elements,
    Steps: _steps,
    Diff: diff_elements,
    Context: _context,
    Links: _links,
    File: _file,
    ButtonsHere: lambda _block, _detail: [],
    Details: lambda _block, _detail: [],
}
