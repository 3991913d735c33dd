"""A typed question that a language model points at: it chooses which, the person's words say what it is narrowed to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, get_args

from bizaiops_bot.domain.questions import Kind, State
from bizaiops_bot.domain.routing import Memory
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.questions import grammar, reading
from bizaiops_bot.router.questions.grammar import Rule
from bizaiops_bot.router.questions.reading import Asked
from bizaiops_bot.router.questions.words import Sentence

ABOUT = "about"
"""The blank of a question that says what is told of what; `of_kind` and `in_state` narrow it."""
KINDS: tuple[str, ...] = tuple(filter(None, get_args(Kind)))
STATES: tuple[str, ...] = tuple(filter(None, get_args(State)))
_MEASURED = ("errors", "latency", "requests", "drift", "quality")
_BY_MEASURE = ("model worst", "model best", "model compare")


@cache
def answerable() -> dict[str, Rule]:
    """ "release count", "run will risk": every typed question that the grammar knows, with what its lines allow."""
    found: dict[str, list[Rule]] = {}
    for rule in grammar.rules():
        if " " in rule.asks:
            found.setdefault(f"{rule.asks} {rule.fixed.get('measure', '')}".strip(), []).append(rule)
            for measure in _MEASURED if rule.asks in _BY_MEASURE else ():
                measured = rule.model_copy(update={"fixed": {**rule.fixed, "measure": measure}})
                found.setdefault(f"{rule.asks} {measure}", []).append(measured)
    return {about: _joined(rules) for about, rules in found.items()}


def proposed(said: Mapping[str, Any], hearing: Hearing, memory: Memory | None) -> Asked | None:
    """The question with the names and times of the words, and what is open here; None for one that nobody can answer,
    or where the words leave open of what it is.

    said: the blanks as the model filled them in.
    """
    rule, sentence = answerable().get(str(said.get(ABOUT))), Sentence(hearing)
    if rule is None or reading.unclear(sentence, rule):
        return None
    subject, aggregate = rule.asks.split()
    narrow = {
        **({"kind": said["of_kind"]} if said.get("of_kind") in KINDS and subject in reading.OF_KIND else {}),
        **({"state": said["in_state"]} if said.get("in_state") in STATES and aggregate in reading.OF_STATE else {}),
    }
    return reading.asked(sentence, rule.model_copy(update={"fixed": {**narrow, **rule.fixed}}), memory)


def _joined(rules: list[Rule]) -> Rule:
    """One line that allows what any of them allows; what is open here is needed only where all of them need it."""
    about = next((rule.about for rule in rules if rule.about), "")
    optional = about and not about.endswith("or none") and any(rule.about != about for rule in rules)
    may = frozenset().union(*(rule.may for rule in rules))
    return rules[0].model_copy(update={"may": may, "about": f"{about} or none" if optional else about})
