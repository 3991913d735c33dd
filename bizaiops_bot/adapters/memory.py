"""No cache server: what is worth remembering for a while is remembered in the process."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from bizaiops_bot.domain.readiness import Readiness


class MemorySettings(BaseModel):
    """Nothing has to be set up. Workers on one PostgreSQL hear of each other's news through it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["memory"] = Field(default="memory", description="memory: no server; news go through the store.")

    def build(self) -> None:
        """There is nothing to connect to: the store's own signals do."""
        return

    async def ready(self) -> Readiness:
        """As no server is needed."""
        return Readiness(ok=True, says="memory: live updates between workers go through the store")
