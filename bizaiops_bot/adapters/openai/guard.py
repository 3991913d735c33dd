"""What stands around every call to the model: the time limit, the budgets, the breaker, and the counting."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bizaiops_bot.adapters.openai.breaker import Breaker
from bizaiops_bot.adapters.openai.failures import BadAnswer, Busy, Failure, Refused, Unfit
from bizaiops_bot.adapters.openai.meter import Meter
from bizaiops_bot.adapters.openai.said import Tally
from bizaiops_bot.adapters.openai.settings import OpenAiSettings

T = TypeVar("T")
log = logging.getLogger("bizaiops.language")

MOST_AT_ONCE = 8
"""Half of the answers that the desk makes at a time: a slow model must not keep people from plain commands."""
_LIMIT_S = 7.8
"""Within the router's eight seconds, so that a slow call ends here, where it is counted."""


class NotReady(Exception):
    """It is not known yet how to ask the server, or nobody may: nothing was sent."""


class Guard:
    """Gives the outcome of work in a word or two, and its value when it has one; never raises but when called off."""

    def __init__(self, settings: OpenAiSettings, meter: Meter, breaker: Breaker, doubt: Callable[[], None]) -> None:
        """doubt: called when the server no longer takes what it took."""
        self.limit_s = min(settings.timeout_s, _LIMIT_S)
        self.meter, self.breaker, self._doubt = meter, breaker, doubt
        self._at_once = 0
        self._later: set[asyncio.Task[float]] = set()

    async def run(
        self, ready: Callable[[], Awaitable[None]], work: Callable[[], Awaitable[T]], channel: str, tally: Tally
    ) -> tuple[T | None, str]:
        """ready: waits for what `work` needs, or raises NotReady. work: may raise Failure; counts with `count`."""
        if self._at_once >= MOST_AT_ONCE:
            return None, "crowded"
        self._at_once += 1
        try:
            return await self._run(ready, work, channel, tally)
        finally:
            self._at_once -= 1

    async def _run(
        self, ready: Callable[[], Awaitable[None]], work: Callable[[], Awaitable[T]], channel: str, tally: Tally
    ) -> tuple[T | None, str]:
        trying = False
        try:
            async with asyncio.timeout(self.limit_s):
                await ready()
                if over := await self.meter.over_budget(channel):
                    return None, f"over budget ({over})"
                if not (trying := self.breaker.lets_through()):
                    return None, "resting"
                value = await work()
        except NotReady:
            return None, "not ready"
        except TimeoutError:
            self._given_up(channel, tally)
            if trying:
                self.breaker.failed()
            return None, "too slow"
        except Failure as failure:
            self._learn_from(failure)
            return None, failure.name
        except BaseException:
            self._given_up(channel, tally)
            if trying:
                self.breaker.untold()
            raise
        self.breaker.succeeded()
        return value, "ok"

    async def count(self, channel: str, tally: Tally, tokens_in: int, tokens_out: int, *, estimated: bool) -> None:
        """A call has ended that used this up."""
        tally.in_flight = 0
        tally.tokens_in += tokens_in
        tally.tokens_out += tokens_out
        tally.estimated = tally.estimated or estimated
        tally.usd += await self.meter.count(channel, tokens_in, tokens_out)

    async def counted(self) -> None:
        """Until what was given up is written down."""
        await asyncio.gather(*self._later, return_exceptions=True)

    def _given_up(self, channel: str, tally: Tally) -> None:
        """A call that was left is charged all the same; for how much, only the server knows."""
        if tally.in_flight:
            tally.tokens_in += tally.in_flight
            tally.estimated = True
            task = asyncio.create_task(self.meter.count(channel, tally.in_flight, 0))
            self._later.add(task)
            task.add_done_callback(self._later.discard)
            tally.in_flight = 0

    def _learn_from(self, failure: Failure) -> None:
        said = "garbage" if isinstance(failure, BadAnswer) else str(failure)
        log.warning("no answer from the language model: %s", said)
        if isinstance(failure, Refused):
            self.breaker.succeeded()
            return
        self.breaker.failed(failure.after_s if isinstance(failure, Busy) else None)
        if isinstance(failure, Unfit | BadAnswer):
            self._doubt()
