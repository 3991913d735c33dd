"""Whether a message could be kept now: found out by keeping something, as nothing else tells it."""

from __future__ import annotations

import asyncio
import itertools
import time

import sqlalchemy as sa

from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.store import Store

FRESH_S = 1.0
PATIENCE_S = 2.0
SIZE = 16_384
"""As a long message with its cards takes: a disk may have room for a heartbeat and for nothing else."""
_FLAG = "probe"


class StoreProbe:
    """Asks the store by a write of a message's size, at most once a second however many ask."""

    def __init__(self, store: Store, *, fresh_s: float = FRESH_S) -> None:
        self._store, self._fresh_s = store, fresh_s
        self._lock = asyncio.Lock()
        self._asked, self._answer = float("-inf"), ""
        self._counted = itertools.count()
        self._write: asyncio.Future[None] | None = None

    async def problem(self) -> str:
        """Why nothing can be kept, such as "database or disk is full"; empty when it can."""
        async with self._lock:
            if time.monotonic() - self._asked >= self._fresh_s:
                self._answer = await self._ask()
                self._asked = time.monotonic()
            return self._answer

    async def _ask(self) -> str:
        # A write that hangs is waited for further, not followed by one more with every question.
        if self._write is None or self._write.done():
            self._write = asyncio.ensure_future(self._keep())
            self._write.add_done_callback(lambda write: write.cancelled() or write.exception())
        try:
            await asyncio.wait_for(asyncio.shield(self._write), PATIENCE_S)
        except TimeoutError:
            return f"the store has not answered for {PATIENCE_S:g} s"
        except BotError as exc:
            return f"{exc.what} {exc.why}"
        return ""

    async def _keep(self) -> None:
        value = f"{next(self._counted)} ".ljust(SIZE, ".")

        def work(conn: sa.Connection) -> None:
            if conn.execute(sa.update(t.flags).where(t.flags.c.name == _FLAG).values(value=value)).rowcount == 0:
                conn.execute(sa.insert(t.flags).values(name=_FLAG, value=value))

        await self._store.write(work)
