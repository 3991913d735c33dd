"""What an extractor finds: a value, or why it cannot be one, and where it stood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Mention:
    """One value in a text; text[start:end] are its words. `problem` says why it cannot be used; `value` is None then.

    kind: the slot kind. sure: False for a bare number, which means something only where its kind is asked for. guess:
    whether it is what the words point to and not what they say ("the last run"); nothing may change on it unasked.
    nearest: the value that comes closest to one that cannot be used.
    """

    kind: str
    start: int
    end: int
    value: Any
    problem: str = ""
    sure: bool = True
    guess: bool = False
    nearest: Any = None

    def overlaps(self, other: Mention) -> bool:
        return self.start < other.end and other.start < self.end


def apart(mentions: list[Mention]) -> list[Mention]:
    """Mentions that do not overlap, longer ones win, in order of the text."""
    kept: list[Mention] = []
    for mention in sorted(mentions, key=lambda m: (m.start - m.end, m.start)):
        if not any(mention.overlaps(other) for other in kept):
            kept.append(mention)
    return sorted(kept, key=lambda m: m.start)
