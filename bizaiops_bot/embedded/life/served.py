"""What the world needs of a trained model to serve and judge it, and where it gets one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import pandas as pd

from bizaiops_bot.domain.drift import ReferenceSketch

Floats = np.ndarray[Any, np.dtype[np.float64]]


class ServedModel(Protocol):
    """A model in memory, ready to answer."""

    @property
    def version(self) -> str: ...

    @property
    def metrics(self) -> Mapping[str, float]:
        """Measured at the gate on held-out rows: `auc` (classification) or `wape` (forecast), as shares."""

    @property
    def reference(self) -> ReferenceSketch:
        """What the inputs and the score looked like at training."""

    @property
    def score_edges(self) -> Any:
        """Inner edges of the held-out score deciles, ascending, shape (bins - 1,)."""

    @property
    def expected_score_shares(self) -> Any:
        """Held-out share of predictions per bin, shape (bins,), summing to 1."""

    def predict(self, rows: pd.DataFrame) -> np.ndarray[Any, Any]:
        """Probability, or forecast units, one per row."""


class ModelStore(Protocol):
    """Trained models on disk."""

    def initial(self, model: str) -> str:
        """Makes sure the first version in production exists, and names it."""

    def load(self, model: str, version: str) -> ServedModel:
        """Reads the packaged version. Raises NotFound when there is none, Permanent when its bytes were changed."""
