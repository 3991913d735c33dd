"""What serves already when the bot comes: noted once, so that history and rollback know it. Nothing is built for it."""

from __future__ import annotations

import asyncio
import logging

from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.watch.places import elsewhere

AT_ONCE = 8
LIMIT_S = 10.0
"""How long the start waits for the serving system."""
AGAIN_S = 30.0
log = logging.getLogger("bizaiops")


class FirstReleases:
    """Notes what serves without the bot having released it."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._free = asyncio.Semaphore(AT_ONCE)

    async def note(self) -> bool:
        """Whether all of it is noted; it takes no longer than a start may wait."""
        try:
            async with asyncio.timeout(LIMIT_S):
                models = await self._core.ports.models.specs()
                others = await elsewhere(self._core, models)
                return all(await asyncio.gather(*(self._note(model.name) for model in [*models, *others])))
        except TimeoutError:
            log.warning("what serves already is not noted yet: no answer in %g s", LIMIT_S)
            return False

    async def run(self) -> None:
        """Until all of it is noted."""
        while True:
            await asyncio.sleep(AGAIN_S)
            if await self.note():
                return

    async def _note(self, model: str) -> bool:
        """Of a service by its name."""
        ports = self._core.ports
        async with self._free:
            if await ports.records.releases(model, limit=1):
                return True
            try:
                stable = (await ports.serving.traffic(await ports.records.service(model))).stable_version
            except BotError as exc:
                log.warning("what serves %s is not noted yet: %s", model, exc)
                return False
            if stable is not None:
                await ports.controls.record_release(model, stable, None, "initial", run=None)
            return True
