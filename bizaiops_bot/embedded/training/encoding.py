"""Rows of mixed columns as one matrix of floats, the same at training and at serving."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bizaiops_bot.embedded.business.streams import Feature

Floats = NDArray[np.float64]
MAX_CODES = 200


@dataclass(frozen=True)
class Encoder:
    """Numbers as they are, categories as codes; what is missing or was never seen is NaN.

    categories: name -> known values, most frequent first, at most 200.
    """

    features: tuple[Feature, ...]
    categories: dict[str, tuple[str, ...]]

    @classmethod
    def learn(cls, rows: pd.DataFrame, features: tuple[Feature, ...]) -> Encoder:
        """Notes which values the category columns of the training rows have."""
        known = {f.name: tuple(rows[f.name].value_counts().index[:MAX_CODES]) for f in features if f.kind == "category"}
        return cls(features, known)

    def matrix(self, rows: pd.DataFrame) -> Floats:
        """Shape (rows, features). A column that is not there raises KeyError."""
        matrix = np.empty((len(rows), len(self.features)), dtype=np.float64)
        for place, feature in enumerate(self.features):
            matrix[:, place] = self._column(rows[feature.name], feature)
        return matrix

    def positions(self, kind: str) -> list[int]:
        """Columns of the matrix that are of this kind."""
        return [place for place, feature in enumerate(self.features) if feature.kind == kind]

    def _column(self, column: pd.Series, feature: Feature) -> Floats:
        if feature.kind == "number":
            return column.to_numpy(dtype=np.float64, na_value=np.nan)
        codes = self._codes[feature.name]
        return np.fromiter(
            (codes.get(value, np.nan) for value in column.to_numpy(dtype=object)), np.float64, len(column)
        )

    @cached_property
    def _codes(self) -> dict[str, dict[object, float]]:
        return {name: {value: float(i) for i, value in enumerate(values)} for name, values in self.categories.items()}
