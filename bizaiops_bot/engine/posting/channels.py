"""One channel of a chat platform: what waits to be shown there, and in which order it goes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bizaiops_bot.ports.chat_platform import ChatPlatform


@dataclass(frozen=True)
class Item:
    """A card that waits; its content is read when its turn comes, so versions in between are never sent.

    settled: a call of unknown outcome has had its time, so reading back tells. absent: it was read back, and not there.
    """

    card: str
    born: int
    posted: bool
    settled: bool = False
    absent: bool = False


class Channel:
    """Not before `free_at` (seconds of the poster's clock) may it be called again."""

    def __init__(self, platform: ChatPlatform, conversation: str) -> None:
        self.platform, self.conversation = platform, conversation
        self.name = conversation.removeprefix(platform.prefix)
        self.waiting: dict[str, Item] = {}
        self.free_at = 0.0
        self.failures = 0
        self.calling = False
        self.task: asyncio.Task[None] | None = None

    def add(self, item: Item) -> None:
        """What is known of a card that waits already is kept."""
        known = self.waiting.get(item.card)
        if known is None or not known.settled:
            self.waiting[item.card] = item

    def take(self) -> Item:
        """Posts first, in the order the cards were made; then edits, the oldest card first."""
        item = min(self.waiting.values(), key=lambda waiting: (waiting.posted, waiting.born))
        return self.waiting.pop(item.card)

    def rest_until(self, when: float) -> None:
        self.free_at = max(self.free_at, when)

    def answered(self, free_at: float) -> None:
        """The platform has spoken: it works."""
        self.failures = 0
        self.rest_until(free_at)
