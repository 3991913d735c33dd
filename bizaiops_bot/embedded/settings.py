"""Settings of the embedded company."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from bizaiops_bot.bot_api.context import Context
from bizaiops_bot.ports.drift_reports import DriftReports
from bizaiops_bot.ports.metrics import Metrics
from bizaiops_bot.ports.outcomes import Outcomes
from bizaiops_bot.ports.pipelines import Pipelines
from bizaiops_bot.ports.predictions import Predictions
from bizaiops_bot.ports.serving import Serving

MODELS = ("churn", "demand")
"""What the embedded company serves."""
EMBEDDED_KPIS = Path(__file__).with_name("kpis")
"""Folder of the KPI definitions of the two models."""
EMBEDDED_FILES = Path(__file__).with_name("company_files")
"""Folder of a company that says which environments the demo has."""


class EmbeddedSettings(BaseModel):
    """The small real company that runs in the bot's own process when a port is of the kind `embedded`."""

    model_config = ConfigDict(extra="forbid")

    seed: int = Field(default=7, ge=0, description="Seed of all random draws; the same seed gives the same company.")
    speed: float = Field(
        default=60.0, gt=0, le=3600, description="World seconds a real second; 60 is a minute a second."
    )
    calm_speed: float | None = Field(
        default=None,
        gt=0,
        le=3600,
        description="World seconds a real second while nothing is under way: no run, new alert or new fault; None is "
        "always `speed`. The demo takes 1, so that who reads is not outrun, unless a speed is given.",
    )
    staging: bool = Field(
        default=False,
        description="Whether a small staging stands beside production, where no folder of a company says which "
        "environments there are. The demo has one.",
    )
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

    def own_models(self) -> set[str]:
        """The models that learn from people's own files."""
        files = {"churn": self.churn_data, "demand": self.demand_data}
        return {model for model, path in files.items() if path is not None}


class _ByEmbedded(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["embedded"] = Field(
        default="embedded", description="embedded: the small company in the bot's own process."
    )


class EmbeddedPipelinesSettings(_ByEmbedded):
    """Trains in a process of its own."""

    def build(self, context: Context) -> Pipelines:
        return context.embedded().pipelines


class EmbeddedServingSettings(_ByEmbedded):
    """Serves in this process."""

    def build(self, context: Context) -> Serving:
        return context.embedded().serving


class EmbeddedMetricsSettings(_ByEmbedded):
    """What the embedded company's requests were like."""

    def build(self, context: Context) -> Metrics:
        return context.embedded().metrics


class EmbeddedPredictionsSettings(_ByEmbedded):
    """What the embedded company's models were asked and answered."""

    def build(self, context: Context) -> Predictions:
        return context.embedded().predictions


class EmbeddedOutcomesSettings(_ByEmbedded):
    """What became of the embedded company's requests."""

    def build(self, context: Context) -> Outcomes:
        return context.embedded().outcomes


class EmbeddedDriftSettings(_ByEmbedded):
    """How far the embedded company's requests have moved from training."""

    def build(self, context: Context) -> DriftReports:
        return context.embedded().drift
