"""A bot in process, on a virtual clock, in a Slack workspace whose people talk to it over HTTP."""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bizaiops_bot.domain.posts import PostedCard
from tests.support.served import served
from tests.support.slack_stand import SlackStand, workspace
from tests.support.slack_stand.bot import people
from tests.support.slack_stand.shown import Message
from tests.support.surface_talk import Seen, lacking, until
from tests.support.talk import Talk
from tests.support.virtual_clock import VirtualClock

NAMES = {"engineer": "erin", "lead": "lee", "analyst": "ana", "sre": "sam"}


class SlackTalk:
    """Keeps the promises of SurfaceTalk."""

    def __init__(self, talk: Talk, stand: SlackStand, channel: str) -> None:
        self.talk, self._stand, self._channel = talk, stand, channel
        self.home = f"slack:{channel}"
        self._heard = {name: len(who.whispers()) for name, who in stand.users.items()}

    @classmethod
    @asynccontextmanager
    async def begin(cls, folder: Path, clock: VirtualClock, stand: SlackStand) -> AsyncIterator[SlackTalk]:
        """A bot on the folder, with a channel of the workspace as its home."""
        channel = await asyncio.to_thread(stand.channel, "scenario")
        slack = {"bot_token": stand.bot_token, "signing_secret": stand.signing_secret, "base_url": stand.base_url}
        more = {"slack": slack, "people": people(), "home": f"slack:{channel}"}
        talk = await Talk.begin(folder, clock, more=more)
        try:
            async with served(talk) as url:
                stand.serves(f"{url}/slack/events")
                yield cls(talk, stand, channel)
                stand.serves(None)
        finally:
            await talk.end()

    async def says(self, text: str, by: str) -> Seen:
        said = await asyncio.to_thread(self._stand.users[NAMES[by]].mentions, text, self._channel)

        async def answered() -> Message | None:
            thread = await asyncio.to_thread(self._stand.thread, self._channel, said.ts)
            cards = [m for m in thread if m.raw["user"] == workspace.BOT_USER and m.blocks]
            return cards[-1] if cards else None

        message = await until(answered, f"an answer to {text!r}")
        await self.talk.rest()
        return await self._settled(_card_of(message), message)

    async def clicks(self, seen: Seen, label: str, by: str, *, reason: str = "") -> None:
        who, opened = self._stand.users[NAMES[by]], len(self._stand.records.modals)
        self._heard[NAMES[by]] = len(who.whispers())
        delivery = await asyncio.to_thread(who.clicks, seen.where, label)
        assert delivery.status == 200, delivery
        if reason:
            await asyncio.to_thread(self._stand.until, lambda: len(self._stand.records.modals) > opened, "a modal")
            modal = self._stand.records.modals[-1]
            (field,) = [block["block_id"] for block in modal["blocks"] if block["type"] == "input"]
            await asyncio.to_thread(lambda: who.submits(modal, **{field: reason}))

    async def told(self, by: str, *parts: str) -> None:
        name = NAMES[by]
        await asyncio.to_thread(lambda: self._stand.users[name].hears(*parts, after=self._heard[name]))

    async def now(self, seen: Seen) -> Seen:
        await self.talk.rest()
        return await self._settled(seen.posted.id, seen.where)

    async def next(self, seen: Seen) -> Seen:
        async def following() -> Message | None:
            thread = await asyncio.to_thread(self._stand.thread, self._channel, seen.where.thread)
            later = [m for m in thread if m.blocks and float(m.ts) > float(seen.where.ts)]
            return later[-1] if later else None

        message = await until(following, "an answer in the thread")
        await self.talk.rest()
        return await self._settled(_card_of(message), message)

    async def shown(self, begins: str) -> Seen:
        async def posted() -> Message | None:
            messages = await asyncio.to_thread(self._stand.messages, self._channel)
            found = [m for m in messages if m.blocks and _card_of(m).startswith(begins)]
            return found[-1] if found else None

        message = await until(posted, f"a card {begins!r} in the channel")
        return await self._settled(_card_of(message), message)

    async def end(self) -> None:
        """The context manager of `begin` does it."""

    async def _settled(self, card: str, message: Message) -> Seen:
        """Once the message says what the card says and has its buttons; fails with what is lacking."""
        last: list[str] = []

        async def same() -> Seen | None:
            posted = (await self.talk.card(card)).posted
            shown = await asyncio.to_thread(self._stand.again, message)
            last[:] = _lacking(posted, shown)
            words = html.unescape(shown.words)
            return None if last else Seen(posted, words, tuple(shown.buttons()), shown)

        try:
            return await until(same, f"the card {card} in Slack")
        except AssertionError as exc:
            shown = await asyncio.to_thread(self._stand.again, message)
            raise AssertionError(f"{last} is not shown:\n{shown.words}\n{shown.buttons()}") from exc


def _lacking(posted: PostedCard, shown: Message) -> list[str]:
    """Words and buttons of the card that the message has not."""
    wanted = [button.label for button in posted.buttons]
    gone = [label for label in ("Approve", "Reject", "Cancel") if label in shown.buttons() and label not in wanted]
    missing = [label for label in wanted if label not in shown.buttons()]
    return [*lacking(posted.card, html.unescape(shown.words)), *missing, *gone]


def _card_of(message: Message) -> str:
    """Block ids begin with the card's id."""
    return str(message.blocks[0]["block_id"]).rsplit(":", 1)[0]
