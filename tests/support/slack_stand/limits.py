"""Block Kit as Slack takes it: what emulate lets through and Slack answers with invalid_blocks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from slack_sdk.models.blocks import Block

JSON = dict[str, Any]
NATIVE = ("data_table", "data_visualization")
UNMODELLED = (*NATIVE, "alert", "card", "carousel", "container", "plan", "task_card", "table", "markdown")
"""Types that slack_sdk has no model for, or one that says less than the documentation."""
MESSAGE_CHARACTERS = 13_200


def message_problems(blocks: list[JSON], *, native: bool) -> list[str]:
    """What is wrong with a message's blocks. native: whether the workspace takes charts and tables of its own."""
    found = [*_of_blocks(blocks, 50, native=native)]
    if len(json.dumps(blocks, ensure_ascii=False)) > 4 * MESSAGE_CHARACTERS or _characters(blocks) > MESSAGE_CHARACTERS:
        found.append("msg_blocks_too_long")
    return found


def view_problems(view: JSON) -> list[str]:
    """What is wrong with a modal or a home page."""
    found = [*_of_blocks(view.get("blocks", []), 100, native=True)]
    if len(view.get("private_metadata", "")) > 3000:
        found.append("private_metadata is over 3000")
    for name in ("title", "submit", "close"):
        text = (view.get(name) or {}).get("text", "")
        if view["type"] == "modal" and len(text) > 24:
            found.append(f"{name} is over 24: {text!r}")
    if any(b["type"] == "input" for b in view.get("blocks", [])) and view["type"] == "modal" and not view.get("submit"):
        found.append("inputs without submit")
    return found


def _of_blocks(blocks: list[JSON], most: int, *, native: bool) -> Iterator[str]:
    if len(blocks) > most:
        yield f"{len(blocks)} blocks, {most} are taken"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    kinds = Counter(block.get("type") for block in blocks)
    if kinds["table"] > 1 or kinds["data_visualization"] > 2:
        yield f"{kinds['table']} tables and {kinds['data_visualization']} charts, 1 and 2 are taken"
    yield from (f"block_id {name!r} twice" for name, count in Counter(ids).items() if count > 1)
    for block in blocks:
        kind = block.get("type", "")
        if kind in NATIVE and not native:
            yield f"{kind} is not taken here"
        yield from _of_block(block, kind)


def _of_block(block: JSON, kind: str) -> Iterator[str]:
    if kind not in UNMODELLED:
        try:
            parsed = Block.parse(block)
            if parsed is None:
                yield f"{kind!r} is no block"
            elif parsed.to_dict() != block:
                yield f"{kind} is read differently: {parsed.to_dict()} for {block}"
        except Exception as exc:  # its models raise several kinds
            yield f"{kind}: {exc}"
    if kind == "header" and block.get("text", {}).get("type") != "plain_text":
        yield "a header is plain_text"
    if kind in ("table", "data_table"):
        yield from _of_table(block, kind)
    if kind == "data_visualization":
        yield from _of_chart(block)
    for text, most in _texts(block, kind):
        if not text.get("text") or len(text["text"]) > most:
            yield f"text of {len(text.get('text', ''))} in {kind}, 1 to {most} are taken"
    actions = [element.get("action_id") for element in block.get("elements", []) if "action_id" in element]
    yield from (f"action_id {name!r} twice" for name, count in Counter(actions).items() if count > 1)


def _of_table(block: JSON, kind: str) -> Iterator[str]:
    rows = block.get("rows", [])
    low, high = (2, 201) if kind == "data_table" else (1, 100)
    if not low <= len(rows) <= high:
        yield f"{len(rows)} rows in {kind}, {low} to {high} are taken"
    widths = {len(row) for row in rows}
    if len(widths) > 1 or max(widths, default=0) > 20:
        yield f"rows of {sorted(widths)} cells, all of one length of 20 at most are taken"
    types = {cell.get("type") for row in rows for cell in row} - {"raw_text", "raw_number", "rich_text"}
    yield from (f"{name!r} is no cell" for name in types)
    if any(cell.get("text") == "" for row in rows for cell in row):
        yield "an empty cell"


def _of_chart(block: JSON) -> Iterator[str]:
    chart = block.get("chart", {})
    if not 1 <= len(block.get("title", "")) <= 50:
        yield f"title of {len(block.get('title', ''))}, 1 to 50 are taken"
    if chart.get("type") not in ("line", "bar", "area", "pie"):
        yield f"{chart.get('type')!r} is no chart"
    series = chart.get("series", [])
    if not 1 <= len(series) <= 12 or any(not 1 <= len(line.get("data", [])) <= 20 for line in series):
        yield f"{len(series)} lines of {[len(line.get('data', [])) for line in series]}, 12 of 20 are taken"
    labels = [point.get("label", "") for line in series for point in line.get("data", [])]
    yield from (f"label {label!r}" for label in labels if not 1 <= len(label) <= 20)


def _texts(block: JSON, kind: str) -> Iterator[tuple[JSON, int]]:
    if kind == "section":
        yield from ((field, 2000) for field in block.get("fields", []))
    if kind == "actions":
        yield from ((e["text"], 75) for e in block["elements"] if e["type"] == "button")
    if isinstance(block.get("text"), dict):
        yield block["text"], {"header": 150}.get(kind, 3000)


def _characters(value: Any) -> int:
    """All that is shown."""
    if isinstance(value, dict):
        own = value["text"] if isinstance(value.get("text"), str) else ""
        return len(own) + sum(_characters(v) for k, v in value.items() if k != "text" or not isinstance(v, str))
    return sum(map(_characters, value)) if isinstance(value, list) else 0
