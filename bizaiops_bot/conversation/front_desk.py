"""The desk: takes words and clicks durably, has them understood, and answers every one with a card."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any
from weakref import WeakValueDictionary

import sqlalchemy as sa

from bizaiops_bot.conversation import cards as told
from bizaiops_bot.conversation.answer_queue import AnswerQueue
from bizaiops_bot.conversation.catalogue import CatalogueReader
from bizaiops_bot.conversation.clicks import Clicks
from bizaiops_bot.conversation.learning import Learning
from bizaiops_bot.conversation.news import NEWS_PAGE, news
from bizaiops_bot.conversation.obeying import Obeying
from bizaiops_bot.conversation.said_back import said_back
from bizaiops_bot.conversation.taking_back import take_back
from bizaiops_bot.conversation.threads import follow, load_memory, save_memory
from bizaiops_bot.conversation.under_way import open_runs
from bizaiops_bot.conversation.words import check_conversation, check_text, check_thread
from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.errors import BotError, NotFound, Unseen
from bizaiops_bot.domain.feedback import FeedbackAnswer, Verdict, is_sign, spoken_verdict
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.posts import FEEDBACK_CARD, ClickAnswer, PostedCard, PostedMessage
from bizaiops_bot.domain.routing import Catalogue, Choice, Command, Decision, Memory, Question, Refusal
from bizaiops_bot.engine import deciding, deliveries, outbox, shown
from bizaiops_bot.engine.audit import redact
from bizaiops_bot.engine.controls import EngineControls
from bizaiops_bot.engine.core import Core
from bizaiops_bot.engine.first import BeingStopped
from bizaiops_bot.engine.first_cards import being_stopped
from bizaiops_bot.engine.orders import Orders
from bizaiops_bot.engine.signals import feed_head
from bizaiops_bot.engine.store import StoreDown
from bizaiops_bot.ports import Clock, Ports
from bizaiops_bot.router.router import Router
from bizaiops_bot.router.short_words import LONGEST

log = logging.getLogger("bizaiops.desk")
AGAIN_S = 1.0


class FrontDesk:
    """Implements conversation.desk.Desk on the engine."""

    def __init__(
        self, core: Core, orders: Orders, controls: EngineControls, router: Router, people_clock: Clock
    ) -> None:
        """people_clock: real time, by which a thread's memory fades; the world's own clock may run much faster."""
        self._core, self._orders, self._controls, self._router = core, orders, controls, router
        self._people_clock = people_clock
        self._catalogue = CatalogueReader(core)
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._queue = AnswerQueue()
        self._obeying = Obeying(core, orders, self._catalogue, router)
        self._learning = Learning(core, router, self._catalogue, people_clock, self._say_for)
        self._clicks = Clicks(core, orders, self._begin_answer, self._learning)
        self.home = core.home
        core.adopters.append(lambda: self._spawn(self.recover()))

    @property
    def ports(self) -> Ports:
        return self._core.ports

    def people(self) -> list[Actor]:
        return list(self._core.people.values())

    async def recover(self) -> None:
        """Answers what a worker that is gone left unanswered."""
        core = self._core
        while True:
            try:
                left = await core.store.write(self._claim_unanswered)
                break
            except StoreDown:
                await asyncio.sleep(AGAIN_S)
        for message, answer in left:
            self._spawn(self._answer(message, answer))

    def _claim_unanswered(self, conn: sa.Connection) -> list[tuple[PostedMessage, dict[str, str] | None]]:
        self._core.follow_people(conn)  # the worker that is gone may have let the person in
        return outbox.claim_unanswered(conn, self._core.worker)

    async def stop(self) -> None:
        """Lets go of answers that are being made; the next start gives them."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

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
            where, person, clean, thread=inside, event_id=event_id, answer=None, platform_event=platform_event,
            platform_thread=platform_thread,
        )  # fmt: skip

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
            where, person, check_text(text), thread=inside, event_id=None, answer=bind, platform_event=platform_event,
            platform_thread=platform_thread,
        )  # fmt: skip

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
        with self._queue.taking():
            message, fresh = await self._core.store.write(
                lambda conn: outbox.put_message(
                    conn, conversation=conversation, thread=thread, actor=person.id, text=redact(text),
                    event_id=event_id, now=self._core.clock.now(), bind=answer, worker=self._core.worker,
                    platform_event=platform_event, platform_thread=platform_thread,
                )
            )  # fmt: skip
        if fresh:
            self._spawn(self._answer(message, answer))
        return message

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, message: PostedMessage, answer: dict[str, str] | None) -> None:
        # One person's messages are answered in their order: "make it 20%" needs what was made of the one before.
        turn = self._turns.setdefault((message.conversation, message.actor), asyncio.Lock())
        with self._core.working():
            async with turn, self._queue.turn():
                await self._answer_in_the_end(message, answer)

    async def _answer_in_the_end(self, message: PostedMessage, answer: dict[str, str] | None) -> None:
        """However long the database is away. Nothing is done when somebody else has answered meanwhile."""
        core = self._core
        while True:
            try:
                if await core.store.read(lambda conn: outbox.is_to_answer(conn, message.id, core.worker)):
                    await self._answer_now(message, answer)
                return
            except StoreDown as exc:
                log.warning("message %s waits for the database: %s", message.id, exc)
                await asyncio.sleep(AGAIN_S)

    async def _answer_now(self, message: PostedMessage, answer: dict[str, str] | None) -> None:
        try:
            await self._reply(message, answer)
        except StoreDown:
            raise
        except Unseen as exc:
            again = await self._core.store.read(lambda conn, why=exc: deciding.look_again(self._core, conn, why))  # type: ignore[misc]
            await self._put(message, again)
        except BeingStopped as exc:
            await self._later(message, answer, exc)
        except BotError as exc:
            await self._put(message, told.error_card(exc))
        except Exception:
            reference = f"{message.id}-{secrets.token_hex(2)}"
            log.exception("message %s could not be answered (%s)", message.id, reference)
            await self._put(message, told.broken_card(reference))

    async def _later(self, message: PostedMessage, answer: dict[str, str] | None, busy: BeingStopped) -> None:
        """Says what the order waits for, and answers it when that is over. Meanwhile the message stays unanswered, so
        that a crash loses nothing, and the person's other messages are answered.
        """

        async def then() -> None:
            with self._core.working():
                for number in busy.runs:
                    await self._core.ended(number)
            self._begin_answer(message, answer)

        card = being_stopped(busy)
        await self._core.store.write(lambda conn: outbox.put_note(conn, message, card, self._core.clock.now()))
        self._spawn(then())

    async def _reply(self, message: PostedMessage, answer: dict[str, str] | None) -> None:
        memory = await self._core.store.read(lambda conn: load_memory(conn, message))
        said_at = self._people_clock.now()
        if answer is None and await self._judged(message, memory):
            return
        catalogue = await self._known_here(message)
        decision = await self._router.decide(
            message.text, memory, catalogue, answer=answer, said_at=said_at, channel=message.conversation
        )
        if isinstance(decision, Command):
            spec = self._core.playbooks.get(decision.playbook).spec()
            decision = said_back(decision, spec, memory, answer, self._core.clock.now(), self._core.time_zone)
        kept = self._router.remember(memory, decision, catalogue, said_at)

        def learn(conn: sa.Connection) -> None:
            if answer is None:
                self._learning.observe(conn, message, memory, decision, said_at)

        back = await take_back(self._core, self._controls, message.actor, decision)
        if isinstance(decision, Command):
            await self._obey(message, decision, kept, learn, back)
            return
        card = told.with_line(told.card_of(decision), back) if back else told.card_of(decision)

        def also(conn: sa.Connection) -> None:
            learn(conn)
            self._note(conn, message, decision)
            save_memory(conn, message, kept)

        await self._put(message, card, also)

    async def _known_here(self, message: PostedMessage) -> Catalogue:
        """The catalogue, for short words with what is under way where they were said."""
        known = await self._catalogue.read()
        if len(message.text) > 2 * LONGEST:  # the words may have a mention before them
            return known
        runs = await self._core.store.read(lambda conn: open_runs(conn, message))
        return known.model_copy(update={"open_runs": runs})

    async def _judged(self, message: PostedMessage, memory: Memory | None) -> bool:
        """Whether the message was a vote on the answer before, and is answered now."""
        verdict = spoken_verdict(message.text)
        if verdict is None or (memory is not None and memory.pending is not None and is_sign(message.text)):
            return False
        reply = await self._learning.reply(message, verdict)
        if reply is None:
            return False
        card, vote = reply

        def also(conn: sa.Connection) -> None:
            vote(conn)
            if memory is not None and verdict == "bad":  # a later "yes" must not wake the question that was wrong
                save_memory(conn, message, memory.model_copy(update={"pending": None}))

        await self._put(message, card, also, card_id=f"{FEEDBACK_CARD}{message.id}")
        return True

    async def _obey(
        self,
        message: PostedMessage,
        command: Command,
        memory: Memory,
        learn: Callable[[sa.Connection], None],
        back: str,
    ) -> None:
        """Carries the command out; `back` is told before its answer."""
        model, done = command.inputs.get("model"), await self._obeying.obey(message, command, memory)

        def also(conn: sa.Connection) -> None:
            learn(conn)
            if isinstance(model, str):
                follow(conn, message.conversation, model, self._core)
            save_memory(conn, message, done.memory)
            for number, card in enumerate(done.beside, start=1):
                outbox.put_card(
                    conn, f"c-{message.id}-b{number}", card, conversation=message.conversation,
                    thread=message.thread, reply_to=message.id, now=self._core.clock.now(),
                )  # fmt: skip

        await self._put(message, told.with_line(done.card, back) if done.card and back else done.card, also)

    async def _put(
        self,
        message: PostedMessage,
        card: Card | None,
        also: Callable[[sa.Connection], None] = lambda _conn: None,
        *,
        card_id: str = "",
    ) -> None:
        """The reply (None: a run's card is it), the mark "answered" and what is remembered, in one transaction: after a
        crash nothing of it is lost or doubled, and one commit is the most costly part of a short answer.
        """

        def work(conn: sa.Connection) -> None:
            answered = card is None  # a run's card is the answer, and came with it
            if not answered and not outbox.is_to_answer(conn, message.id, self._core.worker):
                return
            if card is not None:
                outbox.put_card(
                    conn, card_id or f"c-{message.id}", card,
                    conversation=message.conversation, thread=message.thread, reply_to=message.id,
                    now=self._core.clock.now(),
                )  # fmt: skip
                shown.note(conn, message.actor, card)
            also(conn)
            outbox.mark_answered(conn, message.id)

        await self._core.store.write(work)

    def _note(self, conn: sa.Connection, message: PostedMessage, decision: Decision) -> None:
        kind = type(decision).__name__.lower()
        words = decision.why if isinstance(decision, Refusal) else getattr(decision, "text", "")
        more = {"offered": told.offered(decision)} if isinstance(decision, Question) else {}
        self._core.note(
            conn, message.actor, kind, message.id, text=message.text[:500], told=words, heard=decision.heard, **more
        )

    # -- clicks ------------------------------------------------------------------------------------

    async def click(
        self, actor: str, card: str, button: str, *, reason: str = "", event_id: str | None = None
    ) -> ClickAnswer:
        return await self._clicks.click(actor, card, button, reason, event_id)

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

    def _begin_answer(self, message: PostedMessage, answer: dict[str, str] | None) -> None:
        self._spawn(self._answer(message, answer))

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
