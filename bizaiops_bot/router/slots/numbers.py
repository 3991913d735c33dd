"""Numbers people say: percent, replicas, run and schedule numbers, versions."""

from __future__ import annotations

import re
from dataclasses import replace

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
SAID = "|".join(sorted(map(re.escape, WORDS), key=len, reverse=True))
NUMBER = rf"(?:[-+]?\d+(?:[.,]\d+)?|{SAID})"

_ARTICLES = {"a": 1.0, "a single": 1.0, "a half": 0.5, "half a": 0.5}

FRACTIONS = {
    "twentieth": 5,
    "tenth": 10,
    "fifth": 20,
    "quarter": 25,
    "third": 33,
    "half": 50,
    "two thirds": 67,
    "three quarters": 75,
}
_OF = r"(?: of (?:it|them|the|all|our|all (?:the|our))?(?: ?(?:traffic|requests|users|people|customers|calls))?)"
_UNIT = r"(?:-?\s?(?:%|percents?\b|per cent\b|pct\b|pro[zc]ent\b|pour ?cent\b|por ciento\b))"
_PERCENT = re.compile(
    rf"(?<![\w.,-])(?<!\d[-/])({NUMBER}|a|a single|a half|half a){_UNIT}(?: of (?:the |all )?(?:traffic|"
    rf"requests|users))?"
)
_SPAN = re.compile(rf"(?<![\w.-])({NUMBER}){_UNIT}?\s?(?:-|to|or|and|/|bis)\s?({NUMBER}){_UNIT}")
_TRAFFIC = r"(?:(?:the|all|our|live|incoming) )*(?:traffic|requests|users|people|customers|calls|it|them)"
_FRACTION = re.compile(
    rf"(?<!last )(?<!first )(?<!second )(?<!other )\b(?:(?P<an>an?|one) )?(?P<some>two thirds|three quarters|"
    rf"{'|'.join(FRACTIONS)})(?:(?P<of>(?: of)? {_TRAFFIC}\b| canary\b)|"
    rf"(?= *(?:$|[,.!?;)]|please\b|pls\b|first\b|for now\b)))"
)
_COUNTED = frozenset({"half", "two thirds", "three quarters"})
_ONE_IN = re.compile(
    rf"\b(?:one|1|a single) (?:in|out of) (?:every )?({NUMBER}|a hundred)(?: (?:traffic|requests|users|people|"
    rf"customers|calls))?\b"
)
_ALL = re.compile(
    r"\b(?:all|the whole|the full|full|the entire|entire|everyone's|100) (?:of )?(?:the |our )?(?:traffic|"
    r"requests|users|customers)\b|"
    r"\b(?:to|for) (?:everyone|everybody|all users)\b"
)
_EVEN = re.compile(r"(?<![\w/])(?:fifty[- /]fifty|50/50)(?![\w/])")
_BARE_CANARY = re.compile(
    rf"\b(?:canary(?: of| at| with|:|=)?|canary share(?: of)?|traffic(?: of| at)?) "
    rf"({NUMBER})(?![\w.%])|(?<![\w.])({NUMBER})(?= canary\b)"
)
_REPLICAS = re.compile(
    rf"(?<![\w.])({NUMBER}) (?:replicas?|pods?|instances?|copies|workers?|servers?)\b|"
    rf"\b(?:replicas?|pods?|instances?|copies|workers?) ?(?:to|=|:|of|at)? ?({NUMBER})(?![\w.%]|:\d)|\bto "
    rf"({NUMBER})(?![\w.%])(?! (?:%|percent))"
)
_RUN_NO = r"(?:-(?=\d)| ?(?:#|number |no\.? ?|nr\.? ?|id |[:(] ?)?)"
_RUN = re.compile(
    rf"\b(?:runs?|deployment|rollout|job|request)(?:{_RUN_NO})(?P<n>-?\d+(?:[.,]\d+)?|"
    rf"(?<![a-z])(?:{SAID}))(?![\w%]|\.\d)"
    rf"(?! (?:replicas?|pods?|instances?|copies|workers?|days?|hours?|weeks?|times)\b)"
    rf"(?:(?:,? (?:and|or|&) |, ?)#?(?P<more>\d+)(?![\w%]|\.\d))?|(?<!\w)(?<!snooze )#(?P<hash>{NUMBER})(?![\w%]|\.\d)|"
    rf"\b(?P<nth>\d+)(?:st|nd|rd|th) run\b"
)
_LAST_RUN = re.compile(r"\b(?:the )?(?:very )?(?:last|latest|newest|most recent) run\b(?! ?#?\d)")
_SCHEDULE = re.compile(
    rf"\b(?:schedules?|digests?|reports?|subscription) ?(?:#|number |no\.? ?|nr\.? "
    rf"?)?({NUMBER})(?![\w.%])|(?<!\w)#({NUMBER})(?![\w.%])"
)
_REMINDER = re.compile(rf"\breminders? ?(?:#|number |no\.? ?|nr\.? ?)?({NUMBER})(?![\w.%:])(?! ?[ap]m\b)")
_ALERT = re.compile(
    rf"\b(?:alerts?|alarms?|incidents?|snooze(?= #)) ?(?:#|number |no\.? ?|nr\.? ?)?({NUMBER})(?![\w.%])"
    rf"(?! (?:hours?|minutes?|mins?|h|days?|weeks?|times)\b)"
)
_BARE = re.compile(
    rf"(?<![\w.%#:/-])({NUMBER})(?![\w%/-]|[:.]\d)(?! (?:replicas?|pods?|instances?|copies|days?|hours?|weeks?)\b)"
)
_SPELT = "|".join(_ONES[1:])
_THING = r"(?:version|one|release|build)"
_VERSION = re.compile(
    rf"\b(?:versions? |ver\.? ?|v\.? ?)(?:number |no\.? |#)?(-?\d+(?:\.\d+)*[a-z]?"
    rf"(?:[-+_]?(?:rc|alpha|beta|pre|preview|dev|hotfix|patch|fix|snapshot)[\w.]*)?)\b|"
    rf"\b(?:version|ver) (?:number )?(?P<spelt>{_SPELT})\b|(?<![\w.])(?P<dots>\d+\.\d+\.\d+"
    rf"(?:[-+_]?(?:rc|alpha|beta|pre|preview|dev|hotfix|patch|fix|snapshot)[\w.]*)?)(?![\w.]*\.\d|\w)|"
    rf"\b(?:the )?(?P<named>latest|newest|freshest|most recent|previous|prior|preceding|champion|current(?:ly)?|live|"
    rf"stable|serving|production|old)(?: (?:stable |serving |live )?{_THING})?\b|"
    rf"\b(?:the )?(?P<last>last) (?:known )?(?:(?:stable|good|working|healthy) )*{_THING}\b|"
    rf"\b(?:the )?(?P<before>(?:{_THING}|what was there) before)\b|\bthe (?P<fresh>new {_THING})\b"
)
_JOIN = r"(?:,? (?:and|with|to|vs\.?|versus|against|or) |, ?| ?/ ?)"
_VERSIONS = re.compile(rf"\bversions? (\d+|{_SPELT}){_JOIN}(\d+|{_SPELT})\b")
_NOT_COUNTED = (
    r"(?![\w%:.]|-\d|-?\s?(?:%|percent|per cent|pct|pro[zc]ent|replicas?|pods?|instances?|copies|workers?|times|"
    r"days?|hours?))"
)
_BEHIND_MODEL = re.compile(rf" (?:to |version )?#?(\d+)(?:(?:{_JOIN}| )#?(\d+){_NOT_COUNTED})?{_NOT_COUNTED}")
_BACK_TO = re.compile(rf"\b(?:back|revert|return|rollback|restore|undo)\b.* to #?(\d+){_NOT_COUNTED}")
_SHIPPED = re.compile(rf"\b(?:deploy|ship|release|roll out) #?(\d+){_NOT_COUNTED}|^\s*#?(\d+)\s*$")
_COMPARED = re.compile(rf"\b(?:compare|diff) (\d+){_JOIN}(\d+){_NOT_COUNTED}")
NAMED = {
    "latest": "latest",
    "newest": "latest",
    "freshest": "latest",
    "most recent": "latest",
    "previous": "previous",
    "prior": "previous",
    "preceding": "previous",
    "last": "previous",
    "old": "previous",
    "champion": "stable",
    "current": "stable",
    "currently": "stable",
    "live": "stable",
    "stable": "stable",
    "serving": "stable",
    "production": "stable",
}


