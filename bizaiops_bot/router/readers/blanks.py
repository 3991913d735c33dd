"""What a reader knows of the request that it reads for, and how it asks back."""

from __future__ import annotations

from typing import Any, Protocol

from bizaiops_bot.domain.routing import Catalogue, Choice, Memory, PlaybookSpec, Question, Refusal, SlotSpec
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.intents import Intent
from bizaiops_bot.router.slots.mention import Mention

MOST_CHOICES = 8
"""Buttons of one question; more are named in words only ("or one of 500 more")."""


class Back(Exception):
    """The request cannot be finished yet: the Question or Refusal to give instead.

    slot: whose value was refused, when another value for it can still finish the request.
    """

    def __init__(self, decision: Question | Refusal, slot: str = "") -> None:
        super().__init__(decision)
        self.decision, self.slot = decision, slot


class Blanks(Protocol):
    """The blanks of one playbook while they are filled.

    vocabulary: words that no one uses for a model; others may be a name misspelt. unknown: what stands where a model's
    name belongs. given: what is known already. inputs: what was filled so far, in the order in which kinds depend on
    each other.
    """

    intent: Intent
    spec: PlaybookSpec
    hearing: Hearing
    memory: Memory | None
    vocabulary: frozenset[str]
    unknown: str
    given: dict[str, Any]
    inputs: dict[str, Any]

    @property
    def catalogue(self) -> Catalogue: ...

    def choose(self, slot: SlotSpec, text: str, values: list[Any]) -> Question:
        """Asks for the slot, with a button for each of the first values."""

    def choice(self, slot: str, value: Any, *, label: str = "", rest: dict[str, Any] | None = None) -> Choice:
        """The button that says the whole request with this value. rest: what it changes of the other slots."""


def usable(mention: Mention | None, slot: str) -> Any:
    """The value; None when nothing was said. Raises Back for what cannot be used."""
    if mention is not None and mention.problem:
        raise Back(Refusal(why=mention.problem), slot)
    return mention.value if mention else None


def stands_after(hearing: Hearing, mention: Mention, before: tuple[str, ...]) -> bool:
    """Whether one of these words stands right before the mention."""
    return hearing.core[: mention.start].rstrip().endswith(before) if before else False


def either(values: list[str]) -> str:
    """The values in words, as a choice: "v1, v2 or v3"."""
    return _joined(values, "or", "or one of {} more (say its name)")


def together(values: list[str]) -> str:
    """The values in words, as a list: "v1, v2 and v3"."""
    return _joined(values, "and", "and {} more")


def _joined(values: list[str], word: str, more: str) -> str:
    if len(values) > MOST_CHOICES:
        return f"{', '.join(values[:MOST_CHOICES])} {more.format(len(values) - MOST_CHOICES)}"
    return f" {word} ".join([", ".join(values[:-1]), values[-1]]) if len(values) > 1 else "".join(values)
