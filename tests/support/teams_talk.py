"""A bot in process, on a virtual clock, in a channel of a Teams tenant: Microsoft's playground."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.surfaces.teams.places import conversation_name
from tests.support.served import served
from tests.support.surface_talk import Seen, lacking, until
from tests.support.talk import Talk
from tests.support.teams_stand import TeamsStand
from tests.support.teams_stand.company import CHANNEL, variables
from tests.support.teams_stand.stand import Message
from tests.support.virtual_clock import VirtualClock


class TeamsTalk:
    """Keeps the promises of SurfaceTalk."""

    home = conversation_name(CHANNEL)

    def __init__(self, talk: Talk, stand: TeamsStand) -> None:
        self.talk, self._stand = talk, stand
        self._told: dict[str, list[str]] = {}

    @classmethod
    @asynccontextmanager
    async def begin(cls, folder: Path, clock: VirtualClock, stand: TeamsStand, port: int) -> AsyncIterator[TeamsTalk]:
        """A bot on the folder, listening where the playground brings activities, with the channel as its home."""
        settings = variables()
        teams = {"client_id": "bizaiops", "tenant_id": settings["BIZAIOPS_TEAMS__TENANT_ID"], "unauthenticated": True}
        more = {"teams": teams, "people": json.loads(settings["BIZAIOPS_PEOPLE"]), "home": cls.home}
        talk = await Talk.begin(folder, clock, more=more)
        try:
            async with served(talk, port=port):
                await asyncio.to_thread(stand.installs, CHANNEL)
                yield cls(talk, stand)
        finally:
            await talk.end()

    async def says(self, text: str, by: str) -> Seen:
        before = {m.id for m in await self.talk.bot.desk.messages(self.home, limit=1000)}
        await asyncio.to_thread(self._stand.says, text, by, CHANNEL)

        async def heard() -> str | None:
            new = [m for m in await self.talk.bot.desk.messages(self.home, limit=1000) if m.id not in before]
            return next((m.id for m in new if m.actor == by), None)

        message = await until(heard, f"{text!r} to be heard")

        async def answered() -> str | None:
            found = [c for c in await self.talk.bot.desk.cards(self.home, limit=1000) if c.reply_to == message]
            return found[-1].id if found else None

        card = await until(answered, f"an answer to {text!r}")
        await self.talk.rest()
        return await self._settled(card)

    async def clicks(self, seen: Seen, label: str, by: str, *, reason: str = "") -> None:
        clicked = await asyncio.to_thread(lambda: self._stand.clicks(seen.where, label, by, reason=reason))
        assert clicked.status == 200, clicked
        self._told.setdefault(by, []).append(clicked.told)
        await self.talk.rest()

    async def told(self, by: str, *parts: str) -> None:
        heard = self._told.get(by, [])
        assert any(all(p.lower() in m.lower() for p in parts) for m in heard), f"{by} heard {heard}"

    async def now(self, seen: Seen) -> Seen:
        await self.talk.rest()
        return await self._settled(seen.posted.id)

    async def next(self, seen: Seen) -> Seen:
        async def following() -> str | None:
            thread = [c.posted for c in await self.talk.cards(self.home) if c.posted.thread == seen.posted.thread]
            later = [c for c in thread if c.seq > seen.posted.seq and c.id != seen.posted.id]
            return later[-1].id if later else None

        card = await until(following, "an answer in the thread")
        await self.talk.rest()
        return await self._settled(card)

    async def shown(self, begins: str) -> Seen:
        async def posted() -> str | None:
            found = [c.posted.id for c in await self.talk.cards(self.home) if c.posted.id.startswith(begins)]
            return found[-1] if found else None

        return await self._settled(await until(posted, f"a card {begins!r} in the channel"))

    async def end(self) -> None:
        """The context manager of `begin` does it."""

    async def _settled(self, card: str) -> Seen:
        """Once the channel shows what the card says and has its buttons; fails with what is lacking."""
        last: list[str] = []

        async def same() -> Seen | None:
            posted, message = (await self.talk.card(card)).posted, await self._message(card)
            last[:] = ["the card"] if message is None else _lacking(posted, message)
            if message is None or last:
                return None
            labels = tuple(label.rstrip("…") for label in message.labels)
            return Seen(posted, message.words, labels, message)

        try:
            return await until(same, f"the card {card} in Teams")
        except AssertionError as exc:
            raise AssertionError(f"{last} is not shown: {await self._message(card)}") from exc

    async def _message(self, card: str) -> Message | None:
        query = sa.select(t.deliveries.c.ref).where(t.deliveries.c.card == card)
        ref = await self.talk.bot.core.store.read(lambda conn: conn.execute(query).scalar())
        found = None if ref is None else self._stand.messages.get(str(ref).partition(";")[0])
        return None if found is None else replace(found)  # as it is shown now


def _lacking(posted: PostedCard, message: Message) -> list[str]:
    """Words and buttons of the card that the message has not, and decisions it still offers."""
    shown = {label.rstrip("…") for label in message.labels}
    wanted = {button.label for button in posted.buttons}
    gone = sorted(({"Approve", "Reject", "Cancel"} & shown) - wanted)
    return [*lacking(posted.card, message.words), *sorted(wanted - shown), *gone]
