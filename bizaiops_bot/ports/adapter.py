"""What every adapter has, whichever port it serves."""

from __future__ import annotations

from typing import Protocol

from bizaiops_bot.domain.readiness import Readiness


class Adapter(Protocol):
    """One outside system behind a port."""

    async def ready(self) -> Readiness:
        """Whether it could serve a request now, asked of the system itself.

        Nothing is changed or made there: what will be made at its first use is ready. Raises BotError when the system
        is away, as the port's other calls do.
        """
