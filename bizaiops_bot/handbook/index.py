"""Finds the passage that answers a question: by meaning (the sentence encoder) and by words (BM25)."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt

from bizaiops_bot.domain.handbook import Found, Passage
from bizaiops_bot.handbook import vectors
from bizaiops_bot.handbook.pages import Section
from bizaiops_bot.handbook.showing import shown
from bizaiops_bot.handbook.words import Words

Floats = npt.NDArray[np.float32]
Encode = Callable[[list[str]], Floats]
"""Texts to unit vectors, shape (n, 384), or (n, 0) where no encoder works: then words alone find."""
_FORMAT = 1
PARTS = 14
"""Parts of a section that are compared one by one; a long table has the rest of its rows in the words alone."""
HEADING, QUESTION, PART = 0, 1, 2
MEANING = np.array([0.1, 0.7, 0.2], np.float32)
"""What the nearest meaning weighs: of the heading, of a question that the section answers, of one of its parts."""
WORDS, ASKED = 0.25, 0.3
"""What words in common weigh: with the whole section, with its heading and questions."""


@dataclass(frozen=True)
class _Row:
    """One text that stands for a section. part: which of its parts, -1 for a heading or a question."""

    section: int
    kind: int
    part: int
    text: str


@dataclass(frozen=True)
class _Scored:
    """Of each of n sections: score, cosine of the nearest text, and the nearest of its parts (-1: none is known)."""

    scores: Floats
    near: Floats
    parts: npt.NDArray[np.int64]


class Index:
    """Sections and the questions they answer, found by `ask`. The vectors are kept in a file beside what the router
    learned.

    questions: name of a section ("how-to/write-a-rule#1-the-file") -> questions that it answers. encode: None for
    words alone. known: folders that may have the vectors, the last one is written to.
    """

    def __init__(
        self, sections: list[Section], questions: dict[str, list[str]], encode: Encode | None, known: list[Path]
    ) -> None:
        self._sections, self._questions, self._encode, self._known = sections, questions, encode, known
        self._lock = Lock()

    def ask(self, question: str, *, most: int = 4) -> Found:
        """The `most` nearest passages."""
        if not self._sections:
            return Found()
        found, known = self._score(question), self._asked.known(question)
        best = found.scores.argsort()[::-1][:most].tolist()
        passages = tuple(self.passage(i, int(found.parts[i])) for i in best)
        ahead = float(found.scores[best[0]] - found.scores[best[1]]) if len(best) > 1 else 1.0
        return Found(passages=passages, sure=_chance(ahead, known, float(found.near[best[0]])), known=known)

    def passage(self, place: int, part: int = -1) -> Passage:
        """part: the one to begin with."""
        section = self._sections[place]
        return Passage(
            page=section.page,
            section=section.anchor,
            title=section.title,
            page_title=section.page_title,
            text=shown(section.parts, part),
        )

    def named(self, name: str) -> Passage | None:
        """The passage whose name is `name`, in any case."""
        place = self._by_name.get(name.strip().lower())
        return None if place is None else self.passage(place)

    def _score(self, question: str) -> _Scored:
        count = len(self._sections)
        scores = WORDS * self._words.scores(question) + ASKED * self._asked.scores(question)
        parts, vectors = np.full(count, -1), self._vectors
        asked = None if vectors is None or self._encode is None else self._encode([question])[0]
        if vectors is None or asked is None or len(asked) != vectors.shape[1] or not len(asked):
            return _Scored(scores, scores, parts)
        cosines = np.einsum("nd,d->n", vectors, asked)
        nearest = np.full((count, 3), -1.0, np.float32)
        for row, cosine in zip(self._rows, cosines.tolist(), strict=True):
            if cosine > nearest[row.section, row.kind]:
                nearest[row.section, row.kind] = cosine
                parts[row.section] = row.part if row.kind == PART else parts[row.section]
        nearest[:, QUESTION] = np.where(nearest[:, QUESTION] < 0, nearest[:, HEADING], nearest[:, QUESTION])
        return _Scored(scores + nearest.clip(0) @ MEANING, nearest.max(axis=1), parts)

    @cached_property
    def _rows(self) -> list[_Row]:
        rows: list[_Row] = []
        for i, section in enumerate(self._sections):
            rows.append(_Row(i, HEADING, -1, _heading(section)))
            rows += [_Row(i, QUESTION, -1, text) for text in self._of(section)]
            rows += [_Row(i, PART, n, f"{section.title}. {part}") for n, part in enumerate(section.parts[:PARTS])]
        return rows

    @cached_property
    def _words(self) -> Words:
        return Words([" ".join([_heading(s), s.title, *s.parts, s.code]) for s in self._sections])

    @cached_property
    def _asked(self) -> Words:
        return Words([" ".join([_heading(s), *self._of(s)]) for s in self._sections])

    @cached_property
    def _by_name(self) -> dict[str, int]:
        return {self.passage(i).name.lower(): i for i in reversed(range(len(self._sections)))}

    def _of(self, section: Section) -> list[str]:
        return self._questions.get(f"{section.page}#{section.anchor}".removesuffix("#"), [])

    @cached_property
    def _vectors(self) -> Floats | None:
        with self._lock:
            return self._kept() if self._encode is not None else None

    def _kept(self) -> Floats:
        """Read where they are known, else made anew: two seconds."""
        texts = [row.text for row in self._rows]
        name = f"handbook-{hashlib.sha256(json.dumps([_FORMAT, texts]).encode()).hexdigest()[:16]}.npy"
        assert self._encode is not None
        return vectors.kept(name, texts, self._encode, self._known)

    def warm(self) -> None:
        """Reads or makes now what the first question would wait for; safe from any thread."""
        if self._sections:
            self._score("what is this")
            self._asked.known("")


def _heading(section: Section) -> str:
    return section.title if section.title == section.page_title else f"{section.page_title}: {section.title}"


def _chance(ahead: float, known: float, near: float) -> float:
    """That the first passage answers, by its lead over the second one, the share of known words and its cosine.

    Fitted on questions with a known source, and on sentences of `intents/out_of_scope` that are built like questions.
    """
    return 1.0 / (1.0 + math.exp(5.2 - 3.9 * ahead - 2.5 * known - 4.0 * near))
