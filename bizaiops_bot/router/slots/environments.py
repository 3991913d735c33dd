"""Environments of the company in words: "to staging", "in der Staging-Umgebung", "from staging to production".

A word that is some environment's is never passed over: it is the one that is meant, or it is told that it cannot be. So
"deploy v8 to staging" is never an order for production, however it is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

Known = tuple[tuple[str, tuple[str, ...]], ...]
"""Name and all words of each, the default one first."""

_BEFORE = (
    r"(?:\b(?:in|to|on|into|onto|at|from|within|inside|for|of|over to|up to|out to|auf|nach|aus|im|ins|zum|zur|von|"
    r"en|sur|dans|desde|vers|de)\s+)?(?:(?:the|our|my|der|die|das|dem|den|unserer?|la|le|el|l')\s*)?"
)
_KIND = r"(?:[- ]?(?:environment|env|umgebung|cluster|system|stack|entorno|environnement)\b)?"
_AFTER = r"(?:\s+(?:first|only|alone|for now|zuerst|erst einmal|erstmal))?"
_LIKE_ONE = (
    r"pre-?prod(?:uction)?|non-?prod(?:uction)?|prod(?:uction)?|prd|live system|staging|stage|stg|qa|uat|dev|develop|"
    r"development|sandbox|int|integration|preview|acceptance|testing|test|demo|dr|backup|edge|beta|canary"
)
_PLACED = re.compile(
    r"\b(?:in|to|on|into|onto|at|from|auf|nach)\s+(?:(?:the|our|der|die|dem)\s+)?"
    r"(?P<name>pre-?prod(?:uction)?|non-?prod(?:uction)?|prd|staging|stage|stg|qa|uat|dev|development|sandbox|"
    r"integration|preview|acceptance|testing)(?![\w-])"
)
_OF_A_KIND = re.compile(
    rf"(?<![\w-])(?P<name>{_LIKE_ONE}|[a-z][\w-]{{1,30}})[- ]?(?:environment|env|umgebung|entorno|environnement)\b"
)
_NO_NAME = frozenset(
    {
        *("the", "this", "that", "which", "what", "each", "every", "any", "other", "another", "same", "our", "my"),
        *("your", "an", "a", "new", "old", "right", "wrong", "one", "first", "second", "default", "its", "their"),
        *("whole", "all", "both", "no", "of", "in", "per", "by", "diese", "dieser", "welche"),
    }
)
_BEHIND = re.compile(
    r"\b(?:in|to|on|into|onto|from|auf|nach)\s+(?:(?:the|our|der|die|dem)\s+)?(?P<name>[a-z][a-z-]{3,})"
)
_SURELY_NONE = re.compile(
    r"(?:(?<![\w-])@?|--?env(?:ironment)?[= ]\s*|\benv(?:ironment)?[:=]\s*)(?P<name>pre-?prod(?:uction)?|"
    r"non-?prod(?:uction)?|prd|stg|qa|uat|dev|sandbox)(?![\w-])(?!\s+(?:team|people|folks|guys|lead|said|says|signed|"
    r"approved|wants|asked))"
)
"""Words that are an environment's wherever they stand, of which this company has none."""
_SET = re.compile(r"(?:--?env(?:ironment)?[= ]|\benv(?:ironment)?[:=])\s*(?P<name>[a-z][\w-]*)")
_GOES = re.compile(
    r"\b(?:to|in|on|into|onto|at|inside|auf|nach)\s+(?:(?:the|our|my|a|der|die|dem)\s+)?(?P<name>[a-z][\w-]+)"
    r"(?:\s+(?:system|server|cluster|stage|box|machine))?"
    r"(?=\s*(?:[,.!?;:)]|$|\b(?:please|pls|now|first|as|with|because|and|then|only)\b))"
)
"""Where a change goes, if it is a place at all."""
_PLACES = frozenset(
    {
        *("test", "tests", "testing", "int", "integration", "demo", "lab", "labs", "beta", "alpha", "dr", "edge"),
        *("backup", "preview", "acceptance", "ci", "local", "localhost", "perf", "playground", "trial", "pilot"),
        *("failover", "standby", "sandbox", "dev", "qa", "uat"),
    }
)
_NO_PLACE = frozenset(
    {
        *("full", "once", "general", "parallel", "order", "steps", "hurry", "background", "advance", "detail", "turn"),
        *("meantime", "meanwhile", "morning", "evening", "afternoon", "future", "end", "case", "channel", "thread"),
        *("normal", "least", "most", "peace", "it", "that", "call", "time", "me", "us", "them", "zero"),
    }
)
_AGAIN = re.compile(
    r"(?:(?:oh|no|nope|sorry|wait|actually|rather|(?:the )?same|again|i meant?|i said|now|and|then|also|do (?:it|that)|"
    r"please|instead|too|as well|ok|okay|what about|how about)(?![\w'])[\s,.!:]*)*"
)
_MANY = re.compile(
    r"(?:\b(?:in|to|on|into|onto|at|across)\s+)?\b(?:everywhere|(?:both|all|every|each)(?:\s+of)?(?:\s+(?:the|our|"
    r"these|two))*\s+(?:environments?|envs?))\b"
)
_NAMES_LATER = (
    r"(?:because|due to|owing to|on account of|given(?: that)?|so that|although|even though|though|now that|like|"
    r"(?:the )?same as|as (?=(?:we|it|they|i|you|he|she|in|on|the)\b)|(?:since|after|once|when|while|but) "
    r"(?=(?:we|it|they|i|you|he|she|that|the|{names})\b))"
)
_PRONOUN = r"[,;.]\s+(?=(?:it|they|we|he|she|that|this|there|i|you|users?|customers?|the \w+ in)\b)"
_VERB = (
    r"(?:is|was|are|were|looks?|looked|shows?|showed|has|had|seems?|seemed|fails?|failed|works?|worked|breaks?|broke|"
    r"went|goes|got|gets|says|said|did|does)"
)
_NOT = re.compile(r"\b(?:not|except(?: for)?|but not|other than|instead of|rather than|nicht|außer)\s*$")
_TAKEN_FROM = re.compile(r"^(?:from|aus|von|desde)\b")
_NEAR = 80.0
_NEARLY = 85.0
_NO_SLIP = frozenset(
    {
        *("stages", "products", "product", "production's", "stating", "stable", "state", "states", "storage", "prior"),
        *("staying", "staring", "starting", "productive", "reproduction", "staged", "productions", "deduction"),
    }
)


