"""How what stands behind each port is: asked of all at once, of each in a time of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.engine.audit.redaction import redact
from bizaiops_bot.ports.adapter import Adapter
from bizaiops_bot.settings import PORTS, Settings

LIMIT_S = 5.0
FRESH_S = 15.0
LONGEST = 240
Ready = Callable[[], Awaitable[Readiness]]


def parts(settings: Settings, ports: Mapping[str, Adapter], language: Adapter | None) -> dict[str, Ready]:
    """What is asked of a bot: its ports to the outside, the cache and the language model, where there is one."""
    found: dict[str, Ready] = {name: ports[name].ready for name in PORTS}
    return found | {"cache": settings.cache.ready, "language": (language or settings.language).ready}


def line(part: str, found: Readiness) -> str:
    """For a terminal: "ok    registry       mlflow: ..., answers"."""
    return f"{'ok  ' if found.ok else 'FAIL'}  {part:<14} {found.says}{f'  -> {found.do}' if found.do else ''}"


class Checkup:
    """Of one bot, or of one `bizaiops doctor`."""

    def __init__(self, parts: Mapping[str, Ready], *, limit_s: float = LIMIT_S, fresh_s: float = FRESH_S) -> None:
        """parts: `ready` of each adapter, by the name that people are told. limit_s: for one answer."""
        self._parts, self._limit_s, self._fresh_s = parts, limit_s, fresh_s
        self._asked: dict[str, asyncio.Future[Readiness]] = {}
        self._known: dict[str, Readiness] = {}
        self._looking: asyncio.Task[dict[str, Readiness]] | None = None
        self._looked = float("-inf")

    def latest(self) -> dict[str, Readiness]:
        """What was found last, at once, as no probe of a platform may wait for a vendor; when it is old, asks anew."""
        idle = self._looking is None or self._looking.done()
        if idle and time.monotonic() - self._looked >= self._fresh_s:
            self._looking = asyncio.create_task(self.look(), name="checkup")
        return self._known

    async def look(self) -> dict[str, Readiness]:
        """Asks now. One that has not answered the time before is not asked a second time meanwhile."""
        self._looked = time.monotonic()
        found = await asyncio.gather(*(self._one(name, ready) for name, ready in self._parts.items()))
        self._known = dict(zip(self._parts, found, strict=True))
        return self._known

    async def stop(self) -> None:
        """Asks no more."""
        looking = [] if self._looking is None else [self._looking]
        tasks: list[asyncio.Future[Any]] = [*self._asked.values(), *looking]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self, name: str, ready: Ready) -> Readiness:
        if name not in self._asked or self._asked[name].done():
            self._asked[name] = asyncio.ensure_future(_in_words(ready))
        done, _ = await asyncio.wait({self._asked[name]}, timeout=self._limit_s)
        if done:
            return self._asked[name].result()
        return Readiness(ok=False, says=f"no answer in {self._limit_s:g} s", do="See whether its system is overloaded.")


async def _in_words(ready: Ready) -> Readiness:
    try:
        return await ready()
    except BotError as exc:
        return Readiness(ok=False, says=_short(f"{exc.what} {exc.why}"), do=exc.do)
    except Exception as exc:  # vendors' libraries have errors of their own
        return Readiness(ok=False, says=_short(f"{type(exc).__name__}: {exc}"))


def _short(words: str) -> str:
    words = redact(words).strip()
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}…"
