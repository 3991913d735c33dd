"""Numbers that tell how good a classifier with a way out is. Scores are higher where it is surer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
BINS = 15


@dataclass(frozen=True)
class Judged:
    """Sentences of one set, each of shape (n,): whether it is in scope, whether the best label is right, and the
    chances that it is in scope, that the label is right, and of the label among the labels.
    """

    in_scope: Bools
    right: Bools
    scope: Floats
    sure: Floats
    p: Floats


def auroc(judged: Judged) -> float | None:
    """How well `scope` tells in from out of scope: 0.5 is chance. None when the set holds only one of both."""
    from sklearn.metrics import roc_auc_score

    if judged.in_scope.all() or not judged.in_scope.any():
        return None
    return float(roc_auc_score(judged.in_scope, judged.scope))


def scope_threshold(judged: Judged) -> float:
    """The score under which to refuse: most sentences are then right, refusing what is out of scope being right.

    The rule of Larson et al. (2019), the CLINC150 paper. Without anything out of scope, nothing is refused.
    """
    if judged.in_scope.all():
        return -np.inf
    scores = np.unique(judged.scope)
    cuts = np.concatenate([[-np.inf], (scores[1:] + scores[:-1]) / 2, [np.inf]])  # between scores: none is on the edge
    good = [(judged.right & (judged.scope >= c)).sum() + (~judged.in_scope & (judged.scope < c)).sum() for c in cuts]
    best = np.flatnonzero(np.array(good) == max(good))
    return float(cuts[best[len(best) // 2]])


def sure_threshold(judged: Judged, precision: float, leak: float = 1.0) -> float:
    """About the least `sure` at which what is acted on is right with `precision`, and of what is out of scope no more
    than the share `leak` is acted on; inf when nothing is. Out of scope nothing is right.
    """
    order = np.argsort(-judged.sure, kind="stable")
    ranked, right = judged.sure[order], (judged.right & judged.in_scope)[order]
    share = np.cumsum(right) / np.arange(1, len(order) + 1)
    leaked = np.cumsum(~judged.in_scope[order]) / max(int((~judged.in_scope).sum()), 1)
    good = np.flatnonzero((share >= precision) & (leaked <= leak))
    if not len(good):
        return np.inf
    last = int(good[-1])
    return float((ranked[last] + ranked[last + 1]) / 2) if last + 1 < len(ranked) else float(ranked[last]) - 1e-9


def calibration_error(confidence: Floats, right: Bools, bins: int = BINS) -> float:
    """Expected calibration error: the mean gap between confidence and share right, over equally wide bins."""
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(confidence[index == b].mean() - right[index == b].mean()) * (index == b).sum() for b in np.unique(index)
    ]
    return float(np.sum(gaps) / len(confidence))
