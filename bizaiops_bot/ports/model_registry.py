"""Which versions there are, and what they are called."""

from __future__ import annotations

from typing import Protocol

from bizaiops_bot.domain.models import ModelVersion, Package
from bizaiops_bot.ports.adapter import Adapter


class ModelRegistry(Adapter, Protocol):
    """Remembers every version, its metrics and the aliases `champion` and `previous`."""

    async def versions(self, model: str) -> list[ModelVersion]:
        """Oldest first, whoever registered them."""

    async def all_versions(self) -> dict[str, list[ModelVersion]]:
        """Of every model, as `versions` has them, in a few requests however many models there are. What is still being
        written is not waited for.
        """

    async def version(self, model: str, version: str) -> ModelVersion:
        """One version with all that is known of it, metrics that are kept elsewhere included. Raises NotFound."""

    async def register(self, package: Package, *, key: str) -> ModelVersion:
        """Adds the version, reads it back; the same digest under the same version is a no-op, another digest a
        Conflict.
        """

    async def set_alias(self, model: str, alias: str, version: str, *, key: str) -> ModelVersion: ...