@dataclass(frozen=True)
class Where:
    """What words say of environments. text: the words without what names another than the default one.

    target: the one to act in, "" when none is named. source: the one to take a version from. problem: why it cannot be
    told which is meant. beside: one that is only spoken of, in a reason or behind "not", so that it is not said to be
    the one to act in. many: all of them are meant.
    """

    text: str
    target: str = ""
    source: str = ""
    problem: str = ""
    beside: str = ""
    many: bool = False


@lru_cache(maxsize=64)
def _pattern(known: Known) -> tuple[re.Pattern[str], dict[str, str]]:
    """Every mention with what belongs to it, and whose each word is. Spaces and hyphens in names are alike."""
    of = {re.sub(r"[\s_-]+", "-", word): name for name, words in known for word in words}
    said = sorted(of, key=len, reverse=True)
    names = "|".join(re.escape(word).replace(r"\-", r"[\s_-]?") for word in said)
    return re.compile(rf"{_BEFORE}(?<![\w-])[\"'`*]*(?P<name>{names})(?:['’]s)?[\"'`*]*{_KIND}(?![\w-]){_AFTER}"), of


def find(text: str, known: Known, taken: Collection[str] = ()) -> Where:
    """What `text` says of the environments `known`; nothing where there is but one.

    taken: words in lower case that mean something else, so that they are no slip of the pen.
    """
    if len(known) < 2:
        return Where(text)
    pattern, of = _pattern(known)
    lower, default = text.lower(), known[0][0]
    found = [(m, _whose(m["name"], of)) for m in pattern.finditer(lower)]
    behind = _aside(lower, "|".join(re.escape(word) for _, words in known for word in words))
    core, spans = lower[:behind], [m.span() for m, _ in found]
    if problem := _unknown(core, spans, known) or _loose(core, spans, known, taken):
        return Where(text, problem=problem)
    if many := _MANY.search(core):
        return Where(_without(text, [many.span()]), many=True)
    meant = [(m, name) for m, name in found if m.start("name") < behind]
    named = list(dict.fromkeys(name for _, name in meant))
    if not meant:
        return Where(text, beside=found[0][1] if found else "")
    if len(named) > 1:
        return _moved(text, lower, meant, named)
    return _one(text, lower, [m for m, _ in meant], named[0], default)


def _one(text: str, lower: str, meant: list[re.Match[str]], name: str, default: str) -> Where:
    first, rest = meant[0], _without(text, [m.span() for m in meant])
    if no := _NOT.search(lower[: first.start()]):
        return Where(_without(text, [(no.start(), first.end())]), beside=name)
    if _TAKEN_FROM.match(first[0]):
        return Where(rest, beside=name)
    return Where(text, target=name) if name == default else Where(rest, target=name)


def again(text: str, known: Known) -> str | None:
    """What stands beside the environment where nothing else is said: "no" of "no, production"; None otherwise."""
    rest = _pattern(known)[0].sub(" ", text.lower()).strip(" ,.!?")
    return rest if _AGAIN.fullmatch(rest) else None


def _aside(lower: str, names: str) -> int:
    """Where what is asked for ends and talk about it begins: a reason, a comparison, a clause of its own."""
    later = _NAMES_LATER.format(names=names)
    m = re.search(rf"(?<=\S)(?:[\s,;]+(?:{later})\b|{_PRONOUN}|[,;.]\s+(?:the )?(?:{names})\s+{_VERB}\b)", lower)
    return m.start() if m else len(lower)


