"""No language model: the router's local stages and templates do all the work. The default."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class NoLanguage(BaseModel):
    """Nothing leaves the machine and nothing costs money."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["none"] = Field(default="none", description="none: no language model is asked.")
