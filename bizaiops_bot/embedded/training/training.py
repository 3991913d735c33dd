"""Fitting and measuring, the same in process and in the trainer's own process."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from bizaiops_bot.domain.drift import ReferenceSketch
from bizaiops_bot.embedded.business.streams import Feature
from bizaiops_bot.embedded.training.artifacts import TrainedModel
from bizaiops_bot.embedded.training.encoding import Encoder
from bizaiops_bot.embedded.training.recipes import Recipe, make_estimator
from bizaiops_bot.embedded.training.threads import one_thread

Floats = NDArray[np.float64]
# Weight of all history rows against all recent rows when a version is retrained; the best on recent rows is taken.
HISTORY_WEIGHTS = (1.0, 0.15)
SEED = 20


class Job(BaseModel):
    """What the trainer is asked to do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    version: str
    kind: str
    recipe: Recipe
    features: list[tuple[str, Literal["number", "category"], bool]]
    threshold: float | None
    summary: str


@dataclass(frozen=True)
class Tables:
    """Rows to learn from, held-out rows, and what drift is measured against.

    recent: marks training rows from after the world changed, shape (len(train),), all False in a first training.
    reference: rows as they come in live, each as often as it came; repeated rows of one customer are in `train` only
    once.
    """

    train: pd.DataFrame
    holdout: pd.DataFrame
    recent: NDArray[np.bool_]
    reference: pd.DataFrame


def train(job: Job, tables: Tables, say: Callable[[str], None]) -> TrainedModel:
    """Fits the recipe and measures it on the held-out rows; `digest` is still empty."""
    began = time.perf_counter()
    features = tuple(Feature(name, kind, monitored) for name, kind, monitored in job.features)
    encoder = Encoder.learn(tables.train, features)
    inputs, labels = encoder.matrix(tables.train), tables.train["label"].to_numpy(dtype=np.float64)
    with one_thread():
        weights = _weights(job, encoder, inputs, labels, tables.recent, say)
        say(f"training {job.recipe.learner} on {len(labels):,} rows, {len(features)} columns")
        estimator = _fit(job, encoder, inputs, labels, weights)
    seconds = time.perf_counter() - began
    draft = TrainedModel(
        model=job.model,
        version=job.version,
        kind=job.kind,
        digest="",
        features=features,
        encoder=encoder,
        estimator=estimator,
        threshold=job.threshold,
        metrics={},
        reference=ReferenceSketch(columns=(), rows=0),
        score_edges=(),
        expected_score_shares=(),
        summary=job.summary,
        train_rows=len(labels),
        train_seconds=seconds,
    )
    return _described(draft, tables, say)


def _described(draft: TrainedModel, tables: Tables, say: Callable[[str], None]) -> TrainedModel:
    """Adds what was measured: metrics, held-out score shape, and the reference."""
    scores = draft.predict(tables.holdout)
    metrics = measure(draft.kind, tables.holdout["label"].to_numpy(dtype=np.float64), scores)
    say("held-out " + ", ".join(f"{name} {value:.3f}" for name, value in metrics.items()))
    edges = np.unique(np.quantile(scores, np.linspace(0.1, 0.9, 9)))
    shares = np.bincount(np.searchsorted(edges, scores, side="right"), minlength=len(edges) + 1) / len(scores)
    return replace(
        draft,
        metrics=metrics,
        score_edges=tuple(map(float, edges)),
        expected_score_shares=tuple(map(float, shares)),
        reference=_reference(draft, tables),
    )


def _reference(model: TrainedModel, tables: Tables) -> ReferenceSketch:
    """Inputs of the reference rows; scores of the held-out rows only, because a model scores rows it has learned
    more sharply.
    """
    rows = tables.reference
    watched = [feature for feature in model.features if feature.monitored]
    columns = {feature.name: rows[feature.name].to_numpy() for feature in watched}
    inputs = ReferenceSketch.build(columns, {feature.name: feature.kind for feature in watched})
    scores = ReferenceSketch.build({"score": model.predict(tables.holdout)}, {"score": "score"})
    return ReferenceSketch(columns=(*inputs.columns, *scores.columns), rows=inputs.rows)


