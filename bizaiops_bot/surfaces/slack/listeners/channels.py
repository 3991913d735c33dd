"""Channels that the bot comes into, is put out of, or that get another name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_bolt.async_app import AsyncApp

from bizaiops_bot.domain.places import ChatPlace
from bizaiops_bot.surfaces.slack.failures import FAILURES, log, reason
from bizaiops_bot.surfaces.slack.room import Room

Payload = dict[str, Any]


def register(app: AsyncApp, room: Callable[[], Room]) -> None:
    @app.event("member_joined_channel")
    async def joined(event: Payload) -> None:
        if event.get("user") == room().bot_user:
            await note(room(), str(event["channel"]))

    @app.event("channel_left")
    async def left(event: Payload) -> None:
        await room().lobby.places.forget(room().conversation(str(event["channel"])))

    @app.event("group_left")
    async def left_private(event: Payload) -> None:
        await room().lobby.places.forget(room().conversation(str(event["channel"])))

    @app.event("channel_rename")
    async def renamed(event: Payload) -> None:
        await _rename(room(), event["channel"])

    @app.event("group_rename")
    async def renamed_private(event: Payload) -> None:
        await _rename(room(), event["channel"])


async def note(room: Room, channel: str) -> None:
    """Remembered by its name when Slack says it, else without."""
    try:
        found = (await room.client.conversations_info(channel=channel))["channel"]
    except FAILURES as exc:
        log.info("the name of %s is not known: %s", channel, reason(exc))
        found = {"id": channel}
    await room.lobby.places.note(place_of(room, found))


def place_of(room: Room, channel: Payload) -> ChatPlace:
    """As conversations.info and users.conversations show it."""
    name = channel.get("name")
    kind, title = ("group", "") if channel.get("is_mpim") else ("channel", f"#{name}" if name else "")
    return ChatPlace.model_validate({"conversation": room.conversation(channel["id"]), "kind": kind, "title": title})


async def _rename(room: Room, channel: Payload) -> None:
    """Only where the bot is."""
    if await room.lobby.places.find(room.conversation(str(channel["id"]))) is not None:
        await room.lobby.places.note(place_of(room, channel))
