"""The registry's promises, kept over REST by a real MLflow server: the very tests that the file has to pass."""

from __future__ import annotations

import pytest

from tests.contract.promises.test_model_registry import *  # noqa: F403
from tests.contract.stands.stand import over
from tests.servers.mlflow import MlflowServerStand

pytestmark = pytest.mark.usefixtures("mlflow_session")
stand = over([MlflowServerStand])
