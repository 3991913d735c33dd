"""Settings of the embedded company."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class EmbeddedSettings(BaseModel):
    """The small real company that runs in the bot's own process."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["embedded"] = "embedded"
    seed: int = Field(default=7, ge=0, description="Seed of all random draws; the same seed gives the same company.")
    speed: float = Field(
        default=60.0, gt=0, le=3600, description="World seconds a real second; 60 is a minute a second."
    )
    calm_speed: float | None = Field(
        default=None, gt=0, le=3600,
        description="World seconds a real second while nothing is under way: no run, new alert or new fault; None is "
        "always `speed`. The demo takes 1, so that who reads is not outrun, unless a speed is given.",
    )  # fmt: skip
    churn_data: Path | None = Field(
        default=None, description="A file like Telco-Customer-Churn.csv; None generates customers."
    )
    demand_data: Path | None = Field(default=None, description="A CSV of date, series, value; None generates shops.")
    churn_columns: dict[str, str] = Field(
        default_factory=dict,
        description="Column mapping of churn_data, such as {'label': 'Churn'}; empty is found out.",
    )
    demand_columns: dict[str, str] = Field(
        default_factory=dict, description="Column mapping of demand_data, such as {'date': 'day'}; empty is found out."
    )
    history_days: int = Field(default=60, ge=21, le=365, description="Days of past that are there at the first start.")
