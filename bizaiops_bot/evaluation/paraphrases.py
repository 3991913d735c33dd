"""Groups of examples that say the same in nearly the same words, so that a test never has a twin in the training."""

from __future__ import annotations

import re
from collections.abc import Sequence

ALIKE = 0.6
"""Two examples of an intent are in one group when this share of their content words, of all that both have, is shared;
and so is what is alike to one of the group.
"""

_ENDINGS = re.compile(r"(?:ing|ed|es|s|ment|ments)$")
# Words that tell no intent from another, and the words that stand in for values.
_EMPTY = frozenset(
    re.findall(
        r"\S+",
        "a an and any are as at be but by can could did do does for from get give had has have here how i i'd if in is "
        "it its just let me my need now of off on or our out please should so some that the them then there these they "
        "this those to too up us want was we were what what's when where which who why will with would you your "
        "model version 2 10 run 7 schedule 3 kpi week sam friday sale every monday 9 00 berlin time",
    )
)


def content_words(text: str) -> frozenset[str]:
    """Beginnings of the words that matter; all words when none does."""
    words = re.findall(r"[\w']+", text.lower())
    kept = [word for word in words if word not in _EMPTY] or words
    return frozenset(_ENDINGS.sub("", word) if len(word) > 5 else word for word in kept)


def groups(texts: Sequence[str]) -> list[int]:
    """The number of the group of each text of one intent; numbers count up from 0."""
    words = [content_words(text) for text in texts]
    root = list(range(len(texts)))

    def find(i: int) -> int:
        while root[i] != i:
            i = root[i]
        return i

    for i in range(len(texts)):
        for j in range(i):
            if _alike(words[i], words[j]):
                root[find(i)] = find(j)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(find(i), len(numbers)) for i in range(len(texts))]


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= ALIKE * len(one | other)


def folds(pairs: Sequence[tuple[str, str]], count: int = 5) -> list[int]:
    """The fold of each (text, intent), a group whole in one; big groups first, each to where its intent has least."""
    by_intent: dict[str, list[int]] = {}
    for i, (_, intent) in enumerate(pairs):
        by_intent.setdefault(intent, []).append(i)
    fold, load = [0] * len(pairs), [0] * count
    for rows in by_intent.values():
        numbers = groups([pairs[i][0] for i in rows])
        members: dict[int, list[int]] = {}
        for row, number in zip(rows, numbers, strict=True):
            members.setdefault(number, []).append(row)
        own = [0] * count
        for group in sorted(members.values(), key=lambda group: (-len(group), group[0])):
            best = min(range(count), key=lambda k: (own[k], load[k], k))
            own[best] += len(group)
            load[best] += len(group)
            for row in group:
                fold[row] = best
    return fold
