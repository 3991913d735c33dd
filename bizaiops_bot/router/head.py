"""The trained head: how much a sentence looks like each label, by its meaning, its letters and its neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bizaiops_bot.router import features
from bizaiops_bot.router.distance import Distances
from bizaiops_bot.router.doubt import Doubt
from bizaiops_bot.router.encoder import SENTENCE
from bizaiops_bot.router.reading import Reading

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Head:
    """Weights over `labels` (k of them).

    sentence, bias: softmax regression on the encoder's vector, (DIMENSIONS, k) and (k,); no rows without an encoder.
    words, words_bias: one-against-all linear SVM on TF-IDF, (SIZE, k) and (k,). mix: what its scores weigh.
    examples, example_labels: unit sentence embeddings, (m, SENTENCE), or a few means per label where there are many.
    centres: (k, SENTENCE). distances: from the labels. heat: softmax(heat * logits) is calibrated.
    doubt: how sure a reading is. outside: labels that stand for "nothing the bot does".
    """

    labels: tuple[str, ...]
    sentence: Floats
    bias: Floats
    words: Floats
    words_bias: Floats
    mix: float
    idf: Floats
    examples: Floats
    example_labels: Ints
    centres: Floats
    distances: Distances
    heat: float
    doubt: Doubt
    outside: frozenset[str] = frozenset()

    def read(self, text: str, vector: Floats | None) -> Reading:
        """vector: of shape (DIMENSIONS,); None without an encoder, then the letters alone decide.

        Products by einsum, which stays in this thread: BLAS shares even these small ones out to all cores, and on a
        busy machine waits for them (measured: 14 ms instead of 0.4).
        """
        columns, values = features.weighed(features.counted(text), self.idf)
        words = (np.einsum("d,dk->k", values, self.words[columns]) + self.words_bias).astype(np.float32)
        nothing = np.zeros(len(self.labels), np.float32)
        if vector is None:
            return Reading(words, nothing, words, nothing + 1, nothing + 1, nothing, 0.0)
        sentence = np.einsum("d,dk->k", vector, self.sentence) + self.bias
        logits = sentence + self.mix * words
        embedding = vector[:SENTENCE]
        cosines = np.einsum("nd,d->n", self.examples, embedding)
        near = np.maximum.reduceat(cosines, np.searchsorted(self.example_labels, np.arange(len(self.labels))))
        far, strange = self.distances.of(embedding)
        own = np.einsum("kd,d->k", self.centres, embedding)
        return Reading(logits, sentence, words, near, own, far, strange)

    def probabilities(self, reading: Reading, heat: float | None = None) -> Floats:
        """Shape (k,), adds up to 1; calibrated for sentences that are one of the labels.

        heat: another one than its own.
        """
        scaled = (heat or self.heat) * (reading.logits - reading.logits.max())
        exp = np.exp(scaled)
        result: Floats = (exp / exp.sum()).astype(np.float32)
        return result

    def inside(self) -> npt.NDArray[np.bool_]:
        """Which labels the bot does."""
        return np.array([label not in self.outside for label in self.labels])

    def save(self, path: Path) -> None:
        """Writes an .npz (no pickle), whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(f".{id(self)}.tmp.npz")
        half = {name: getattr(self, name).astype(np.float16) for name in _HALF}
        whole = {name: getattr(self, name) for name in _WHOLE}
        apart = {f"distance_{name}": value.astype(np.float16) for name, value in vars(self.distances).items()}
        sets = {"labels": np.array(self.labels), "outside": np.array(sorted(self.outside), dtype=np.str_)}
        scalars = np.array([self.mix, self.heat], np.float64)
        with scratch.open("wb") as file:
            arrays: dict[str, Any] = {**half, **whole, **apart, **sets}
            np.savez(file, scalars=scalars, doubt=self.doubt.table(), **arrays)
        scratch.replace(path)


_HALF = ("words", "examples")
_WHOLE = ("sentence", "bias", "words_bias", "idf", "example_labels", "centres")


def load(path: Path) -> Head:
    """Raises OSError, ValueError or KeyError when the file is not a head."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
        mix, heat = (float(value) for value in data["scalars"])
        half = {name: data[name].astype(np.float32) for name in _HALF}
        whole = {name: data[name] for name in _WHOLE}
        parts = ("within", "centres", "among", "middle")
        distances = Distances(*(data[f"distance_{name}"].astype(np.float32) for name in parts))
        return Head(
            labels=tuple(str(label) for label in data["labels"]),
            outside=frozenset(str(label) for label in data["outside"]),
            mix=mix,
            heat=heat,
            distances=distances,
            doubt=Doubt.of(data["doubt"]),
            **half,
            **whole,
        )
