"""Shortcuts: asking from anywhere, and asking about somebody's message, whose words are quoted and never obeyed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.surfaces.slack.listeners._asked import Asked, asked_in, tell
from bizaiops_bot.surfaces.slack.listeners._modals import given, open_view, words_view
from bizaiops_bot.surfaces.slack.listeners._where import answerable
from bizaiops_bot.surfaces.slack.room import Room

OWN, QUOTED = 1000, 700
"""Characters of the person's own words and of the quote: together less than the 2,000 that are read."""
Payload = dict[str, Any]


def register(app: AsyncApp, room: Callable[[], Room]) -> None:
    @app.global_shortcut("ask")
    async def ask(ack: AsyncAck, body: Payload) -> None:
        await ack()
        await open_view(room(), asked_in(body), words_view({}, most=OWN, channels=True))

    @app.message_shortcut("ask_about")
    async def ask_about(ack: AsyncAck, body: Payload) -> None:
        await ack()
        asked, message = asked_in(body), body["message"]
        quote = _short(str(message.get("text") or ""))
        thread = str(message.get("thread_ts") or message["ts"])
        kept = {"channel": asked.channel, "thread": thread, "quote": quote}
        await open_view(room(), asked, words_view(kept, most=OWN, quote=quote))

    @app.view("words")
    async def words(ack: AsyncAck, body: Payload, view: Payload) -> None:
        await ack()
        await say(room(), body, view)


async def say(room: Room, body: Payload, view: Payload) -> None:
    """The modal's id is the message's: submitted twice, it is said once."""
    kept = json.loads(view["private_metadata"] or "{}")
    user = asked_in(body)
    wanted = given(view, "channel") or str(kept.get("channel") or "")
    asked = Asked(user.user, user.team, wanted, kept.get("thread") or None)
    try:
        person = await room.person(asked.user, asked.team)
        channel = await answerable(room, asked, person)
        await room.lobby.desk.post(
            room.conversation(channel),
            person.id,
            _with_quote(given(view, "words"), str(kept.get("quote") or "")),
            platform_event=f"slack/{view['id']}",
            platform_thread=asked.thread if channel == asked.channel else None,
        )
    except BotError as exc:  # told where the modal was opened: the submission itself names no channel
        await tell(room, asked, str(exc))


def _with_quote(own: str, quote: str) -> str:
    """Every line of the quote is marked, so that the router reads none of it as an order."""
    return "\n".join((own, *(f"> {line}" for line in quote.splitlines() if line.strip())))


def _short(text: str) -> str:
    """At most 15 lines and `QUOTED` characters of somebody's message."""
    lines = "\n".join(text.splitlines()[:15])
    return lines if len(lines) <= QUOTED else f"{lines[: QUOTED - 1]}…"
