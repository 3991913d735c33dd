"""A conversation in memory, for tests of the surfaces: no engine, no router, no world behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import cast

from bizaiops_bot.bot_api.reads import Reads
from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.feedback import ELSE, FeedbackAnswer, Meant, Verdict
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.posts import ClickAnswer, PostedButton, PostedCard, PostedMessage
from bizaiops_bot.domain.routing import Catalogue
from bizaiops_bot.evaluation.company import COMPANY
from tests.support.fake_ports import (
    FakeClock,
    FakeControls,
    FakeDrift,
    FakeFaults,
    FakeMetrics,
    FakeModels,
    FakeRecords,
    FakeServing,
    FakeWarehouse,
)
from tests.support.sample_cards import reply_for, verdict_card

PEOPLE = [
    Actor(id="engineer", name="Erin Engineer", roles=("engineer",)),
    Actor(id="lead", name="Lee Lead", roles=("engineer", "approver")),
    Actor(id="analyst", name="Ana Analyst", roles=("analyst",)),
    Actor(id="sre", name="Sam Sre", roles=("sre", "approver")),
]


class FakeDesk:
    """Keeps every promise of Desk. Understands a few words (see reply_for); answers a click on any live button."""

    home = "ml-ops"

    def __init__(self) -> None:
        self.faults = FakeFaults()
        self.records = FakeRecords()
        self.controls = FakeControls()
        self.reads = cast(
            Reads,
            SimpleNamespace(
                clock=FakeClock(),
                models=FakeModels(),
                serving=FakeServing(),
                metrics=FakeMetrics(),
                drift=FakeDrift(),
                warehouse=FakeWarehouse(),
                records=self.records,
            ),
        )
        self.log: list[PostedCard | PostedMessage] = []
        self.by_event: dict[str, PostedMessage] = {}
        self.clicked: dict[str | None, ClickAnswer] = {}
        self.reasons: list[str] = []
        self.judged: dict[tuple[str, str], tuple[Verdict, str]] = {}
        self.shown_as: dict[tuple[str, str], str] = {}  # (conversation, the platform's id of a message) -> card
        self.changed = asyncio.Condition()
        self.silent = False

    def people(self) -> list[Actor]:
        return PEOPLE

    async def decide(self, actor: str, run: int, decision: str, **bound: object) -> str:
        return await self.controls.decide_words(run, decision, actor=actor, **bound)

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
        if actor not in {person.id for person in PEOPLE}:
            raise BadInput(f"There is no person {actor!r}.")
        if not text.strip():
            raise BadInput("The message is empty.", do="Say what you want, or `help`.")
        if event_id and event_id in self.by_event:
            return self.by_event[event_id]
        seq = len(self.log) + 1
        message = PostedMessage(
            seq=seq,
            id=f"m{seq}",
            conversation=conversation,
            thread=thread or f"m{seq}",
            actor=actor,
            text=text,
            at=self.reads.clock.now(),
        )
        if event_id:
            self.by_event[event_id] = message
        await self._add(message)
        if not self.silent:
            await self.answer(conversation, reply_for(text), reply_to=message)
        return message

    async def answer(
        self, conversation: str, card: Card, *, reply_to: PostedMessage | None = None, thread: str | None = None
    ) -> PostedCard:
        """Posts a card, as an answer, in a thread or at the beginning of one."""
        seq = len(self.log) + 1
        begin = thread or (reply_to.thread if reply_to else f"c{seq}")
        return await self._card(f"c{seq}", 1, conversation, begin, reply_to.id if reply_to else None, card)

    async def edit(self, card_id: str, card: Card) -> PostedCard:
        """The same card, one version on."""
        old = self._newest(card_id)
        assert old is not None
        return await self._card(card_id, old.version + 1, old.conversation, old.thread, old.reply_to, card)

    async def _card(
        self, card_id: str, version: int, conversation: str, thread: str, reply_to: str | None, card: Card
    ) -> PostedCard:
        buttons = tuple(
            PostedButton(id=f"{card_id}-{version}-{i}", label=b.label, style=b.style, confirm=b.confirm, ask=b.ask)
            for i, b in enumerate(card.buttons)
        )
        posted = PostedCard(
            seq=len(self.log) + 1,
            id=card_id,
            version=version,
            conversation=conversation,
            thread=thread,
            reply_to=reply_to,
            at=self.reads.clock.now(),
            card=card,
            buttons=buttons,
        )
        await self._add(posted)
        return posted

    async def _add(self, post: PostedCard | PostedMessage) -> None:
        async with self.changed:
            self.log.append(post)
            self.changed.notify_all()

    def _newest(self, card_id: str) -> PostedCard | None:
        return next((p for p in reversed(self.log) if isinstance(p, PostedCard) and p.id == card_id), None)

    async def click(
        self, actor: str, card: str, button: str, *, reason: str = "", event_id: str | None = None
    ) -> ClickAnswer:
        if event_id in self.clicked:
            return self.clicked[event_id]
        answer = await self._press(actor, card, button)
        if event_id is not None:
            self.clicked[event_id] = answer
        if answer.accepted:
            self.reasons.append(reason)
        return answer

    async def _press(self, actor: str, card: str, button: str) -> ClickAnswer:
        posted = self._newest(card)
        pressed = next((b for b in posted.buttons if b.id == button), None) if posted else None
        if posted is None or pressed is None:
            return ClickAnswer(
                accepted=False, message="This button is from an older version of the card. Use the newest one."
            )
        if pressed.label == "Approve" and actor == "engineer":
            return ClickAnswer(accepted=False, message="The requester cannot approve. lead and sre can.")
        if posted.card.run_id:
            await self.edit(card, verdict_card())
        return ClickAnswer(accepted=True, message=f"{pressed.label}: done.")

    async def feedback(
        self, actor: str, card: str, verdict: Verdict, event_id: str | None = None, *, meant: str = ""
    ) -> FeedbackAnswer:
        posted = self._newest(card)
        if posted is None or not posted.is_answer:
            raise BadInput("That card answers nobody's words.")
        self.judged[posted.reply_to or "", actor] = (verdict, meant)
        offered = (Meant(playbook="show_kpis", label="how did churn do"), Meant(playbook=ELSE, label=ELSE))
        told = "What did you mean?" if verdict == "bad" and not meant else "Thanks, kept for review."
        return FeedbackAnswer(
            accepted=True, message=told, verdict=verdict, meant=offered if verdict == "bad" and not meant else ()
        )

    async def votes(self, actor: str, conversation: str) -> dict[str, Verdict]:
        return {message: vote for (message, who), (vote, _) in self.judged.items() if who == actor}

    async def catalogue(self) -> Catalogue:
        return COMPANY

    async def cards(self, conversation: str, *, after: int = 0, limit: int = 200) -> list[PostedCard]:
        newest: dict[str, PostedCard] = {p.id: p for p in self.log if isinstance(p, PostedCard)}
        found = [p for p in newest.values() if p.conversation == conversation and p.seq > after]
        return sorted(found, key=lambda p: p.seq)[:limit]

    async def card(self, card: str) -> PostedCard | None:
        return self._newest(card)

    async def card_at(self, conversation: str, ref: str) -> PostedCard | None:
        found = self._newest(self.shown_as.get((conversation, ref), ""))
        return found if found and found.conversation == conversation else None

    async def messages(self, conversation: str, *, after: int = 0, limit: int = 200) -> list[PostedMessage]:
        found = [
            p for p in self.log if isinstance(p, PostedMessage) and p.conversation == conversation and p.seq > after
        ]
        return found[:limit]

    async def conversations(self) -> list[str]:
        return list(dict.fromkeys(post.conversation for post in self.log))

    async def events(
        self, conversation: str | None, *, after: int | None = 0
    ) -> AsyncIterator[PostedCard | PostedMessage]:
        seen = len(self.log) if after is None else after
        while True:
            async with self.changed:
                while len(self.log) <= seen:
                    await self.changed.wait()
                fresh = self.log[seen:]
            for post in fresh:
                seen = post.seq
                if conversation in (None, post.conversation):
                    yield post
