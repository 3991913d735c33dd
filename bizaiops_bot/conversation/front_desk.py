"""The desk: takes words and clicks durably, has them answered, and lets pages read what was said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

from bizaiops_bot.bot_api.reads import Reads
from bizaiops_bot.conversation.answering import Answering
from bizaiops_bot.conversation.catalogue import CatalogueReader
from bizaiops_bot.conversation.clicks import Clicks
from bizaiops_bot.conversation.learning import Learning
from bizaiops_bot.conversation.news import NEWS_PAGE, news
from bizaiops_bot.conversation.words import check_conversation, check_text, check_thread
from bizaiops_bot.domain.errors import NotFound
from bizaiops_bot.domain.feedback import FeedbackAnswer, Verdict
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.posts import ClickAnswer, PostedCard, PostedMessage
from bizaiops_bot.domain.routing import Catalogue, Choice
from bizaiops_bot.engine.api.controls import EngineControls
from bizaiops_bot.engine.audit.trail import redact
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.orders.orders import Orders
from bizaiops_bot.engine.posting import deliveries, outbox
from bizaiops_bot.engine.store.signals import feed_head
from bizaiops_bot.ports.clock import Clock
from bizaiops_bot.router.router import Router


class FrontDesk:
    """Implements conversation.desk.Desk on the engine."""

    def __init__(
        self, core: Core, orders: Orders, controls: EngineControls, router: Router, people_clock: Clock
    ) -> None:
        """people_clock: as Answering has it."""
        self._core, self._catalogue = core, CatalogueReader(core)
        self._learning = Learning(core, router, self._catalogue, people_clock, self._say_for)
        self.answering = Answering(core, orders, controls, router, self._catalogue, self._learning, people_clock)
        self._clicks = Clicks(core, orders, self.answering.begin, self._learning)
        self.home = core.home

    @property
    def reads(self) -> Reads:
        return self._core.ports

    def problems(self) -> dict[str, str]:
        """Ports whose names are old because they do not answer, each with why."""
        return self._catalogue.problems()

    def people(self) -> list[Actor]:
        return list(self._core.people.values())

    def alone(self) -> AbstractAsyncContextManager[None]:
        """Enters when no message is being answered; none begins within."""
        return self.answering.queue.alone()

    def stale(self) -> None:
        """Names are read again before the next answer."""
        self._catalogue.stale()

    async def recover(self) -> None:
        """Answers what a worker that is gone left unanswered."""
        await self.answering.recover()

    async def stop(self) -> None:
        """Lets go of answers that are being made; the next start gives them."""
        await self.answering.stop()

    # -- words -------------------------------------------------------------------------------------

    async def post(
        self,
        conversation: str,
        actor: str,
        text: str,
        *,
        thread: str | None = None,
        event_id: str | None = None,
        platform_event: str | None = None,
        platform_thread: str | None = None,
    ) -> PostedMessage:
        person = self.person(actor)
        clean = check_text(text)
        where = check_conversation(conversation)
        inside = None if thread is None else check_thread(thread)
        return await self._take(
            where,
            person,
            clean,
            thread=inside,
            event_id=event_id,
            answer=None,
            platform_event=platform_event,
            platform_thread=platform_thread,
        )

    async def order(
        self,
        conversation: str,
        actor: str,
        text: str,
        bind: dict[str, str],
        *,
        thread: str | None = None,
        platform_event: str | None = None,
        platform_thread: str | None = None,
    ) -> PostedMessage:
        """As `post`, for an order that is understood already: `bind` is what it stands for, as a choice's button has
        it, and `text` says it in words.
        """
        person, where = self.person(actor), check_conversation(conversation)
        inside = None if thread is None else check_thread(thread)
        return await self._take(
            where,
            person,
            check_text(text),
            thread=inside,
            event_id=None,
            answer=bind,
            platform_event=platform_event,
            platform_thread=platform_thread,
        )

    async def _take(
        self,
        conversation: str,
        person: Actor,
        text: str,
        *,
        thread: str | None,
        event_id: str | None,
        answer: dict[str, str] | None,
        platform_event: str | None = None,
        platform_thread: str | None = None,
    ) -> PostedMessage:
        with self.answering.queue.taking():
            message, fresh = await self._core.store.write(
                lambda conn: outbox.put_message(
                    conn,
                    conversation=conversation,
                    thread=thread,
                    actor=person.id,
                    text=redact(text),
                    event_id=event_id,
                    now=self._core.clock.now(),
                    bind=answer,
                    worker=self._core.lead.worker,
                    platform_event=platform_event,
                    platform_thread=platform_thread,
                )
            )
        if fresh:
            self.answering.begin(message, answer)
        return message

    # -- clicks ------------------------------------------------------------------------------------

    async def click(
        self, actor: str, card: str, button: str, *, reason: str = "", event_id: str | None = None
    ) -> ClickAnswer:
        return await self._clicks.click(actor, card, button, reason, event_id)

    async def decide(
        self,
        actor: str,
        run: int,
        decision: str,
        *,
        reason: str = "",
        plan_hash: str | None = None,
        gate: str | None = None,
        event_id: str | None = None,
    ) -> str:
        return await self._core.ports.controls.decide_words(
            run, decision, actor=actor, reason=reason, plan_hash=plan_hash, gate=gate, event=event_id
        )

    async def feedback(
        self, actor: str, card: str, verdict: Verdict, event_id: str | None = None, *, meant: str = ""
    ) -> FeedbackAnswer:
        return await self._learning.judge(self.person(actor), card, verdict, meant=meant, event_id=event_id)

    async def votes(self, actor: str, conversation: str) -> dict[str, Verdict]:
        return await self._learning.votes(actor, conversation)

    async def _say_for(self, person: Actor, under: PostedMessage, choice: Choice) -> PostedMessage:
        return await self._take(
            under.conversation, person, choice.command, thread=under.thread, event_id=None, answer=choice.bind
        )

    # -- reading -----------------------------------------------------------------------------------

    async def catalogue(self) -> Catalogue:
        return await self._catalogue.read()

    async def cards(self, conversation: str, *, after: int = 0, limit: int = 200) -> list[PostedCard]:
        return await self._core.store.read(lambda conn: outbox.read_cards(conn, conversation, after, limit))

    async def card(self, card: str) -> PostedCard | None:
        return await self._core.store.read(lambda conn: outbox.read_card(conn, card))

    async def card_at(self, conversation: str, ref: str) -> PostedCard | None:
        return await self._core.store.read(lambda conn: deliveries.shown_as(conn, conversation, ref))

    async def messages(self, conversation: str, *, after: int = 0, limit: int = 200) -> list[PostedMessage]:
        return await self._core.store.read(lambda conn: outbox.read_messages(conn, conversation, after, limit))

    async def conversations(self) -> list[str]:
        found = await self._core.store.read(outbox.conversations)
        return [self.home, *(name for name in found if name != self.home)]

    async def events(
        self, conversation: str | None, *, after: int | None = 0
    ) -> AsyncIterator[PostedCard | PostedMessage]:
        after = await self._core.store.read(feed_head) if after is None else after
        covered = -1  # everything up to this head has been read
        while True:
            await self._core.store.news(covered)
            head = self._core.store.head  # before the read: what is written meanwhile rings at once
            found = await self._core.store.read(lambda conn, a=after: news(conn, conversation, a))  # type: ignore[misc]
            for item in found:
                after = item.seq
                yield item
            # A full page may have cut the rest off.
            covered = head if len(found) < NEWS_PAGE else -1

    def person(self, name: str) -> Actor:
        """Raises NotFound for somebody who is not known now."""
        person = self._core.people.get(name)
        if person is None:
            raise NotFound("person", name[:60], tuple(self._core.people))
        return person
