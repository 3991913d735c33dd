"""No language model: the router's local stages and templates do all the work. The default."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from bizaiops_bot.domain.readiness import Readiness


class NoLanguage(BaseModel):
    """Nothing leaves the machine and nothing costs money."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["none"] = Field(default="none", description="none: no language model is asked.")

    def open(self, book: object, folder: Path, time_zone: str) -> None:
        """There is none."""

    async def ready(self) -> Readiness:
        """As no server is needed."""
        return Readiness(ok=True, says="none: the local router and templates do all the work")
