"""Words of a question against words of passages: BM25, and how much of the question is known at all."""

from __future__ import annotations

import math
import re
from collections import Counter

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
K1, B = 1.2, 0.6
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+")
_EMPTY = frozenset(
    """a an and are am as at be been but by can could did do does doing done for from had has have how i if in into is
    it its just me mean means meant my of on one or our please shall should so some tell than that the their them then
    there these they this to us was we were what what's when where which who whose why will with would you your
    explain definition define exactly actually happens happen bot here work works anyway get about want need there's
    i'm it's don't doesn't isn't can't s t any""".split()  # noqa: SIM905 - a list of forty lines tells no more
)
_ENDS = ("ations", "ation", "ings", "ing", "ies", "ied", "ers", "ed", "es", "er", "ly", "al", "s", "e", "y")
_SAME = {
    "dm": "direct",
    "csv": "file",
    "prod": "production",
    "perms": "permission",
    "permissions": "permission",
    "chatgpt": "language",
    "gpt": "language",
    "openai": "language",
    "llm": "language",
    "ai": "language",
    "rights": "permission",
    "allowed": "may",
    "permitted": "may",
    "quiet": "silent",
    "postgres": "postgresql",
    "mail": "digest",
    "report": "digest",
    "holiday": "delegate",
    "vacation": "delegate",
    "undo": "roll",
    "revert": "roll",
    "crash": "restart",
    "crashes": "restart",
    "crashed": "restart",
    "tampered": "changed",
}


def stems(text: str) -> list[str]:
    """The words that carry meaning, lower case, without their endings."""
    return [stem(word) for word in _WORD.findall(text.lower().replace("_", " ")) if word not in _EMPTY]


def stem(word: str) -> str:
    """A word without its ending; one word of several that mean the same here."""
    word = _SAME.get(word, word).removesuffix("'s")
    for end in _ENDS:
        if word.endswith(end) and len(word) - len(end) >= 3:
            return word[: -len(end)]
    return word


class Words:
    """BM25 over `texts` (n of them)."""

    def __init__(self, texts: list[str]) -> None:
        counted = [Counter(stems(text)) for text in texts]
        lengths = np.array([sum(c.values()) for c in counted], np.float32)
        norm = K1 * (1 - B + B * lengths / max(1.0, float(lengths.mean())))
        places: dict[str, list[tuple[int, int]]] = {}
        for place, counts in enumerate(counted):
            for word, count in counts.items():
                places.setdefault(word, []).append((place, count))
        self._count = len(texts)
        self._weights: dict[str, tuple[npt.NDArray[np.int64], Floats]] = {}
        for word, found in places.items():
            at, often = np.array([p for p, _ in found]), np.array([c for _, c in found], np.float32)
            weight = self._idf(len(found)) * often * (K1 + 1) / (often + norm[at])
            self._weights[word] = (at, weight.astype(np.float32))

    def _idf(self, seen: int) -> float:
        return math.log(1 + (self._count - seen + 0.5) / (seen + 0.5))

    def scores(self, question: str) -> Floats:
        """Shape (n,), >= 0: a share of what a text with every word of the question, each once, would get."""
        words = set(stems(question))
        scores, most = np.zeros(self._count, np.float32), sum(map(self._rarity, words))
        for word in words & self._weights.keys():
            at, weights = self._weights[word]
            scores[at] += weights
        return scores / max(most, 1e-6)

    def known(self, question: str) -> float:
        """The share of the question's words that are anywhere, rare ones counting more, 0..1; 0 without any word."""
        words = set(stems(question))
        most = sum(map(self._rarity, words))
        return sum(self._rarity(word) for word in words if word in self._weights) / most if most else 0.0

    def _rarity(self, word: str) -> float:
        return self._idf(len(self._weights[word][0]) if word in self._weights else 0)
