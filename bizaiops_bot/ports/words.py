"""Facts put into words."""

from __future__ import annotations

from typing import Protocol

from bizaiops_bot.domain.facts import Facts, Said, Task


class Words(Protocol):
    """Puts facts into words for people. What it returns is shown and never heard: no router sees it, no order comes of
    it. Nothing is raised: whatever fails, the facts' own words are said.
    """

    async def sentence(self, task: Task, facts: Facts, *, channel: str) -> Said:
        """At most `facts.sentences` sentences that claim nothing beyond the facts. channel: who pays for it."""

    async def investigate(self, model: str, facts: Facts, *, channel: str) -> Said:
        """Why the model is as it is. It may look again through ports that only read; `looks` has what it looked at."""
