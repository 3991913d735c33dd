"""What is looked up in Slack again and again: user groups, who has left, channels, events that nobody deals with."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from slack_sdk.web.async_client import AsyncWebClient

from bizaiops_bot.domain.errors import BotError, Permanent
from bizaiops_bot.surfaces.slack.calls import read
from bizaiops_bot.surfaces.slack.failures import FAILURES
from bizaiops_bot.surfaces.slack.inbox import Inbox
from bizaiops_bot.surfaces.slack.listeners._where import direct
from bizaiops_bot.surfaces.slack.listeners.channels import place_of
from bizaiops_bot.surfaces.slack.people import People, group_members
from bizaiops_bot.surfaces.slack.room import Room

log = logging.getLogger("bizaiops.slack")
FIRST_S = 10.0
LEFT_EVERY_S = 30.0
PAGE = 200


class Upkeep:
    """reader: a patient client. sleep: in real seconds."""

    def __init__(
        self,
        room: Room,
        reader: AsyncWebClient,
        people: People,
        inbox: Inbox,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._room, self._reader, self._people, self._inbox, self._sleep = room, reader, people, inbox, sleep
        self._told: set[str] = set()

    async def first(self) -> None:
        """Before anybody is heard, as far as it does not take long; the rest comes a little later."""
        try:
            async with asyncio.timeout(FIRST_S):
                await self.groups()
                await self.channels()
        except TimeoutError:
            log.warning("user groups and channels are looked up while the bot works already")

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._every(self._room.settings.refresh_minutes * 60, self.groups))
            tasks.create_task(self._every(LEFT_EVERY_S, self.left))

    async def groups(self) -> None:
        """Roles follow the groups; whoever was deactivated has none."""
        handles = frozenset(self._room.settings.groups)
        try:
            members = await group_members(self._reader, handles)
            await self._people.refresh(members, await self._known())
        except Permanent as exc:
            self._tell_once(f"user groups are not read: {exc}")
            return
        except BotError as exc:
            log.warning("user groups stay as they were: %s", exc)
            return
        for user in members:
            await self._open_direct(user)

    async def _known(self) -> list[str]:
        """Users who were recognised before: one who has left since has no roles."""
        lobby = self._room.lobby
        known = [await lobby.people.known_as(person.id, "slack") for person in lobby.desk.people()]
        return [identity.user for identity in known if identity is not None]

    async def channels(self) -> None:
        """Where the bot is, by name, so that notices may name "#ml-ops"."""
        cursor = ""
        try:
            while True:
                call = self._reader.users_conversations(
                    types="public_channel,private_channel,mpim",
                    exclude_archived=True,
                    limit=PAGE,
                    cursor=cursor or None,
                )
                answer = await read("The channels were not read.", call)
                for channel in answer["channels"]:
                    await self._room.lobby.places.note(place_of(self._room, channel))
                cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
                if not cursor:
                    return
        except BotError as exc:
            self._tell_once(f"channels are known by their ids only: {exc}")

    async def left(self) -> None:
        """Of a worker that died since."""
        try:
            await self._inbox.go_on()
        except BotError as exc:
            log.warning("events that were left are looked for later: %s", exc)

    async def _open_direct(self, user: str) -> None:
        """So that news may go to "@lead" before the person has ever written to the bot."""
        if user in self._room.directs:
            return
        try:
            person = await self._room.person(user, "")
            await direct(self._room, user, person)
        except (BotError, *FAILURES) as exc:
            self._tell_once(f"no direct messages with {user}: {exc}")

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await self._sleep(seconds)
            await work()

    def _tell_once(self, words: str) -> None:
        if words not in self._told:
            self._told.add(words)
            log.warning("%s", words)
