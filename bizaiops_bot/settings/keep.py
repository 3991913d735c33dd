"""How long things are kept."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class KeepSettings(BaseModel):
    """How many days things are kept, on the bot's clock; the audit is kept for ever."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    conversations_days: int = Field(
        default=90, ge=1, description="Days that messages and cards are kept; those of a run under way stay."
    )
    journal_days: int = Field(default=30, ge=1, description="Days after a run's end that its record can be replayed.")
    runs_days: int = Field(default=400, ge=1, description="Days after its end that a run can be shown.")
    events_days: int = Field(
        default=14, ge=1, description="Days that a repeated event or click is known, and answered as before."
    )
