"""Stage 0: the words behind the guards and the spelling."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bizaiops_bot.domain.routing import Catalogue, Memory, Refusal
from bizaiops_bot.router import abroad, guards, short_words, small_talk
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.parts import Parts
from bizaiops_bot.router.slots import environments, strategies, words
from bizaiops_bot.router.slots.kept import by_identity
from bizaiops_bot.router.turn import Turn

_SPEAKER = re.compile(r"@?([\w.-]{1,30}(?: [\w.-]{1,30})?): ")


@dataclass(frozen=True)
class Listening:
    """Reads `parts` alone; every utterance begins here."""

    parts: Parts

    def turn(self, text: str, memory: Memory | None, catalogue: Catalogue) -> Turn | Refusal:
        """The words that are the speaker's own, or why they are none ("lead: deploy churn v3" pasted)."""
        cleaned = guards.clean(text, lambda word: self.is_known(word, catalogue))
        if isinstance(cleaned, str) and (m := _SPEAKER.match(cleaned.lower())) and m[1] in _people(catalogue):
            cleaned = guards.NOT_OWN  # "lead: deploy churn v3" is a line of a chat, or said to the lead
        heard: dict[str, Any] = {}
        there = catalogue
        if isinstance(cleaned, str):
            cleaned = strategies.unstaged(cleaned)
            where = environments.find(cleaned, catalogue.environments, _names(catalogue))
            if where.problem:
                return Refusal(why=where.problem, heard={"stage": "guards", "text": cleaned})
            said = {"environment": where.target, "source": where.source, "beside": where.beside, "many": where.many}
            heard = {name: value for name, value in said.items() if value}
            if len(catalogue.environments) > 1 and not where.target and not where.many:
                strange = environments.strange(where.text, catalogue.environments, self._claimed(where.text, catalogue))
                heard |= {"strange": strange} if strange else {}
            cleaned, there = where.text, catalogue.at(where.target or _remembered(memory, where.text, catalogue))
        if isinstance(cleaned, str) and not _is_short(cleaned):
            cleaned, foreign = abroad.in_english(cleaned, self.parts.books, catalogue, self.is_known)
            heard = {**heard, **foreign}
        if isinstance(cleaned, Refusal):
            return cleaned.model_copy(update={"heard": {**heard, **cleaned.heard, "stage": "guards"}})
        plain, dry = words.dry_run(small_talk.calm(cleaned))
        heard |= {"text": cleaned, **({"dry_run": True} if dry else {})}
        right = self.parts.spelling.correct(plain, _names(catalogue))
        if right.changes:
            plain, heard = right.text, {**heard, "corrected": right.changes, "doubtful": not right.sure}
        if guards.mixed(cleaned):
            heard = {**heard, "doubtful": True}
        return Turn(Hearing(plain, there), memory, heard, catalogue)

    def _claimed(self, text: str, catalogue: Catalogue) -> Callable[[str], bool]:
        """Whether a word of `text` is known or belongs to a value: a version's name, a day, a person."""
        hearing = Hearing(text, catalogue)
        kinds = (
            "version",
            "person",
            "window",
            "until",
            "moment",
            "time_zone",
            "namespace",
            "cron",
            "percent",
            "strategy",
        )
        values = [hearing.lower[m.start : m.end] for kind in kinds for m in hearing.of_kind(kind)]
        inside = {word for value in values for word in re.findall(r"[a-z][\w-]+", value)}
        return lambda word: word in inside or all(self.is_known(w, catalogue) for w in re.findall(r"[a-z]+", word))

    def is_known(self, word: str, catalogue: Catalogue) -> bool:
        return word in self.parts.vocabulary or word in _names(catalogue)


def _remembered(memory: Memory | None, text: str, catalogue: Catalogue) -> str | None:
    """The environment that the thread is about, where the words name no model of their own."""
    return memory.environment if memory is not None and not Hearing(text, catalogue).models else None


def _is_short(text: str) -> bool:
    """Whether it is a short word that is known in any language: "ja, mach das", "oui vas-y"."""
    return short_words.read(text.lower()) is not None


def _names(catalogue: Catalogue) -> frozenset[str]:
    """Every word of a name in the catalogue, in lower case."""
    return _words_of(catalogue.models, catalogue.kpis, catalogue.people, catalogue.called)


def _people(catalogue: Catalogue) -> frozenset[str]:
    return frozenset(name.lower() for names in (catalogue.people, *catalogue.called.values()) for name in names)


@by_identity
def _words_of(models: Any, kpis: Any, people: Any, called: Any) -> frozenset[str]:
    said = [phrase for model in models for phrase in (model.name, model.title, *model.aliases)]
    said += [phrase for known in kpis.values() for name, more in known for phrase in (name, *more)]
    said += [*people, *(name for names in called.values() for name in names)]
    return frozenset(word for phrase in said for word in re.findall(r"[a-z]+", phrase.lower()))
