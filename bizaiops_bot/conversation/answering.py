"""Has every message understood, and answers it with a card: in the end, and once."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import sqlalchemy as sa

from bizaiops_bot.conversation import cards as told
from bizaiops_bot.conversation.answer_queue import AnswerQueue
from bizaiops_bot.conversation.catalogue import CatalogueReader
from bizaiops_bot.conversation.learning import Learning
from bizaiops_bot.conversation.obeying import Obeying
from bizaiops_bot.conversation.said_back import said_back
from bizaiops_bot.conversation.taking_back import take_back
from bizaiops_bot.conversation.threads import follow, load_memory, save_memory
from bizaiops_bot.conversation.under_way import open_runs
from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.environments import service_said
from bizaiops_bot.domain.errors import BotError, Unseen
from bizaiops_bot.domain.feedback import is_sign, spoken_verdict
from bizaiops_bot.domain.posts import FEEDBACK_CARD, PostedMessage
from bizaiops_bot.domain.routing import Command, Decision, Memory, OpenRun, Question, Refusal
from bizaiops_bot.engine.api.controls import EngineControls
from bizaiops_bot.engine.approvals import deciding, shown
from bizaiops_bot.engine.approvals.first import BeingStopped
from bizaiops_bot.engine.approvals.first_cards import being_stopped
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.orders.orders import Orders
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.store.store import StoreDown
from bizaiops_bot.ports.clock import Clock
from bizaiops_bot.router.router import Router
from bizaiops_bot.router.short_words import LONGEST

log = logging.getLogger("bizaiops.desk")
AGAIN_S = 1.0
IN_ORDER_S = 30.0
"""So long an answer waits for those to what the person said before, where another worker gives them."""
LOOK_S = 0.5
"""After which it looks by itself whether they are there."""


class TooEarly(Exception):
    """What the person said before is not answered yet."""


class Before(NamedTuple):
    """What a thread remembers and, for short words, the runs that are open where they were said."""

    memory: Memory | None
    runs: tuple[OpenRun, ...] | None


class Answering:
    """Answers the messages that are stored, each in a task of its own.

    people_clock: real time, by which a thread's memory fades; the world's own clock may run much faster. queue: told
    of messages that wait to be stored.
    """

    def __init__(
        self,
        core: Core,
        orders: Orders,
        controls: EngineControls,
        router: Router,
        catalogue: CatalogueReader,
        learning: Learning,
        people_clock: Clock,
    ) -> None:
        self.router, self.people_clock, self.queue = router, people_clock, AnswerQueue()
        self._core, self._controls, self._catalogue, self._learning = core, controls, catalogue, learning
        self._obeying = Obeying(core, orders, catalogue, router)
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        core.lead.adopters.append(lambda: self._spawn(self.recover()))

    def begin(self, message: PostedMessage, answer: dict[str, str] | None) -> None:
        """answer: what the message stands for when it is understood already, as a choice's button has it."""
        self._spawn(self._answer(message, answer))

    async def recover(self) -> None:
        """Begins the answers that a worker that is gone left unanswered."""
        while True:
            try:
                left = await self._core.store.write(self._claim_unanswered)
                break
            except StoreDown:
                await asyncio.sleep(AGAIN_S)
        for message, answer in left:
            self.begin(message, answer)

    async def stop(self) -> None:
        """Lets go of answers that are being made; the next start gives them."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _claim_unanswered(self, conn: sa.Connection) -> list[tuple[PostedMessage, dict[str, str] | None]]:
        self._core.follow_people(conn)  # the worker that is gone may have let the person in
        return outbox.claim_unanswered(conn, self._core.lead.worker)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- when ----------------------------------------------------------------------------------------

    async def _answer(self, message: PostedMessage, answer: dict[str, str] | None) -> None:
        # One person's messages are answered in their order: "make it 20%" needs what was made of the one before.
        turn = self._turns.setdefault((message.conversation, message.actor), asyncio.Lock())
        until = time.monotonic() + IN_ORDER_S
        with self._core.activity.working():
            while True:
                head = self._core.store.head  # before the look: what is answered meanwhile rings at once
                try:
                    async with turn, self.queue.turn():
                        return await self._answer_in_the_end(message, answer, in_order=time.monotonic() < until)
                except TooEarly:  # the turn is free meanwhile: this worker may take the one before from a dead one
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._core.store.news(head), LOOK_S)

    async def _answer_in_the_end(
        self, message: PostedMessage, answer: dict[str, str] | None, *, in_order: bool
    ) -> None:
        """However long the database is away. Nothing is done when somebody else has answered meanwhile.

        Raises TooEarly if it is to be `in_order` and is not yet.
        """
        core = self._core
        while True:
            try:
                before = await core.store.read(lambda conn: self._before(conn, message, in_order))
                if before is not None:
                    await self._answer_now(message, answer, before)
                return
            except StoreDown as exc:
                log.warning("message %s waits for the database: %s", message.id, exc)
                await asyncio.sleep(AGAIN_S)

    def _before(self, conn: sa.Connection, message: PostedMessage, in_order: bool) -> Before | None:
        """What stood when the message's turn came; None when it is answered, or another worker's."""
        if not outbox.is_to_answer(conn, message.id, self._core.lead.worker):
            return None
        # In one process the turns alone keep the order.
        if in_order and self._core.store.database.shared and outbox.has_earlier(conn, message):
            raise TooEarly
        short = len(message.text) <= 2 * LONGEST  # the words may have a mention before them
        return Before(load_memory(conn, message), open_runs(conn, message) if short else None)

    async def _answer_now(self, message: PostedMessage, answer: dict[str, str] | None, before: Before) -> None:
        try:
            await self._reply(message, answer, before)
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
            with self._core.activity.working():
                for number in busy.runs:
                    await self._core.bells.ended(number)
            self.begin(message, answer)

        card = being_stopped(busy)
        await self._core.store.write(lambda conn: outbox.put_note(conn, message, card, self._core.clock.now()))
        self._spawn(then())

    # -- what ----------------------------------------------------------------------------------------

    async def _reply(self, message: PostedMessage, answer: dict[str, str] | None, before: Before) -> None:
        memory = before.memory
        said_at = self.people_clock.now()
        if answer is None and await self._judged(message, memory):
            return
        catalogue = await self._catalogue.read()
        if before.runs is not None:
            catalogue = catalogue.model_copy(update={"open_runs": before.runs})
        decision = await self.router.decide(
            message.text, memory, catalogue, answer=answer, said_at=said_at, channel=message.conversation
        )
        if isinstance(decision, Command):
            spec = self._core.playbooks.get(decision.playbook).spec()
            decision = said_back(decision, spec, memory, answer, self._core.clock.now(), self._core.time_zone)
        kept = self.router.remember(memory, decision, catalogue, said_at)

        def learn(conn: sa.Connection) -> None:
            if answer is None:
                self._learning.observe(conn, message, memory, decision, said_at)

        back = await take_back(self._core, self._controls, message.actor, decision)
        if isinstance(decision, Command):
            await self._obey(message, decision, kept, learn, back)
            return
        card = told.card_of(decision)
        for line in filter(None, (back, *self._catalogue.problems().values())):
            card = told.with_line(card, line)

        def also(conn: sa.Connection) -> None:
            learn(conn)
            self._note(conn, message, decision)
            save_memory(conn, message, kept)

        await self._put(message, card, also)

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
        service, done = service_said(command.inputs), await self._obeying.obey(message, command, memory)

        def also(conn: sa.Connection) -> None:
            learn(conn)
            if service is not None:
                follow(conn, message.conversation, service, self._core)
            save_memory(conn, message, done.memory)
            for number, card in enumerate(done.beside, start=1):
                outbox.put_card(
                    conn,
                    f"c-{message.id}-b{number}",
                    card,
                    conversation=message.conversation,
                    thread=message.thread,
                    reply_to=message.id,
                    now=self._core.clock.now(),
                )

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
            if not answered and not outbox.is_to_answer(conn, message.id, self._core.lead.worker):
                return
            if card is not None:
                outbox.put_card(
                    conn,
                    card_id or f"c-{message.id}",
                    card,
                    conversation=message.conversation,
                    thread=message.thread,
                    reply_to=message.id,
                    now=self._core.clock.now(),
                )
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
