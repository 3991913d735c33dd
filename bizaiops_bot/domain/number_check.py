"""Is every number of a sentence in the facts? A sentence that says more than the facts is left out.

The check is one of form: it holds numbers, names, times, directions, links and orders against the facts, and drops a
sentence when in doubt. It does not understand what a sentence means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from bizaiops_bot.domain.claims import forbidden, never_done, unknown_name, wrong_cause, wrong_direction
from bizaiops_bot.domain.facts import Fact, Facts
from bizaiops_bot.domain.quantities import Quantity, plain, quantities

LONGEST_TEXT = 4_000
LONGEST_SENTENCE = 320
MOST_SENTENCES = 40
_MOST_ROUNDED = 0.2
_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+|(?:\r?\n)+")


@dataclass(frozen=True)
class Checked:
    """The sentences that hold, and why each of the others does not."""

    kept: tuple[str, ...]
    dropped: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        return " ".join(self.kept)


def check(text: str, facts: Facts) -> Checked:
    """Sentence by sentence. A text is read no further than 4,000 characters and 40 sentences."""
    known = _Known(facts)
    kept: list[str] = []
    dropped: list[tuple[str, str]] = []
    for raw in islice(sentences(text[:LONGEST_TEXT]), MOST_SENTENCES):
        sentence = plain(raw)
        why = _fault(sentence, known)
        if why is None and len(kept) >= facts.sentences:
            why = f"more than {facts.sentences} sentences"
        if why is None:
            kept.append(sentence)
        else:
            dropped.append((sentence[:LONGEST_SENTENCE], why))
    if facts.must and not any(names(name, " ".join(kept)) for name in facts.must):
        dropped += [(sentence, f"nothing is said of {' or '.join(facts.must)}") for sentence in kept]
        kept = []
    return Checked(tuple(kept), tuple(dropped))


def sentences(text: str) -> Iterator[str]:
    """Pieces of the text; a list's items are sentences too."""
    for piece in _END.split(text):
        if stripped := piece.strip(" \t-*•"):
            yield stripped


def names(name: str, text: str) -> bool:
    """Whether the text has the name as whole words, in any case."""
    return re.search(rf"(?<!\w){re.escape(plain(name))}(?!\w)", text, re.I) is not None


def unsupported(sentence: str, facts: Facts) -> str | None:
    """The first number that the facts do not have; None when they have all."""
    return _unsupported(sentence, _Known(facts))


class _Known:
    """The facts, read once for all sentences."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    @cached_property
    def text(self) -> str:
        return "\n".join(plain(line) for line in self.facts.text.splitlines())

    @cached_property
    def lower(self) -> str:
        return self.text.lower()

    @cached_property
    def said(self) -> list[Quantity]:
        return [q for line in self.text.splitlines() for q in quantities(line)]


def _fault(sentence: str, known: _Known) -> str | None:
    if len(sentence) > LONGEST_SENTENCE:
        return f"longer than {LONGEST_SENTENCE} characters"
    return (
        forbidden(sentence, known.text)
        or _unsupported(sentence, known)
        or unknown_name(sentence, known.facts, known.text)
        or wrong_direction(sentence, known.facts)
        or wrong_cause(sentence, known.text)
        or never_done(sentence, known.text)
    )


def _unsupported(sentence: str, known: _Known) -> str | None:
    for quantity in quantities(sentence):
        if not _supported(quantity, known):
            return f"{quantity.text.strip()!r} is not in the facts"
    return None


def _supported(asked: Quantity, known: _Known) -> bool:
    if asked.key and asked.kind in ("token", "phrase", "number") and _has(asked.key, known.lower):
        return True
    if asked.kind == "day":
        return any(q.kind == "day" and _same_day(asked.key, q.key) for q in known.said)
    if asked.kind != "number":
        return any(q.kind == asked.kind and q.key == asked.key for q in known.said)
    return any(_of_fact(asked, fact) for fact in known.facts.facts) or any(
        q.kind == "number" and _units_agree(asked.unit, q.unit) and _same(asked, q.value, signed=q.sign != 0)
        for q in known.said
    )


def _has(key: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(key)}(?!\w)", text) is not None


def _same_day(asked: str, known: str) -> bool:
    month, day, year = asked.split("-")
    other_month, other_day, other_year = known.split("-")
    return (month, day) == (other_month, other_day) and year in ("", other_year)


def _units_agree(asked: str, known: str) -> bool:
    """A number without a unit is a count: "four columns" is not in "4.2%"."""
    return asked == known or {asked, known} == {"", "count"}


def _of_fact(asked: Quantity, fact: Fact) -> bool:
    if fact.value is None:
        return False
    signed = fact.move is not None
    return any(_same(asked, value, signed=signed) for value in _readings(asked.unit, fact))


def _readings(unit: str, fact: Fact) -> Iterator[float]:
    """What the fact's number is in the unit that was asked for; nothing when it is of another kind."""
    value, kind = float(fact.value or 0.0), fact.unit
    if unit == "percent":
        if kind in ("", "share"):
            yield value * 100.0
        if kind in ("", "percent"):
            yield value
    elif unit == "s":
        if kind in ("ms", "s"):
            yield value / 1_000.0 if kind == "ms" else value
    elif kind == "" or _units_agree(unit, kind):
        yield value


def _same(asked: Quantity, value: float, *, signed: bool) -> bool:
    """Whether `asked` is `value` as it is rounded; a rounding that makes more than a fifth of it is a lie.

    signed: the value is a change, of which both its sign and its size may be told.
    """
    said = asked.value
    if asked.sign:
        if not signed:
            return False
    elif signed:
        said, value = abs(said), abs(value)
    if said == 0.0 or value == 0.0:
        return said == value
    gap = abs(said - value)
    return gap <= asked.step / 2.0 * (1.0 + 1e-9) + 1e-12 and gap <= _MOST_ROUNDED * abs(value) + 1e-12
