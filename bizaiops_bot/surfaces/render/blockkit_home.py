"""The Home tab: a few cards under each other."""

from __future__ import annotations

from bizaiops_bot.domain.cards import Button, Card
from bizaiops_bot.surfaces.render.blockkit_buttons import MOST, action_rows, button_of, confirm_of
from bizaiops_bot.surfaces.render.blockkit_escape import size
from bizaiops_bot.surfaces.render.blockkit_limits import BUTTON_VALUE, VIEW_BLOCKS
from bizaiops_bot.surfaces.render.blockkit_message import (
    BLOCKS_MAX,
    draw_block,
    heading,
    json_size,
    where_all_is,
    with_ids,
)
from bizaiops_bot.surfaces.render.blockkit_sheet import Json, Sheet, small
from bizaiops_bot.surfaces.render.clean import one_line

SAY = "say:"
VIEW_JSON = 100_000
"""Characters of a Home tab; Slack takes 250 kB."""


def home_view(cards: tuple[Card, ...], *, who: str) -> Json:
    """As many of the cards as fit, and how many do not. A button's value is the words its click stands for."""
    greeting = small(f"This is yours, {one_line(who, 80)}. Only you see it." if who.strip() else "Only you see this.")
    blocks, shown, buttons = [greeting], 0, 0
    for card in cards:
        drawn = [{"type": "divider"}, *_card(card, buttons)]
        if len(blocks) + len(drawn) > VIEW_BLOCKS - 1 or json_size([*blocks, *drawn]) > VIEW_JSON:
            break
        blocks += drawn
        shown, buttons = shown + 1, buttons + len(card.buttons)
    if shown < len(cards):
        blocks.append(small(f"… {len(cards) - shown} more cards: see all in the console."))
    return {"type": "home", "blocks": with_ids(blocks, "home")}


def _card(card: Card, first: int) -> list[Json]:
    """At most half of the page: one long card must not push all others out."""
    for scale in (1.0, 0.25, 0.05):
        sheet = Sheet(more=where_all_is(card), native=False, home=True, scale=scale)
        body = [shape for block in card.blocks[:BLOCKS_MAX] for shape in draw_block(block, sheet)]
        body += sheet.cut(len(card.blocks) - BLOCKS_MAX, "parts")
        if len(body) <= VIEW_BLOCKS // 2 and json_size(body) <= VIEW_JSON // 4:
            break
    else:
        body = [small(f"This is too long for here: {where_all_is(card)}.")]
    buttons = [_button(button, first + i) for i, button in enumerate(card.buttons[:MOST])]
    return [*heading(card), *body, *action_rows([button for button in buttons if button])]


def _button(button: Button, n: int) -> Json | None:
    """None for words that are too long to come back whole."""
    if not button.command.strip() or size(button.command) > BUTTON_VALUE:
        return None
    danger = button.style == "danger"
    confirm = confirm_of(button.label, button.confirm, danger=danger) if button.confirm.strip() else None
    return button_of(button.label, f"{SAY}{n}", button.command, style=button.style, confirm=confirm)
