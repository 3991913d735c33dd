"""The model registry on MLflow."""

from __future__ import annotations

from bizaiops_bot.adapters.mlflow.registry import MlflowRegistry, MlflowSettings

__all__ = ["MlflowRegistry", "MlflowSettings"]
