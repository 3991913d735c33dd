"""Thumbs on the bot's answers: whether the words before them were understood."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.feedback import FeedbackAnswer, Verdict
from bizaiops_bot.surfaces.render.blockkit import escape
from bizaiops_bot.surfaces.slack.failures import FAILURES, log, reason
from bizaiops_bot.surfaces.slack.listeners._asked import Asked, asked_in, tell
from bizaiops_bot.surfaces.slack.room import Room

THUMBS: dict[str, Verdict] = {"+1": "good", "thumbsup": "good", "-1": "bad", "thumbsdown": "bad"}
Payload = dict[str, Any]


def register(app: AsyncApp, room: Callable[[], Room]) -> None:
    @app.event("reaction_added")
    async def added(body: Payload, event: Payload) -> None:
        await judge(room(), body, event, taken_back=False)

    @app.event("reaction_removed")
    async def removed(body: Payload, event: Payload) -> None:
        await judge(room(), body, event, taken_back=True)

    @app.action(re.compile(r"^meant:"))
    async def meant(ack: AsyncAck, body: Payload, action: Payload) -> None:
        await ack()
        asked = asked_in(body)
        person = await room().person(asked.user, asked.team)
        event = f"slack/{action.get('action_ts', '')}/{asked.user}"
        playbook = str(action["action_id"]).removeprefix("meant:")
        answer = await room().lobby.desk.feedback(person.id, str(action["value"]), "bad", event, meant=playbook)
        await tell(room(), asked, answer.message)


async def judge(room: Room, body: Payload, event: Payload, *, taken_back: bool) -> None:
    """A thumb on anything but an answer of ours, and any other reaction, says nothing to us.

    So does that of somebody from whom no orders are taken: reacting is no request that wants a reply.
    """
    verdict = THUMBS.get(str(event.get("reaction", "")).partition("::")[0])
    item = event.get("item") or {}
    if verdict is None or item.get("type") != "message" or event.get("item_user") not in (None, room.bot_user):
        return
    asked = asked_in(body)
    card = await room.lobby.desk.card_at(room.conversation(asked.channel), str(item["ts"]))
    if card is None or not card.is_answer:
        return
    try:
        person = await room.person(asked.user, asked.team)
        kept = f"slack/{body.get('event_id', '')}"
        answer = await room.lobby.desk.feedback(person.id, card.id, "none" if taken_back else verdict, kept)
    except BotError as exc:
        log.info("a thumb of %s did not count: %s", asked.user, exc)
        return
    if not taken_back:
        await _thank(room, asked, card.id, answer)


async def _thank(room: Room, asked: Asked, card: str, answer: FeedbackAnswer) -> None:
    """After a thumb down, with the requests that may have been meant."""
    if not answer.meant:
        await tell(room, asked, answer.message)
        return
    buttons: list[Payload] = [
        {
            "type": "button",
            "action_id": f"meant:{one.playbook}",
            "value": card,
            "text": {"type": "plain_text", "text": one.label[:75]},
        }
        for one in answer.meant[:5]
    ]
    said: Payload = {"type": "section", "text": {"type": "mrkdwn", "text": escape(answer.message)}}
    blocks: list[Payload] = [said, {"type": "actions", "elements": buttons}]
    try:
        text = escape(answer.message)
        await room.client.chat_postEphemeral(channel=asked.channel, user=asked.user, text=text, blocks=blocks)
    except FAILURES as exc:
        log.info("%s was not asked what was meant: %s", asked.user, reason(exc))
