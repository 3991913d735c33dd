"""Which models the company has."""

from __future__ import annotations

from typing import Protocol

from bizaiops_bot.domain.models import ModelSpec


class Models(Protocol):
    """The catalogue of models: what each is called, whose it is, and how it is judged."""

    async def specs(self) -> list[ModelSpec]:
        """Every model, always in the same order, each name once. Answers at once: nothing outside is asked."""
