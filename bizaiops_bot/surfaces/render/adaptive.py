"""Cards as Adaptive Cards 1.5 for Microsoft Teams. What is too big for one message gets shorter; nothing raises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from bizaiops_bot.domain.cards import Block, Text
from bizaiops_bot.domain.forms import Form
from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.surfaces.render.adaptive_actions import (
    button_actions,
    folded,
    form_action,
    reason_of,
    refresh,
    rows_of,
)
from bizaiops_bot.surfaces.render.adaptive_blocks import block_elements
from bizaiops_bot.surfaces.render.adaptive_check import BUDGET, VERSION, VIEWERS_MAX, check, size
from bizaiops_bot.surfaces.render.adaptive_detail import BLOCKS_MAX, DETAILS
from bizaiops_bot.surfaces.render.adaptive_forms import draw_form, form_values
from bizaiops_bot.surfaces.render.adaptive_text import (
    SEE_ALL,
    Element,
    cut,
    disarmed,
    escaped,
    heading,
    small,
)
from bizaiops_bot.surfaces.render.clean import clean, one_line

__all__ = ["check", "fallback_text", "form_card", "form_values", "reason_of", "render"]

T = TypeVar("T")
TONES = {"info": "accent", "success": "good", "warning": "warning", "danger": "attention", "muted": "emphasis"}
FALLBACK_MAX, UNSUPPORTED_MAX = 1_500, 200
NOTE = 1_000
"""Bytes kept free for each part of a card that comes later: enough to say that it was left out."""
SHARE = 0.4
"""Of the budget, that the buttons may take, and that the viewers' ids may."""


def render(posted: PostedCard, *, viewers: tuple[str, ...] = (), form: bool = False) -> Element:
    """The card, at most BUDGET bytes; `check` finds nothing wrong with it.

    viewers: ids of people for whom Teams asks for the card anew (verb "refresh"). form: adds "Fill in a form".
    """
    actions = ([form_action(posted)] if form else []) + button_actions(posted)
    kept = _first(actions, int(BUDGET * SHARE))
    sets, last = rows_of(kept, len(posted.buttons) + form - len(kept))
    base: Element = {
        "type": "AdaptiveCard",
        "version": VERSION,
        "msteams": {"width": "full"},
        "fallbackText": escaped(cut(fallback_text(posted), UNSUPPORTED_MAX)),
        "body": [_title(posted), *sets],
        "actions": last,
    }
    watching = _first(list(viewers), int(BUDGET * SHARE / 2))[:VIEWERS_MAX]
    base |= {"refresh": refresh(posted, tuple(watching))} if watching else {}
    above, below = _parts(posted, BUDGET - size(base))
    if posted.card.layout.below and last:  # the buttons stand in the middle, where only a set of them may
        sets, base["actions"] = [*sets, {"type": "ActionSet", "actions": last}], []
    body = [_title(posted), *above, *sets, *below]
    return {name: value for name, value in {**base, "body": body}.items() if value or name != "actions"}


def fallback_text(posted: PostedCard) -> str:
    """The card in plain words: for notifications, and where a card cannot be shown."""
    return cut(disarmed(clean(posted.card.text).strip()), FALLBACK_MAX) or "A card without words."


def form_card(form: Form, *, conversation: str, thread: str, errors: Mapping[str, str] | None = None) -> Element:
    """For a dialog: inputs by field name, sent back by Action.Submit with `action` "fill".

    errors: field name -> what is wrong, told under the field; of a field that the form has not, at the top.
    """
    return draw_form(form, conversation=conversation, thread=thread, errors=errors or {})


def _title(posted: PostedCard) -> Element:
    style = TONES[posted.card.tone]
    return {"type": "Container", "style": style, "bleed": True, "items": [heading(posted.card.title)]}


def _parts(posted: PostedCard, room: int) -> tuple[list[Element], list[Element]]:
    """What stands above the buttons, and below them with the details folded away."""
    above, below, details = posted.card.layout
    if not posted.card.blocks and one_line(posted.card.summary) != one_line(posted.card.title):
        above = (Text(text=posted.card.summary),)
    upper = _drawn(above, room - NOTE * (bool(below) + bool(details)))
    lower = _drawn(below, room - size(upper) - NOTE * bool(details))
    hidden = _drawn(details, room - size(upper) - size(lower) - size(folded([]))) if details else []
    return upper, [*lower, *(folded(hidden) if hidden else [])]


def _drawn(blocks: tuple[Block, ...], room: int) -> list[Element]:
    """The blocks in the greatest detail that fits; when none does, the first of them."""
    dropped = _left_out(len(blocks) - BLOCKS_MAX)
    drawn: list[list[Element]] = []
    for detail in DETAILS:
        drawn = [block_elements(block, detail) for block in blocks[:BLOCKS_MAX]]
        parts = [element for elements in drawn for element in elements] + dropped
        if size(parts) <= room:
            return parts
    kept = _first(drawn, room - size(_left_out(999_999)))
    return [element for elements in kept for element in elements] + _left_out(len(blocks) - len(kept))


def _left_out(count: int) -> list[Element]:
    return [small(f"{count} more parts: {SEE_ALL}.")] if count > 0 else []


def _first(items: list[T], room: int) -> list[T]:
    """As many from the front as fit into `room` bytes."""
    kept: list[T] = []
    for item in items:
        room -= size(item) + size(",")
        if room < 0:
            break
        kept.append(item)
    return kept
