"""How the engine's loops wait: for a time, for news, and for what another worker has added without ringing here."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from bizaiops_bot.engine.context.core import Core

LOOK_S = 1.0
_FAR = timedelta(days=1)


async def rest(core: Core, until: datetime | None, changed: asyncio.Event) -> None:
    """Until that time of the bot's clock, or `changed`; no longer than `LOOK_S` where other workers share the store."""
    patience = LOOK_S if core.store.database.shared else None
    timer = asyncio.ensure_future(core.clock.sleep_until(until or core.clock.now() + _FAR))
    news = asyncio.ensure_future(changed.wait())
    try:
        await asyncio.wait({timer, news}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
    finally:
        timer.cancel()
        news.cancel()
        await asyncio.gather(timer, news, return_exceptions=True)
