"""The trained head: multinomial logistic regression over sentence vector and TF-IDF together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bizaiops_bot.router import features

Floats = npt.NDArray[np.float32]

# Inverse regularisation per view. LR on MiniLM alone was best at C=20; TF-IDF gets half of that: with about 25
# examples an intent it
# helps on short commands and misleads on free speech.
C_SENTENCE = 20.0
C_WORDS = 10.0


@dataclass(frozen=True)
class Head:
    """Weights of a softmax over `labels`. `sentence` is (384, k) or (0, k) without an encoder, `words` is (SIZE, k)."""

    labels: tuple[str, ...]
    sentence: Floats
    words: Floats
    bias: Floats
    idf: Floats
    examples: Floats
    example_labels: npt.NDArray[np.int64]

    def probabilities(self, text: str, vector: Floats | None) -> Floats:
        """Shape (k,), adds up to 1."""
        columns, values = features.vector(text, self.idf)
        logits = self.bias + values @ self.words[columns]
        if vector is not None:
            logits = logits + vector @ self.sentence
        exp = np.exp(logits - logits.max())
        result: Floats = exp / exp.sum()
        return result

    def nearest(self, vector: Floats | None, label: int) -> float:
        """Cosine to the nearest example of `label`, 1.0 without an encoder."""
        if vector is None:
            return 1.0
        return float((self.examples[self.example_labels == label] @ vector).max(initial=-1.0))

    def save(self, path: Path) -> None:
        """Writes an .npz (no pickle), whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(f".{id(self)}.tmp.npz")
        with scratch.open("wb") as file:
            np.savez(
                file,
                labels=np.array(self.labels),
                sentence=self.sentence,
                words=self.words.astype(np.float16),
                bias=self.bias,
                idf=self.idf,
                examples=self.examples.astype(np.float16),
                example_labels=self.example_labels,
            )
        scratch.replace(path)


def load(path: Path) -> Head:
    """Raises OSError, ValueError or KeyError when the file is not a head."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
        return Head(
            labels=tuple(str(label) for label in data["labels"]),
            sentence=data["sentence"],
            words=data["words"].astype(np.float32),
            bias=data["bias"],
            idf=data["idf"],
            examples=data["examples"].astype(np.float32),
            example_labels=data["example_labels"],
        )


def train(texts: list[str], labels: list[str], vectors: Floats | None) -> Head:
    """Fits the head; `vectors` are the sentence vectors of `texts`, or None without an encoder."""
    names = tuple(sorted(set(labels)))
    target = np.array([names.index(label) for label in labels])
    weights = features.idf(texts)
    used, words = _word_matrix(texts, weights)
    blocks = [np.sqrt(C_WORDS) * words]
    if vectors is not None:
        blocks.append(np.sqrt(C_SENTENCE) * vectors)
    full = np.hstack(blocks)
    solution, bias = _fit(full, target, len(names))
    size = len(used)
    word_weights = np.zeros((features.SIZE, len(names)), np.float32)
    word_weights[used] = np.sqrt(C_WORDS) * solution[:size]
    kept = vectors if vectors is not None else np.zeros((len(texts), 0), np.float32)
    sentence = (np.sqrt(C_SENTENCE) * solution[size:]).astype(np.float32)
    return Head(names, sentence, word_weights, bias, weights, kept, target)


def _word_matrix(texts: list[str], weights: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
    rows = [features.vector(text, weights) for text in texts]
    used = np.unique(np.concatenate([columns for columns, _ in rows]))
    matrix = np.zeros((len(texts), len(used)), np.float32)
    for i, (columns, values) in enumerate(rows):
        matrix[i, np.searchsorted(used, columns)] = values
    return used, matrix


def _fit(x: Floats, target: npt.NDArray[np.int64], classes: int) -> tuple[Floats, Floats]:
    """L2-regularised softmax regression, solved in the span of the rows: many more columns than rows, so that is
    cheaper.

    One BLAS thread: on a busy machine with few cores more of them made this ten times slower (measured: 0.7 s
    against 9 s).
    """
    from scipy.optimize import minimize
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    with threadpool_limits(1):
        values, basis = np.linalg.eigh(x @ x.T)
        keep = values > values[-1] * 1e-5
        scale = np.sqrt(values[keep])
        z = (basis[:, keep] * scale).astype(np.float32)
        loss = _Loss(z, target, classes)
        start = np.zeros((z.shape[1] + 1) * classes)
        best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 60}).x
        w = best[:-classes].reshape(z.shape[1], classes)
        return (x.T @ ((basis[:, keep] / scale) @ w)).astype(np.float32), best[-classes:].astype(np.float32)


class _Loss:
    """Cross entropy plus half the squared weights, and its gradient, for a flat vector of weights and bias."""

    def __init__(self, z: Floats, target: npt.NDArray[np.int64], classes: int) -> None:
        self._z, self._target, self._classes = z, target, classes
        self._onehot = np.eye(classes, dtype=np.float32)[target]

    def __call__(self, flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        single = flat.astype(np.float32)
        w, b = single[: -self._classes].reshape(self._z.shape[1], self._classes), single[-self._classes :]
        logits = self._z @ w + b
        logits -= logits.max(1, keepdims=True)
        log_sum = np.log(np.exp(logits).sum(1, keepdims=True))
        error = np.exp(logits - log_sum) - self._onehot
        value = float((log_sum[:, 0] - logits[np.arange(len(logits)), self._target]).sum() + 0.5 * (w * w).sum())
        return value, np.concatenate([(self._z.T @ error + w).ravel(), error.sum(0)]).astype(np.float64)
