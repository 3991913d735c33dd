"""Phrase books: what is said around models in another language, put into the bot's English before it is read.

A book is one YAML file. A meaning is found by its words in any order; what is said beyond them is not guessed at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from bizaiops_bot.domain.yaml_loader import LOADER

LONGEST = 160
_MOST_LEFT = 2
BOOKS = Path(__file__).with_name("phrasebooks")
_PREFIX = 4
_NOW = "today"
"""How a model is is asked about today anyway."""
_SLOT = re.compile(r"\{(\w+)\}")
_OPTIONAL = re.compile(r"\[([^\]]*)\]")
_VALUES = (
    ("percent", re.compile(r"(?<!\S)(\d{1,3}(?:[.,]\d+)?) ?(?:%|prozent|pour cent|por ciento)(?!\S)"), "{0}%"),
    ("run", re.compile(r"(?<!\S)(?:run |lauf |execution |ejecucion |#)#?(\d+)(?!\S)"), "run {0}"),
    ("version", re.compile(r"(?<!\S)(v\d\S*)(?!\S)"), "{0}"),
)
_NUMBER = ("number", re.compile(r"(?<!\S)(\d+)(?!\S)"), "{0}")


class BookFile(BaseModel):
    """A phrase book as people write it.

    answers: the polite line of an answer in English. asks: what stands above the English form of an order. nearest:
    above that of something half understood. asking: words that make a question of it, so that it orders nothing. aside:
    words that say nothing here. times: {regular expression of folded
    words: in English, {0} its number}. reads, orders: {in English: lines of groups}; `{model}` and the like are values,
    `[...]` is left out without its value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: str
    answers: str
    asks: str
    nearest: str
    asking: tuple[str, ...]
    aside: tuple[str, ...]
    times: dict[str, str]
    reads: dict[str, tuple[tuple[str, ...], ...]] = Field(min_length=1)
    orders: dict[str, tuple[tuple[str, ...], ...]] = Field(min_length=1)


@dataclass(frozen=True)
class InEnglish:
    """What was said, in English. order: it may change something. left: words that were not understood, folded."""

    english: str
    order: bool
    left: tuple[str, ...]
    book: Book

    @property
    def whole(self) -> bool:
        return not self.left


@dataclass(frozen=True)
class _Meaning:
    """One line of a meaning: every group has to be said."""

    english: str
    order: bool
    groups: tuple[re.Pattern[str], ...]
    beside: frozenset[str]
    """Values of the English form that need not be said."""
    term: bool


