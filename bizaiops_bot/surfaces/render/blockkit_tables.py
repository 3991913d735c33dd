"""Tables: Slack's `table` for the first small one, `data_table` with pages for long ones, else text in columns."""

from __future__ import annotations

import re

from bizaiops_bot.domain.cards import Table
from bizaiops_bot.surfaces.render.blockkit_escape import NOTHING, line, literal, size, unstyled
from bizaiops_bot.surfaces.render.blockkit_limits import CELLS_TEXT, COLUMNS, DATA_TABLE_ROWS, TABLE_ROWS, TABLES
from bizaiops_bot.surfaces.render.blockkit_sheet import Json, Sheet, preformatted, rich, section, small, word, words
from bizaiops_bot.surfaces.render.clean import clean, one_line, spans

LONG = 20
"""Rows from which a table is worth pages."""
PAGE_ROWS, TEXT_ROWS = 10, 30
ROWS_MAX = DATA_TABLE_ROWS[1]
CELL_MAX, TEXT_CELL, TEXT_WIDE = 300, 28, 84
ALIGN = {"l": "left", "r": "right", "c": "center"}
_NUMBER = re.compile(r"-?\d{1,3}(,\d{3})*(\.\d+)?|-?\d{1,15}(\.\d+)?")
Rows = list[list[str]]


def draw_table(block: Table, sheet: Sheet) -> list[Json]:
    rows, left_out = _grid(block)
    if not rows and not block.columns:
        return [small(block.caption)] if block.caption.strip() else []
    head = [one_line(column, 80) for column in block.columns[:COLUMNS]]
    note = sheet.cut(left_out, "columns")
    if not sheet.home and head and rows and sheet.native and (len(rows) > LONG or sheet.tables >= TABLES):
        return [*_data_table(block, head, rows, sheet), *note]
    if not sheet.home and sheet.tables < TABLES:
        return [*_table(block, head, rows, sheet), *note]
    return [*_columns_of_text(block, head, rows, sheet), *note]


def _grid(block: Table) -> tuple[Rows, int]:
    """Rows in equal length, as many as a table can have, and how many columns are left out.

    A long row keeps its surplus in the last column.
    """
    width = len(block.columns) or max((len(row) for row in block.rows), default=0)
    shown = min(width, COLUMNS)
    rows = []
    for row in block.rows[:ROWS_MAX]:
        cells = [one_line(cell, CELL_MAX) for cell in row[:shown]]
        if len(row) > width and width == shown and cells:
            cells[-1] = one_line(" ".join((cells[-1], *row[width:])), CELL_MAX)
        rows.append(cells + [""] * (shown - len(cells)))
    return [row for row in rows if row], width - shown


def _count(block: Table, rows: Rows) -> int:
    return len(rows) + max(0, len(block.rows) - ROWS_MAX)


def _room(head: list[str], rows: Rows, most: int, sheet: Sheet) -> int:
    """How many of the rows fit; their text is counted as used."""
    used = sheet.cells_text + sum(size(literal(cell)) + 1 for cell in head)
    fits = 0
    for row in rows[:most]:
        used += sum(size(literal(cell)) + 1 for cell in row)
        if used > CELLS_TEXT - 500:
            break
        fits += 1
        sheet.cells_text = used
    return fits


def _caption(block: Table) -> list[Json]:
    caption = one_line(block.caption)
    return [rich(section([word(caption, bold=True)]))] if caption else []


def _table(block: Table, head: list[str], rows: Rows, sheet: Sheet) -> list[Json]:
    fits = _room(head, rows, sheet.most(TABLE_ROWS - 1), sheet)
    width = len(head or rows[0])
    top: list[list[Json]] = [[{"type": "raw_text", "text": line(cell, CELL_MAX)} for cell in head]] if head else []
    drawn: Json = {"type": "table", "rows": [*top, *([_cell(cell) for cell in row] for row in rows[:fits])]}
    if not drawn["rows"]:
        return _columns_of_text(block, head, rows, sheet)
    if set(block.align[:width]) & {"r", "c"}:
        aligns = block.align[:width].ljust(width, "l")
        drawn["column_settings"] = [{"align": ALIGN.get(align, "left")} for align in aligns]
    sheet.tables += 1
    return [*_caption(block), drawn, *sheet.cut(_count(block, rows) - fits, "rows")]


def _data_table(block: Table, head: list[str], rows: Rows, sheet: Sheet) -> list[Json]:
    fits = _room(head, rows, sheet.most(DATA_TABLE_ROWS[1] - 1), sheet)
    if fits < 1:
        return _columns_of_text(block, head, rows, sheet)
    shown = rows[:fits]
    numeric = [all(_NUMBER.fullmatch(row[i]) for row in shown) for i in range(len(head))]
    drawn: Json = {
        "type": "data_table",
        "caption": line(block.caption or ", ".join(head), 150),
        "rows": [
            [{"type": "raw_text", "text": line(cell, CELL_MAX)} for cell in head],
            *([_number(c) if numeric[i] else _cell(c) for i, c in enumerate(row)] for row in shown),
        ],
        "page_size": min(PAGE_ROWS, fits),
    }
    sheet.data_blocks += 1
    return [drawn, *sheet.cut(_count(block, rows) - fits, "rows")]


def _cell(text: str) -> Json:
    if any(style for style, _ in spans(text)):
        return rich(section(words(text)))
    return {"type": "raw_text", "text": line(text, CELL_MAX)}


def _number(text: str) -> Json:
    return {"type": "raw_number", "value": float(text.replace(",", "")), "text": text}


def _columns_of_text(block: Table, head: list[str], rows: Rows, sheet: Sheet) -> list[Json]:
    most = sheet.most(TEXT_ROWS)
    cells = [[unstyled(clean(cell)) for cell in row] for row in ([head] if head else []) + rows[:most]]
    columns = list(zip(*cells, strict=True))
    widths = [min(TEXT_CELL, max(len(cell) for cell in column)) for column in columns]
    while len(widths) > 1 and sum(widths) + 2 * len(widths) > TEXT_WIDE and max(widths) > 8:
        widths[widths.index(max(widths))] -= 1
    aligns = block.align.ljust(len(widths), "l")
    lines = [
        "  ".join(_padded(c, w, a) for c, w, a in zip(row, widths, aligns, strict=False)).rstrip() for row in cells
    ]
    if head:
        lines.insert(1, "  ".join("─" * width for width in widths))
    text = "\n".join(lines)
    drawn = rich(preformatted(text if text.strip() else NOTHING))
    return [*_caption(block), drawn, *sheet.cut(_count(block, rows) - most, "rows")]


def _padded(text: str, width: int, align: str) -> str:
    text = one_line(text, width) if width else ""
    return text.rjust(width) if align == "r" else text.center(width) if align == "c" else text.ljust(width)
