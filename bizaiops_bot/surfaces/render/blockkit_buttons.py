"""Buttons under a card. They carry the card's id and nothing else; what a click stands for stays on the server."""

from __future__ import annotations

from bizaiops_bot.domain.posts import PostedButton, PostedCard
from bizaiops_bot.surfaces.render.blockkit_escape import line, unstyled
from bizaiops_bot.surfaces.render.blockkit_limits import (
    ACTION_ID,
    ACTIONS,
    BUTTON,
    BUTTON_VALUE,
    CONFIRM_BUTTON,
    CONFIRM_TEXT,
    CONFIRM_TITLE,
)
from bizaiops_bot.surfaces.render.blockkit_sheet import Json, Sheet, plain
from bizaiops_bot.surfaces.render.changes import MOST_TOLD, by_weight
from bizaiops_bot.surfaces.render.clean import one_line

CLICK = "b:"
FORM = "form"
MOST = 2 * ACTIONS


def draw_buttons(posted: PostedCard, sheet: Sheet, *, form: bool = False) -> list[Json]:
    """Rows of buttons; over fifty are left out and told."""
    known = {button.id: button for button in reversed(posted.buttons)}
    # A cut id would press another button, so what does not fit is left out; ours have twelve characters.
    shown = [button for button in known.values() if len(CLICK + button.id) <= ACTION_ID][::-1]
    drawn = [_posted_button(posted, button) for button in shown[: MOST - form]]
    if form:
        drawn.append(button_of("Fill in a form", FORM, posted.id))
    return [*action_rows(drawn), *sheet.cut(len(posted.buttons) - (len(drawn) - form), "buttons")]


def action_rows(buttons: list[Json]) -> list[Json]:
    return [{"type": "actions", "elements": buttons[i : i + ACTIONS]} for i in range(0, len(buttons), ACTIONS)]


def button_of(label: str, action_id: str, value: str, *, style: str = "default", confirm: Json | None = None) -> Json:
    drawn: Json = {"type": "button", "text": plain(one_line(label), BUTTON), "action_id": action_id}
    drawn["value"] = value[:BUTTON_VALUE]
    if style in ("primary", "danger"):
        drawn["style"] = style
    return drawn | ({"confirm": confirm} if confirm else {})


def confirm_of(label: str, sentence: str, *, danger: bool = False) -> Json:
    """Slack's own question before a click counts."""
    return {
        "title": plain(one_line(label, 90), CONFIRM_TITLE),
        "text": plain(one_line(unstyled(sentence), 400), CONFIRM_TEXT),
        "confirm": plain(one_line(label, CONFIRM_BUTTON), CONFIRM_BUTTON),
        "deny": plain("Go back", CONFIRM_BUTTON),
    } | ({"style": "danger"} if danger else {})


def _posted_button(posted: PostedCard, button: PostedButton) -> Json:
    confirm = None
    if not button.ask:  # a reason is asked for in a modal: two questions for one click would be one too many
        sentence = button.confirm or (_what_approving_does(posted) if _approves(posted, button) else "")
        confirm = confirm_of(button.label, sentence, danger=button.style == "danger") if sentence.strip() else None
    return button_of(button.label, CLICK + button.id, posted.id, style=button.style, confirm=confirm)


def _approves(posted: PostedCard, button: PostedButton) -> bool:
    """Whether the click lets a change happen: by what it stands for, since labels are words for people."""
    stands_for = next((b for b in posted.card.buttons if b.label == button.label and b.style == button.style), None)
    return stands_for is not None and stands_for.command.startswith("approve run ")


def _what_approving_does(posted: PostedCard) -> str:
    changes = by_weight(posted.blocks)
    told = "; ".join(f"{_part(c.what)} becomes {_part(c.after or 'nothing')}" for c in changes[:MOST_TOLD])
    more = f" and {len(changes) - MOST_TOLD} more changes" if len(changes) > MOST_TOLD else ""
    return f"{line(posted.card.title, 120, str)}{f': {told}{more}' if told else ''}. It begins at once."


def _part(text: str) -> str:
    return one_line(unstyled(text), 60)
