"""How a version is to come to all traffic, in words: "in steps of 5%, 25% and 50%", "gradually", "blue/green"."""

from __future__ import annotations

import re

from bizaiops_bot.domain.strategies import strategy
from bizaiops_bot.router.slots.mention import Mention

_SHARE = r"\d{1,3}(?![\d.])(?: ?(?:%|percent|per cent))?"
_LATER = r"(?:then|later|afterwards|after that|next|finally)"
_THEN = (
    rf"\s*(?:,\s*(?:and\s+)?(?:{_LATER}\s+)?|\band\s+(?:{_LATER}\s+)?|\b{_LATER}\s+|/|[-=]*>|→)\s*"
    r"(?:(?:up\s+)?(?:at|to|with)\s+)?"
)
_SHARES = rf"{_SHARE}(?:{_THEN}{_SHARE})+"
_NOUN = r"(?:steps?|stages?|phases?|increments?|waves?|hops?)"
_NAMED = (
    r"(?:(?:in|with|over|by|as)\s+)?(?:an?\s+)?"
    rf"(?:(?:two|three|four|five|several|small|a few|multiple|(?<![\w.])\d)\s+)?{_NOUN}"
)
_SOME = re.compile(
    rf"(?:(?:{_NAMED}\s*(?:of|at|:|with|from|to)?\s*)|\b(?:first\s+)?(?:at|to)\s+)?"
    rf"(?<![\w./-])(?P<some>{_SHARES})(?:\s+{_NOUN}\b)?"
)
_STEPS = re.compile(
    rf"\b(?:(?:as\s+)?{_NAMED}\s+(?:rollout|roll-out|canary|release|deployment)|"
    r"(?:as\s+)?(?:an?\s+)?(?:phased|staged|progressive|step-?wise|stepped|gradual|incremental)"
    r"(?:\s+(?:rollout|roll-out|canary|release|deployment|fashion|way))?|"
    rf"in\s+(?:(?P<count>two|three|four|five|several|small|a few|multiple|\d+)\s+)?{_NOUN}|"
    r"(?<=^)steps(?=\s*$)|steps(?=,? asked each)|(?:step|stage|phase)[- ]by[- ](?:step|stage|phase)|"
    r"bit by bit|little by little|gradually|progressively|"
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
_OF_EACH = rf"(?:each|every)(?:\s+(?:{_NOUN}|one|time))?"
_OK = r"(?:approvals?|ok|okay|confirmation|sign-?off)"
_EACH = re.compile(
    r"(?:,?\s*(?:and\s+)?)\b(?:"
    r"(?:ask(?:ing|ed)?|check(?:ing)?)(?:\s+(?:me|us|again|with\s+(?:me|us)))?\s+(?:(?:before|at|for|in)\s+)?"
    rf"{_OF_EACH}|"
    rf"(?:with\s+)?(?:(?:an?|my|our|the|your|their)\s+)?{_OK}\s+(?:for|at|before|in|of|on)\s+{_OF_EACH}|"
    rf"(?:approv\w+|confirm\w*)\s+(?:(?:at|before|in)\s+)?{_OF_EACH}|"
    rf"(?:each|every)(?:\s+(?:{_NOUN}|one))?\s+(?:(?:is|to\s+be|being)\s+)?(?:approved|asked|confirmed)|"
    rf"(?:each|every)(?:\s+(?:{_NOUN}|one))?\s+(?:needs|with|wants)\s+(?:(?:an?|my|our)\s+)?{_OK})\b"
)
_SOME_EACH = re.compile(
    rf"\b(?:each|every)\b[^,;.]*\b(?:ask|approv|confirm|sign)\w*|\b(?:ask|approv|confirm|sign)\w*[^,;.]*\b(?:each|every)\b"
    rf"(?:\s+{_NOUN})?"
)
_EACH_STEP = re.compile(rf"\b(?:each|every)\s+{_NOUN}\b")
_EVEN = re.compile(
    rf"\b(?:in|with|by)\s+(?:[a-z]+\s+|\d+\s+)?\d{{1,3}} ?(?:%|percent|per cent)[- ](?:points?[- ])?{_NOUN}\b|"
    rf"\b(?:in|with|by)\s+(?:an?\s+)?(?:\w+\s+)?{_NOUN}\s+(?:of|up\s+to|until|to|by)\s+(?>{_SHARE})(?!{_THEN}\d)"
)
_CANARY = re.compile(r"\b(?:(?:as|with)\s+)?(?:(?:an?|any|the)\s+)?(?:\d{1,3} ?%\s+)?canary\b")
_DENIES = re.compile(
    r"\b(?P<no>(?:not|no|without|instead\s+of|rather\s+than|never|nor|neither|avoid(?:ing)?|"
    r"(?:don'?t|do\s+not)(?:\s+(?:do|use|want|go|make|need|roll|deploy)(?:\s+it|\s+that)?(?:\s+out)?)?))\s+"
    r"(?:(?:as|in|an?|any|the|with|by|via|be|do|doing|using|for|my|your|our)\s+)*$"
)
_TOLD = re.compile(
    r"(?:^|[,;.:]\s*|\b(?:and|as|since|after|while)\s+)(?:it|they|this|that|which|we|he|she|the \w+|\w+ rate)\s+"
    r"(?!(?:out|to|at|live)\b)[a-z]+[^,;.]*$|"
    r"\b(?:by|won|was|were|is|rose|fell|grew|dropped|lost|gained|improved|up|down)\s*$"
)
"""Before shares that are told of something, and are no way: "it won by 3% then 5%"."""
_STAGE = re.compile(
    r"\b(?:(?<=each )|(?<=every )|(?<=per ))stage\b(?!\s+(?:env|cluster|system))|"
    r"\bstage(?=[- ]by[- ]stage)|(?<=stage by )stage\b|\bstages\b"
)
_WHICH = "Say which way: as a 10% canary, in steps of 5%, 25% and 50%, or blue-green."
_HOW_FAR = "What the version gets at each step is not said. Say it so: in steps of 10%, 20% and 50%."
_ASKED = (
    "I can ask before each step of a rollout in steps. Say it so: in steps of 10% and 50%, asking before each step."
)
_NUMBERS = re.compile(r"\d{1,3}")
_OTHER_COUNTS = frozenset({"two", "four", "five", "2", *map(str, range(4, 100))})
"""Steps are three when nobody says how much each gets."""
_HINT = re.compile(
    r"canary|shadow|mirror|step|stage|phase|increment|wave|hop|gradual|progress|little|bit by|blue|%|percent|per cent"
)


def unstaged(text: str) -> str:
    """With "step" for the stage of a rollout, which is no environment: "in steps, with an approval at each stage"."""
    if "stage" not in text.lower() or not find(text.lower()):
        return text
    return _STAGE.sub(lambda m: "steps" if m[0].endswith("s") else "step", text)


def find(core: str) -> list[Mention]:
    """The one that is said, in each place where words of it stand; nothing for none, and for shares that only stand
    beside one another ("5% and 25%").

    A way that is denied ("not blue-green") is never the one: where no other is said, it has the problem.
    """
    if not _HINT.search(core):
        return []
    denied = _denied(core)
    plain = core
    for start, end in denied:
        plain = f"{plain[:start]}{'.' * (end - start)}{plain[end:]}"
    found = _found(plain)
    if not denied:
        return found
    if found:
        value, problem = found[0].value, found[0].problem
    elif _CANARY.search(plain):
        value, problem = "canary", ""
    else:
        value, problem = None, _WHICH
    only_each = not found and all(_EACH.search(core[start:end]) for start, end in denied)
    rest = [] if only_each else [Mention("strategy", start, end, value, problem) for start, end in denied]
    return sorted([*found, *rest], key=lambda m: m.start)


def _denied(core: str) -> list[tuple[int, int]]:
    """Where ways are said that are not wanted, with the word that says so; none within another."""
    spans: list[tuple[int, int]] = []
    for pattern in (_EACH, _SHADOW, _BLUE_GREEN, _EVEN, _SOME, _STEPS, _PLAIN, _CANARY):
        for m in pattern.finditer(core):
            start = m.start() + len(m[0]) - len(m[0].lstrip(" ,"))
            no = _DENIES.search(core[:start])
            if no and not any(a < m.end() and no.start("no") < b for a, b in spans):
                spans.append((no.start("no"), m.end()))
    return sorted(spans)


def _found(core: str) -> list[Mention]:
    if m := _SHADOW.search(core):
        return [Mention("strategy", m.start(), m.end(), None, _NO_SHADOW)]
    return _whole(core) or _in_parts(core)


def _whole(core: str) -> list[Mention]:
    """What stands in one place."""
    if m := _BLUE_GREEN.search(core):
        return [Mention("strategy", m.start(), m.end(), "blue-green")]
    if m := _PLAIN.search(core):
        return [Mention("strategy", m.start(), m.end(), "canary")]
    if m := _EVEN.search(core):
        return [Mention("strategy", m.start(), m.end(), None, _HOW_FAR)]
    return []


def _in_parts(core: str) -> list[Mention]:
    """Steps: that there are some, their shares and who is asked, which need not stand together."""
    named, some, each = _STEPS.search(core), _SOME.search(core), _EACH.search(core)
    if some is not None and named is None and not (_surely(some[0]) and not _TOLD.search(core[: some.start()])):
        some = None
    if some is None and named is None:
        alone = each if each is not None and _EACH_STEP.search(each[0]) else None
        return [Mention("strategy", alone.start(), alone.end(), None, _ASKED)] if alone else []
    if some is not None and each is None and (only := _one_share(some)):
        spans = [only, *([named.span()] if named and not some.start() <= named.start() < some.end() else [])]
        return [Mention("strategy", start, end, "canary") for start, end in sorted(spans)]
    if each is None and (m := _SOME_EACH.search(core)):
        return [Mention("strategy", m.start(), m.end(), None, _ASKED)]
    places = [m for m in (named, some, each) if m is not None]
    value, problem = _steps(named, some, each=each is not None)
    apart = [m for m in places if not any(o is not m and o.start() <= m.start() and m.end() <= o.end() for o in places)]
    return [Mention("strategy", m.start(), m.end(), value, problem) for m in sorted(apart, key=re.Match.start)]


def _one_share(some: re.Match[str]) -> tuple[int, int] | None:
    """Where "then 100%" stands behind the only share: that is a canary of it."""
    m = re.fullmatch(
        rf"\d{{1,3}} ?(?:%|percent|per cent)(?P<all>{_THEN}100(?: ?(?:%|percent|per cent))?)", some["some"]
    )
    return None if m is None else (some.start("some") + m.start("all"), some.start("some") + m.end("all"))


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
    return bool(re.search(rf"{_LATER}|>|→", said)) or len(_NUMBERS.findall(said)) > 2
