"""What people write to the bot: mentions in channels, and everything in direct messages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp

from bizaiops_bot.domain.errors import BotError, Temporary
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.places import ChatPlace, PlaceKind
from bizaiops_bot.surfaces.render.blockkit import escape
from bizaiops_bot.surfaces.slack.failures import FAILURES, log, reason
from bizaiops_bot.surfaces.slack.listeners._asked import Asked, asked_in, tell
from bizaiops_bot.surfaces.slack.listeners._errors import words_for
from bizaiops_bot.surfaces.slack.listeners._where import direct
from bizaiops_bot.surfaces.slack.room import Room
from bizaiops_bot.surfaces.slack.words import mentioned, plain, with_marks

SAID = ("", "file_share", "thread_broadcast")
"""Subtypes of what a person has written just now; all others tell of something else."""
HELP = "help"
TRIES = 5
AT_MOST_S = 30.0
Payload = dict[str, Any]
Sleep = Callable[[float], Awaitable[None]]


def register(app: AsyncApp, room: Callable[[], Room]) -> None:
    @app.event("app_mention")
    async def mention(body: Payload, event: Payload) -> None:
        await hear(room(), body, event)

    @app.event({"type": "message", "subtype": (None, *SAID[1:])}, matchers=[_is_direct])
    async def in_person(body: Payload, event: Payload) -> None:
        await hear(room(), body, event)


async def _is_direct(event: Payload) -> bool:
    return event.get("channel_type") in ("im", "mpim")


async def hear(room: Room, body: Payload, event: Payload, *, sleep: Sleep = asyncio.sleep) -> None:
    """Slack tells of a message that mentions the bot in a group's direct messages twice: its place makes it one.

    While Slack neither says who it is nor takes a word to them, the message waits: else it would be lost in silence.
    """
    if not _is_for_us(room, event):
        return
    asked = asked_in(body)
    while not await _taken(room, asked, event, sleep):
        await sleep(AT_MOST_S)


async def _taken(room: Room, asked: Asked, event: Payload, sleep: Sleep) -> bool:
    """False when it was not, may be later, and the person does not know."""
    try:
        person = await _person(room, asked, sleep)
        await _note_place(room, asked, event, person)
        text = await _words(room, with_marks(str(event.get("text") or ""), event.get("blocks") or ()))
        ts = str(event["ts"])
        thread = str(event.get("thread_ts") or ts)
        message = await room.lobby.desk.post(
            room.conversation(asked.channel),
            person.id,
            text or HELP,
            platform_event=f"slack/{asked.channel}/{ts}",
            platform_thread=thread,
        )
    except Temporary as exc:
        return await _say_why(room, asked, event, str(exc))
    except BotError as exc:
        await _say_why(room, asked, event, str(exc))
        return True
    except Exception as exc:
        await _say_why(room, asked, event, words_for(exc))
        return True
    room.progress.taken(message, channel=asked.channel, ts=ts, user=asked.user, thread=thread)
    return True


def _is_for_us(room: Room, event: Payload) -> bool:
    """By a person, new, and in a group only when we are spoken to."""
    user, written = event.get("user"), str(event.get("text") or "")
    if not user or user == room.bot_user or event.get("bot_id") or event.get("hidden"):
        return False
    if (event.get("subtype") or "") not in SAID:
        return False
    return event.get("channel_type") != "mpim" or room.bot_user in mentioned(written)


async def _person(room: Room, asked: Asked, sleep: Sleep) -> Actor:
    """The words are kept, so nothing hurries: while Slack does not say who it is, it is asked again."""
    for number in range(TRIES):
        try:
            return await room.person(asked.user, asked.team)
        except Temporary as exc:
            if number == TRIES - 1:
                raise
            await sleep(min(AT_MOST_S, max(exc.after_s, 2.0**number)))
    raise AssertionError("the last try returns or raises")


async def _words(room: Room, text: str) -> str:
    others = [user for user in mentioned(text) if user != room.bot_user]
    names = {user: await room.called(user) for user in others}
    return plain(text, own=room.bot_user, names=names)


async def _note_place(room: Room, asked: Asked, event: Payload, person: Actor) -> None:
    """Direct messages are known by the person, so that news for them find the way."""
    kinds: dict[str, PlaceKind] = {"im": "personal", "mpim": "group"}
    kind = kinds.get(str(event.get("channel_type")), "personal" if asked.channel.startswith("D") else "channel")
    title = f"@{person.id}" if kind == "personal" else ""
    await room.lobby.places.note(ChatPlace(conversation=room.conversation(asked.channel), kind=kind, title=title))
    if kind == "personal":
        room.directs[asked.user] = asked.channel
    elif asked.user not in room.directs:
        room.progress.spawn(_open_direct(room, asked.user, person))


async def _open_direct(room: Room, user: str, person: Actor) -> None:
    """So that news for "@lead" find lead, who has only ever written in channels."""
    try:
        await direct(room, user, person)
    except (BotError, *FAILURES) as exc:
        log.info("no direct messages with %s: %s", user, exc)


async def _say_why(room: Room, asked: Asked, event: Payload, text: str) -> bool:
    """To them alone; in direct messages they are alone, and a normal message stays. False: Slack did not take it."""
    if not asked.channel.startswith("D"):
        return await tell(room, asked, text)
    try:
        await room.client.chat_postMessage(
            channel=asked.channel, text=escape(text), thread_ts=event.get("thread_ts") or event["ts"]
        )
    except FAILURES as exc:
        log.warning("%s was not told why: %s", asked.user, reason(exc))
        return False
    return True
