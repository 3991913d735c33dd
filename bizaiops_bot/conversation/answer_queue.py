"""What is said is stored before what was said is answered: a burst is acknowledged at once, then worked off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from bizaiops_bot.domain.errors import Temporary

AT_ONCE = 16
ALONE_WITHIN_S = 30.0
LONGEST_S = 2.0
"""However many messages come, an answer is never held back longer than this for their sake."""


class AnswerQueue:
    """A few answers are made at a time, and none begins while messages wait to be stored."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._one_alone = asyncio.Lock()
        self._taking = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    @contextmanager
    def taking(self) -> Iterator[None]:
        """While a message is stored; its sender waits."""
        self._taking += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._taking -= 1
            if not self._taking:
                self._quiet.set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Enters when no answer is being made; none begins within.

        Raises Temporary when those that are being made take too long.
        """
        async with self._one_alone:
            taken = 0
            try:
                try:
                    async with asyncio.timeout(ALONE_WITHIN_S):
                        while taken < AT_ONCE:
                            await self._slots.acquire()
                            taken += 1
                except TimeoutError as exc:
                    what = f"Messages were being answered for {ALONE_WITHIN_S:g} s, so nothing was changed."
                    raise Temporary(what, do="Try it again.") from exc
                yield
            finally:
                for _ in range(taken):
                    self._slots.release()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Enters when an answer may be made."""
        async with self._slots:
            until = time.monotonic() + LONGEST_S
            while self._taking and (left := until - time.monotonic()) > 0:
                try:
                    await asyncio.wait_for(self._quiet.wait(), left)
                except TimeoutError:
                    break
            yield
