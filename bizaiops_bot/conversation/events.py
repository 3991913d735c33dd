"""What came in from chat platforms, kept in the bot's database."""

from __future__ import annotations

from bizaiops_bot.domain.identity import PlatformName
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.store import inbox


class EngineEvents:
    """Implements lobby.Events. Events that come at the same time share one commit."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def take(self, event: str, platform: PlatformName, body: str) -> bool:
        core, now = self._core, self._core.clock.now()
        return await core.store.write(lambda conn: inbox.take(conn, event, platform, body, core.lead.worker, now))

    async def end(self, event: str) -> None:
        await self._core.store.write(lambda conn: inbox.end(conn, event))

    async def left(self, platform: PlatformName) -> list[tuple[str, str]]:
        core = self._core
        return await core.store.write(lambda conn: inbox.claim_left(conn, platform, core.lead.worker))
