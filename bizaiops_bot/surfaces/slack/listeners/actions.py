"""Buttons of cards: pressed by a person, answered within 3 seconds and told truthfully."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bizaiops_bot.domain.errors import BadInput, Temporary
from bizaiops_bot.domain.posts import ClickAnswer, PostedCard
from bizaiops_bot.surfaces.render.blockkit import ask_reason, form_view
from bizaiops_bot.surfaces.slack.listeners._asked import Asked, asked_in, tell
from bizaiops_bot.surfaces.slack.listeners._modals import View, open_made, open_view
from bizaiops_bot.surfaces.slack.room import Room

READ_S = 1.0
"""A card is one row of the bot's own database; a modal has 3 s to open, and this is read before it."""
Payload = dict[str, Any]


def register(app: AsyncApp, room: Callable[[], Room]) -> None:
    @app.action(re.compile(r"^b:"))
    async def pressed(ack: AsyncAck, body: Payload, action: Payload) -> None:
        await ack()
        await press(room(), asked_in(body), action)

    @app.action("form")
    async def form(ack: AsyncAck, body: Payload, action: Payload) -> None:
        await ack()
        asked = asked_in(body)
        await open_made(room(), asked, _form_of(room(), asked, str(action["value"])))

    @app.action(re.compile(r"^(?!b:|form$|say:|meant:)"))
    async def followed(ack: AsyncAck) -> None:
        """A link, or a choice inside a modal: it comes with the submission."""
        await ack()


async def press(room: Room, asked: Asked, action: Payload) -> None:
    """Carries the button out, or asks for a reason first where the button has one to ask for."""
    card, button = str(action.get("value", "")), str(action["action_id"]).removeprefix("b:")
    posted = await card_now(room, card)
    known = next((b for b in posted.buttons if b.id == button), None) if posted is not None else None
    if known is not None and known.ask:
        under = asked.thread or ""
        await open_view(room, asked, ask_reason(card, button, known.label, known.ask, asked.channel, under))
        return
    person = await room.person(asked.user, asked.team)
    event = f"slack/{action.get('action_ts', '')}/{asked.message}/{asked.user}"
    answer = await room.lobby.desk.click(person.id, card, button, event_id=event)
    await tell_outcome(room, asked, posted, answer)


async def tell_outcome(room: Room, asked: Asked, posted: PostedCard | None, answer: ClickAnswer) -> None:
    """What the card itself will not show: a refusal, and what was done that is no step of the card's run."""
    if not answer.accepted or posted is None or posted.card.run_id is None:
        await tell(room, asked, answer.message)


async def card_now(room: Room, card: str) -> PostedCard | None:
    """Raises Temporary when that takes longer than a modal can wait."""
    try:
        async with asyncio.timeout(READ_S):
            return await room.lobby.desk.card(card)
    except TimeoutError as exc:
        raise Temporary(
            "Nothing was done.", "I could not look that card up in time.", "Press the button once more."
        ) from exc


async def _form_of(room: Room, asked: Asked, card: str) -> View:
    person = await room.person(asked.user, asked.team)
    form = await room.lobby.forms.form_of(person.id, card)
    if form is None:
        raise BadInput(
            "There is no form to fill in.", "That card asks nothing any more.", "Say what you want in words."
        )
    return form_view(form, channel=asked.channel, thread=asked.thread or asked.message)
