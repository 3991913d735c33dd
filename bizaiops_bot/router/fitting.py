"""How a head is learned from labelled sentences: two linear views, their mix, and what doubt there is to have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bizaiops_bot.router import distance, doubt, features
from bizaiops_bot.router.encoder import SENTENCE
from bizaiops_bot.router.head import Floats, Head, Ints
from bizaiops_bot.router.reading import Reading

# Chosen on validation rows of Banking77 and HWU64, see docs/reference/benchmarks.md.
C_SENTENCE = 20.0
C_WORDS = 0.5
FEW, MANY = 10.0, 40.0
MIX_FEW, MIX_MANY = 0.1, 0.5
FOLDS = 5
MANY_ROWS = 3000
FOLDS_OF_MANY = 2
ENOUGH_STRANGE = 30
KEPT_EXAMPLES = 3000
CENTRES_EACH = 6
SOLVER: Final = "newton-cg"
TOLERANCE = 1e-9
"""Newton's steps in double precision end at the minimum. Where lbfgs stops hangs on the last digits of exp(): weights
differed by 2% between Debian 12 and 13, and a sentence near a limit was understood in another way there."""
SETTINGS = (
    SOLVER,
    TOLERANCE,
    C_SENTENCE,
    C_WORDS,
    FEW,
    MANY,
    MIX_FEW,
    MIX_MANY,
    FOLDS,
    MANY_ROWS,
    FOLDS_OF_MANY,
    KEPT_EXAMPLES,
    CENTRES_EACH,
)


@dataclass(frozen=True)
class Rows:
    """Sentences with their labels; `vectors` are the encoder's, (n, DIMENSIONS), or None without one. A label of None
    is a sentence that is none of the labels.
    """

    texts: Sequence[str]
    labels: Sequence[str | None]
    vectors: Floats | None
    grams: Sequence[features.Counted] | None = None
    """Of the texts, when they have been counted already."""

    def counted(self) -> Rows:
        """With their n-grams: counting them is the slowest part of learning and done once."""
        return self if self.grams is not None else replace(self, grams=[features.counted(text) for text in self.texts])

    def take(self, index: npt.NDArray[Any]) -> Rows:
        """Some of the rows, by position."""
        vectors = None if self.vectors is None else self.vectors[index]
        grams = None if self.grams is None else [self.grams[i] for i in index]
        return Rows([self.texts[i] for i in index], [self.labels[i] for i in index], vectors, grams)

    def plus(self, other: Rows) -> Rows:
        """Both, one after the other."""
        both = self.vectors is not None and other.vectors is not None
        vectors = np.vstack([self.vectors, other.vectors]) if both else None  # type: ignore[list-item]
        grams = None if self.grams is None or other.grams is None else [*self.grams, *other.grams]
        return Rows([*self.texts, *other.texts], [*self.labels, *other.labels], vectors, grams)


@dataclass(frozen=True)
class Read:
    """A reading of a row the head had not seen: its head, and the true label (None: none of them)."""

    head: Head
    reading: Reading
    label: str | None


def train(
    rows: Rows, *, outside: frozenset[str] = frozenset(), validation: Rows | None = None, names: Rows | None = None
) -> Head:
    """Learns a head.

    outside: labels of `rows` that stand for "nothing the bot does". validation: rows kept aside, which say how sure to
    be. Where they hold few that are out of scope, or are missing, the rows are held out in turn, each time with some
    of the labels unknown altogether, so that near misses are learned without any being given.
    names: what the labels are called, as further examples where there are few.
    """
    return train_and_judge(rows, outside=outside, validation=validation, names=names)[0]


def train_and_judge(
    rows: Rows, *, outside: frozenset[str] = frozenset(), validation: Rows | None = None, names: Rows | None = None
) -> tuple[Head, list[Read]]:
    """As `train`, with the readings of the rows that were held out in turn; empty when the validation rows did."""
    with _one_thread():
        return _train(rows.counted(), outside, validation, None if names is None else names.counted())


def _train(rows: Rows, outside: frozenset[str], validation: Rows | None, names: Rows | None) -> tuple[Head, list[Read]]:
    own = [i for i, label in enumerate(rows.labels) if label is not None]
    stray = rows.take(np.array([i for i, label in enumerate(rows.labels) if label is None], np.int64))
    known = rows.take(np.array(own, np.int64))
    head = _fit(known, outside, names)
    given = [] if validation is None else read_all(head, validation)
    enough = sum(read.label is None for read in given) >= ENOUGH_STRANGE
    held = [] if enough else _held_out(known, outside, names)
    return _calibrated(head, [*given, *held, *read_all(head, stray)]), held


def _fit(rows: Rows, outside: frozenset[str], names: Rows | None) -> Head:
    labels = [label for label in rows.labels if label is not None]
    known = tuple(sorted(set(labels)))
    each = len(labels) / len(known)
    if names is not None and each <= FEW * 2:
        rows = rows.plus(names)
        labels = [label for label in rows.labels if label is not None]
    target = np.array([known.index(label) for label in labels])
    grams = rows.counted().grams or []
    idf = features.idf(grams)
    matrix = features.matrix(grams, idf)
    words, words_bias = _words_view(matrix, target, len(known))
    share = float(np.clip((each - FEW) / (MANY - FEW), 0.0, 1.0))
    blank = replace(_EMPTY, labels=known, words=words, words_bias=words_bias, idf=idf, outside=outside)
    if rows.vectors is None:
        return blank
    sentence, bias = sentence_view(rows.vectors, target, len(known))
    spread_words = float((matrix @ words + words_bias).std())
    spread = float((rows.vectors @ sentence + bias).std())
    examples, example_labels, centres = _examples(rows.vectors[:, :SENTENCE], target, len(known))
    return replace(
        blank,
        sentence=sentence,
        bias=bias,
        examples=examples,
        example_labels=example_labels,
        centres=centres,
        distances=distance.fit(rows.vectors[:, :SENTENCE], target, len(known)),
        mix=(MIX_FEW + share * (MIX_MANY - MIX_FEW)) * spread / max(spread_words, 1e-6),
    )


def sentence_view(vectors: Floats, target: Ints, classes: int) -> tuple[Floats, Floats]:
    """Weights (DIMENSIONS, classes) and bias (classes,) of a logistic regression on sentence vectors."""
    from sklearn.linear_model import LogisticRegression

    if classes == 1:
        return np.zeros((vectors.shape[1], 1), np.float32), np.zeros(1, np.float32)
    model = LogisticRegression(C=C_SENTENCE, max_iter=200, tol=1e-3, warm_start=True).fit(vectors, target)
    model.set_params(solver=SOLVER, tol=TOLERANCE).fit(vectors.astype(np.float64), target)
    weights, bias = model.coef_, model.intercept_
    if classes == 2:
        weights, bias = np.vstack([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    return weights.T.astype(np.float32), bias.astype(np.float32)


def _words_view(matrix: Any, target: Ints, classes: int) -> tuple[Floats, Floats]:
    from sklearn.svm import LinearSVC

    if classes == 1:
        return np.zeros((features.SIZE, 1), np.float32), np.zeros(1, np.float32)
    model = LinearSVC(C=C_WORDS, random_state=0).fit(matrix, target)
    weights, bias = model.coef_, model.intercept_
    if classes == 2:
        weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
    return weights.T.astype(np.float32), bias.astype(np.float32)


def _one_thread() -> Any:
    """One BLAS thread: on a busy machine with few cores more of them made this ten times slower (measured).

    Only libraries that are loaded already are held, so those that learn are loaded first.
    """
    import scipy.optimize  # noqa: F401
    import sklearn.linear_model
    import sklearn.svm  # noqa: F401
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)


def _examples(embeddings: Floats, target: Ints, classes: int) -> tuple[Floats, Ints, Floats]:
    """All examples sorted by label, or a few means per label where there are many; and the mean of each label."""
    order = np.argsort(target, kind="stable")
    embeddings, target = embeddings[order], target[order]
    centres = _unit(np.stack([embeddings[target == k].mean(0) for k in range(classes)]))
    if len(embeddings) <= KEPT_EXAMPLES:
        return embeddings.astype(np.float32), target, centres
    from sklearn.cluster import KMeans

    parts, labels = [], []
    for k in range(classes):
        own = embeddings[target == k]
        count = min(CENTRES_EACH, len(own))
        parts.append(_unit(KMeans(count, n_init=1, max_iter=10, random_state=0).fit(own).cluster_centers_))
        labels += [k] * count
    return np.vstack(parts).astype(np.float32), np.array(labels), centres


def _unit(rows: npt.NDArray[Any]) -> Floats:
    result: Floats = (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)).astype(np.float32)
    return result


# How sure to be


def read_all(head: Head, rows: Rows) -> list[Read]:
    vectors = rows.vectors
    read = (head.read(text, None if vectors is None else vectors[i]) for i, text in enumerate(rows.texts))
    return [Read(head, reading, label) for reading, label in zip(read, rows.labels, strict=True)]


def _held_out(rows: Rows, outside: frozenset[str], names: Rows | None) -> list[Read]:
    """Rows read by a head that had not seen them, and rows of labels that the head had never heard of; every row once,
    or of many rows two fifths.
    """
    rng = np.random.default_rng(0)
    labels = np.array(rows.labels, dtype=object)
    inside = sorted({label for label in rows.labels if label is not None and label not in outside})
    groups = min(FOLDS, len(inside) // 2)
    unknown_in = {label: i % max(groups, 1) for i, label in enumerate(rng.permutation(np.array(inside, dtype=object)))}
    fold = np.empty(len(labels), np.int64)
    for label in sorted(set(rows.labels), key=str):
        index = np.flatnonzero(labels == label)
        fold[rng.permutation(index)] = np.arange(len(index)) % FOLDS
    found: list[Read] = []
    drop_labels = groups >= 2
    for k in range(FOLDS if len(labels) <= MANY_ROWS else FOLDS_OF_MANY):
        gone = np.array([drop_labels and unknown_in.get(str(label)) == k for label in labels])
        kept = np.flatnonzero((fold != k) & ~gone)
        held = np.flatnonzero((fold == k) & ~gone)
        if len(set(labels[kept])) < 2 or not len(held):
            continue
        some = names.take(_named(names, {str(label) for label in labels[kept]})) if names is not None else None
        head = _fit(rows.take(kept), outside, some)
        found += read_all(head, rows.take(held))
        strangers = rows.take(np.flatnonzero(gone & (fold == k)))
        found += [replace(judged, label=None) for judged in read_all(head, strangers)]
    return found


def _named(names: Rows, labels: set[str]) -> npt.NDArray[np.int64]:
    return np.array([i for i, label in enumerate(names.labels) if label in labels], np.int64)


def _calibrated(head: Head, judged: list[Read]) -> Head:
    known = [j for j in judged if j.label in j.head.labels]
    if len(known) < 10:
        return head
    heat = _heat(known)
    values, in_scope, right = [], [], []
    for j in judged:
        choice = choose(j.head, j.reading)
        values.append(doubt.signals(j.reading, choice, heat))
        in_scope.append(j.label is not None and j.label not in j.head.outside)
        right.append(j.head.labels[choice] == j.label)
    fitted = doubt.fit(np.array(values), np.array(in_scope), np.array(right))
    return replace(head, heat=heat, doubt=fitted)


def choose(head: Head, reading: Reading) -> int:
    """The best label of those that the bot does."""
    return int(np.where(head.inside(), reading.logits, -np.inf).argmax())


def _heat(known: list[Read]) -> float:
    """The temperature at which the probabilities are least surprised by rows the head had not seen."""
    from scipy.optimize import minimize_scalar

    rows = [(j.reading.logits.astype(np.float64), j.head.labels.index(str(j.label))) for j in known]

    def surprise(log_heat: float) -> float:
        heat = np.exp(log_heat)
        return float(np.mean([_log_sum(heat * logits) - heat * logits[true] for logits, true in rows]))

    return float(np.exp(minimize_scalar(surprise, bounds=(-3.0, 3.0), method="bounded").x))


def _log_sum(logits: npt.NDArray[np.float64]) -> float:
    top = float(logits.max())
    return top + float(np.log(np.exp(logits - top).sum()))


_NONE = np.zeros((0, 0), np.float32)
_NOWHERE = distance.Distances(_NONE, _NONE, _NONE, _NONE)
_EMPTY = Head(
    (), _NONE, _NONE, _NONE, _NONE, 1.0, _NONE, _NONE, np.zeros(0, np.int64), _NONE, _NOWHERE, 1.0, doubt.BY_NEARNESS
)
