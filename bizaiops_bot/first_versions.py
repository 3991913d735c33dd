"""The registry while what serves already is still being written into it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bizaiops_bot.domain.models import ModelVersion, Package
from bizaiops_bot.ports import ModelRegistry

LONGEST_S = 30.0


class FilledRegistry:
    """Implements ports.ModelRegistry over `inner`: who reads a model's versions while its first one is on the way waits
    for that, at most 30 s of the machine's time, so that no plan is made of a registry that is about to change.
    """

    def __init__(self, inner: ModelRegistry) -> None:
        self.inner = inner
        self._filling: dict[str, asyncio.Event] = {}

    @asynccontextmanager
    async def filling(self, model: str) -> AsyncIterator[ModelRegistry]:
        """While the first version of `model` is registered, through the registry that does not wait."""
        self.expect(model)
        try:
            yield self.inner
        finally:
            self._filling.pop(model).set()

    def expect(self, model: str) -> None:
        """From now on readers wait for `filling`."""
        self._filling.setdefault(model, asyncio.Event())

    async def versions(self, model: str) -> list[ModelVersion]:
        if (filled := self._filling.get(model)) is not None:
            try:
                async with asyncio.timeout(LONGEST_S):
                    await filled.wait()
            except TimeoutError:
                pass
        return await self.inner.versions(model)

    async def register(self, package: Package, *, key: str) -> ModelVersion:
        return await self.inner.register(package, key=key)

    async def set_alias(self, model: str, alias: str, version: str, *, key: str) -> ModelVersion:
        return await self.inner.set_alias(model, alias, version, key=key)
