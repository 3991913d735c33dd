"""How a version is to come to all traffic, in words: "in steps of 5%, 25% and 50%", "gradually", "blue/green"."""

from __future__ import annotations

import re

from bizaiops_bot.domain.strategies import strategy
from bizaiops_bot.router.slots.mention import Mention

_SHARE = r"\d{1,3}(?![\d.])(?: ?(?:%|percent|per cent))?"
_THEN = r"\s*(?:,\s*(?:and\s+)?(?:then\s+)?|\band\s+(?:then\s+)?|\bthen\s+|/|[-=]*>|→)\s*"
_SHARES = rf"{_SHARE}(?:{_THEN}{_SHARE})+"
_NOUN = r"(?:steps?|stages?|phases?|increments?|waves?|hops?)"
_NAMED = (
    rf"(?:(?:in|with|over|by|as)\s+)?(?:an?\s+)?(?:(?:two|three|four|five|several|small|a few|multiple|\d)\s+)?{_NOUN}"
)
_SOME = re.compile(
    rf"(?:(?:{_NAMED}\s*(?:of|at|:|with|from|to)?\s*)|\b(?:at|to)\s+)?(?<![\w./-])(?P<some>{_SHARES})(?:\s+{_NOUN}\b)?"
)
_STEPS = re.compile(
    rf"\b(?:(?:as\s+)?{_NAMED}\s+(?:rollout|roll-out|canary|release|deployment)|"
    r"(?:as\s+)?(?:an?\s+)?(?:phased|staged|progressive|step-?wise|stepped|gradual|incremental)"
    r"(?:\s+(?:rollout|roll-out|canary|release|deployment|fashion|way))?|"
    rf"in\s+(?:(?P<count>two|three|four|five|several|small|a few|multiple|\d+)\s+)?{_NOUN}|"
    r"(?<=^)steps(?=\s*$)|step[- ]by[- ]step|bit by bit|little by little|gradually|progressively|"
    r"incrementally|stepwise|in increments)"
    r"(?![\w%])"
)
_BLUE_GREEN = re.compile(
    r"\b(?:(?:as|with|in|using|via|by)\s+)?(?:an?\s+)?(?:blue\s*(?:[-/]|and|to)?\s*green)\b"
    r"(?:\s+(?:deploy(?:ment)?|rollout|roll-out|release|switch|fashion|way|style))?"
)
_PLAIN = re.compile(r"\b(?:as\s+)?(?:an?\s+)?(?:plain|single|simple|normal|ordinary|one)\s+(?=(?:\d+ ?%\s+)?canary\b)")
_SHADOW = re.compile(
    r"\b(?:(?:in|as|with|by)\s+)?(?:an?\s+|the\s+)?(?:shadow(?:ing|ed)?|mirror(?:ed|ing)?)\b"
    r"(?:\s+(?:mode|deploy(?:ment)?|release|traffic|requests|of requests|copy))?"
)
_NO_SHADOW = (
    "I cannot copy requests to a version that nobody gets answers from. Blue-green tries it out before it has any, and "
    "a canary of 1% shows it to few."
)
_EACH = re.compile(
    r",?\s*(?:and\s+)?(?:(?:ask(?:ing)?|check(?:ing)?)(?:\s+(?:me|us|again|with\s+(?:me|us)))?\s+(?:before|at|for|in)\s+"
    rf"(?:each|every)(?:\s+(?:{_NOUN}|one|time))?|with\s+an?\s+(?:approval|ok|okay)\s+(?:for|at|before|in)\s+(?:each|every)"
    rf"(?:\s+(?:{_NOUN}|one))?|(?:approv\w+|confirm\w*)\s+(?:each|every)(?:\s+(?:{_NOUN}|one))?|"
    rf"(?:each|every)\s+{_NOUN}\s+(?:approved|asked|confirmed))\b"
)
_NUMBERS = re.compile(r"\d{1,3}")
_OTHER_COUNTS = frozenset({"two", "four", "five", "2", *map(str, range(4, 100))})
"""Steps are three when nobody says how much each gets."""
_HINT = re.compile(
    r"canary|shadow|mirror|step|stage|phase|increment|wave|hop|gradual|progress|little|bit by|blue|%|percent|per cent"
)


def find(core: str) -> list[Mention]:
    """The one that is said, in each place where words of it stand; nothing for none, and for shares that only stand
    beside one another ("5% and 25%").
    """
    if not _HINT.search(core):
        return []
    if m := _SHADOW.search(core):
        return [Mention("strategy", m.start(), m.end(), None, _NO_SHADOW)]
    if m := _BLUE_GREEN.search(core):
        return [Mention("strategy", m.start(), m.end(), "blue-green")]
    if m := _PLAIN.search(core):
        return [Mention("strategy", m.start(), m.end(), "canary")]
    named, some = _STEPS.search(core), _SOME.search(core)
    if some is not None and named is None and not _surely(some[0]):
        some = None
    if some is None and named is None:
        return []
    places = [m for m in (named, some, _EACH.search(core)) if m is not None]
    value, problem = _steps(named, some, each=len(places) > sum(m is not None for m in (named, some)))
    apart = [m for m in places if not any(o is not m and o.start() <= m.start() and m.end() <= o.end() for o in places)]
    return [Mention("strategy", m.start(), m.end(), value, problem) for m in sorted(apart, key=re.Match.start)]


def _steps(named: re.Match[str] | None, some: re.Match[str] | None, *, each: bool) -> tuple[str | None, str]:
    """(value, why it cannot be one)."""
    asked = ", asked each" if each else ""
    if some is None:
        count = named["count"] if named is not None else None
        if count in _OTHER_COUNTS:
            return None, f"How much each of {count} steps gets is not said. Say it so: in steps of 10% and 50%."
        return f"steps{asked}", ""
    value = f"steps {', '.join(_NUMBERS.findall(some['some']))}{asked}"
    try:
        strategy(value)
    except ValueError as exc:
        return None, f"Those steps cannot be: {exc}."
    return value, ""


def _surely(said: str) -> bool:
    """Whether shares are steps: called so, or in percent and one after the other, or three of them."""
    if re.search(rf"\b{_NOUN}\b", said):
        return True
    if not re.search(r"%|percent|per cent", said):
        return False
    return bool(re.search(r"then|>|→", said)) or len(_NUMBERS.findall(said)) > 2
