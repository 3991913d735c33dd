"""The bot's cards into Slack: the poster's side of the surface."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bizaiops_bot.conversation.lobby import Directory, Forms
from bizaiops_bot.domain.errors import BotError, Permanent
from bizaiops_bot.domain.posts import PostedCard, reachable
from bizaiops_bot.surfaces.render.blockkit import SlackMessage, render
from bizaiops_bot.surfaces.slack.calls import Unshowable, made
from bizaiops_bot.surfaces.slack.pictures import Pictures
from bizaiops_bot.surfaces.slack.reading_back import ReadingBack, metadata
from bizaiops_bot.surfaces.slack.workspace import PREFIX

log = logging.getLogger("bizaiops.slack")
WHISPER = "ephemeral:"
"""How refs begin of what only one person saw: Slack neither edits nor shows it again."""
DIRECT = "D"
Send = Callable[[SlackMessage], Awaitable[str]]


class SlackPlatform:
    """Implements ports.ChatPlatform. A refusal that only one person sees may come twice when Slack does not confirm it:
    nothing reads it back, and a refusal that nobody sees would be worse.

    client: makes each call once. uploads: may wait and try again.
    """

    prefix = PREFIX

    def __init__(self, client: AsyncWebClient, uploads: AsyncWebClient, *, native: bool) -> None:
        self._client, self._native = client, native
        self._people: Directory | None = None
        self._forms: Forms | None = None
        self._site = ""
        self.pictures = Pictures(uploads)
        self.reading = ReadingBack(client)

    def knows(self, people: Directory, forms: Forms, site: str = "") -> None:
        """From now on a refusal is shown to whom it concerns alone, and a question offers a form.

        site: the console's address, for links.
        """
        self._people, self._forms, self._site = people, forms, site

    async def post(
        self, channel: str, thread_ref: str | None, card: PostedCard, *, outbox_id: str, version: int
    ) -> str:
        self.reading.tries(outbox_id, thread_ref)
        user = await self._for_one(channel, card)
        if user is not None:
            whispered = await self._whisper(channel, thread_ref, user, card)
            if whispered is not None:
                return whispered

        async def send(message: SlackMessage) -> str:
            call = self._client.chat_postMessage(
                channel=channel,
                thread_ts=thread_ref,
                text=message.text,
                blocks=message.blocks,
                metadata=metadata(outbox_id, version),
                unfurl_links=False,
                unfurl_media=False,
            )
            return str((await made("The card was not posted.", call))["ts"])

        ref, message = await self._degrading(card, send)
        self.reading.posted(outbox_id)
        self.pictures.show(channel, thread_ref or ref, card.id, message.pictures)
        return ref

    async def edit(self, channel: str, ref: str, card: PostedCard, *, outbox_id: str, version: int) -> None:
        if ref.startswith(WHISPER):
            return

        async def send(message: SlackMessage) -> str:
            call = self._client.chat_update(
                channel=channel,
                ts=ref,
                text=message.text,
                blocks=message.blocks,
                metadata=metadata(outbox_id, version),
            )
            answer = await made("The card was not changed.", call)
            return str((answer.get("message") or {}).get("thread_ts") or ref)

        thread, message = await self._degrading(card, send)
        self.pictures.show(channel, thread, card.id, message.pictures)

    async def find(self, channel: str, outbox_id: str, *, thread_ref: str | None = None) -> tuple[str, int] | None:
        return await self.reading.find(channel, outbox_id, thread_ref)

    # -- how much of it Slack takes ------------------------------------------------------------------

    async def _degrading(self, card: PostedCard, send: Send) -> tuple[str, SlackMessage]:
        """What is refused for how it is drawn is drawn simpler: without new blocks, at last as text alone."""
        refused: Unshowable | None = None
        for message in self._drawings(card, await self._has_form(card)):
            try:
                sent = await send(message)
            except Unshowable as exc:
                log.warning("card %s in %s is drawn simpler: %s", card.id, card.conversation, exc)
                refused, had_native = exc, message.native
                continue
            if refused is not None and had_native and message.blocks:
                log.warning("this workspace takes no charts and tables as Slack's own blocks; done without from now on")
                self._native = False
            return sent, message
        assert refused is not None
        raise refused

    async def _has_form(self, card: PostedCard) -> bool:
        """Whether it asks what a form can ask at once."""
        if self._forms is None or card.asked_by is None or not card.is_answer or card.card.answer != "ok":
            return False
        try:
            return await self._forms.form_of(card.asked_by, card.id) is not None
        except BotError as exc:
            log.info("card %s offers no form: %s", card.id, exc)
            return False

    def _drawings(self, card: PostedCard, form: bool) -> Iterator[SlackMessage]:
        if self._native:
            yield render(reachable(card, self._site), form=form)
        simple = render(reachable(card, self._site), native=False, form=form)
        yield simple
        yield SlackMessage(simple.text, [], simple.pictures)

    # -- for one person alone --------------------------------------------------------------------------

    async def _for_one(self, channel: str, card: PostedCard) -> str | None:
        """The user to whom alone a refusal is shown; in direct messages everything is for one person anyway."""
        if card.card.answer != "refused" or card.asked_by is None or channel.startswith(DIRECT):
            return None
        try:
            known = None if self._people is None else await self._people.known_as(card.asked_by, "slack")
        except BotError as exc:  # the database does not answer now
            log.warning("a refusal is posted for all to see: %s", exc)
            return None
        return None if known is None else known.user

    async def _whisper(self, channel: str, thread: str | None, user: str, card: PostedCard) -> str | None:
        """None when Slack does not take it so, as for somebody who is not in the channel."""

        async def send(message: SlackMessage) -> str:
            given: dict[str, Any] = {"channel": channel, "user": user, "thread_ts": thread, "text": message.text}
            call = self._client.chat_postEphemeral(**given, blocks=message.blocks)
            return str((await made("The refusal was not told.", call))["message_ts"])

        try:
            told, _ = await self._degrading(card, send)
        except Permanent as exc:
            log.info("a refusal is posted for all to see: %s", exc)
            return None
        return f"{WHISPER}{told}"
