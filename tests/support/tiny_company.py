"""Two very small models for tests of the world: quick to draw, with a truth that is known exactly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from bizaiops_bot.domain.builds import Buildable
from bizaiops_bot.domain.drift import ReferenceSketch
from bizaiops_bot.domain.errors import NotFound
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.embedded.business.streams import CALM, Feature, Shift

Array = np.ndarray[Any, Any]
DELAY_S = 240.0


@dataclass
class TinyStream:
    """Stream with one number, one category; "churn" asks for a probability, "demand" for units."""

    info: ModelSpec
    features: tuple[Feature, ...] = (Feature("size", "number"), Feature("plan", "category"))
    value_name: str = "net value"
    value_unit: str = "EUR"
    leaks: tuple[str, ...] = ()
    threshold: float | None = None

    def history(self, rng: np.random.Generator, start: datetime, end: datetime, rows: int) -> pd.DataFrame:
        frame = self.draw(rng, rows, start, CALM)
        frame["label"] = self._label(rng, frame, CALM)
        frame["at"] = pd.DatetimeIndex([start + (end - start) / rows * place for place in range(rows)])
        return frame

    def draw(self, rng: np.random.Generator, rows: int, at: datetime, shift: Shift) -> pd.DataFrame:
        size = rng.normal(1.5 if shift.covariate else 0.0, 1.0, rows)
        size[rng.random(rows) < (0.4 if shift.missing else 0.0)] = np.nan
        plan = rng.choice(np.array(["basic", "plus"], dtype=object), rows)
        return pd.DataFrame({"size": size, "plan": plan, "_truth": np.nan_to_num(size)})

    def outcome(self, rng: np.random.Generator, rows: pd.DataFrame, scores: Array, shift: Shift) -> pd.DataFrame:
        label = self._label(rng, rows, shift)
        return pd.DataFrame(
            {
                "label": label,
                "value": 10.0 - np.abs(label - scores),
                "churned": label,
                "revenue_at_risk": label * 50,
                "abs_error": np.abs(label - scores),
                "actual": label,
            },
            index=rows.index,
        )

    def label_delay_s(self, rng: np.random.Generator, rows: int) -> Array:
        return np.full(rows, DELAY_S)

    def buildable(self) -> list[Buildable]:
        return [Buildable(model=self.info.name, version=v, summary=v) for v in ("v1", "v2")]

    def _label(self, rng: np.random.Generator, rows: pd.DataFrame, shift: Shift) -> Array:
        truth = rows["_truth"].to_numpy() * (-1.0 if shift.concept else 1.0)
        if self.info.task == "forecast":
            return np.asarray(np.round(20 + 4 * truth + rng.normal(0, 1, len(rows))))
        return (rng.random(len(rows)) < 1 / (1 + np.exp(-2 * truth))).astype(float)


@dataclass
class TinyModel:
    """A model that knows the truth but for its own noise."""

    version: str
    forecast: bool
    reference: ReferenceSketch
    score_edges: Array
    expected_score_shares: tuple[float, ...]
    metrics: dict[str, float]

    def predict(self, rows: pd.DataFrame) -> Array:
        size = np.nan_to_num(rows["size"].to_numpy(float))
        return np.asarray(20 + 4 * size if self.forecast else 1 / (1 + np.exp(-2 * size)))


def tiny_streams() -> list[TinyStream]:
    """Churn and demand."""
    return [
        TinyStream(ModelSpec(name="churn", title="Churn", task="classification", aliases=("attrition",))),
        TinyStream(ModelSpec(name="demand", title="Demand", task="forecast")),
    ]


class TinyStore:
    """Has v1 and v2 of both models, and no other version."""

    def __init__(self) -> None:
        self._models = {s.info.name: _train(s) for s in tiny_streams()}

    def initial(self, model: str) -> str:
        return "v1"

    def load(self, model: str, version: str) -> TinyModel:
        if version not in {"v1", "v2"}:
            raise NotFound("version", version, ["v1", "v2"])
        known = self._models[model]
        return TinyModel(**{**known.__dict__, "version": version})


class Shelf:
    """A warehouse that keeps what it is given."""

    def __init__(self) -> None:
        self.flushes = 0
        self.rows: dict[tuple[datetime, str, str], dict[str, float]] = {}

    def append(self, rows: Any) -> None:
        self.rows.update({(at, model, version): dict(sums) for at, model, version, sums in rows})

    def flush(self) -> None:
        self.flushes += 1


def _train(stream: TinyStream) -> TinyModel:
    end = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    rows = stream.history(np.random.default_rng(1), end - timedelta(days=9), end, 8000)
    forecast = stream.info.task == "forecast"
    model = TinyModel("v1", forecast, ReferenceSketch(columns=(), rows=0), np.zeros(9), (), {})
    scores = model.predict(rows)
    model.score_edges = np.quantile(scores, np.linspace(0.1, 0.9, 9))
    model.expected_score_shares = (0.1,) * 10
    columns = {"size": rows["size"].to_numpy(), "plan": rows["plan"].to_numpy(object), "score": scores}
    model.reference = ReferenceSketch.build(columns, {"size": "number", "plan": "category", "score": "score"})
    model.metrics = {"wape": 0.04} if forecast else {"auc": 0.83}
    return model
