"""A posted card as one Slack message that Slack takes: drawn smaller until it fits, told where something was cut."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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
)
from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.surfaces.render.blockkit_buttons import draw_buttons
from bizaiops_bot.surfaces.render.blockkit_charts import draw_chart
from bizaiops_bot.surfaces.render.blockkit_details import draw_details
from bizaiops_bot.surfaces.render.blockkit_escape import escape, fitted, size
from bizaiops_bot.surfaces.render.blockkit_limits import BLOCK_ID, HEADER, MESSAGE_BLOCKS, MESSAGE_JSON, MESSAGE_TEXT
from bizaiops_bot.surfaces.render.blockkit_links import draw_file, draw_links
from bizaiops_bot.surfaces.render.blockkit_sheet import Json, Picture, Sheet, plain, rich, section, small, word
from bizaiops_bot.surfaces.render.blockkit_tables import draw_table
from bizaiops_bot.surfaces.render.blockkit_text import draw_context, draw_diff, draw_fields, draw_steps, draw_text
from bizaiops_bot.surfaces.render.clean import one_line

log = logging.getLogger(__name__)
TONES = {"info": "", "success": "✅ ", "warning": "⚠️ ", "danger": "🔴 ", "muted": ""}
SCALES = (1.0, 0.5, 0.25, 0.1, 0.03)
BLOCKS_MAX = 60
DRAW: dict[type[Any], Callable[[Any, Sheet], list[Json]]] = {
    Text: draw_text,
    Fields: draw_fields,
    Table: draw_table,
    Chart: draw_chart,
    Steps: draw_steps,
    Diff: draw_diff,
    Context: draw_context,
    Links: draw_links,
    File: draw_file,
    ButtonsHere: lambda _block, _sheet: [],
    Details: lambda _block, _sheet: [],
}


@dataclass(frozen=True)
class SlackMessage:
    """text: for notifications and readers of screens, escaped. pictures: to upload into the card's thread.
    native: whether it has blocks that a workspace may not know yet; `render(…, native=False)` does without.
    """

    text: str
    blocks: list[Json]
    pictures: tuple[Picture, ...] = ()
    native: bool = False


def render(posted: PostedCard, *, native: bool = True, form: bool = False) -> SlackMessage:
    """Never fails on a valid card, and `check` finds nothing in it. form: with a button that opens a form."""
    text = fitted(fallback(posted.card), MESSAGE_TEXT, escape)
    for scale in SCALES:
        sheet = Sheet(more=where_all_is(posted.card), native=native, scale=scale)
        blocks = [*heading(posted.card), *_body(posted, sheet, draw_buttons(posted, sheet, form=form))]
        if len(blocks) <= MESSAGE_BLOCKS and json_size(with_ids(blocks, posted.id)) <= MESSAGE_JSON:
            return SlackMessage(text, with_ids(blocks, posted.id), tuple(sheet.pictures), sheet.data_blocks > 0)
    return _shortened(posted, text, native=native, form=form)


def _shortened(posted: PostedCard, text: str, *, native: bool, form: bool) -> SlackMessage:
    """As many of the first parts, drawn small, as fit; the buttons always."""
    sheet = Sheet(more=where_all_is(posted.card), native=native, scale=SCALES[-1])
    head, foot = heading(posted.card), draw_buttons(posted, sheet, form=form)
    note = [small(f"… the rest is left out: {sheet.more}.")]
    body: list[Json] = []
    for block in posted.blocks:
        drawn = draw_block(block, sheet)
        whole = [*head, *body, *drawn, *note, *foot]
        if len(whole) > MESSAGE_BLOCKS or json_size(with_ids(whole, posted.id)) > MESSAGE_JSON:
            break
        body += drawn
    whole = [*head, *body, *note, *foot]
    while json_size(with_ids(whole, posted.id)) > MESSAGE_JSON and len(foot) > 1:
        foot = foot[:-1]
        whole = [*head, *body, *note, *foot]
    kinds = {block["type"] for block in body}
    has_data = bool(kinds & {"data_table", "data_visualization"})
    return SlackMessage(text, with_ids(whole, posted.id), tuple(sheet.pictures), has_data)


def _body(posted: PostedCard, sheet: Sheet, buttons: list[Json]) -> list[Json]:
    above, below, details = posted.card.layout
    room = max(0, BLOCKS_MAX - len(above))
    upper = [shape for block in above[:BLOCKS_MAX] for shape in draw_block(block, sheet)]
    lower = [shape for block in below[:room] for shape in draw_block(block, sheet)]
    rest = sheet.cut(len(above) + len(below) - BLOCKS_MAX, "parts")
    small_print = draw_details(details, sheet)
    return [*upper, *buttons, *lower, *rest, *small_print] if below else [*upper, *rest, *small_print, *buttons]


def draw_block(block: Block, sheet: Sheet) -> list[Json]:
    """One part of a card. A defect in drawing costs this part, never the message."""
    try:
        return DRAW[type(block)](block, sheet)
    except (ArithmeticError, ValueError, LookupError) as error:
        log.exception("a %s block could not be drawn", block.type, exc_info=error)
        return [small(f"This {block.type} could not be drawn: {sheet.more}.")]


def heading(card: Card) -> list[Json]:
    """The title with a sign for its tone; one that is too long goes on below."""
    title = TONES[card.tone] + (one_line(card.title, 600) or "BizAIOps")
    head: Json = {"type": "header", "text": plain(title, HEADER)}
    return [head, rich(section([word(one_line(card.title, 600), bold=True)]))] if size(title) > HEADER else [head]


def fallback(card: Card) -> str:
    """What a notification shows."""
    return TONES[card.tone] + (card.text.strip() or one_line(card.title) or "BizAIOps")


def where_all_is(card: Card) -> str:
    """In marks of neutral text."""
    return "see all in the console" + (f", or say `show run {card.run_id}`" if card.run_id is not None else "")


def with_ids(blocks: list[Json], name: str) -> list[Json]:
    """Every block with an id of its own."""
    return [{**block, "block_id": f"{name[: BLOCK_ID - 5]}:{n}"} for n, block in enumerate(blocks)]


def json_size(blocks: list[Json]) -> int:
    """Characters of the blocks as they are sent."""
    return size(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")))
