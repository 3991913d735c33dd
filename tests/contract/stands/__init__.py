"""The implementations that are held to the promises. A new one joins with a class in a file here, and its line below."""

from __future__ import annotations

from tests.contract.stands.clocks import SystemClockStand, VirtualClockStand, WorldClockStand
from tests.contract.stands.csv_warehouse import CsvWarehouseStand
from tests.contract.stands.duckdb import DuckDbStand
from tests.contract.stands.embedded import (
    EmbeddedDriftStand,
    EmbeddedFaultsStand,
    EmbeddedMetricsStand,
    EmbeddedOutcomesStand,
    EmbeddedPredictionsStand,
)
from tests.contract.stands.embedded_pipelines import EmbeddedPipelinesStand, LatePipelinesStand
from tests.contract.stands.embedded_serving import EmbeddedServingStand, LateServingStand
from tests.contract.stands.http import HttpMetricsStand, HttpRegistryStand, HttpServingStand
from tests.contract.stands.known_models import CompanyFilesStand, EmbeddedModelsStand
from tests.contract.stands.mlflow import MlflowSqliteStand
from tests.contract.stands.stand import Stand

STANDS: dict[str, list[type[Stand]]] = {
    "clock": [SystemClockStand, WorldClockStand, VirtualClockStand],
    "drift_reports": [EmbeddedDriftStand],
    "faults": [EmbeddedFaultsStand],
    "metrics": [EmbeddedMetricsStand, HttpMetricsStand],
    "model_registry": [MlflowSqliteStand, HttpRegistryStand],
    "models": [EmbeddedModelsStand, CompanyFilesStand],
    "outcomes": [EmbeddedOutcomesStand],
    "pipelines": [EmbeddedPipelinesStand, LatePipelinesStand],
    "predictions": [EmbeddedPredictionsStand],
    "serving": [EmbeddedServingStand, LateServingStand, HttpServingStand],
    "warehouse": [DuckDbStand, CsvWarehouseStand],
}
"""Port (a file of bizaiops_bot/ports) -> its stands."""
