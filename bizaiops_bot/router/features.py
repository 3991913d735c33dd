"""TF-IDF of words and letters without a vocabulary: n-grams are hashed, so nothing has to be stored but their
weights.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Counted = tuple[Ints, Floats]
SIZE = 1 << 15
_WORD = re.compile(r"\w+")


def grams(text: str) -> Counter[int]:
    """Hashed counts of word 1-2-grams and of letter 2-4-grams within words (scikit-learn's char_wb)."""
    words = _WORD.findall(text.lower())
    parts = [f"w:{word}" for word in words]
    parts += [f"w:{a} {b}" for a, b in pairwise(words)]
    for word in words:
        padded = f" {word} "
        parts += [padded[i : i + n] for n in (2, 3, 4) for i in range(len(padded) - n + 1)]
    return Counter(zlib.crc32(part.encode()) % SIZE for part in parts)


def counted(text: str) -> Counted:
    """Columns of one text, and 1 + log of how often each comes."""
    counts = grams(text)
    columns = np.fromiter(counts, np.int64, len(counts))
    return columns, (1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))).astype(np.float32)


def idf(texts: Sequence[Counted]) -> Floats:
    """Smoothed inverse document frequency per hashed gram, shape (SIZE,)."""
    seen = np.zeros(SIZE, np.float32)
    for columns, _ in texts:
        seen[columns] += 1
    return (np.log((1 + len(texts)) / (1 + seen)) + 1).astype(np.float32)


def weighed(text: Counted, weights: Floats) -> Counted:
    """Columns and TF-IDF values of one text, unit length; empty for a text without words."""
    columns, counts = text
    values = counts * weights[columns]
    length = float(np.linalg.norm(values))
    return columns, values / length if length else values


def matrix(texts: Sequence[Counted], weights: Floats) -> Any:
    """The TF-IDF of many texts, a sparse (n, SIZE) matrix."""
    from scipy import sparse

    rows = [weighed(text, weights) for text in texts]
    starts = np.cumsum([0, *(len(columns) for columns, _ in rows)])
    columns, values = (np.concatenate([row[part] for row in rows]) for part in (0, 1))
    return sparse.csr_matrix((values, columns, starts), shape=(len(rows), SIZE))
