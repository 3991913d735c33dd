"""Names in a text, word by word: separators alike, plural and possessive, written together; no parts of other words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
_TOKEN = re.compile(r"[^\W_]+")
_SEPARATORS = re.compile(r"[\s_-]+")
_JOINTS = "-_"


@dataclass(frozen=True)
class Token:
    """text[start:end], lower case. glued: whether a hyphen or the like ties it to the word before."""

    text: str
    start: int
    end: int
    glued: bool = False

    @property
    def one(self) -> str:
        """In the singular."""
        return self.text[:-1] if len(self.text) > 3 and self.text.endswith("s") else self.text


def tokens(text: str) -> list[Token]:
    """The words of lower-case `text`."""
    found: list[Token] = []
    for m in _TOKEN.finditer(text):
        if m[0] == "s" and found and text[m.start() - 1] == "'" and found[-1].end == m.start() - 1:
            continue  # of "churn's"
        glued = bool(found) and text[found[-1].end : m.start()] in _JOINTS and found[-1].end < m.start()
        found.append(Token(m[0], m.start(), m.end(), glued))
    return found


def split(phrase: str) -> tuple[str, ...]:
    """The words of a name."""
    return tuple(part for part in _SEPARATORS.split(phrase.lower()) if part)


@dataclass(frozen=True)
class Hit(Generic[T]):
    """tokens[first:last] name each of `what`."""

    first: int
    last: int
    what: frozenset[T]


class Phrases(Generic[T]):
    """Names of things, each a few words. between: words that may stand inside a name ("revenue is at risk")."""

    def __init__(self, pairs: Iterable[tuple[str, T]], *, between: frozenset[str] = frozenset()) -> None:
        whole: dict[tuple[str, ...], set[T]] = {}
        for phrase, thing in pairs:
            parts = split(phrase)
            if not parts:
                continue
            whole.setdefault(parts, set()).add(thing)
            if len(parts) > 1:
                whole.setdefault(("".join(parts),), set()).add(thing)
        self._between = between
        self._starting: dict[str, list[tuple[tuple[str, ...], frozenset[T]]]] = {}
        for parts, things in sorted(whole.items(), key=lambda item: -len(item[0])):
            self._starting.setdefault(parts[0], []).append((parts, frozenset(things)))

    def find(self, said: list[Token]) -> list[Hit[T]]:
        """Names in `said`, the longest at each place, that do not overlap."""
        found: list[Hit[T]] = []
        at = 0
        while at < len(said):
            hit = None if said[at].glued else self._at(said, at)
            if hit:
                found.append(hit)
            at = hit.last if hit else at + 1
        return found

    def _at(self, said: list[Token], at: int) -> Hit[T] | None:
        first = said[at]
        for parts, things in (*self._starting.get(first.text, ()), *self._singular(first)):
            last = self._end(said, at, parts)
            if last and not goes_on(said, last):
                return Hit(at, last, things)
        return None

    def _singular(self, first: Token) -> list[tuple[tuple[str, ...], frozenset[T]]]:
        """A name of one word may be said in the plural."""
        if first.one == first.text:
            return []
        return [entry for entry in self._starting.get(first.one, ()) if len(entry[0]) == 1]

    def _end(self, said: list[Token], at: int, parts: tuple[str, ...]) -> int | None:
        """Behind the last token of `parts`, when they stand at `at`."""
        for i, part in enumerate(parts):
            if i and at < len(said) and said[at].text in self._between and said[at].text != part:
                at += 1
            if at >= len(said):
                return None
            token = said[at]
            if token.text != part and not (i == len(parts) - 1 and token.one == part):
                return None
            at += 1
        return at


def goes_on(said: list[Token], at: int) -> bool:
    """Whether the word goes on at `at`: "churn-classifier" of "churn-classifier-asia", but "churn-v3" is churn, v3."""
    return at < len(said) and said[at].glued and not re.fullmatch(r"v\d+", said[at].text)
