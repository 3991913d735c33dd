"""A trained version on disk and in memory: the estimator, its inputs, its held-out shape, and the rows it knows."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bizaiops_bot.domain.drift import ReferenceSketch
from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.embedded.business.streams import Feature
from bizaiops_bot.embedded.training.encoding import Encoder
from bizaiops_bot.embedded.training.threads import one_thread

Floats = NDArray[np.float64]
ESTIMATOR, DESCRIPTION = "model.joblib", "model.json"


@dataclass(frozen=True)
class TrainedModel:
    """A version that can answer requests.

    kind: "classification" (scores are probabilities) or "forecast" (scores are units, never negative).
    threshold: score from which the business acts, None for forecasts. metrics: measured on held-out rows.
    reference: training rows as counts, column "score" included. score_edges: inner decile edges of the held-out
    scores, ascending; bin i holds edges[i-1] <= score < edges[i]; expected_score_shares: share of held-out scores per
    bin, one more than edges.
    digest: SHA-256 over both files; empty until saved. train_seconds is not in the files, so that equal builds have
    equal digests.
    """

    model: str
    version: str
    kind: str
    digest: str
    features: tuple[Feature, ...]
    encoder: Encoder
    estimator: Any
    threshold: float | None
    metrics: dict[str, float]
    reference: ReferenceSketch
    score_edges: tuple[float, ...]
    expected_score_shares: tuple[float, ...]
    summary: str = ""
    train_rows: int = 0
    train_seconds: float = 0.0

    def predict(self, rows: pd.DataFrame) -> Floats:
        """Scores, shape (rows,). Missing values and unknown categories are fine; a missing column raises Permanent."""
        try:
            matrix = self.encoder.matrix(rows)
        except KeyError as error:
            raise Permanent(
                f"{self.model} {self.version} cannot answer.", f"Column {error} is not in the request."
            ) from error
        with one_thread():
            if self.kind == "classification":
                return np.asarray(self.estimator.predict_proba(matrix)[:, 1], dtype=np.float64)
            return np.clip(np.asarray(self.estimator.predict(matrix), dtype=np.float64), 0.0, None)

    def score_counts(self, scores: Floats) -> NDArray[np.int64]:
        """Scores per bin of `score_edges`, shape (len(score_edges) + 1,)."""
        bins = np.searchsorted(np.asarray(self.score_edges), scores, side="right")
        return np.bincount(bins, minlength=len(self.score_edges) + 1)

    def save(self, folder: Path) -> str:
        """Writes the folder in one move and returns the digest; a folder that is there already is replaced."""
        import joblib

        draft = folder.parent / f".{folder.name}.{uuid.uuid4().hex[:8]}"
        draft.mkdir(parents=True)
        joblib.dump(self.estimator, draft / ESTIMATOR)
        (draft / DESCRIPTION).write_text(json.dumps(self._description(), indent=1), encoding="utf-8")
        replace_folder(draft, folder)
        return folder_digest(folder)

    def _description(self) -> dict[str, Any]:
        kept = (
            "model",
            "version",
            "kind",
            "threshold",
            "metrics",
            "score_edges",
            "expected_score_shares",
            "summary",
            "train_rows",
        )
        return {
            **{name: getattr(self, name) for name in kept},
            "features": [asdict(feature) for feature in self.features],
            "categories": self.encoder.categories,
            "reference": self.reference.model_dump(mode="json"),
        }


def load_model(folder: Path, digest: str | None = None) -> TrainedModel:
    """Reads a saved model. With `digest`, the bytes are checked before anything is unpickled.

    Raises Permanent when files are missing, do not have the digest, or cannot be read.
    """
    import joblib

    found = folder_digest(folder)
    if digest is not None and found != digest:
        raise Permanent(
            f"The model in {folder.name!r} was not loaded.",
            f"Its SHA-256 is {found[:12]}, registered is {digest[:12]}: the files were changed.",
            "Build the version again.",
        )
    said = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    features = tuple(Feature(**feature) for feature in said.pop("features"))
    categories = {name: tuple(values) for name, values in said.pop("categories").items()}
    reference = ReferenceSketch.model_validate(said.pop("reference"))
    said["score_edges"], said["expected_score_shares"] = (
        tuple(said["score_edges"]),
        tuple(said["expected_score_shares"]),
    )
    return TrainedModel(
        digest=found,
        features=features,
        encoder=Encoder(features, categories),
        estimator=joblib.load(folder / ESTIMATOR),
        reference=reference,
        **said,
    )


def folder_digest(folder: Path) -> str:
    """SHA-256 over the two files of a saved model. Raises Permanent when one is missing."""
    digest = hashlib.sha256()
    for name in (DESCRIPTION, ESTIMATOR):
        try:
            digest.update((folder / name).read_bytes() + b"\0")
        except OSError as error:
            raise Permanent(
                f"There is no saved model in {folder.name!r}.", f"{name}: {error.strerror}.", "Build it again."
            ) from error
    return digest.hexdigest()


def replace_folder(draft: Path, folder: Path) -> None:
    """Moves `draft` to `folder` in one step, over one that may be there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists():
        old = folder.parent / f".{folder.name}.old-{uuid.uuid4().hex[:8]}"
        folder.replace(old)
        draft.replace(folder)
        shutil.rmtree(old, ignore_errors=True)
    else:
        draft.replace(folder)
