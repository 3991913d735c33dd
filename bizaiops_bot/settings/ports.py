"""Which adapters each port may have: a new one is one more member of its union, and `kind` chooses it.

A port with one adapter is that adapter's settings; with a second one it becomes
`Annotated[A | B, Field(discriminator="kind")]`.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from bizaiops_bot.adapters.duckdb import DuckDbSettings
from bizaiops_bot.adapters.http import HttpMetricsSettings, HttpRegistrySettings, HttpServingSettings
from bizaiops_bot.adapters.memory import MemorySettings
from bizaiops_bot.adapters.mlflow import MlflowSettings
from bizaiops_bot.adapters.no_language import NoLanguage
from bizaiops_bot.adapters.nothing import (
    NoDriftSettings,
    NoMetricsSettings,
    NoOutcomesSettings,
    NoPipelinesSettings,
    NoPredictionsSettings,
)
from bizaiops_bot.adapters.openai.settings import OpenAiSettings
from bizaiops_bot.adapters.redis import RedisSettings
from bizaiops_bot.embedded.settings import (
    EmbeddedDriftSettings,
    EmbeddedMetricsSettings,
    EmbeddedOutcomesSettings,
    EmbeddedPipelinesSettings,
    EmbeddedPredictionsSettings,
    EmbeddedServingSettings,
)
from bizaiops_bot.engine.store.settings import PostgresSettings, SqliteSettings


def _was_mlflow_alone(given: Any) -> Any:
    """Who has given MLflow's address before there was another kind need not name the kind."""
    return {"kind": "mlflow", **given} if isinstance(given, dict) else given


PipelinesSettings = Annotated[EmbeddedPipelinesSettings | NoPipelinesSettings, Field(discriminator="kind")]
ServingSettings = Annotated[EmbeddedServingSettings | HttpServingSettings, Field(discriminator="kind")]
MetricsSettings = Annotated[
    EmbeddedMetricsSettings | HttpMetricsSettings | NoMetricsSettings, Field(discriminator="kind")
]
PredictionsSettings = Annotated[EmbeddedPredictionsSettings | NoPredictionsSettings, Field(discriminator="kind")]
OutcomesSettings = Annotated[EmbeddedOutcomesSettings | NoOutcomesSettings, Field(discriminator="kind")]
DriftSettings = Annotated[EmbeddedDriftSettings | NoDriftSettings, Field(discriminator="kind")]
RegistrySettings = Annotated[
    MlflowSettings | HttpRegistrySettings, Field(discriminator="kind"), BeforeValidator(_was_mlflow_alone)
]
WarehouseSettings = DuckDbSettings
StoreSettings = Annotated[SqliteSettings | PostgresSettings, Field(discriminator="kind")]
CacheSettings = Annotated[MemorySettings | RedisSettings, Field(discriminator="kind")]
LanguageSettings = Annotated[NoLanguage | OpenAiSettings, Field(discriminator="kind")]

PORTS = ("warehouse", "registry", "pipelines", "serving", "metrics", "predictions", "outcomes", "drift")
"""The settings that are ports to the outside, in the order in which they are built."""