def _loose(core: str, known_at: list[tuple[int, int]], known: Known, taken: Collection[str]) -> str:
    """Why a word that stands alone cannot be an environment: a slip, a word like "dev", or "non-live"."""
    words = [word for _, said in known for word in said]
    names = "|".join(re.escape(word) for word in words)
    other = re.compile(rf"(?<![\w-])(?P<name>(?:(?:pre|non)[\s-]?|not-)(?:{names}))(?![\w-])")
    for pattern in (other, _SURELY_NONE, _SET):
        for m in pattern.finditer(core):
            if m["name"] not in taken and not _within(m.span("name"), known_at):
                return _told(m["name"], known)
    long = [word for word in words if len(word) > 4]
    for m in re.finditer(r"(?<![\w-])[a-z]{4,}(?![\w-])", core):
        free = m[0] not in _NO_SLIP and m[0] not in taken and not _within(m.span(), known_at)
        if free and process.extractOne(m[0], long, scorer=fuzz.ratio, score_cutoff=_NEARLY):
            return _told(m[0], known)
    return ""


def strange(text: str, known: Known, taken: Callable[[str], bool]) -> str:
    """What is told of a change that goes to what is no environment, "" where it goes nowhere; `text` names none.

    taken: whether a word means something else.
    """
    lower = text.lower()
    _, of = _pattern(known)
    behind = _aside(lower, "|".join(map(re.escape, of)))
    for m in _GOES.finditer(lower[:behind]):
        if m["name"] in _PLACES or not (m["name"] in _NO_NAME | _NO_SLIP | _NO_PLACE or taken(m["name"])):
            return _told(m["name"], known)
    return ""


def _whose(said: str, of: dict[str, str]) -> str:
    plain = re.sub(r"[\s_-]+", "", said)
    return next(name for word, name in of.items() if word.replace("-", "") == plain)


_ON = re.compile(r"\s*(?:,|\band\b|\bthen\b|\bup\b|\bover\b|\bon\b|\bund\b|\bdann\b|[-=]*>|→|\s)*\s*")
_FROM = re.compile(r"^(?:from|aus|von|desde|de)\b")
_TO = re.compile(r"^(?:to|into|onto|on|in|nach|auf|over to|up to|vers|en|zum|zur)\b")


def _moved(text: str, lower: str, found: list[tuple[re.Match[str], str]], named: list[str]) -> Where:
    """ "From staging to production" and the like takes a version from one to the other; all else names too many."""
    if len(found) == 2 and len(named) == 2:
        (first, source), (second, target) = found
        between = lower[first.end() : second.start()]
        goes = _FROM.match(first[0]) and (_TO.match(second[0]) or _ON.fullmatch(between))
        comes = _TO.match(first[0]) and _FROM.match(second[0])
        arrow = bool(re.fullmatch(r"\s*(?:[-=]*>|→)\s*", between)) or (
            _TO.match(second[0]) and not between.strip() and not _TO.match(first[0])
        )
        rest = _without(text, [(first.start(), second.end())] if arrow else [first.span(), second.span()])
        if comes:
            return Where(rest, target=source, source=target)
        if goes or arrow:
            return Where(rest, target=target, source=source)
    names = " and ".join(named)
    return Where(text, problem=f"That names {names}, and I act in one environment at a time. Say which one.")


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    for start, end in reversed(spans):
        text = f"{text[:start]} {text[end:]}"
    return re.sub(r"\s+([,.!?;:])", r"\1", re.sub(r"[ \t]+", " ", text)).strip(" ,")


def _unknown(lower: str, known_at: list[tuple[int, int]], known: Known) -> str:
    """Why a word cannot be an environment that is meant like one."""
    for pattern in (_PLACED, _OF_A_KIND):
        for m in pattern.finditer(lower):
            if m["name"] not in _NO_NAME and not _within(m.span("name"), known_at):
                return _told(m["name"], known)
    words = [word for _, said in known for word in said]
    for m in _BEHIND.finditer(lower):
        name = m["name"]
        if name in _NO_SLIP or _within(m.span("name"), known_at):
            continue
        if process.extractOne(name, words, scorer=fuzz.ratio, score_cutoff=_NEAR):
            return _told(name, known)
    return ""


def _within(span: tuple[int, int], spans: list[tuple[int, int]]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in spans)


def _told(name: str, known: Known) -> str:
    words = {word: whose for whose, said in known for word in said}
    other = name.startswith(("pre", "non"))  # it says itself that it is not the one that it sounds like
    near = None if other else process.extractOne(name, list(words), scorer=fuzz.ratio, score_cutoff=70.0)
    names = " and ".join(whose for whose, _ in known)
    hint = f"Did you mean {words[near[0]]}?" if near else f"There is {names}."
    return f"There is no environment {name!r}. {hint}"
