"""What stands in a conversation: messages people wrote and cards the bot posted or edited in place."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from urllib.parse import quote

from bizaiops_bot.domain.cards import Block, Card, File, Links
from bizaiops_bot.domain.values import Value

FEEDBACK_CARD = "f-"
"""How the ids of cards begin that answer what people say of the bot's answers: those are not judged themselves."""


class PostedButton(Value):
    """A button as outsiders see it; what it stands for stays on the server."""

    id: str
    label: str
    style: Literal["primary", "danger", "default"] = "default"
    confirm: str = ""
    ask: str = ""


class PostedCard(Value):
    """One version of a card. An edit keeps `id`, raises `version` and gets a new, higher `seq`."""

    seq: int
    id: str
    version: int
    conversation: str
    thread: str
    reply_to: str | None
    at: datetime
    card: Card
    buttons: tuple[PostedButton, ...]
    asked_by: str | None = None
    """Whose message it answers, so that a refusal can be shown to them alone. Known to chat platforms only."""

    @property
    def blocks(self) -> tuple[Block, ...]:
        return self.card.blocks

    @property
    def is_answer(self) -> bool:
        """Whether it answers someone's words, so that people can say if those were understood; a run's card and an
        alert do not.
        """
        return self.reply_to is not None and self.card.run_id is None and not self.id.startswith(FEEDBACK_CARD)


def reachable(posted: PostedCard, site: str) -> PostedCard:
    """With the full addresses of its links and files, for a chat outside.

    site: the console's; "" leaves all as it is.
    """
    if not site or not any(isinstance(block, Links | File) for block in posted.blocks):
        return posted
    blocks: list[Block] = []
    files = 0
    for block in posted.blocks:
        if isinstance(block, Links):
            block = block.model_copy(update={"site": site})  # noqa: PLW2901
        elif isinstance(block, File):
            block = block.model_copy(update={"at": site + file_path(posted, files)})  # noqa: PLW2901
            files += 1
        blocks.append(block)
    return posted.model_copy(update={"card": posted.card.model_copy(update={"blocks": tuple(blocks)})})


def file_path(posted: PostedCard, index: int) -> str:
    """Where the console serves the `index`-th file of a card."""
    where = f"c={quote(posted.conversation, safe='')}&seq={posted.seq}"
    return f"/files/{quote(posted.id, safe='')}/{index}?{where}"


class PostedMessage(Value):
    """What someone wrote; `thread` is the id of the message or card that began the thread (its own id for a first
    one).
    """

    seq: int
    id: str
    conversation: str
    thread: str
    actor: str
    text: str
    at: datetime


class ClickAnswer(Value):
    """What the person who clicked is told, within a second, always."""

    accepted: bool
    message: str