def value(said: str) -> float:
    """The number `said` in digits or words."""
    if said in _ARTICLES:
        return _ARTICLES[said]
    return float(WORDS[said]) if said in WORDS else float(said.replace(",", "."))


def percents(text: str) -> list[Mention]:
    """Shares of traffic, whole and 1 to 100; others carry the problem, they are never clamped. Of "5-10%" both."""
    found = [_whole("percent", m, 1, 100, "%") for m in _PERCENT.finditer(text)]
    for m in _SPAN.finditer(text):
        found += [_one("percent", m, i, 1, 100, "%") for i in (1, 2)]
    found += [
        Mention("percent", m.start(), m.end(), FRACTIONS[m["some"]])
        for m in _FRACTION.finditer(text)
        if m["an"] or m["of"] or m["some"] in _COUNTED
    ]
    found += [_one_in(m) for m in _ONE_IN.finditer(text)]
    found += [Mention("percent", m.start(), m.end(), 100) for m in _ALL.finditer(text)]
    found += [Mention("percent", m.start(), m.end(), 50) for m in _EVEN.finditer(text)]
    found += [_whole("percent", m, 1, 100, "%") for m in _BARE_CANARY.finditer(text)]
    return apart(found)


def _one_in(m: re.Match[str]) -> Mention:
    """ "one in ten" is 10%."""
    share = 100 / max(value(m[1]), 1)
    if share < 1:
        return Mention("percent", m.start(), m.end(), None, f"{m[0]} is under 1%. {_RANGES['percent']}.")
    return Mention("percent", m.start(), m.end(), round(share))


