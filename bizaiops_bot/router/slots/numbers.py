"""Numbers people say: percent, replicas, run and schedule numbers, versions."""

from __future__ import annotations

import re

from bizaiops_bot.router.slots.mention import Mention, apart

_ONES = re.findall(
    r"\S+",
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen",
)
_TENS = re.findall(r"\S+", "twenty thirty forty fifty sixty seventy eighty ninety")
WORDS: dict[str, int] = {word: i for i, word in enumerate(_ONES)}
WORDS |= {ten: 20 + 10 * i for i, ten in enumerate(_TENS)}
WORDS |= {f"{ten}{sep}{one}": WORDS[ten] + i for ten in _TENS for i, one in enumerate(_ONES[1:10], 1) for sep in "- "}
WORDS |= {"a hundred": 100, "one hundred": 100, "hundred": 100}
_SAID = "|".join(sorted(map(re.escape, WORDS), key=len, reverse=True))
NUMBER = rf"(?:[-+]?\d+(?:[.,]\d+)?|{_SAID})"

FRACTIONS = {
    "a twentieth": 5,
    "one twentieth": 5,
    "a tenth": 10,
    "one tenth": 10,
    "one in ten": 10,
    "1 in 10": 10,
    "a fifth": 20,
    "one fifth": 20,
    "one in five": 20,
    "a quarter": 25,
    "one quarter": 25,
    "a third": 33,
    "one third": 33,
    "a half": 50,
    "one half": 50,
    "half": 50,
    "all traffic": 100,
    "all the traffic": 100,
    "all requests": 100,
    "everyone": 100,
}
_PERCENT = re.compile(
    rf"(?<![\w.])({NUMBER})\s?(?:%|percents?\b|per cent\b|pct\b)(?: of (?:the |all )?(?:traffic|requests|users))?"
)
_FRACTION = re.compile(
    rf"\b({'|'.join(sorted(FRACTIONS, key=len, reverse=True))})\b(?! past| to| an? hour| hour)(?: of "
    rf"(?:the |all )?(?:traffic|requests|users))?\b"
)
_BARE_CANARY = re.compile(
    rf"\b(?:canary(?: of| at| with|:|=)?|canary share(?: of)?|traffic(?: of| at)?) "
    rf"({NUMBER})(?![\w.%])|(?<![\w.])({NUMBER})(?= canary\b)"
)
_REPLICAS = re.compile(
    rf"(?<![\w.])({NUMBER}) (?:replicas?|pods?|instances?|copies|workers?|servers?)\b|"
    rf"\b(?:replicas?|pods?|instances?|copies|workers?) ?(?:to|=|:|of|at)? ?({NUMBER})(?![\w.%])|\bto "
    rf"({NUMBER})(?![\w.%])(?! (?:%|percent))"
)
_RUN = re.compile(
    rf"\b(?:run|deployment|rollout|job|request) ?(?:#|number |no\.? ?|nr\.? ?)?({NUMBER})(?![\w.%])|"
    rf"(?<!\w)#({NUMBER})(?![\w.%])"
)
_SCHEDULE = re.compile(
    rf"\b(?:schedules?|digests?|reports?|subscription) ?(?:#|number |no\.? ?|nr\.? "
    rf"?)?({NUMBER})(?![\w.%])|(?<!\w)#({NUMBER})(?![\w.%])"
)
_BARE = re.compile(rf"(?<![\w.%#:/-])({NUMBER})(?![\w%:/-]|\.\d)")
_VERSION = re.compile(
    r"\b(?:version |ver\.? ?|v\.? ?)(-?\d+(?:\.\d+)*[a-z]?)\b|\b(?:the )?(latest|newest|most recent|"
    r"previous|prior|preceding|champion|current|live|"
    r"stable|serving|production|old)(?: (?:stable )?(?:version|one|release|build))?\b|\b(?:the "
    r")?(last) (?:stable )?(?:version|release|one)\b"
)
_VERSIONS = re.compile(r"\bversions? (\d+)(?: (?:and|with|to|vs\.?|versus|against|or) |, ?)(\d+)\b")
NAMED = {
    "latest": "latest",
    "newest": "latest",
    "most recent": "latest",
    "previous": "previous",
    "prior": "previous",
    "preceding": "previous",
    "last": "previous",
    "old": "previous",
    "champion": "stable",
    "current": "stable",
    "live": "stable",
    "stable": "stable",
    "serving": "stable",
    "production": "stable",
}


def value(said: str) -> float:
    """The number `said` in digits or words."""
    return float(WORDS[said]) if said in WORDS else float(said.replace(",", "."))


def percents(text: str) -> list[Mention]:
    """Shares of traffic, whole and 1 to 100; others carry the problem, they are never clamped."""
    found = [_whole("percent", m, 1, 100, "%") for m in _PERCENT.finditer(text)]
    found += [Mention("percent", m.start(), m.end(), FRACTIONS[m[1]]) for m in _FRACTION.finditer(text)]
    found += [_whole("percent", m, 1, 100, "%") for m in _BARE_CANARY.finditer(text)]
    return apart(found)


def replicas(text: str) -> list[Mention]:
    """How many copies serve, 1 to 50."""
    return apart([_whole("replicas", m, 1, 50, " replicas") for m in _REPLICAS.finditer(text)])


def runs(text: str) -> list[Mention]:
    """ "run 7", "#7"."""
    return [_whole("run", m, 1, 10**9, "") for m in _RUN.finditer(text)]


def schedules(text: str) -> list[Mention]:
    """ "schedule 3", "digest #3"."""
    return [_whole("schedule", m, 1, 10**9, "") for m in _SCHEDULE.finditer(text)]


def bare(text: str, kind: str) -> list[Mention]:
    """Numbers without a word that tells what they count, read as `kind`."""
    low, high, unit = {"percent": (1, 100, "%"), "replicas": (1, 50, " replicas")}.get(kind, (1, 10**9, ""))
    return [_whole(kind, m, low, high, unit, sure=False) for m in _BARE.finditer(text)]


def versions(text: str) -> list[Mention]:
    """Versions as said: "v2" or one of latest, previous, stable; `names.version` looks them up."""
    found = []
    for m in _VERSIONS.finditer(text):
        found += [Mention("version", m.start(i), m.end(i), f"v{int(m[i])}") for i in (1, 2)]
    for m in _VERSION.finditer(text):
        said = f"v{m[1]}" if m[1] else NAMED[m[2] or m[3]]
        found.append(Mention("version", m.start(), m.end(), said))
    return apart(found)


_RANGES = {
    "percent": "A canary share is a whole number from 1% to 100%",
    "replicas": "I scale to a whole number from 1 to 50 replicas",
}


def _whole(kind: str, match: re.Match[str], low: int, high: int, unit: str, *, sure: bool = True) -> Mention:
    said = next(group for group in match.groups() if group is not None)
    number = value(said)
    if number != int(number) or not low <= number <= high:
        rule = _RANGES.get(kind, f"A {kind} number is a whole number from 1 on")
        shown = said + unit if said[-1].isdigit() else said
        return Mention(kind, match.start(), match.end(), None, f"{shown} is not possible. {rule}.", sure)
    return Mention(kind, match.start(), match.end(), int(number), sure=sure)
