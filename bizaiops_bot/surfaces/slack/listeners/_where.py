"""Where an answer can stand: in the channel it was asked for, else in the person's direct messages."""

from __future__ import annotations

from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.places import ChatPlace
from bizaiops_bot.surfaces.slack.failures import FAILURES, log, reason
from bizaiops_bot.surfaces.slack.listeners._asked import Asked
from bizaiops_bot.surfaces.slack.room import Room

OUTSIDE = frozenset({"channel_not_found", "not_in_channel"})


async def direct(room: Room, user: str, person: Actor) -> str:
    """The channel of the bot's direct messages with a user, kept as the place where `person` is told things."""
    known = room.directs.get(user)
    if known is None:
        opened = await room.client.conversations_open(users=user)
        known = room.directs[user] = str(opened["channel"]["id"])
        place = ChatPlace(conversation=room.conversation(known), kind="personal", title=f"@{person.id}")
        await room.lobby.places.note(place)
    return known


async def answerable(room: Room, asked: Asked, person: Actor) -> str:
    """The channel asked from when the bot may write there, else the direct messages."""
    if asked.channel and await _is_in(room, asked.channel):
        return asked.channel
    return await direct(room, asked.user, person)


async def _is_in(room: Room, channel: str) -> bool:
    """Where Slack does not say, it is taken for so: a card that is refused there is told at home."""
    if await room.lobby.places.find(room.conversation(channel)) is not None:
        return True
    try:
        found = (await room.client.conversations_info(channel=channel))["channel"]
    except FAILURES as exc:
        log.info("whether I am in %s is not known: %s", channel, reason(exc))
        return reason(exc) not in OUTSIDE
    return bool(found.get("is_im") or found.get("is_member"))
