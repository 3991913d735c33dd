"""The Home tab: what waits for a person, their models, schedules and health; kept fresh while it is looked at."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bizaiops_bot.domain.cards import Card, Text
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.surfaces.render.blockkit import home_view
from bizaiops_bot.surfaces.slack.failures import FAILURES, log, reason
from bizaiops_bot.surfaces.slack.listeners._asked import Asked, asked_in
from bizaiops_bot.surfaces.slack.listeners._where import direct
from bizaiops_bot.surfaces.slack.room import Room

LOOKED_AT_S = 3600.0
EVERY_S = 10.0
MOST = 500
Payload = dict[str, Any]


def register(app: AsyncApp, room: Callable[[], Room]) -> Home:
    home = Home(room)

    @app.event("app_home_opened", matchers=[_is_home])
    async def opened(body: Payload) -> None:
        await home.opened(asked_in(body))

    @app.action(re.compile(r"^say:"))
    async def said(ack: AsyncAck, body: Payload, action: Payload) -> None:
        await ack()
        await home.say(asked_in(body), action)

    return home


async def _is_home(event: Payload) -> bool:
    return event.get("tab") == "home"


@dataclass
class Looking:
    """Somebody who opened the Home tab lately. at, drawn: seconds of this process."""

    asked: Asked
    at: float
    drawn: float = 0.0
    due: bool = False
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Home:
    """No hash goes with a page: one person's pages are published one after the other, each with what is true then, so
    there is none to be overwritten. now: seconds; sleep: in them.
    """

    def __init__(
        self,
        room: Callable[[], Room],
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._room, self._now, self._sleep = room, now, sleep
        self._looking: dict[str, Looking] = {}

    async def opened(self, asked: Asked) -> None:
        self._room().progress.hear(self.heard)
        self._looking.pop(asked.user, None)
        self._looking[asked.user] = looking = Looking(asked, self._now())
        while len(self._looking) > MOST:
            self._looking.pop(next(iter(self._looking)))
        await self._draw(looking)

    async def say(self, asked: Asked, action: Payload) -> None:
        """A button's command, said in the direct messages; the page tells where the answer is."""
        room = self._room()
        person = await room.person(asked.user, asked.team)
        channel = await direct(room, asked.user, person)
        event = f"slack/{action.get('action_ts', '')}/home/{asked.user}"
        command = str(action["value"])
        await room.lobby.home.say(person.id, room.conversation(channel), command, platform_event=event)
        told = Text(text=f"The answer to `{command}` is in the Messages tab.")
        looking = self._looking.setdefault(asked.user, Looking(asked, self._now()))
        await self._draw(looking, Card(title="Said for you", tone="muted", blocks=(told,)))

    def heard(self, card: PostedCard) -> None:
        """A run has gone on: whoever looks sees it, at most once in `EVERY_S`."""
        if card.card.run_id is None:
            return
        for user, looking in list(self._looking.items()):
            if self._now() - looking.at > LOOKED_AT_S:
                del self._looking[user]
            elif not looking.due:
                looking.due = True
                self._room().progress.spawn(self._refresh(looking))

    async def _refresh(self, looking: Looking) -> None:
        await self._sleep(max(0.0, looking.drawn + EVERY_S - self._now()))
        looking.due = False
        await self._draw(looking)

    async def _draw(self, looking: Looking, *first: Card) -> None:
        room, asked = self._room(), looking.asked
        async with looking.turn:
            looking.drawn = self._now()
            view = await _page(room, asked, first)
            try:
                await room.client.views_publish(user_id=asked.user, view=view)
            except FAILURES as exc:
                log.warning("the home page of %s was not published: %s", asked.user, reason(exc))


async def _page(room: Room, asked: Asked, first: tuple[Card, ...]) -> Payload:
    """For whom the bot takes no orders, why that is and what to do."""
    try:
        person = await room.person(asked.user, asked.team)
        cards = await room.lobby.home.page(person.id)
    except BotError as exc:
        blocks = tuple(Text(text=part) for part in (exc.why, exc.do) if part)
        return home_view((Card(title=exc.what, tone="warning", blocks=blocks),), who="")
    return home_view((*first, *cards), who=person.name)
