"""TF-IDF of words and letters without a vocabulary: n-grams are hashed, so nothing has to be stored but their
weights.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
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


def idf(texts: Iterable[str]) -> Floats:
    """Smoothed inverse document frequency per hashed gram, shape (SIZE,)."""
    seen = np.zeros(SIZE, np.float32)
    count = 0
    for text in texts:
        seen[list(grams(text))] += 1
        count += 1
    return (np.log((1 + count) / (1 + seen)) + 1).astype(np.float32)


def vector(text: str, weights: Floats) -> tuple[Ints, Floats]:
    """Columns and values of one text, unit length, sublinear counts; empty for a text without words."""
    counts = grams(text)
    columns = np.fromiter(counts, np.int64, len(counts))
    values = (1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))) * weights[columns]
    length = float(np.linalg.norm(values))
    return columns, (values / length if length else values).astype(np.float32)
