"""The past of the registry: what the embedded company serves from its first day on was registered before the bot came.

It is written in the background, as opening a registry takes seconds, and only by the company into a registry of its
own: nothing is ever registered elsewhere because a bot was started.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Protocol

from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.models import ModelVersion, Package
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.ports.model_registry import ModelRegistry
from bizaiops_bot.ports.serving import ServedModels

LONGEST_S = 30.0
log = logging.getLogger("bizaiops")


class Packaged(Protocol):
    """Who has the first versions."""

    async def package(self, model: str, version: str) -> Package:
        """What of it is to be registered."""


class FilledRegistry:
    """Implements ports.ModelRegistry over `inner`: who reads a model's versions while its first one is on the way waits
    for that, at most 30 s of the machine's time, so that no plan is made of a registry that is about to change.
    """

    def __init__(self, inner: ModelRegistry, models: Iterable[str]) -> None:
        self.inner = inner
        self._filling = {model: asyncio.Event() for model in models}

    async def fill(self, packaged: Packaged, serving: ServedModels, first: str) -> None:
        """Registers version `first` of each model as its champion, unless another one serves or is champion already."""
        await asyncio.gather(*(self._fill(model, packaged, serving, first) for model in self._filling))

    async def _fill(self, model: str, packaged: Packaged, serving: ServedModels, first: str) -> None:
        try:
            service = next(known for known in await serving.services() if known.model == model)
            if (await serving.traffic(service)).stable == first:
                await self._register(packaged, model, first)
        except BotError as exc:
            log.error("%s %s is not in the registry: %s", model, first, exc)
        except Exception:
            log.exception("%s %s is not in the registry", model, first)
        finally:
            self._filling[model].set()

    async def _register(self, packaged: Packaged, model: str, first: str) -> None:
        """Looks before it acts, as a process may have been killed in the middle of it."""
        if any("champion" in known.aliases for known in await self.inner.versions(model)):
            return
        await self.inner.register(await packaged.package(model, first), key=f"setup/{model}")
        await self.inner.set_alias(model, "champion", first, key=f"setup/{model}/champion")

    async def ready(self) -> Readiness:
        return await self.inner.ready()

    async def versions(self, model: str) -> list[ModelVersion]:
        if (filled := self._filling.get(model)) is not None:
            try:
                async with asyncio.timeout(LONGEST_S):
                    await filled.wait()
            except TimeoutError:
                pass
        return await self.inner.versions(model)

    async def all_versions(self) -> dict[str, list[ModelVersion]]:
        return await self.inner.all_versions()

    async def version(self, model: str, version: str) -> ModelVersion:
        return await self.inner.version(model, version)

    async def register(self, package: Package, *, key: str) -> ModelVersion:
        return await self.inner.register(package, key=key)

    async def set_alias(self, model: str, alias: str, version: str, *, key: str) -> ModelVersion:
        return await self.inner.set_alias(model, alias, version, key=key)
