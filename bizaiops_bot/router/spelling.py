"""Misspelt words of command ("stauts", "rolback"), put right before anything is read; names are never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA

_WORD = re.compile(r"(?<![\w{'/-])[a-z]{4,}(?![\w}'/-])", re.IGNORECASE)


_SHORT = frozenset({"back", "roll", "show", "mute", "undo", "send", "ship"})
"""Short words of command, of which only two letters may be swapped ("roll bakc")."""


@dataclass(frozen=True)
class Corrected:
    """The text put right. `changes`: what was said -> what is read. `sure`: only letters swapped or left out, so that
    it can hardly be another word.
    """

    text: str
    changes: dict[str, str] = field(default_factory=dict)
    sure: bool = True


class Spelling:
    """targets: the words that may be meant. known: words that are right as they are."""

    def __init__(self, targets: Iterable[str], known: Iterable[str]) -> None:
        self._targets = sorted({word for word in targets if len(word) >= 5} | _SHORT)
        self._known = frozenset(known) | frozenset(self._targets)

    def correct(self, text: str, names: frozenset[str]) -> Corrected:
        """Puts right the words one slip away from exactly one target. names: words of the catalogue, which stay."""
        changes: dict[str, str] = {}
        sure = True
        for m in _WORD.finditer(text):
            said = m[0].lower()
            if said in self._known or said.removesuffix("s") in self._known or said in names:
                continue
            near = [word for word in self._targets if _slipped(said, word)]
            if len(near) == 1 and not any(OSA.distance(said, name) <= 1 for name in names):
                changes[m[0]] = near[0]
                sure = sure and len(said) <= len(near[0])
        if not changes:
            return Corrected(text)
        return Corrected(_WORD.sub(lambda m: changes.get(m[0], m[0]), text), changes, sure)


def _slipped(said: str, word: str) -> bool:
    """Letters swapped, one too many or one too few; another letter makes another word ("chance", "change")."""
    if len(said) < 5 or word in _SHORT:
        return word in _SHORT and word[0] == said[0] and said != word and sorted(said) == sorted(word)
    one = word[0] == said[0] and OSA.distance(said, word) == 1
    return one and (len(said) != len(word) or sorted(said) == sorted(word))
