"""How long the bot waits for a system outside: one that hangs, or breaks as nobody foresaw, stops nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from bizaiops_bot.domain.errors import BotError, Permanent, Temporary
from bizaiops_bot.engine.context.core import log

T = TypeVar("T")


class Late(Temporary):
    """There was no answer in time."""


async def within(seconds: float, asked: Awaitable[T]) -> T:
    """What is answered within so many seconds of the machine's time.

    Raises Late when that is over, and Permanent for what is no error of ours, which is in the log then.
    """
    try:
        async with asyncio.timeout(seconds) as limit:
            return await asked
    except BotError:
        raise
    except Exception as exc:
        if limit.expired():
            raise Late(f"No answer within {seconds:g} s.") from None
        log.exception("a system outside broke")
        raise Permanent(f"{type(exc).__name__}. The log has it.") from exc
