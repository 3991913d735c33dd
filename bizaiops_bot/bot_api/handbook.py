"""The bot's own documentation."""

from __future__ import annotations

from typing import Protocol

from bizaiops_bot.domain.handbook import Found, Passage


class Handbook(Protocol):
    """The bot's own documentation. What it returns is shown and never heard: no order comes of it."""

    async def look_up(self, question: str) -> Found:
        """The passages nearest to a question, nearest first."""

    async def passage(self, name: str) -> Passage:
        """The passage of this name, in any case. Raises NotFound with those that are near."""
