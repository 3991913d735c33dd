"""Model names in a text: whole names and aliases, else the parts of a name that tell which; and what was misspelt."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.router import naming
from bizaiops_bot.router.slots.kept import by_identity
from bizaiops_bot.router.slots.mention import Mention
from bizaiops_bot.router.slots.phrases import Hit, Phrases, Token, goes_on, split, tokens

NEAR, NEAR_PART = 72.0, 78.0
_SHARED = 8
"""A part that more models have names none of them: "score", "eu"."""
_SHORT = 3
_BETWEEN = frozenset({"the", "of", "for", "from", "in", "our"})
# Parts of names that are words of their own count only where they cannot be one.
_WORDS = frozenset({"in", "it", "us", "is", "at", "on", "no", "as", "be", "me", "to", "my", "so", "am", "do", "go"})
_VERSION = re.compile(r"v\d+")
_LEAD = re.compile(r"(?:the |our |my )$")
_TAIL = re.compile(r"(?:'s?(?!\w))?(?: models?\b| one\b)?")
_BREAK = re.compile(r"\s*(?:$|[,.!?;:)]|models?\b|please\b|pls\b|v\d|at\b|to\b|with\b|as\b)")


@dataclass(frozen=True)
class _Names:
    """Everything models are called. parts: word -> models with it in their name; of: model -> words of its name."""

    whole: Phrases[str]
    phrases: dict[str, str]
    parts: dict[str, frozenset[str]]
    of: dict[str, frozenset[str]]
    anagrams: dict[str, list[str]]


@by_identity
def _names(models: tuple[ModelSpec, ...]) -> _Names:
    phrases = {phrase.lower(): m.name for m in models for phrase in (m.name, m.title, *m.aliases) if phrase}
    owners: dict[str, set[str]] = {}
    for model in models:
        for part in split(model.name):
            owners.setdefault(part, set()).add(model.name)
    anagrams: dict[str, list[str]] = {}
    for word in {*phrases, *(part for part in owners if len(part) > _SHORT)}:
        anagrams.setdefault(_letters(word), []).append(word)
    return _Names(
        Phrases((phrase, m.name) for m in models for phrase in {m.name, m.title, *m.aliases} if phrase),
        phrases,
        {part: frozenset(found) for part, found in owners.items()},
        {model.name: frozenset(split(model.name)) for model in models},
        anagrams,
    )


def find(text: str, models: tuple[ModelSpec, ...]) -> list[Mention]:
    """Models named in lower-case `text`, in its order; where words fit several, each of them."""
    names, said = _names(models), tokens(text)
    sure = [hit for hit in names.whole.find(said) if _counts(text, said[hit.last - 1])]
    whole = [_narrowed(names, text, said, hit) for hit in sure]
    named = {name for hit in whole for name in hit.what}
    covered = {i for hit in whole for i in range(hit.first, hit.last)}
    parts = [hit for hit in _parts(names, text, said, covered) if not hit.what & named]
    if any(len(hit.what) == 1 for hit in parts):
        parts = [hit for hit in parts if len(hit.what) == 1]
    hits = sorted([*whole, *parts], key=lambda hit: hit.first)
    return [_mention(text, said, hit, name) for hit in hits for name in sorted(hit.what)]


def _mention(text: str, said: list[Token], hit: Hit[str], name: str) -> Mention:
    """With its article and the word "model"."""
    start, end = said[hit.first].start, said[hit.last - 1].end
    lead, tail = _LEAD.search(text, 0, start), _TAIL.match(text, end)
    return Mention("model", lead.start() if lead else start, tail.end() if tail else end, name)


def _narrowed(names: _Names, text: str, said: list[Token], hit: Hit[str]) -> Hit[str]:
    """With the words beside it: "fraud in the eu" may be fraud-detector-eu, "eu churn classifier" is
    churn-classifier-eu.
    """
    for name in hit.what:
        for near in (hit.first - 1 if hit.first else None, _behind(said, hit.last)):
            if near is None or not _counts(text, said[near]) or _asks(said[near]):
                continue
            longer = {other for other in _longer(names, name) if said[near].text in names.of[other] - names.of[name]}
            if longer:
                first, last = min(near, hit.first), max(near + 1, hit.last)
                told = frozenset(token.text for token in said[first:last]) - _BETWEEN
                exact = {other for other in longer if names.of[other] == told}
                return Hit(first, last, frozenset(exact or {name, *longer}))
    return hit


def _asks(token: Token) -> bool:
    """Whether it is a word of requests: "deploy churn v3" is not about churn-deploy, nor about churn-v3."""
    return token.text in naming.COMMON or bool(_VERSION.fullmatch(token.text))


def _longer(names: _Names, name: str) -> frozenset[str]:
    """Models whose names hold all words of this one's, and more."""
    sets = [names.parts[part] for part in names.of[name]]
    return frozenset.intersection(*sets) - {name} if sets else frozenset()


