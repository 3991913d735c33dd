"""Faults on purpose; only the embedded company has them."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Faults(Protocol):
    """Fault injection; only the embedded company has it."""

    async def kinds(self) -> list[str]: ...

    async def inject(self, model: str, fault: str) -> str:
        """Starts the fault, returns one sentence about it."""

    async def clear(self, model: str | None = None) -> list[str]:
        """Ends faults, returns the names of those ended."""

    async def active(self) -> list[tuple[str, str, datetime]]:
        """(model, fault, since)."""
