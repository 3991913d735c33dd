"""Keeps what people say about the bot's answers, as examples for review. Nothing here teaches the router anything."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bizaiops_bot.conversation import corrections
from bizaiops_bot.conversation.catalogue import CatalogueReader
from bizaiops_bot.domain.cards import Button, Card
from bizaiops_bot.domain.errors import BadInput, NotFound
from bizaiops_bot.domain.feedback import ELSE, Decided, Example, FeedbackAnswer, Meant, Source, Verdict
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.posts import ClickAnswer, PostedCard, PostedMessage
from bizaiops_bot.domain.records import FINISHED
from bizaiops_bot.domain.routing import Choice, Decision, Memory
from bizaiops_bot.engine.audit import examples
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.ports.clock import Clock
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.marking import marked
from bizaiops_bot.router.router import Router

Say = Callable[[Actor, PostedMessage, Choice], Awaitable[object]]
"""Says a choice's words for a person, under the message they were meant with."""
TOLD: dict[Verdict, str] = {
    "good": "Thanks, kept for review.",
    "bad": "Thanks, kept for review. What did you mean?",
    "none": "Taken back.",
}
SORRY = "Sorry. What did you mean?"


@dataclass(frozen=True)
class Judged:
    """A message whose answer is judged."""

    message: PostedMessage
    decided: Decided

    @property
    def text(self) -> str:
        """The words as they were understood: without quotes and addresses where the router has cut them."""
        return str(self.decided.heard.get("text") or self.message.text)


class Learning:
    """Votes, what was meant, and corrections. people_clock: real time, as the threads' memories have it."""

    def __init__(self, core: Core, router: Router, catalogue: CatalogueReader, people_clock: Clock, say: Say) -> None:
        self._core, self._router, self._catalogue = core, router, catalogue
        self._people_clock, self._say = people_clock, say

    # -- votes -------------------------------------------------------------------------------------

    async def judge(
        self, person: Actor, card: str, verdict: Verdict, *, meant: str = "", event_id: str | None = None
    ) -> FeedbackAnswer:
        """One vote a person and card: a later one takes its place. Raises NotFound, BadInput for what is no answer.

        meant: after a bad vote, the playbook that was meant, or ELSE. The same event_id is answered as before.
        """
        event = None if event_id is None else json.dumps(["feedback", person.id, event_id])
        known = await self._core.store.read(lambda conn: _answered(conn, event))
        if known is not None:
            return known
        judged = await self._core.store.read(lambda conn: _about_card(conn, card))
        if meant:
            return await self.was_meant(person, judged, meant, event)
        answer = FeedbackAnswer(accepted=True, message=TOLD[verdict], verdict=verdict)
        if verdict == "bad":
            offered = await self._offered(judged)
            answer = answer.model_copy(update={"meant": _to_choose(offered)})

        def work(conn: sa.Connection) -> FeedbackAnswer:
            self._vote(conn, person.id, judged, verdict)
            return _keep(conn, event, answer, self._core.clock.now())

        return await self._core.store.write(work)

    async def was_meant(self, person: Actor, judged: Judged, meant: str, event: str | None = None) -> FeedbackAnswer:
        """Notes what the misunderstood words meant. What only reads is done at once; a change has to be said."""
        if meant != ELSE:
            self._core.playbooks.get(meant)
        offered = await self._offered(judged)
        choice = next((one for one in offered if one.bind["playbook"] == meant), None)
        reads = choice is not None and self._core.playbooks.get(meant).risk == "read"
        told = "Thanks, kept for review."
        if choice is not None:
            told += f" Said for you: {choice.command}" if reads else f" Say `{choice.command}` to have it done."
        answer = FeedbackAnswer(accepted=True, message=told, verdict="bad")

        def work(conn: sa.Connection) -> bool:
            if _answered(conn, event) is not None:
                return False
            self._record(conn, person.id, judged, "bad", "" if meant == ELSE else meant)
            self._core.note(conn, person.id, "feedback", judged.message.id, verdict="bad", meant=meant)
            _keep(conn, event, answer, self._core.clock.now())
            return True

        if await self._core.store.write(work) and reads and choice is not None:
            await self._say(person, judged.message, choice)
        return answer

    async def click(self, person: Actor, message: str, meant: str) -> ClickAnswer:
        """A button of `reply` was pressed."""
        judged = await self._core.store.read(lambda conn: _about(conn, message))
        answer = await self.was_meant(person, judged, meant)
        return ClickAnswer(accepted=answer.accepted, message=answer.message)

    async def votes(self, person: str, conversation: str) -> dict[str, Verdict]:
        """{message: the person's vote on its answer}."""
        return await self._core.store.read(lambda conn: examples.votes(conn, person, conversation))

    # -- votes in words ----------------------------------------------------------------------------

    async def reply(
        self, message: PostedMessage, verdict: Verdict
    ) -> tuple[Card, Callable[[sa.Connection], None]] | None:
        """The answer to "that was wrong", and what to write with it; None when nothing was answered before."""
        judged = await self._core.store.read(lambda conn: _before(conn, message))
        if judged is None:
            return None
        run = await self._core.store.read(lambda conn: _run_of(conn, judged.message.id))
        card = Card(title=TOLD["good"], tone="muted", summary=TOLD["good"])
        if verdict == "bad":
            more = f" Run {run} goes on; say `cancel run {run}` to stop it." if run else ""
            said = f"{SORRY}{more}"
            card = Card(title=said, tone="muted", buttons=_buttons(judged, await self._offered(judged)), summary=said)
        return card, lambda conn: self._vote(conn, message.actor, judged, verdict)

    # -- corrections -------------------------------------------------------------------------------

    def observe(
        self, conn: sa.Connection, message: PostedMessage, memory: Memory | None, decision: Decision, said_at: datetime
    ) -> None:
        """Keeps what the message says about the one before, in the transaction of its answer."""
        found = corrections.observed(conn, message, memory, decision, said_at)
        if found is not None:
            self._keep_found(conn, message.actor, found)

    async def cancelled(self, person: Actor, run: int) -> None:
        """A run's Cancel was clicked."""

        def work(conn: sa.Connection) -> None:
            found = corrections.cancelled(conn, run, person.id, self._people_clock.now())
            if found is not None:
                self._keep_found(conn, person.id, found)

        await self._core.store.write(work)

    def _keep_found(self, conn: sa.Connection, person: str, found: corrections.Correction) -> None:
        example = self._example(found.message, person, found.text, found.decided, found.source, found.label)
        self._keep_correction(conn, example)

    def chosen(self, conn: sa.Connection, person: Actor, posted: PostedCard, button: Button) -> None:
        """A button of a card was clicked: one of "Did you mean…" says what the question's words meant."""
        if posted.reply_to is None or "playbook" not in button.bind:
            return
        decided = examples.decided(conn, posted.reply_to)
        if decided.kind != "question" or button.bind["playbook"] not in decided.offered or "text" not in decided.heard:
            return
        text, label = str(decided.heard["text"]), button.bind["playbook"]
        self._keep_correction(conn, self._example(posted.reply_to, person.id, text, decided, "choice", label))

    def _keep_correction(self, conn: sa.Connection, example: Example) -> None:
        number = examples.keep(conn, example)
        self._core.note(
            conn,
            example.who,
            "example",
            example.message,
            number=number,
            source=example.source,
            label=example.label,
            guess=example.decided.guess,
        )

    # -- parts -------------------------------------------------------------------------------------

    def _vote(self, conn: sa.Connection, person: str, judged: Judged, verdict: Verdict) -> None:
        before = examples.vote(conn, judged.message.id, person)
        if verdict == (before.source if before else "none"):
            return
        if verdict == "none":
            examples.take_back(conn, judged.message.id, person)
        else:
            self._record(conn, person, judged, verdict, _implied(judged.decided) if verdict == "good" else "")
        self._core.note(conn, person, "feedback", judged.message.id, verdict=verdict)

    def _record(self, conn: sa.Connection, person: str, judged: Judged, source: Source, label: str) -> None:
        decided = judged.decided
        examples.keep(conn, self._example(judged.message.id, person, judged.text, decided, source, label))

    def _example(self, message: str, person: str, text: str, decided: Decided, source: Source, label: str) -> Example:
        names = self._catalogue.last
        shape = marked(Hearing(text, names)) if names is not None else text.lower()
        return Example(
            at=self._core.clock.now(),
            message=message,
            who=person,
            source=source,
            text=text,
            shape=shape,
            decided=decided,
            label=label,
        )

    async def _offered(self, judged: Judged) -> tuple[Choice, ...]:
        wrong = {judged.decided.playbook, *judged.decided.offered}
        return self._router.likely(judged.text, await self._catalogue.read(), beside=wrong)


