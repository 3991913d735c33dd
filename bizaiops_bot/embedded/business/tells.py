"""How much one column alone tells of the answer: too much is a leak."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bizaiops_bot.embedded.business.csv_tables import numbers

BINS = 50


def alone(column: pd.Series, positive: NDArray[np.bool_], *, number: bool) -> float:
    """Area under the ROC curve, 0.5 to 1, of the best guess from `column` alone: by the share of positives among rows
    of its value (numbers: of its quantile bin, and by its order), blank being a value of its own.

    positive: shape (len(column),), both kinds in it.
    """
    if not number:
        return _area(_shares(column.fillna("").to_numpy(dtype=object), positive), positive)
    values = numbers(column)
    known = values[np.isfinite(values)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if known.size else np.zeros(0)
    bins = np.where(np.isfinite(values), np.searchsorted(edges, values, side="right"), -1)
    ordered = _area(np.where(np.isfinite(values), values, known.min(initial=0.0) - 1), positive)
    return max(ordered, 1 - ordered, _area(_shares(bins, positive), positive))


def _shares(values: NDArray[Any], positive: NDArray[np.bool_]) -> NDArray[np.float64]:
    codes = pd.factorize(values)[0]
    counts = np.bincount(codes)
    return np.asarray((np.bincount(codes, weights=positive) / np.maximum(counts, 1))[codes])


def _area(score: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    ranks = pd.Series(score).rank().to_numpy()
    n, m = int(positive.sum()), int((~positive).sum())
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m)) if n and m else 0.5
