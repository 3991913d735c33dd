"""What may be said: facts with their numbers, the sentence a template makes of them, and what was said in the end."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from bizaiops_bot.domain.values import Value

Task = Literal["digest", "alert", "investigation"]
Source = Literal["template", "language model"]
Unit = Literal["", "count", "percent", "share", "ms", "s", "money", "times"]


class Fact(Value):
    """One thing that is known. `words` say it with its numbers, as a card would.

    name: what it is of, as a sentence may name it: "Churn rate". value, unit: the unrounded number; "" is any unit,
    "share" is 0..1. move: the sign of its change, 0 for none, None when nothing is known of a change. good: whether the
    change is for the better.
    """

    words: str
    name: str = ""
    value: float | None = None
    unit: Unit = ""
    move: Literal[-1, 0, 1] | None = None
    good: bool | None = None


class Facts(Value):
    """All that a text may speak of. `otherwise` says it without a language model.

    names: more names that may be used. others: names that exist and may not be used, as the facts are not of them.
    must: a text that names none of these leaves out what matters. sentences: the most that are shown.
    """

    about: str
    facts: tuple[Fact, ...]
    otherwise: str
    names: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    must: tuple[str, ...] = ()
    sentences: int = 1

    @property
    def text(self) -> str:
        """Everything the facts say, a line each."""
        return "\n".join([self.about, self.otherwise, *self.names, *(f"{f.name} {f.words}" for f in self.facts)])


class Look(Value):
    """One look at the world: what was asked, and what was found."""

    question: str
    finding: str


class Said(Value):
    """What is shown, and who worded it. It is plain text for people and never an order.

    looks: what a language model looked at before it said it. heard: how it came about, for the record: model, prompt,
    tokens, cost, how many sentences were dropped.
    """

    text: str
    source: Source = "template"
    looks: tuple[Look, ...] = ()
    heard: dict[str, Any] = Field(default_factory=dict)

    @property
    def note(self) -> str:
        """The small print that goes with it; "" for a template."""
        return "" if self.source == "template" else "Written by a language model, numbers checked."


def template(facts: Facts) -> Said:
    """What is said without a language model."""
    return Said(text=facts.otherwise)
