"""The port Models over what was read at the start, from the company's files or from the system that serves them."""

from __future__ import annotations

from collections.abc import Iterable

from bizaiops_bot.domain.models import ModelSpec


class KnownModels:
    """Implements ports.Models. `specs` are all of them, in the order in which they are told."""

    def __init__(self, specs: Iterable[ModelSpec]) -> None:
        self._specs = tuple(specs)

    def replace(self, specs: Iterable[ModelSpec]) -> None:
        """From now on these are all of them."""
        self._specs = tuple(specs)

    async def specs(self) -> list[ModelSpec]:
        return list(self._specs)
