"""How sure a reading is: the chance that it is anything the labels stand for, and the chance that its best label is
right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bizaiops_bot.router.reading import Reading

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
SIGNALS = ("best", "margin", "spread", "own", "near", "gap", "letters", "agree", "far", "strange")


def signals(reading: Reading, choice: int, heat: float) -> Floats:
    """What tells a sure reading from an unsure one, for the label `choice`, in the order of SIGNALS.

    best, margin: its logit, and how far it is above the next. spread: log of the sum over all. own, near: cosines to
    its mean and its nearest example; gap: how much nearer any other label has one. letters: its score by letters
    alone. agree: whether meaning and letters choose it both. far, strange: distances from it and from all.
    """
    logits = heat * reading.logits
    others = np.delete(logits, choice)
    top = logits.max()
    spread = top + np.log(np.exp(logits - top).sum())
    other_near = np.delete(reading.near, choice)
    gap = other_near.max(initial=-1.0) - reading.near[choice]
    agree = float(reading.sentence.argmax() == choice) + float(reading.words.argmax() == choice)
    return np.array(
        [
            logits[choice],
            logits[choice] - others.max(initial=top - 20.0),
            spread,
            reading.own[choice],
            reading.near[choice],
            gap,
            reading.words[choice],
            agree,
            np.sqrt(reading.far[choice]),
            np.sqrt(reading.strange),
        ],
        np.float32,
    )


@dataclass(frozen=True)
class Doubt:
    """Two logistic regressions over the signals: `scope` (is it any of the labels) and `right` (is the choice the right
    label). Each is (signals + 1,): weights, then bias; `mean` and `scale` standardise, (signals,).
    """

    mean: Floats
    scale: Floats
    scope: Floats
    right: Floats

    def chances(self, values: Floats) -> tuple[float, float]:
        """(in scope, right), each from 0 to 1."""
        z = (values - self.mean) / self.scale
        return _chance(z, self.scope), _chance(z, self.right)

    def table(self) -> npt.NDArray[np.float64]:
        """For storage, shape (4, signals + 1)."""
        pad = np.zeros(1)
        return np.stack(
            [np.concatenate([self.mean, pad]), np.concatenate([self.scale, pad]), self.scope, self.right]
        ).astype(np.float64)

    @classmethod
    def of(cls, table: npt.NDArray[np.float64]) -> Doubt:
        """Raises ValueError for another shape."""
        if table.shape != (4, len(SIGNALS) + 1):
            raise ValueError(f"doubt has shape {table.shape}")
        rows = table.astype(np.float32)
        return cls(rows[0, :-1], rows[1, :-1], rows[2], rows[3])


def _chance(z: Floats, weights: Floats) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip(z @ weights[:-1] + weights[-1], -30, 30))))


def fit(values: Floats, in_scope: Bools, right: Bools) -> Doubt:
    """values: (n, signals). Without any row out of scope, everything is in scope.

    `scope` is learned at even odds, as how much out of scope will come is not known; `right` as the rows come.
    """
    mean, scale = values.mean(0), np.maximum(values.std(0), 1e-6)
    z = (values - mean) / scale
    return Doubt(
        mean.astype(np.float32),
        scale.astype(np.float32),
        _logistic(z, in_scope, even=True),
        _logistic(z, in_scope & right),
    )


def _logistic(z: Floats, target: Bools, *, even: bool = False) -> Floats:
    from sklearn.linear_model import LogisticRegression

    if target.all() or not target.any():
        weights = np.zeros(z.shape[1] + 1, np.float32)
        weights[SIGNALS.index("near")] = 2.0
        return weights
    model = LogisticRegression(
        C=1.0, solver="newton-cholesky", tol=1e-8, class_weight="balanced" if even else None
    ).fit(z, target)
    return np.concatenate([model.coef_[0], model.intercept_]).astype(np.float32)


def _by_nearness() -> Doubt:
    near, size = SIGNALS.index("near"), len(SIGNALS)
    mean, scale, weights = np.zeros(size), np.ones(size), np.zeros(size + 1)
    mean[near], scale[near], weights[near] = 0.6, 0.15, 2.0
    row = weights.astype(np.float32)
    return Doubt(mean.astype(np.float32), scale.astype(np.float32), row, row)


BY_NEARNESS = _by_nearness()
"""For when there is nothing to learn doubt from: as sure as the nearest example is near."""
