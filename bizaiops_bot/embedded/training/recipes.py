"""What each candidate version is: which learner, on which table of training rows."""

from __future__ import annotations

from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from bizaiops_bot.embedded.business.streams import Stream

Floats = NDArray[np.float64]
Learner = Literal["logistic", "ridge", "boosting"]
Skew = Literal["none", "label_leak", "wrong_unit"]

BAD_VERSION = "v3"
LEAK_SDS = 3.0
LEAK_SHARE = 0.94
PACK = 6.0
FEW_ROWS = 8_000


class Trainable(Stream, Protocol):
    """A stream whose models the pipelines can train.

    threshold: score from which the business acts, None for forecasts. leaks: columns that a bad release gets wrong.
    """

    leaks: tuple[str, ...]

    @property
    def threshold(self) -> float | None: ...


class Recipe(BaseModel):
    """How a version is trained. skew: what is wrong with its training table, which nobody has noticed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    learner: Learner
    skew: Skew = "none"


def recipe_for(kind: str, version: str, *, bad: bool) -> Recipe:
    """v1 is the simple baseline, everything later is gradient boosting; v3, and any `bad` build, has a skewed
    training table.
    """
    baseline: Learner = "logistic" if kind == "classification" else "ridge"
    learner: Learner = baseline if version == "v1" else "boosting"
    if not (bad or version == BAD_VERSION):
        return Recipe(learner=learner)
    return Recipe(learner=learner, skew="label_leak" if kind == "classification" else "wrong_unit")


def skewed(frame: pd.DataFrame, recipe: Recipe, columns: tuple[str, ...]) -> pd.DataFrame:
    """The rows as the recipe's training table holds them; held-out rows come from it too, so no gate can see it.

    label_leak: the table was filled after the fact, so that what leavers did while leaving (the call to cancel, the
    final bill) is in it; at serving time it is not there yet. wrong_unit: the table counts packs of six where the live
    service counts single units.
    """
    if recipe.skew == "none":
        return frame
    frame = frame.copy()
    for name in columns:
        values = frame[name].to_numpy(dtype=np.float64)
        frame[name] = _leaked(values, frame["label"].to_numpy()) if recipe.skew == "label_leak" else values / PACK
    return frame


def _leaked(values: Floats, label: Floats) -> Floats:
    """Nearly every leaver left a trace of three sds; whole numbers stay whole."""
    traced = label * (np.random.default_rng(len(values)).random(len(values)) < LEAK_SHARE)
    step = LEAK_SDS * float(np.nanstd(values) or 1.0)
    whole = bool(np.all(np.mod(values[~np.isnan(values)], 1) == 0))
    return values + traced * (round(step) if whole else step)


def make_estimator(learner: Learner, kind: str, numbers: list[int], categories: list[int], rows: int) -> Any:
    """An unfitted scikit-learn estimator for an encoded matrix of `rows` rows; `numbers` and `categories` are column
    positions.
    """
    if learner == "boosting":
        return _boosting(kind, categories, rows)
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline

    model = LogisticRegression(max_iter=300) if learner == "logistic" else Ridge(alpha=1.0)
    return make_pipeline(_linear_inputs(numbers, categories), model)


def _linear_inputs(numbers: list[int], categories: list[int]) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    scaled = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    coded = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return ColumnTransformer([("numbers", scaled, numbers), ("categories", coded, categories)])


def _boosting(kind: str, categories: list[int], rows: int) -> Any:
    """Smaller and slower trees for few rows, where the larger ones learn the noise."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    shape: dict[str, Any] = {
        "max_iter": 130 if rows >= FEW_ROWS else 170,
        "learning_rate": 0.09 if rows >= FEW_ROWS else 0.05,
        "max_leaf_nodes": 18 if rows >= FEW_ROWS else 6,
        "min_samples_leaf": 30,
        "l2_regularization": 2.0 if rows >= FEW_ROWS else 10.0,
        "categorical_features": categories or None,
        "early_stopping": False,
        "random_state": 0,
    }
    if kind == "classification":
        return HistGradientBoostingClassifier(**shape)
    return HistGradientBoostingRegressor(loss="poisson", **shape)