def _to_choose(offered: tuple[Choice, ...]) -> tuple[Meant, ...]:
    return (*(Meant(playbook=c.bind["playbook"], label=c.label) for c in offered), Meant(playbook=ELSE, label=ELSE))


def _buttons(judged: Judged, offered: tuple[Choice, ...]) -> tuple[Button, ...]:
    bind = {"do": "meant", "message": judged.message.id}
    return tuple(
        Button(label=one.label, command=one.label, bind={**bind, "meant": one.playbook}) for one in _to_choose(offered)
    )


def _implied(decided: Decided) -> str:
    """What a good answer says of the words: they meant what was done, or nothing that the bot does."""
    return "none" if decided.kind == "refusal" else decided.playbook


def _about_card(conn: sa.Connection, card: str) -> Judged:
    posted, _ = outbox.find_button(conn, card, "")
    if posted is None:
        raise NotFound("card", card[:60], [])
    if not posted.is_answer or posted.reply_to is None:
        raise BadInput("That card answers nobody's words.", do="Judge an answer of the bot.")
    return _about(conn, posted.reply_to)


def _about(conn: sa.Connection, message: str) -> Judged:
    row = conn.execute(sa.select(t.messages).where(t.messages.c.id == message)).mappings().first()
    if row is None:
        raise BadInput("What was said there is not kept any more.", do="Judge a newer answer.")
    return Judged(corrections.message_of(row), examples.decided(conn, message))


def _before(conn: sa.Connection, message: PostedMessage) -> Judged | None:
    """The newest message before, that was answered with something that had to be understood."""
    for said in corrections.earlier(conn, message):
        decided = examples.decided(conn, said.id)
        if decided.kind:
            return Judged(said, decided)
    return None


def _run_of(conn: sa.Connection, message: str) -> int | None:
    """The run that the message began, while it has not ended."""
    query = sa.select(t.runs.c.id).where(t.runs.c.message == message, t.runs.c.status.not_in(FINISHED))
    return conn.execute(query).scalar()


def _answered(conn: sa.Connection, event: str | None) -> FeedbackAnswer | None:
    if event is None:
        return None
    body = conn.execute(sa.select(t.inbox.c.answer).where(t.inbox.c.event == event)).scalar()
    return None if body is None else FeedbackAnswer.model_validate_json(body)


def _keep(conn: sa.Connection, event: str | None, answer: FeedbackAnswer, now: datetime) -> FeedbackAnswer:
    """The answer that the event has: this one, or the one that came first."""
    if event is None:
        return answer
    known = _answered(conn, event)
    if known is None:
        conn.execute(sa.insert(t.inbox).values(event=event, at=t.iso(now), answer=answer.model_dump_json()))
    return known or answer
