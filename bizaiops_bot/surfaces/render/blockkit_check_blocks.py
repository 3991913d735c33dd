"""The rules of each kind of block, for `check`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from bizaiops_bot.surfaces.render import blockkit_limits as most
from bizaiops_bot.surfaces.render.blockkit_escape import size
from bizaiops_bot.surfaces.render.blockkit_keys import KEYS
from bizaiops_bot.surfaces.render.blockkit_sheet import Json
from bizaiops_bot.surfaces.render.clean import is_ours

Found = Iterator[str]


def keys(thing: Json) -> Found:
    """Unknown kinds, missing and misspelt keys."""
    kind = str(thing.get("type"))
    if kind not in KEYS:
        yield f"{kind!r} is no kind of block or element"
        return
    must, may = KEYS[kind]
    yield from (f"{kind} wants {key!r}" for key in sorted(must - thing.keys()))
    yield from (f"{kind} has no {key!r}" for key in sorted(thing.keys() - must - may - {"type", "block_id"}))


def over(where: str, what: str, count: int, limit: int) -> Found:
    if count > limit:
        yield f"{where}: {count} {what}, {limit} are taken"


def length(where: str, what: str, text: Any, limit: int) -> Found:
    if not isinstance(text, str) or not text:
        yield f"{where}: {what} is empty"
    else:
        yield from over(where, f"characters of {what}", size(text), limit)


def text_of(where: str, text: Any, limit: int, *kinds: str) -> Found:
    if not isinstance(text, dict) or text.get("type") not in kinds:
        yield f"{where}: wants {' or '.join(kinds)}, not {text.get('type') if isinstance(text, dict) else text!r}"
        return
    yield from keys(text)
    yield from length(where, "text", text.get("text"), limit)


def _header(block: Json) -> Found:
    yield from text_of("header", block["text"], most.HEADER, "plain_text")


def _section(block: Json) -> Found:
    if "text" not in block and "fields" not in block:
        yield "section: wants text or fields"
    if "text" in block:
        yield from text_of("section", block["text"], most.TEXT, "mrkdwn", "plain_text")
    yield from over("section", "fields", len(block.get("fields", [])), most.FIELDS)
    for field in block.get("fields", []):
        yield from text_of("field", field, most.FIELD, "mrkdwn", "plain_text")


def _context(block: Json) -> Found:
    yield from over("context", "elements", len(block["elements"]), most.CONTEXT_ELEMENTS)
    for element in block["elements"]:
        yield from text_of("context", element, most.TEXT, "mrkdwn", "plain_text")


def _actions(block: Json) -> Found:
    yield from over("actions", "elements", len(block["elements"]), most.ACTIONS)
    if not block["elements"]:
        yield "actions: no elements"
    names = Counter(element.get("action_id") for element in block["elements"])
    yield from (f"action_id {name!r} is there {count} times" for name, count in names.items() if name and count > 1)
    for element in block["elements"]:
        yield from keys(element)
        if element.get("type") == "button" and not list(keys(element)):
            yield from _button(element)


def _button(button: Json) -> Found:
    yield from text_of("button", button["text"], most.BUTTON, "plain_text")
    yield from length("button", "action_id", button["action_id"], most.ACTION_ID)
    yield from over("button", "characters of value", size(button.get("value", "")), most.BUTTON_VALUE)
    if button.get("style", "primary") not in ("primary", "danger"):
        yield f"button: style {button['style']!r}"
    for name, limit in _CONFIRM.items() if "confirm" in button else ():
        yield from text_of(f"confirm dialog's {name}", button["confirm"].get(name), limit, "plain_text", "mrkdwn")


_CONFIRM = {
    "title": most.CONFIRM_TITLE,
    "text": most.CONFIRM_TEXT,
    "confirm": most.CONFIRM_BUTTON,
    "deny": most.CONFIRM_BUTTON,
}


def _rich(block: Json) -> Found:
    for part in block["elements"]:
        yield from _rich_part(part)


def _rich_part(part: Json) -> Found:
    yield from keys(part)
    if part.get("type") == "text":
        yield from length("rich text", "text", part.get("text"), most.MESSAGE_JSON)
        yield from (f"rich text has no style {name!r}" for name in part.get("style", {}).keys() - _STYLES)
        return
    if part.get("type") == "link":
        yield from length("link", "text", part.get("text"), most.TEXT)
        if not is_ours(str(part.get("url"))):
            yield f"link: {part.get('url')!r} is no page of the console"
        return
    if not part.get("elements"):
        yield f"{part.get('type')}: no elements"
    for inner in part.get("elements", []):
        yield from _rich_part(inner)


_STYLES = {"bold", "italic", "strike", "code"}


def _grid(block: Json, rows: tuple[int, int]) -> Found:
    kind, widths = block["type"], {len(row) for row in block["rows"]}
    if not rows[0] <= len(block["rows"]) <= rows[1]:
        yield f"{kind}: {len(block['rows'])} rows, {rows[0]} to {rows[1]} are taken"
    if len(widths) > 1:
        yield f"{kind}: rows of {sorted(widths)} cells"
    if any(not 1 <= width <= most.COLUMNS for width in widths):
        yield f"{kind}: {max(widths)} columns, 1 to {most.COLUMNS} are taken"
    for cell in (cell for row in block["rows"] for cell in row):
        yield from keys(cell)
        if cell.get("type") == "rich_text":
            yield from _rich(cell)
        else:
            yield from length(kind, "a cell", cell.get("text"), most.CELLS_TEXT)


def _table(block: Json) -> Found:
    yield from _grid(block, (1, most.TABLE_ROWS))
    yield from over("table", "column settings", len(block.get("column_settings", [])), most.COLUMNS)


def _data_table(block: Json) -> Found:
    yield from _grid(block, most.DATA_TABLE_ROWS)
    yield from length("data_table", "caption", block["caption"], most.TEXT)
    if not 1 <= block.get("page_size", 5) <= most.PAGE:
        yield f"data_table: page_size {block['page_size']}"
    if any(cell.get("type") == "rich_text" for cell in block["rows"][:1] or [] for cell in cell):
        yield "data_table: rich text in its header"


def _chart(block: Json) -> Found:
    yield from length("chart", "title", block["title"], most.CHART_TITLE)
    chart = block["chart"]
    if chart.get("type") not in ("line", "bar", "area"):
        yield f"chart: {chart.get('type')!r} is no kind of chart of ours"
        return
    labels, series = chart["axis_config"]["categories"], chart["series"]
    if not 1 <= len(series) <= most.CHART_SERIES:
        yield f"chart: {len(series)} series, 1 to {most.CHART_SERIES} are taken"
    if not 1 <= len(labels) <= most.CHART_POINTS:
        yield f"chart: {len(labels)} points, 1 to {most.CHART_POINTS} are taken"
    for name in [*labels, *(one["name"] for one in series)]:
        yield from length("chart", "a label", name, most.CHART_LABEL)
    if len(set(labels)) < len(labels) or len({one["name"] for one in series}) < len(series):
        yield "chart: two labels are the same"
    for one in series:
        if [point["label"] for point in one["data"]] != labels:
            yield f"chart: the points of {one['name']!r} are not those of the axis"
        yield from ("chart: a value is no number" for point in one["data"] if not _finite(point["value"]))
    for name in ("x_label", "y_label"):
        yield from over("chart", f"characters of {name}", size(chart["axis_config"].get(name, "")), most.AXIS_LABEL)


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _input(block: Json) -> Found:
    yield from text_of("input's label", block["label"], most.INPUT_LABEL, "plain_text")
    if "hint" in block:
        yield from text_of("input's hint", block["hint"], most.INPUT_HINT, "plain_text")
    element = block["element"]
    yield from keys(element)
    if "placeholder" in element:
        yield from text_of("placeholder", element["placeholder"], most.PLACEHOLDER, "plain_text")
    yield from over("input", "characters filled in", size(element.get("initial_value", "")), most.INPUT_VALUE)
    if element.get("type") == "static_select":
        yield from _options(element)


def _options(element: Json) -> Found:
    options = element.get("options", [])
    if not 1 <= len(options) <= most.OPTIONS:
        yield f"select: {len(options)} options, 1 to {most.OPTIONS} are taken"
    for option in options:
        yield from text_of("option", option["text"], most.OPTION, "plain_text")
        yield from length("option", "value", option["value"], most.OPTION_VALUE)
    if len({option["value"] for option in options}) < len(options):
        yield "select: two options have the same value"
    if "initial_option" in element and element["initial_option"] not in options:
        yield "select: what is chosen is no option"


def letters(cell: Json) -> int:
    return size(cell["text"]) if "text" in cell else sum(letters(part) for part in cell.get("elements", []))


RULES: dict[str, Callable[[Json], Found]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "rich_text": _rich,
    "table": _table,
    "data_table": _data_table,
    "data_visualization": _chart,
    "input": _input,
}
