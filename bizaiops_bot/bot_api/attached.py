"""What lives beside the bot and has work of its own: the embedded company, a reader of somebody's events."""

from __future__ import annotations

from typing import Protocol

from bizaiops_bot.bot_api.reach import Ports


class Attached(Protocol):
    """An adapter makes itself known by `Context.attach`; the bot runs it among its loops.

    name: as /readyz and the log call it ("the embedded company"). alone: two bots on one store must not both have it,
    so that a second one does not start.
    """

    @property
    def name(self) -> str: ...

    @property
    def alone(self) -> bool: ...

    async def run(self, ports: Ports) -> None:
        """Works until it is cancelled, and may ask the bot by `ports`. An error ends it: the bot is not ready then."""

    def exposition(self) -> str:
        """Its numbers in the Prometheus text format; empty when it has none."""
