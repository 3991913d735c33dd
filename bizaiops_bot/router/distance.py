"""How far a sentence lies from each label, and from everything learned, in the directions that examples vary little
in (Mahalanobis).

After Ren et al., "A Simple Fix to Mahalanobis Distance for Improving Near-OOD Detection" (2021): both distances
together tell sentences that are near to the labels and yet none of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
SHRINK = 0.1


@dataclass(frozen=True)
class Distances:
    """within: whitens the spread inside a label, (d, d); centres: the labels' means so whitened, (k, d).
    among: whitens the spread of all examples, (d, d); middle: their mean, (d,).
    """

    within: Floats
    centres: Floats
    among: Floats
    middle: Floats

    def of(self, embedding: Floats) -> tuple[Floats, float]:
        """Squared distances to each label, (k,), and to the middle of all."""
        point = np.einsum("d,de->e", embedding, self.within)  # einsum: see Head.read
        apart = self.centres - point
        out = np.einsum("d,de->e", embedding - self.middle, self.among)
        return np.einsum("kd,kd->k", apart, apart).astype(np.float32), float((out * out).sum())


def fit(embeddings: Floats, target: npt.NDArray[np.int64], classes: int) -> Distances:
    """embeddings: (n, d); every class has a row. The spread is shrunk towards a ball, so one row will do."""
    means = np.stack([embeddings[target == k].mean(0) for k in range(classes)])
    middle = embeddings.mean(0)
    within, among = _whitening(embeddings - means[target]), _whitening(embeddings - middle)
    return Distances(within, (means @ within).astype(np.float32), among, middle.astype(np.float32))


def _whitening(rows: Floats) -> Floats:
    size = rows.shape[1]
    spread = rows.T @ rows / len(rows)
    ball = max(float(np.trace(spread)) / size, 1e-6)
    values, axes = np.linalg.eigh(spread + SHRINK * ball * np.eye(size))
    result: Floats = (axes / np.sqrt(values)).astype(np.float32)
    return result