def replicas(text: str) -> list[Mention]:
    """How many copies serve, 1 to 50."""
    return apart([_whole("replicas", m, 1, 50, " replicas") for m in _REPLICAS.finditer(text)])


def runs(text: str) -> list[Mention]:
    """ "run 7", "#7"."""
    found = []
    for m in _RUN.finditer(text):
        found += [
            _one("run", m, m.re.groupindex[name], 1, 10**9, "") for name in ("n", "more", "hash", "nth") if m[name]
        ]
        found[-1:] = [replace(found[-1], end=m.end())]
        first = next(i for i, mention in enumerate(found) if mention.start >= m.start())
        found[first] = replace(found[first], start=m.start())
    return found


def last_run(text: str, number: int | None) -> list[Mention]:
    """ "the last run", when its number is known."""
    m = _LAST_RUN.search(text)
    return [Mention("run", m.start(), m.end(), number, guess=True)] if m and number else []


def schedules(text: str) -> list[Mention]:
    """ "schedule 3", "digest #3"."""
    return [_whole("schedule", m, 1, 10**9, "") for m in _SCHEDULE.finditer(text)]


def reminders(text: str) -> list[Mention]:
    """ "reminder 3"."""
    return [_whole("reminder", m, 1, 10**9, "") for m in _REMINDER.finditer(text)]


def alerts(text: str) -> list[Mention]:
    """ "alert 5", "alarm #5"."""
    return [_whole("alert", m, 1, 10**9, "") for m in _ALERT.finditer(text)]


def bare(text: str, kind: str) -> list[Mention]:
    """Numbers without a word that tells what they count, read as `kind`."""
    low, high, unit = {"percent": (1, 100, "%"), "replicas": (1, 50, " replicas")}.get(kind, (1, 10**9, ""))
    return [_whole(kind, m, low, high, unit, sure=False) for m in _BARE.finditer(text) if m[0] != "one"]


def versions(text: str) -> list[Mention]:
    """Versions as said: "v2" or one of latest, previous, stable; `names.version` looks them up."""
    found = []
    for m in _VERSIONS.finditer(text):
        found += [_numbered(m, i) for i in (1, 2)]
    for m in _VERSION.finditer(text):
        if number := m[1] or m["dots"]:
            plain = str(int(number)) if number.isdigit() else number
            found.append(Mention("version", m.start(), m.end(), plain if m["dots"] else f"v{plain}"))
        elif m["spelt"]:
            found.append(Mention("version", m.start(), m.end(), f"v{WORDS[m['spelt']]}"))
        else:
            said = "previous" if m["before"] else "latest" if m["fresh"] else NAMED[m["named"] or m["last"]]
            found.append(Mention("version", m.start(), m.end(), said))
    return apart(found)


def _numbered(m: re.Match[str], group: int) -> Mention:
    return Mention("version", m.start(group), m.end(group), f"v{int(value(m[group]))}")


def bare_versions(text: str, models: list[Mention]) -> list[Mention]:
    """Numbers that stand where a version does: "churn 7", "back to 1", "compare 1 and 2", or the whole text."""
    matches = [_BEHIND_MODEL.match(text, model.end) for model in models]
    matches += [pattern.search(text) for pattern in (_BACK_TO, _SHIPPED, _COMPARED)]
    found = [_numbered(m, i) for m in matches if m for i in range(1, (m.lastindex or 0) + 1) if m[i] is not None]
    return apart(list(dict.fromkeys(found)))


_RANGES = {
    "percent": "A canary share is a whole number from 1% to 100%",
    "replicas": "I scale to a whole number from 1 to 50 replicas",
}


def _whole(kind: str, match: re.Match[str], low: int, high: int, unit: str, *, sure: bool = True) -> Mention:
    group = next(i for i, said in enumerate(match.groups(), 1) if said is not None)
    whole = _one(kind, match, group, low, high, unit, sure=sure)
    return replace(whole, start=match.start(), end=match.end())


def _one(kind: str, match: re.Match[str], group: int, low: int, high: int, unit: str, *, sure: bool = True) -> Mention:
    said, (start, end) = match[group], match.span(group)
    number = value(said)
    if number != int(number) or not low <= number <= high:
        rule = _RANGES.get(kind, f"A {kind} number is a whole number from 1 on")
        shown = said + unit if said[-1].isdigit() else said
        return Mention(kind, start, end, None, f"{shown} is not possible. {rule}.", sure)
    return Mention(kind, start, end, int(number), sure=sure)
