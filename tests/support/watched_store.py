"""The store as tests on a virtual clock need it: time moves on only when nobody has anything to do in it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.engine.store.store import Store

CALM = 20  # turns of the loop: what a finished read or write sets off has begun its next one by then


class WatchedStore:
    """A store that knows whether it is at work; everything else is the store's own."""

    def __init__(self, store: Store) -> None:
        self.store, self.at_work = store, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    async def write(self, work: Callable[[sa.Connection], Any]) -> Any:
        return await self._watched(self.store.write(work))

    async def read(self, work: Callable[[sa.Connection], Any]) -> Any:
        return await self._watched(self.store.read(work))

    async def rested(self) -> None:
        """Returns once nobody has had anything to do in the store for some turns of the loop."""
        calm = 0
        while calm < CALM:
            calm = 0 if self.at_work else calm + 1
            await asyncio.sleep(0.0005 if self.at_work else 0)

    async def _watched(self, doing: Awaitable[Any]) -> Any:
        self.at_work += 1
        try:
            return await doing
        finally:
            self.at_work -= 1
