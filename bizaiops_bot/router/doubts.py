"""Reasons to ask before acting on a guess: none of its own words was said, a number is left over, it is long."""

from __future__ import annotations

import re

from bizaiops_bot.domain.routing import PlaybookSpec
from bizaiops_bot.router import moods
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.intents import Intent
from bizaiops_bot.router.slots import people, words

LONGEST_ORDER = 250
TELLING, LONG_CLAUSES = 2, 14
"""Words from which on a sentence beside the order may be an order itself, pasted or not; and words in all from which on
a clause behind a comma may.
"""
_SENTENCE = re.compile(r"[.!?;:]+(?:\s|$)|[()\n]|\s-+\s")


def said(text: str, intent: Intent) -> bool:
    """Whether one of the intent's own words was said, what it is about, and nothing that speaks against it; `text` in
    lower case.
    """
    about = not intent.about or has(text, intent.about)
    return has(text, intent.cues) and about and not has(text, intent.against)


_THING = re.compile(r"(?:the|a|an|our|my|this|that) \S+(?: \S+)?|\S+(?: \S+)?")
"""A text so short that it is no sentence, most likely."""
_SAYS = re.compile(r"[a-z].*(?<![a-z])\d|\b(?:on|off|in|out|up|down|back|away)$")
"""A value, or what is to become of the thing: "replicas=5", "delegation off"."""
_DETERMINED = re.compile(r"(?:the|a|an|our|my|this|that)\b")
_NOUN = re.compile(r"\b\w+(?:ment|ing|ion|s)\b")


def is_thing(text: str, intent: Intent) -> bool:
    """Whether lower-case `text` only names a thing ("version", "the old one") and does not say what the intent does."""
    said = text.strip(" .!?")
    if _SAYS.search(said):
        return False
    named = _DETERMINED.match(said) or not has(_NOUN.sub(" ", said), intent.cues)
    return bool(_THING.fullmatch(said) and named)


_NEGATIONS = frozenset({"no", "not", "don't", "cannot", "do", "do not let", "nobody", "nothing", "never"})


def denied(text: str, intent: Intent) -> bool:
    """Whether lower-case `text`, which denies something, may ask for the intent all the same.

    Either a no is what it is about ("don't bother us with alert 5"), or the order follows ("we don't need schedule 4,
    stop it"). What is not to be done is never offered.
    """
    own = tuple(cue for cue in intent.cues if cue not in _NEGATIONS)
    first, rest = moods.behind_denial(text)
    if rest:
        return has(rest, own) and not has(" ".join(moods.forbidden(first)), own) and not has(rest, intent.against)
    return len(own) < len(intent.cues) and not has(text, own)


def rambling(hearing: Hearing, intent: Intent) -> bool:
    """Whether a request is so long, or has so many sentences, that it may hold more than the order in it. A reason does
    not count, nor one without "because" where one is asked for.
    """
    text = hearing.core
    if "reason" in intent.slots:
        end = max((m.end for m in (*hearing.runs, *hearing.models)), default=0)
        loose = words.loose_reason(text, end)
        text = text[: loose.start] if loose else text
    told = [part for part in _SENTENCE.split(text) if len(re.findall(r"[\w%]+", part)) >= TELLING]
    winding = "," in text and len(re.findall(r"[\w%]+", text)) > LONG_CLAUSES
    return len(text) > LONGEST_ORDER or len(told) > 1 or winding


def has(text: str, beginnings: tuple[str, ...]) -> bool:
    """Short ones count as whole words only: "no" is not the beginning of "noon"."""
    return any(re.search(rf"\b{re.escape(b)}" + (r"\b" if len(b) <= 3 else ""), text) for b in beginnings)


def unsaid_who(hearing: Hearing, spec: PlaybookSpec) -> bool:
    """Whether the words hold somebody who is to do it that this playbook has no blank for, or not for whom: then they
    may mean something else. Values that are left over are no doubt here: they are told and asked anyway (`telling`).
    """
    if unsaid_whose(hearing, spec):
        return True
    if any(slot.kind == "person" for slot in spec.slots):
        return False
    return any(people.is_to_do(hearing.core, m) for m in hearing.people)


_WHOSE = re.compile(r"\b(?:me|my|mine|i|i'm|myself|behalf|place|instead|stead|delegat\w*|deput\w*)\b")
_LET_DECIDE = re.compile(r"\b(?:let|have|make)\b.*\b(?:approve|decide|sign)|\b(?:approves|decides|signs)\b")


def unsaid_whose(hearing: Hearing, spec: PlaybookSpec) -> bool:
    """Whether someone is to decide and not said for whom: "let sam approve" may only mean that he approves this."""
    if not any(slot.kind == "person" for slot in spec.slots):
        return False
    return bool(_LET_DECIDE.search(hearing.core)) and not _WHOSE.search(hearing.core)
