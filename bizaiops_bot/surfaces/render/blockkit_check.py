"""What Slack would refuse, found before it is sent. Neither its SDK nor its types know all of these limits."""

from __future__ import annotations

from collections import Counter

from bizaiops_bot.surfaces.render import blockkit_limits as most
from bizaiops_bot.surfaces.render.blockkit_check_blocks import RULES, Found, keys, length, letters, over, text_of
from bizaiops_bot.surfaces.render.blockkit_escape import size
from bizaiops_bot.surfaces.render.blockkit_keys import ONLY_IN_MESSAGES
from bizaiops_bot.surfaces.render.blockkit_message import json_size
from bizaiops_bot.surfaces.render.blockkit_sheet import Json


def check(blocks_or_view: list[Json] | Json) -> list[str]:
    """In words, nothing for what is good: a message's blocks as a list, a modal or a Home tab as a view."""
    return list(_message(blocks_or_view) if isinstance(blocks_or_view, list) else _view(blocks_or_view))


def _message(blocks: list[Json]) -> Found:
    yield from over("message", "blocks", len(blocks), most.MESSAGE_BLOCKS)
    yield from over("message", "characters of JSON", json_size(blocks), most.MESSAGE_JSON)
    kinds = Counter(str(block.get("type")) for block in blocks)
    yield from over("message", "table blocks", kinds["table"], most.TABLES)
    yield from over("message", "charts", kinds["data_visualization"], most.CHARTS)
    cells = [
        cell
        for block in blocks
        if block.get("type") in ("table", "data_table")
        for row in block["rows"]
        for cell in row
    ]
    yield from over("message", "characters in tables", sum(letters(cell) for cell in cells), most.CELLS_TEXT)
    yield from _blocks(blocks)


def _view(view: Json) -> Found:
    kind = str(view.get("type"))
    if kind not in ("modal", "home"):
        yield f"a view is no {kind!r}"
        return
    blocks = view.get("blocks", [])
    yield from over(kind, "blocks", len(blocks), most.VIEW_BLOCKS) if blocks else (f"a {kind} wants blocks",)
    yield from over(kind, "characters of private_metadata", size(view.get("private_metadata", "")), most.METADATA)
    yield from over(kind, "characters of callback_id", size(view.get("callback_id", "")), most.CALLBACK_ID)
    if kind == "modal":
        for name, limit in (("title", most.VIEW_TITLE), ("submit", most.VIEW_BUTTON), ("close", most.VIEW_BUTTON)):
            yield from text_of(f"modal's {name}", view[name], limit, "plain_text") if name in view else ()
        if "title" not in view:
            yield "a modal wants a title"
        if "submit" not in view and any(block.get("type") == "input" for block in blocks):
            yield "a modal with inputs wants submit"
    yield from (f"{b.get('type')} stands in messages only" for b in blocks if b.get("type") in ONLY_IN_MESSAGES)
    yield from _blocks(blocks)


def _blocks(blocks: list[Json]) -> Found:
    names = Counter(block["block_id"] for block in blocks if "block_id" in block)
    yield from (f"block_id {name!r} is there {count} times" for name, count in names.items() if count > 1)
    for block in blocks:
        kind = str(block.get("type"))
        yield from keys(block)
        yield from length(kind, "block_id", block.get("block_id", "–"), most.BLOCK_ID)
        if kind in RULES and not list(keys(block)):
            yield from RULES[kind](block)
