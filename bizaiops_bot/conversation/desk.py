"""Where every surface brings words and clicks, and takes messages and cards: the same for console, terminal, Slack,
Teams.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from bizaiops_bot.bot_api.reads import Reads
from bizaiops_bot.domain.feedback import FeedbackAnswer, Verdict
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.posts import ClickAnswer, PostedCard, PostedMessage
from bizaiops_bot.domain.routing import Catalogue


class Desk(Protocol):
    """The conversation as a surface sees it."""

    home: str

    @property
    def reads(self) -> Reads:
        """What the bot knows, for pages and programs that look."""

    def people(self) -> list[Actor]: ...

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
        """Stores the message durably and answers at once; the bot's reply comes as a card with reply_to = message id.

        event_id: the sender's own; the same one twice by the same person in a conversation is one message.
        platform_event, platform_thread: only from a surface that has checked the platform's signature: the platform's
        id of the event, known over all conversations, and of the thread. Raises BadInput for an unknown person or
        unusable text.
        """

    async def click(
        self, actor: str, card: str, button: str, *, reason: str = "", event_id: str | None = None
    ) -> ClickAnswer:
        """Carries out a button, or says why not: unknown, superseded, not allowed, too late.

        reason: for a decision. The same event_id is answered as before, and nothing happens twice.
        """

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
        """As Controls.decide_words: for a program that has no card to click on."""

    async def feedback(
        self, actor: str, card: str, verdict: Verdict, event_id: str | None = None, *, meant: str = ""
    ) -> FeedbackAnswer:
        """Keeps whether an answer (`PostedCard.is_answer`) was right, for review: one vote a person and card.

        meant: after a bad vote, the playbook of one of the offered requests, or "something else"; what only reads is
        said for the person. Raises NotFound, BadInput.
        """

    async def votes(self, actor: str, conversation: str) -> dict[str, Verdict]:
        """{id of the message a card answers: the person's vote}."""

    async def catalogue(self) -> Catalogue:
        """The names that exist right now."""

    async def cards(self, conversation: str, *, after: int = 0, limit: int = 200) -> list[PostedCard]:
        """The newest version of every card with a seq above `after`, by seq."""

    async def card(self, card: str) -> PostedCard | None:
        """The newest version of one card; None for what is not kept."""

    async def card_at(self, conversation: str, ref: str) -> PostedCard | None:
        """The card that a chat platform shows in the conversation as its message `ref`."""

    async def messages(self, conversation: str, *, after: int = 0, limit: int = 200) -> list[PostedMessage]: ...

    async def conversations(self) -> list[str]: ...

    def events(self, conversation: str | None, *, after: int | None = 0) -> AsyncIterator[PostedCard | PostedMessage]:
        """Everything with a seq above `after`, then live, without end; None listens to all conversations.

        after: None begins with what comes from now on.
        """
