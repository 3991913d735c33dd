"""Tables, label and value pairs and changes: Table elements whose cells are text runs."""

from __future__ import annotations

from typing import Any

from bizaiops_bot.domain.cards import BARS, Diff, Fields, Table
from bizaiops_bot.surfaces.render.adaptive_charts import thinned
from bizaiops_bot.surfaces.render.adaptive_detail import Detail
from bizaiops_bot.surfaces.render.adaptive_text import SEE_ALL, Element, inline, rich, run, small
from bizaiops_bot.surfaces.render.clean import one_line

ALIGN = {"r": "Right", "c": "Center"}
# Twice: the standard names it so, the library and the SDK that Teams is made of read the second.
HEADLESS: Element = {"firstRowAsHeader": False, "firstRowAsHeaders": False}
SHORT, UNBROKEN = 10, "\u00a0"
"""A number and its unit stay on one line."""
LINE, WIDE = 50, 30
"""Characters: what a line of a card holds in a narrow window, and what a column may have of it beyond its words."""


def table_elements(block: Table, detail: Detail) -> list[Element]:
    width = max(1, min(detail.columns, max(len(block.columns), max((len(r) for r in block.rows), default=0))))
    names = [one_line(name, 40) for name in block.columns[:width]]
    rows = [_fitted(row, len(block.columns) or width, width, detail) for row in block.rows[: detail.rows]]
    caption = [rich(inline(one_line(block.caption), weight="Bolder"))] if one_line(block.caption) else []
    if not rows and not any(names):
        return caption
    grid = table([*names, *[""] * (width - len(names))] if any(names) else [], rows, block.align[:width])
    left = [f"{len(block.rows) - len(rows)} more rows"] if len(block.rows) > len(rows) else []
    left += [f"{len(block.columns) - width} more columns"] if len(block.columns) > width else []
    return [*caption, grid, *([small(f"{' and '.join(left)}: {SEE_ALL}", spacing="Small")] if left else [])]


def field_elements(block: Fields, detail: Detail) -> list[Element]:
    """Label left, value right."""
    pairs = [
        [rich([run(one_line(label, 60) or "–", isSubtle=True)]), rich(inline(one_line(value, detail.cell * 2)))]
        for label, value in block.fields[: detail.rows]
    ]
    if not pairs:
        return []
    left = len(block.fields) - len(pairs)
    more = [small(f"{left} more: {SEE_ALL}", spacing="Small")] if left > 0 else []
    return [_grid([{"width": 1}, {"width": 2}], pairs, header=False), *more]


def diff_elements(block: Diff, detail: Detail) -> list[Element]:
    """What changes, from what, to what."""
    rows = [
        [
            rich(inline(one_line(line.what, detail.cell) or "–")),
            rich([run(one_line(line.before, detail.cell) or "nothing", isSubtle=True)]),
            rich([run("→ ", isSubtle=True), run(one_line(line.after, detail.cell) or "nothing", weight="Bolder")]),
        ]
        for line in block.lines[: detail.rows]
    ]
    if not rows:
        return []
    head = [rich([run(name, weight="Bolder")]) for name in ("Change", "From", "To")]
    left = len(block.lines) - len(rows)
    more = [small(f"{left} more changes: {SEE_ALL}", spacing="Small")] if left > 0 else []
    return [_grid([{"width": 4}, {"width": 3}, {"width": 4}], [head, *rows], header=True), *more]


def table(names: list[str], rows: list[list[str]], align: str) -> Element:
    rows = [[_together(cell) for cell in row] for row in rows]
    columns = []
    for i, width in enumerate(_widths([names, *rows] if names else rows)):
        side = ALIGN.get(align[i : i + 1])
        columns.append({"width": width, **({"horizontalCellContentAlignment": side} if side else {})})
    head = [[rich([run(name or " ", weight="Bolder")]) for name in names]] if names else []
    return _grid(columns, [*head, *([_cell(cell) for cell in row] for row in rows)], header=bool(names))


def _widths(rows: list[list[str]]) -> list[int]:
    """Room for the longest word of each column first, so that none is broken; the rest goes to the longer texts."""
    cells = list(zip(*rows, strict=True))
    words = [min(WIDE, max(_wide(word) for cell in column for word in cell.split(" ")) + 2) for column in cells]
    texts = [max(len(cell) for cell in column) + 2 for column in cells]
    if sum(texts) <= LINE:
        return texts
    wishes = [max(0, min(WIDE, text) - word) for text, word in zip(texts, words, strict=True)]
    rest = max(0, LINE - sum(words))
    return [word + rest * wish // max(1, sum(wishes)) for word, wish in zip(words, wishes, strict=True)]


def _together(cell: str) -> str:
    """A number with its unit, and a small line of bars short enough, to stay on one line."""
    if _is_bars(cell):
        return "".join(thinned(tuple(cell), SHORT))
    return cell.replace(" ", UNBROKEN) if len(cell) <= SHORT else cell


def _cell(cell: str) -> Element:
    return rich([run(cell, size="Small")] if _is_bars(cell) else inline(cell or " "))


def _is_bars(text: str) -> bool:
    return len(text) >= 4 and set(text) <= {*BARS, "·"}


def _wide(word: str) -> int:
    """Letters' worth of room: the blocks of a line of bars are wider."""
    return len(word) * 4 // 3 if _is_bars(word) else len(word)


def _grid(columns: list[Element], rows: list[list[Element]], *, header: bool) -> Element:
    cells: list[Element] = [
        {"type": "TableRow", "cells": [{"type": "TableCell", "items": [item]} for item in row]} for row in rows
    ]
    # Grid lines bring a margin into every cell, which costs a table of numbers half of a narrow window.
    grid: dict[str, Any] = {"type": "Table", "showGridLines": False, "columns": columns, "rows": cells}
    return grid if header else {**grid, **HEADLESS}


def _fitted(row: tuple[str, ...], columns: int, width: int, detail: Detail) -> list[str]:
    """A short row is filled up; a row longer than the table has columns keeps its surplus in the last one."""
    if len(row) > columns:
        row = (*row[: columns - 1], " ".join(row[columns - 1 :]))
    cells = [one_line(cell, detail.cell) for cell in row[:width]]
    return [*cells, *[""] * (width - len(cells))]
