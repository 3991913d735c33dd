"""What a sentence claims besides numbers: names, directions; and what it may never hold: links, mentions, orders."""

from __future__ import annotations

import re

from bizaiops_bot.domain.claim_words import (
    ADDRESS,
    ALWAYS,
    CAUSE,
    DIRECTIONS,
    DONE,
    FIRST_PERSON,
    KNOWN_CAUSE,
    NAMES,
    NO_DIRECTION,
    NOT,
    ORDER,
    RELEASE,
    STARTERS,
)
from bizaiops_bot.domain.facts import Fact, Facts
from bizaiops_bot.domain.number_words import CARDINAL

_FORBIDDEN = (
    (re.compile(r"`"), "a command"),
    (re.compile(r"[a-z][a-z0-9+.-]{1,12}://|www\.|mailto:|\]\(", re.I), "a link"),
    (re.compile(r"(?<![\w.])[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:[a-z]{2,12})(?=[/:?#]|\b(?!\.))", re.I), "a link"),
    (re.compile(r"[@<]|(?<!-)>|&(?:lt|gt|amp|#)|(?<!\w)#\w|!(?:here|channel|everyone|subteam)"), "a mention"),
    (re.compile(r"\*|[_~|]{2}|(?<!\w)[_~]|[_~](?!\w)|[{}\\\[\]|=$^]"), "markup"),
    (re.compile(r"[\x00-\x1f\x7f]"), "a control character"),
)
_FOREIGN = re.compile(r"[^\x20-\x7e€£×°…]")
_CLAUSES = re.compile(r"[,;:]\s|\s(?:while|whereas|but|although|though|and)\s", re.I)
_WORD = re.compile(r"[A-Za-z0-9](?:[\w'-]*\w)?")


def forbidden(sentence: str, known: str) -> str | None:
    """What no sentence of a language model may hold; a name of the facts that looks like it is no excuse."""
    for pattern, what in _FORBIDDEN:
        if found := pattern.search(sentence):
            return f"{what}: {found[0]!r}"
    if found := ORDER.search(sentence):
        return f"an order: {found[0].strip()!r}"
    if found := ADDRESS.search(sentence):
        return f"speaks to somebody: {found[0]!r}"
    if found := FIRST_PERSON.search(sentence):
        return f"speaks for the bot: {found[0]!r}"
    strange = next((m[0] for m in _FOREIGN.finditer(sentence) if m[0] not in known), None)
    return None if strange is None else f"an unusual character: {strange!r}"


def unknown_name(sentence: str, facts: Facts, known: str) -> str | None:
    """The first name that the facts do not have: capitals within a sentence, identifiers, "model x", other models."""
    own = {word.lower() for word in _WORD.findall(known)} | {part.lower() for part in re.findall(r"[A-Za-z]+", known)}
    for other in facts.others:
        if re.search(rf"(?<!\w){re.escape(other)}(?!\w)", sentence, re.I):
            return f"{other!r} is not what the facts are of"
    for place, match in enumerate(_WORD.finditer(sentence)):
        word = match[0].removesuffix("'s")
        low = word.lower()
        if low in own or low in ALWAYS or _is_number(low):
            continue
        inside = any(c.isupper() for c in word) if place else (word[:1].isupper() and low not in STARTERS)
        if inside and not (place and _after_end(sentence, match.start()) and low in STARTERS):
            return f"the name {word!r} is not in the facts"
        if "_" in word:
            return f"the name {word!r} is not in the facts"
    for pattern, ordinary in NAMES:
        for match in pattern.finditer(sentence):
            name = match["name"].lower().removesuffix("'s")
            if name not in own and name not in ordinary and not name.endswith("ly") and not _is_number(name):
                return f"{match[0]!r} is not in the facts"
    return None


def _is_number(word: str) -> bool:
    """Numbers are held against the facts elsewhere."""
    return any(c.isdigit() for c in word) or re.fullmatch(CARDINAL, word) is not None


def _after_end(sentence: str, at: int) -> bool:
    return sentence[:at].rstrip(" \"'(").endswith((".", "!", "?", ":"))


def wrong_direction(sentence: str, facts: Facts) -> str | None:
    """A word such as "rose" or "improved" that does not agree with the facts it speaks of; doubt counts as wrong."""
    named_before: list[Fact] = []
    for clause in _CLAUSES.split(sentence):
        named = _named(clause, facts) or named_before
        named_before = named
        bare = NO_DIRECTION.sub(" ", clause)
        for kind, pattern in DIRECTIONS:
            found = pattern.search(bare)
            if found is None:
                continue
            if NOT.search(bare):
                return f"{found[0]!r} is denied or doubtful"
            about = named or _named(sentence, facts) or [f for f in facts.facts if f.move is not None]
            if not about or not all(_agrees(kind, fact) for fact in about):
                return f"{found[0]!r} is not what the facts say"
    return None


def wrong_cause(sentence: str, known: str) -> str | None:
    """Words such as "because" or "caused" where the facts name no cause, or another one."""
    found = CAUSE.search(sentence)
    if found is None:
        return None
    causes = KNOWN_CAUSE.findall(known)
    if not causes:
        return f"{found[0]!r}: the facts name no cause"
    telling = {word.lower() for cause in causes for word in re.findall(r"[A-Za-z]{4,}", cause)}
    if telling.isdisjoint(word.lower() for word in re.findall(r"[A-Za-z]{4,}", sentence)):
        return f"{found[0]!r}: the facts name another cause"
    if RELEASE.search(sentence) and not NOT.search(sentence) and not any(RELEASE.search(cause) for cause in causes):
        return f"{found[0]!r}: the facts blame no release"
    return None


def never_done(sentence: str, known: str) -> str | None:
    """The first thing that somebody is said to have done ("approved", "rolled back") and the facts do not say was."""
    for pattern, fact in DONE:
        for found in pattern.finditer(sentence):
            told = fact or re.compile(rf"(?<!\w){re.escape(found[0])}(?!\w)", re.I)
            if not told.search(known):
                return f"{found[0]!r}: the facts do not say so"
    return None


def _named(text: str, facts: Facts) -> list[Fact]:
    """Facts that the text names; a longer name that holds a shorter one counts alone."""
    found = [f for f in facts.facts if f.name and re.search(rf"(?<!\w){re.escape(f.name)}(?!\w)", text, re.I)]
    longest = [f for f in found if not any(f.name != o.name and f.name.lower() in o.name.lower() for o in found)]
    return [f for f in longest if f.move is not None or f.good is not None] or longest


def _agrees(kind: str, fact: Fact) -> bool:
    if kind in ("good", "bad"):
        return fact.good is (kind == "good")
    return fact.move == (1 if kind == "up" else -1)