class Book:
    """One language. Its patterns are made when somebody speaks it."""

    def __init__(self, file: BookFile) -> None:
        self.file = file
        lines = [line for found in (file.reads, file.orders) for meaning in found.values() for line in meaning]
        words = [word for line in lines for group in line for said in group.split("|") for word in fold(said).split()]
        words += [word for said in (*file.aside, *file.asking) for word in fold(said.lstrip("^")).split()]
        self._words = frozenset(word for word in words if "*" not in word and "{" not in word)
        self._begin = frozenset(word.split("*")[0] for word in words if "*" in word and len(word) > _PREFIX)

    def knows(self, word: str) -> bool:
        """Whether the word, folded, is one of its own."""
        return word in self._words or any(word[:size] in self._begin for size in range(_PREFIX, len(word) + 1))

    def asks(self, text: str) -> bool:
        """Whether the words make a question of it, or begin one about what was or should be done."""
        said = fold(text)
        return self._asking.search(said) is not None or self._asking_first.match(said) is not None

    def read(self, said: str, names: Mapping[str, str]) -> InEnglish | None:
        """What is meant, the meaning first that leaves the fewest words; None for more than two words left.

        said: folded. names: {folded name: model}.
        """
        text, values = self._with_values(f" {said} ", names)
        asks = self.asks(said)
        best: tuple[tuple[int, int, int], InEnglish] | None = None
        for meaning in self._meanings:
            matches = [group.search(text) for group in meaning.groups]
            if not all(matches) or (asks and meaning.order):
                continue
            left = self._left(text, meaning, values)
            taken = {**values, "term": " ".join(left)} if meaning.term else values
            left = [] if meaning.term and 0 < len(left) <= _MOST_LEFT + 1 else left
            said_of = len(matches) + sum(slot in values for slot in meaning.beside)
            rank = (-len(left), said_of, sum(len(m[0]) for m in matches if m))
            if len(left) <= _MOST_LEFT and (best is None or rank > best[0]):
                best = (rank, InEnglish(filled(meaning.english, taken), meaning.order, tuple(left), self))
        return best[1] if best else None

    @cached_property
    def _aside(self) -> re.Pattern[str]:
        return _pattern(self.file.aside)

    @cached_property
    def _asking(self) -> re.Pattern[str]:
        return _pattern(word for word in self.file.asking if not word.startswith("^"))

    @cached_property
    def _asking_first(self) -> re.Pattern[str]:
        return _pattern(word[1:] for word in self.file.asking if word.startswith("^"))

    @cached_property
    def _times(self) -> list[tuple[re.Pattern[str], str]]:
        return [(_pattern([said]), english) for said, english in self.file.times.items()]

    @cached_property
    def _meanings(self) -> list[_Meaning]:
        reads = [_meaning(en, False, line) for en, found in self.file.reads.items() for line in found]
        return reads + [_meaning(en, True, line) for en, found in self.file.orders.items() for line in found]

    def _with_values(self, text: str, names: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """The words with `{model}` and the like in the place of values, and the values."""
        values: dict[str, str] = {}
        for name in sorted(names, key=len, reverse=True):
            if f" {name} " in text:
                values.setdefault("model", names[name])
                slot = "{model}" if values["model"] == names[name] else "{other}"
                text = text.replace(f" {name} ", f" {slot} ")
        for pattern, english in self._times:
            if m := pattern.search(text):
                values["when"] = f"{values.get('when', '')} {english.format(*m.groups())}".strip()
                text = f"{text[: m.start()]}{{when}}{text[m.end() :]}"
        for slot, pattern, english in (*_VALUES, _NUMBER):
            for _ in range(2):
                name = slot if slot not in values else f"{slot}2"
                if (m := pattern.search(text)) and name not in values:
                    values[name] = english.format(*m.groups())
                    text = f"{text[: m.start()]}{{{name}}}{text[m.end() :]}"
        return text, values

    def _left(self, text: str, meaning: _Meaning, values: Mapping[str, str]) -> list[str]:
        """The words that neither the meaning nor what may stand beside it accounts for."""
        for pattern in meaning.groups:
            text = pattern.sub(" ", text)
        text = self._aside.sub(" ", text)
        for name in _SLOT.findall(meaning.english):
            text = text.replace(f"{{{name}}}", " ")
        left = [values.get(word.strip("{}"), word) if word.startswith("{") else word for word in text.split()]
        return left if meaning.order else [word for word in left if word != _NOW]


def fold(text: str) -> str:
    """Lower case, without accents and marks, words apart: "Qu'est-ce que ça" is "qu est ce que ca"."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss"))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(re.sub(r"[^\w\s.%#*{}|]|\.(?=\s|$)|(?<!\w)\.", " ", plain).split())


def load(folder: Path | None = None) -> tuple[Book, ...]:
    """All books of the folder, default the bot's own; raises pydantic's error for what is wrong in a file."""
    found = sorted((folder or BOOKS).glob("*.yaml"))
    read: list[dict[str, Any]] = [yaml.load(path.read_text("utf-8"), Loader=LOADER) for path in found]
    return tuple(Book(BookFile.model_validate(file)) for file in read)


def spoken(said: str, names: Set[str], books: Iterable[Book], english: Callable[[str], bool]) -> dict[Book, int]:
    """The books in whose language it is said, with how many words are theirs alone; none for English.

    said: folded. names: folded names, which are the same in all languages. english: tells words that the bot knows in
    English; of the words that are in one language only most have to be the book's.
    """
    words = set(said.split())
    plain = {word for word in words if english(word)}
    found = {}
    for book in books:
        strange = sum(book.knows(word) for word in words - plain)
        if strange and strange > sum(not book.knows(word) for word in plain - names):
            found[book] = strange
    return found


def read(said: str, names: Mapping[str, str], books: Iterable[Book]) -> InEnglish | None:
    """What one of the books makes of it, one that has all of it first; None for what no book knows.

    said: folded. names: {folded name: model}.
    """
    if len(said) > LONGEST:
        return None
    found = [heard for book in books if (heard := book.read(said, names))]
    return next((heard for heard in found if heard.whole), next(iter(found), None))


def _meaning(english: str, order: bool, line: tuple[str, ...]) -> _Meaning:
    groups = tuple(_pattern(group.split("|")) for group in line if group != "{term}")
    beside = frozenset(slot for slot in _SLOT.findall(english) if f"{{{slot}}}" not in line)
    return _Meaning(english, order, groups, beside, term="{term}" in line)


def _pattern(alternatives: Iterable[str]) -> re.Pattern[str]:
    said = sorted((_folded_pattern(one) for one in alternatives), key=len, reverse=True)
    return re.compile(rf"(?<!\S)(?:{'|'.join(said)})(?!\S)")


def _folded_pattern(said: str) -> str:
    if re.search(r"[\\(?]", said):
        return said
    return "|".join(re.escape(fold(one)).replace(r"\*", r"\w*") for one in said.split("|"))


def filled(english: str, values: Mapping[str, str]) -> str:
    """The English form with its values; what stands in `[...]` only with its value."""

    def optional(m: re.Match[str]) -> str:
        return m[1] if all(name in values for name in _SLOT.findall(m[1])) else ""

    whole = _OPTIONAL.sub(optional, english)
    return " ".join(_SLOT.sub(lambda m: values.get(m[1], ""), whole).split())
