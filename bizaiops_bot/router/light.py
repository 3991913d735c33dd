"""Words that carry no request of their own: what is left beside a value when a sentence only gives another value."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bizaiops_bot.router import utterance
from bizaiops_bot.router.hearing import Hearing

_SAID = """
who, which, and the little words between:
i me my we us our you your it its this that these those them they their there here the a an of to at as for on in with
from by over under about into up down and or but so then what too also
yes, no, and how sure:
yes yep yeah yup ok okay k sure right alright fine no not nope nah none oh ah aha hm hmm hmmm uh um err wait sorry
oops actually well maybe perhaps probably please pls plz thanks thx thank obviously course correction typo bad mistake
wrong good better best nice great perfect cool lovely safer enough
verbs that any request may have:
is are was were be been do does did have has had can could may might will would should let lets give gives gave get gets
got show showed sent see look looks want wants wanted need needs needed like mean means meant say said ask asked think
guess suppose take go make use try send put set start begin keep drop skip change switch run repeat retry bump raise
lower increase decrease reduce push
more or less, again, and of what the values are:
just only rather instead again more less much many little bit half double few one ones other next now first same thing
things time times period window span range picture rest whole entire part number numbers percent percentage pieces
share canary canaries traffic model version replicas pods instances copies
d s t re ve ll m
"""
_WORDS = frozenset(word for line in _SAID.splitlines() if not line.endswith(":") for word in line.split())
_NOT_LIGHT_FIRST = re.compile(
    r"(?:(?:and|so|but|ok|okay|well|oh|hm+|no|thanks|please|fine|good),? )*(?:how(?! about)|why|who|whose|when|where|"
    r"which|is|are|was|were|did|do(?! (?:it|that|the same))|does|has|have|should|will|would|"
    r"what(?:'?s|'?re| is| are| was| were| can| could| do| did| should| will| would| has| have))\b"
)
"""A question about how things are asks something of its own, whatever else it says."""
_CLAUSE = re.compile(r"[,.;:!?()]+(?:\s+|$)|\s+-+\s+")
_LONGEST_ASIDE = 5
"""Words of a clause that only reacts to the answer before ("that is too short, ...")."""
_REACTS = re.compile(
    r"(?:(?:that|this|it|you)(?:'?s|'?re| is| are| was| gave| said)?\b|too\b|not what\b|i (?:said|asked)\b)"
)
_NOT = re.compile(r"\bnot (?:for |of |on |in )?(?:the )?$")
_HEDGED = re.compile(r"\b(?:maybe|perhaps|probably|guess|think|suppose|can|could|would|should|might|may)\b|\?\s*$")
_BESIDE_A_VALUE = """
oh ah aha err um uh uhm hey
no nope nah actually sorry oops i mean meant said make it that this with for use to the a an at as of on in until till
please pls plz instead rather only just and then so again do same run try go lets let s us ok okay well now yes yep
percent percentage canary share traffic copies replicas pods version model one other ones give take set change put once
more thing next too also about not want wanted wait hm hmm
"""
_PLAIN = frozenset(_BESIDE_A_VALUE.split())
"""Beside a new value nothing else makes a sentence an order: what judges ("20% is bad") or tells is asked back."""
_JUDGED = re.compile(
    r"\b(?:bad|wrong|mistake|stupid|worse|worst|enough|skip|drop|too (?:much|many|little|few|high|low|big|small))\b|"
    r"\b(?:is|are|was|were)(?:n'?t)? (?:\w+ )?(?:fine|ok|okay|good|great|better|right|alright)\b|"
    r"\b(?:it|that)'s (?:fine|good)\b"
)
_RELATIVE = re.compile(
    r"\b(?:more|less|another|extra|additional|half|double|twice|up|down|by|over|under|above|below|increase|decrease|"
    r"reduce|raise|lower|bump|at (?:most|least)|or (?:more|less)|than)\b"
)
_DENIED = re.compile(
    r"\b(?:is|are|was|were|be|must|should) not\b|\bnot (?:be|over|under|above|below|more|less|what|needed|that)\b|"
    r"\b(?:don'?t|do not|never|nobody|can'?t|cannot|won'?t|shouldn'?t|mustn'?t|isn'?t|"
    r"not (?:to|go|make|do|use|take|give|set|change)\b)"
)


def hedged(text: str) -> bool:
    """Whether lower-case `text` is not said for certain: a change is asked back then."""
    return bool(_HEDGED.search(text))


def denied(text: str, at: int | None = None) -> bool:
    """Whether lower-case `text` says what is not to be done, or "not" the value that stands `at`."""
    return bool(_DENIED.search(text)) or (at is not None and ends_in_not(text[:at]))


def plain(hearing: Hearing, spans: list[tuple[int, int]]) -> bool:
    """Whether nothing stands beside `spans` in their clauses that could tell or judge: "wrong one, make it 20%", not
    "20% is what we had".
    """
    beside = (_outside(clause, at, spans) for at, clause in _clauses(hearing.lower) if _holds(at, clause, spans))
    return all(word in _PLAIN for text in beside for word in re.findall(r"[^\W_]+", text))


def judged(hearing: Hearing, spans: list[tuple[int, int]]) -> bool:
    """Whether the clause of a value says that it is not wanted, or is well as it is: "20% is too much"."""
    held = (clause for at, clause in _clauses(hearing.lower) if _holds(at, clause, spans))
    return any(_JUDGED.search(clause) for clause in held)


def _clauses(text: str) -> Iterator[tuple[int, str]]:
    """Each clause with where it begins."""
    start = 0
    for end in [*(m.end() for m in _CLAUSE.finditer(text)), len(text)]:
        yield start, text[start:end]
        start = end


def _holds(at: int, clause: str, spans: list[tuple[int, int]]) -> bool:
    return any(a < at + len(clause) and at < b for a, b in spans)


def _outside(clause: str, at: int, spans: list[tuple[int, int]]) -> str:
    """The clause that begins at `at`, blanks for what stands at `spans`."""
    return "".join(" " if any(a <= i + at < b for a, b in spans) else char for i, char in enumerate(clause))


def relative(text: str) -> bool:
    """Whether lower-case `text` counts from what is ("2 more", "by 5"), or says no exact amount ("not over 20%")."""
    return bool(_RELATIVE.search(text))


def ends_in_not(text: str) -> bool:
    return bool(_NOT.search(text))


def only_values(hearing: Hearing, spans: list[tuple[int, int]]) -> bool:
    """Whether the words say nothing but what stands at `spans`: a clause without any may react to what was before."""
    for at, clause in _clauses(hearing.lower):
        left = _heavy(_outside(clause, at, spans))
        if _NOT_LIGHT_FIRST.match(clause.strip()) or (left and (_holds(at, clause, spans) or not _only_reacts(clause))):
            return False
    return True


def is_light(text: str) -> bool:
    """Whether lower-case `text` has none but light words."""
    return not _heavy(text)


def _heavy(text: str) -> list[str]:
    return [word for word in re.findall(r"[^\W_]+", text) if word not in _WORDS]


def _only_reacts(clause: str) -> bool:
    said = clause.strip(" ,.;:!?")
    short = len(said.split()) <= _LONGEST_ASIDE
    return short and bool(_REACTS.match(said)) and not utterance.begins(said)
