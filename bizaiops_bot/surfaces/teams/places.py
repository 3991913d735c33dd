"""Conversations of Teams: their names at the bot, and what is needed to write into them."""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict

from bizaiops_bot.conversation.lobby import Places
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.places import ChatPlace, PlaceKind
from bizaiops_bot.surfaces.teams.calls import Calls
from bizaiops_bot.surfaces.teams.sdk import Activity

log = logging.getLogger("bizaiops.teams")
PREFIX = "teams:"
THREAD = ";messageid="
KINDS: dict[str, PlaceKind] = {"personal": "personal", "groupChat": "group", "channel": "channel"}
KEPT = 2000


def conversation_name(conversation_id: str) -> str:
    """ "teams:" and a hash, as Teams' own ids are long and hold characters a name may not have; alike for all threads
    of a channel.
    """
    whole = conversation_id.partition(THREAD)[0]
    return PREFIX + hashlib.sha256(whole.encode()).hexdigest()[:24]


def root_of(conversation_id: str) -> str:
    """The message that began the channel's thread; empty for a conversation that is not a channel's thread."""
    return conversation_id.partition(THREAD)[2]


def place_of(activity: Activity) -> ChatPlace:
    """Where the activity comes from, as far as it tells."""
    where, data = activity.conversation, activity.channel_data
    kind = KINDS.get(where.conversation_type or "personal", "group")
    team = data.team.id if data and data.team else None
    reference = {
        "id": where.id.partition(THREAD)[0],
        "service_url": activity.service_url or "",
        "tenant": tenant_of(activity),
        "team": team or "",
    }
    return ChatPlace(
        conversation=conversation_name(where.id),
        kind=kind,
        title=_title(activity, kind),
        reference={key: value for key, value in reference.items() if value},
    )


def tenant_of(activity: Activity) -> str:
    data = activity.channel_data
    told = data.tenant.id if data and data.tenant else None
    return activity.conversation.tenant_id or told or ""


def _title(activity: Activity, kind: PlaceKind) -> str:
    """Teams names a channel only in some events, and the General channel never: it has its team's id."""
    data = activity.channel_data
    if kind == "group":
        return activity.conversation.name or ""
    if kind == "personal" or data is None or data.channel is None:
        return ""
    if data.channel.name:
        return f"#{data.channel.name}"
    return "#General" if data.team is not None and data.team.id == data.channel.id else ""


class TeamsPlaces:
    """Notes places once, and again only when something about them has changed."""

    def __init__(self, places: Places, calls: Calls) -> None:
        self._places, self._calls = places, calls
        self._noted: OrderedDict[str, ChatPlace] = OrderedDict()

    async def note(self, place: ChatPlace, person: str = "") -> ChatPlace:
        """The place as it is kept now. person: whom a personal conversation is with."""
        known = self._noted.get(place.conversation) or await self._places.find(place.conversation)
        title = f"@{person}" if person and place.kind == "personal" else place.title
        if not title:
            title = (known.title if known else "") or await self._channel_title(place)
        merged = {**(known.reference if known else {}), **place.reference}
        fresh = place.model_copy(update={"title": title, "reference": merged})
        if fresh != known:
            await self._places.note(fresh)
        self._noted[place.conversation] = fresh
        if len(self._noted) > KEPT:
            self._noted.popitem(last=False)
        return fresh

    async def forget(self, conversation: str) -> None:
        self._noted.pop(conversation, None)
        await self._places.forget(conversation)

    async def _channel_title(self, place: ChatPlace) -> str:
        """Teams is asked; a channel without a name is still a channel."""
        team = place.reference.get("team", "")
        if place.kind != "channel" or not team:
            return ""
        try:
            channels = await self._calls.channels(place, team)
        except BotError as exc:
            log.info("the name of %s is not known: %s", place.conversation, exc)
            return ""
        names = {channel.id: channel.name or "General" for channel in channels}
        name = names.get(place.reference["id"])
        return f"#{name}" if name else ""