def _fit(job: Job, encoder: Encoder, inputs: Floats, labels: Floats, weights: Floats | None) -> Any:
    estimator = make_estimator(
        job.recipe.learner, job.kind, encoder.positions("number"), encoder.positions("category"), len(labels)
    )
    if weights is None:
        return estimator.fit(inputs, labels)
    if job.recipe.learner == "boosting":
        return estimator.fit(inputs, labels, sample_weight=weights)
    return estimator.fit(inputs, labels, **{f"{estimator.steps[-1][0]}__sample_weight": weights})


def _weights(
    job: Job, encoder: Encoder, inputs: Floats, labels: Floats, recent: NDArray[np.bool_], say: Callable[[str], None]
) -> Floats | None:
    """Row weights of a retraining: how much history still helps is tried on a fifth of the recent rows. None without
    recent rows.
    """
    if not recent.any():
        return None
    check = recent & (np.random.default_rng(SEED).random(len(labels)) < 0.2)
    if check.sum() < 100:
        return _weighted(recent, 1.0)
    losses = {}
    for share in HISTORY_WEIGHTS:
        weights = np.where(check, 0.0, _weighted(recent, share))
        used = weights > 0
        fitted = _fit(job, encoder, inputs[used], labels[used], weights[used])
        losses[share] = _loss(job.kind, labels[check], _answers(job.kind, fitted, inputs[check]))
        say(f"history at weight {share:g}: loss {losses[share]:.4f} on {int(check.sum())} recent rows")
    return _weighted(recent, min(losses, key=lambda share: losses[share]))


def _weighted(recent: NDArray[np.bool_], share: float) -> Floats:
    """Recent rows weigh 1; all history rows together weigh `share` times all recent rows, a single one never more
    than 1.
    """
    history = min(1.0, share * float(recent.sum()) / max(1, int((~recent).sum())))
    return np.where(recent, 1.0, history)


def _answers(kind: str, estimator: Any, inputs: Floats) -> Floats:
    answers = estimator.predict_proba(inputs)[:, 1] if kind == "classification" else estimator.predict(inputs)
    return np.asarray(answers, dtype=np.float64)


def _loss(kind: str, labels: Floats, answers: Floats) -> float:
    if kind == "forecast":
        return wape(labels, answers)
    p = np.clip(answers, 1e-6, 1 - 1e-6)
    return float(-np.mean(labels * np.log(p) + (1 - labels) * np.log(1 - p)))


def measure(kind: str, labels: Floats, scores: Floats) -> dict[str, float]:
    """Held-out quality: auc and brier, or wape and bias (share of the total demand forecast too much)."""
    if kind == "classification":
        return {"auc": auc(labels, scores), "brier": float(np.mean((scores - labels) ** 2))}
    return {"wape": wape(labels, scores), "bias": float((scores.sum() - labels.sum()) / max(labels.sum(), 1e-9))}


def auc(labels: Floats, scores: Floats) -> float:
    """Chance that a positive row scores above a negative one, ties count half; 0.5 when there is only one class."""
    positive = labels > 0.5
    wins, losses = int(positive.sum()), int((~positive).sum())
    if not wins or not losses:
        return 0.5
    ranks = pd.Series(scores).rank().to_numpy()
    return float((ranks[positive].sum() - wins * (wins + 1) / 2) / (wins * losses))


def auc_difference_se(labels: Floats, new: Floats, old: Floats, units: NDArray[np.int64]) -> float:
    """Standard error of `auc(new) - auc(old)` on the same rows: 80 bootstrap draws of whole units (customers).

    units: which unit each row belongs to, shape (n,); rows of one unit are drawn together, because they are not
    independent.
    """
    rng = np.random.default_rng(SEED)
    order = np.argsort(units, kind="stable")
    firsts = np.flatnonzero(np.r_[True, np.diff(units[order]) != 0])
    groups = np.split(order, firsts[1:])
    differences = []
    for _ in range(80):
        rows = np.concatenate([groups[i] for i in rng.integers(0, len(groups), len(groups))])
        differences.append(auc(labels[rows], new[rows]) - auc(labels[rows], old[rows]))
    return float(np.std(differences))


def wape(labels: Floats, scores: Floats) -> float:
    """Sum of absolute errors over the sum of actual units."""
    return float(np.abs(labels - scores).sum() / max(np.abs(labels).sum(), 1e-9))