def _behind(said: list[Token], last: int) -> int | None:
    """The next word that is more than "in the"."""
    for at in range(last, min(last + 3, len(said))):
        if said[at].text not in _BETWEEN:
            return at
    return None


def _counts(text: str, token: Token) -> bool:
    """Whether a word that may be a part of a name is meant as one: "churn us, please", "the us churn"."""
    if token.text not in _WORDS or token.glued:
        return True
    return bool(_BREAK.match(text, token.end)) or text[: token.start].endswith("the ")


def _parts(names: _Names, text: str, said: list[Token], covered: set[int]) -> list[Hit[str]]:
    found: list[Hit[str]] = []
    at = 0
    while at < len(said):
        hit = None if at in covered or said[at].glued else _run(names, text, said, covered, at)
        if hit:
            found.append(hit)
        at = hit.last if hit else at + 1
    return found


def _run(names: _Names, text: str, said: list[Token], covered: set[int], at: int) -> Hit[str] | None:
    """Words from `at` on that belong to the same names, as far as they do."""
    owners = _owners(names, text, said, at)
    told, last, look = {_part(names, said[at])}, at + 1, at + 1
    while owners and look < len(said) and look <= last + 2 and look not in covered:
        more = _owners(names, text, said, look) & owners
        if more and (said[look].glued or not _VERSION.fullmatch(said[look].text)):
            owners, last = more, look + 1
            told.add(_part(names, said[look]))
        elif said[look].text not in _BETWEEN:
            break
        look += 1
    short = len(told) == 1 and (len(owners) > _SHARED or len(said[at].text) < _SHORT)
    if not owners or short or told <= naming.COMMON or goes_on(said, last):
        return None
    exact = [name for name in owners if names.of[name] == told]
    return Hit(at, last, frozenset(exact) or owners)


def _owners(names: _Names, text: str, said: list[Token], at: int) -> frozenset[str]:
    return names.parts.get(_part(names, said[at]), frozenset()) if _counts(text, said[at]) else frozenset()


def _part(names: _Names, token: Token) -> str:
    return token.text if token.text in names.parts else token.one


def near(word: str, models: tuple[ModelSpec, ...]) -> list[str]:
    """Models with a name, alias or telling part that looks like `word`, nearest first."""
    names = _names(models)
    parts = {part: found for part, found in names.parts.items() if len(part) > _SHORT and len(found) <= _SHARED}
    hits = [(120.0, same) for same in names.anagrams.get(_letters(word), ())]
    hits += [(s, p) for p, s, _ in process.extract(word, list(names.phrases), scorer=fuzz.ratio, score_cutoff=NEAR)]
    hits += [(s, p) for p, s, _ in process.extract(word, list(parts), scorer=fuzz.ratio, score_cutoff=NEAR_PART)]
    found: list[str] = []
    for _, same in sorted(hits, key=lambda hit: -hit[0]):
        found += [names.phrases[same]] if same in names.phrases else sorted(parts.get(same, ()))
    return list(dict.fromkeys(found))


def slips(word: str, models: tuple[ModelSpec, ...]) -> list[str]:
    """Models with a name, alias or telling part that `word` is by one slip of the keyboard: of `near` the surest."""
    found = []
    for name in near(word, models):
        called = [phrase for phrase, owner in _names(models).phrases.items() if owner == name]
        parts = [part for part in split(name) if len(part) > _SHORT]
        if any(OSA.distance(word, known) == 1 for known in (*called, *parts)):
            found.append(name)
    return found


def _letters(word: str) -> str:
    """The same for words with the same first letter and the same letters in any order ("chrun", "churn")."""
    return word[:1] + "".join(sorted(word))
