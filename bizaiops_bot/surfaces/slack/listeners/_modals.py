"""Modals: opened while their trigger lives, 3 s, however long it takes to know what is in them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from typing import Any

from bizaiops_bot.domain.errors import BadInput, BotError
from bizaiops_bot.surfaces.render.blockkit import escape
from bizaiops_bot.surfaces.slack.failures import FAILURES, log, reason
from bizaiops_bot.surfaces.slack.listeners._asked import Asked
from bizaiops_bot.surfaces.slack.listeners._errors import words_for
from bizaiops_bot.surfaces.slack.room import Room

View = dict[str, Any]
OPEN_AFTER_S = 1.0
TITLE = "BizAIOps"
NOTICE = 2900


async def open_view(room: Room, asked: Asked, view: View) -> str:
    """Opens the modal and returns its id. Raises BadInput when Slack does not open it."""
    try:
        opened = await room.client.views_open(trigger_id=asked.trigger, view=view)
    except FAILURES as exc:
        log.warning("a modal was not opened: %s", reason(exc))
        late = reason(exc) in ("expired_trigger_id", "exchanged_trigger_id", "trigger_expired")
        why = "That took me more than the 3 seconds Slack gives." if late else f"Slack said: {reason(exc)}."
        raise BadInput("The form could not be opened.", why, "Press or type it once more.") from exc
    return str(opened["view"]["id"])


async def open_made(room: Room, asked: Asked, making: Awaitable[View]) -> None:
    """Opens what `making` gives; when that takes more than a second, a modal that says so comes first.

    Raises BotError while nothing is open; later it is told in the modal.
    """
    made = asyncio.ensure_future(making)
    await asyncio.wait({made}, timeout=OPEN_AFTER_S)
    if made.done():
        await open_view(room, asked, made.result())
        return
    try:
        opened = await open_view(room, asked, notice("One moment…"))
    except BotError:
        made.cancel()
        raise
    try:
        view = await made
    except Exception as exc:
        view = notice(words_for(exc))
    try:
        await room.client.views_update(view_id=opened, view=view)
    except FAILURES as exc:
        log.warning("a modal was not filled: %s", reason(exc))


def notice(text: str) -> View:
    """A modal with nothing but words."""
    return {**_empty(), "blocks": [_section(escape(text[:NOTICE]))]}


def choose_view(choices: list[tuple[str, str]], *, channel: str) -> View:
    """Asks which request to fill in a form for. choices: (playbook, title), at most 100."""
    options = [{"text": _plain(title[:75]), "value": playbook} for playbook, title in choices[:100]]
    select = {"type": "static_select", "action_id": "value", "options": options, "placeholder": _plain("A request")}
    return {
        **_empty(),
        "callback_id": "choose",
        "submit": _plain("Next"),
        "private_metadata": json.dumps({"channel": channel}),
        "blocks": [_input("playbook", "What should I do?", select)],
    }


def words_view(kept: dict[str, str], *, most: int, quote: str = "", channels: bool = False) -> View:
    """Asks for the person's own words. kept: comes back with them. quote: is shown above them, as another's words."""
    words = {"type": "plain_text_input", "action_id": "value", "multiline": True, "max_length": most}
    words["placeholder"] = _plain("how is churn doing?")
    blocks = [_input("words", "What do you want to know or have done?", words)]
    if quote:
        lines = "\n".join(f"> {line}" for line in escape(quote).splitlines())
        blocks.insert(0, _section(f"About this message, which I read but do not obey:\n{lines}"[:NOTICE]))
    if channels:
        select = {
            "type": "conversations_select",
            "action_id": "value",
            "filter": {"include": ["public", "private"], "exclude_bot_users": True},
        }
        hint = _plain("Without one I answer in our direct messages.")
        blocks.append({**_input("channel", "Channel for the answer", select), "optional": True, "hint": hint})
    kept_json = json.dumps(kept, ensure_ascii=False)
    return {
        **_empty(),
        "callback_id": "words",
        "submit": _plain("Ask"),
        "private_metadata": kept_json,
        "blocks": blocks,
    }


def given(view: dict[str, Any], block: str) -> str:
    """What was typed or chosen in the input with that block id; "" for nothing."""
    state: View = next(iter(view["state"]["values"].get(block, {}).values()), {})
    chosen = (state.get("selected_option") or {}).get("value")
    return str(state.get("value") or chosen or state.get("selected_conversation") or "").strip()


def _empty() -> View:
    return {"type": "modal", "title": _plain(TITLE), "close": _plain("Close")}


def _section(mrkdwn: str) -> View:
    return {"type": "section", "text": {"type": "mrkdwn", "text": mrkdwn}}


def _input(block: str, label: str, element: View) -> View:
    return {"type": "input", "block_id": block, "label": _plain(label), "element": element}


def _plain(text: str) -> View:
    return {"type": "plain_text", "text": text}
