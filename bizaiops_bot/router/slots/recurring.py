"""On which days something recurs ("every weekday", "first monday of the month"), as the last three fields of cron."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bizaiops_bot.domain.recurrence import DAYS
from bizaiops_bot.router.slots.numbers import WORDS

_SHORT = {"sun": 0, "mon": 1, "tue": 2, "tues": 2, "wed": 3, "thu": 4, "thur": 4, "thurs": 4, "fri": 5, "sat": 6}
DAY = rf"(?:{'|'.join(DAYS)}|{'|'.join(sorted(_SHORT, key=len, reverse=True))})s?"
EVERY = r"(?:every|each|once an?|once every)"
_JOIN = rf"(?:, ?(?:and )?| and | & |/| and {EVERY} )"
_LIST = rf"{DAY}(?:{_JOIN}(?:{EVERY} )?{DAY})*"
_ORDINALS = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "last": 0}
_SPELT = {
    word: i
    for i, word in enumerate(
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"], 1
    )
}
_OF_MONTH = r"(?: day)? (?:of|in) (?:the|each|every|a) month"
_ORDINAL = "|".join(_ORDINALS)
_NTH = rf"(?:\d{{1,3}}(?:st|nd|rd|th)|{'|'.join(_SPELT)})"

_MONTHLY = rf"(?:(?:monthly|{EVERY} month),? )"
_WORKDAY = r"(?:weekday|week day|working day|workday|work day|business day)"
_NTH_WEEKDAY = re.compile(
    rf"\b(?P<lead>{_MONTHLY})?(?:on )?(?:{EVERY} |the )*(?P<n>{_ORDINAL})(?:(?: and |, ?| & )(?:the )?"
    rf"(?P<n2>{_ORDINAL}))? (?P<day>{DAY})(?P<of> (?:of|in) (?:the|each|every|a) month)?\b"
)
_EVERY_LAST = re.compile(rf"\b{EVERY} (?P<n>first|1st|last) (?P<day>{DAY})\b(?! of (?:the|each|every|a) (?!month))")
_BUSINESS = re.compile(
    rf"\b(?P<lead>{_MONTHLY})?(?:on )?(?:{EVERY} |the )*(?P<n>{_NTH}|last|final|penultimate|next to last|"
    rf"second to last) (?:{_WORKDAY}s?)(?P<of> (?:of|in) (?:the|each|every|a) month)?\b"
)
_BEFORE_END = re.compile(
    rf"\b(?:on )?(?P<n>\d{{1,2}}|the|an?|{'|'.join(WORDS)}) days? before (?:the )?"
    rf"(?:(?:end|last day) of (?:the|each|every|a) month|month'?s? end)\b"
)
_NTH_DAY = re.compile(
    rf"\b(?:on )?(?:the |{EVERY} )(?P<nth>{_NTH}|\d{{1,3}})(?P<more>(?:(?:,? and |, ?| & )(?:the )?(?:{_NTH}|"
    rf"\d{{1,2}}))*)"
    rf"(?P<of>{_OF_MONTH})?\b|\b(?:{EVERY} month|monthly) on (?:the )?(?P<nth2>{_NTH}|\d{{1,3}})"
    rf"(?P<more2>(?:(?:,? and |, ?| & )(?:the )?(?:{_NTH}|\d{{1,2}}))*)\b"
)
_EDGE = re.compile(
    rf"\b(?:on |at )?(?:the )?(?P<edge>first|last|end|start|beginning)(?: day)? of (?:the|each|every|a) month\b|"
    rf"\b(?:at )?(?P<end>month'?s? end)\b|\b(?P<monthly>monthly|{EVERY} month)\b"
)
_QUARTER = re.compile(
    rf"\b(?:quarterly|{EVERY} quarter(?! ?(?:of|hour)))(?:,? on the (?P<nth>{_NTH})(?: day)?)?\b|\b(?:on )?the "
    rf"(?P<nth2>{_NTH}) day of (?:the|each|every) quarter\b"
)
_WEEKDAYS = re.compile(rf"\b(?:on |{EVERY} )?{_WORKDAY}s?\b")
_RANGE = re.compile(rf"\b(?:from )?(?:{EVERY} )?(?P<a>{DAY})(?: ?- ?| to | through | thru | till )(?P<b>{DAY})\b")
_WEEKEND = re.compile(rf"\b(?:on |{EVERY} )?(?<!for the )(?<!over the )weekends?\b(?= at|$|[, ]+(?:at|\d))")
_DAILY = re.compile(rf"\b(?:daily|{EVERY} (?:single )?(?:day|morning|evening|night|afternoon|noon|midnight)|nightly)\b")
_BUT = re.compile(
    rf",? (?:except|but|excluding|apart from|other than)(?: not)?(?: on| for)?(?: the)? (?P<days>weekends?|{_LIST})\b"
)
_ON_DAYS = re.compile(
    rf"\b(?:{EVERY} (?:week on )?|weekly,? on |once a week,? on |on |weekly,? )(?:a )?(?P<days>{_LIST})(?: "
    rf"(?:morning|afternoon|evening|night)s?)?\b"
)
_PLURAL = re.compile(rf"\b(?P<days>(?:{'|'.join(DAYS)})s(?:{_JOIN}(?:{'|'.join(DAYS)})s)*)\b")
_SHORT_LIST = re.compile(rf"\b(?P<days>{DAY}(?:{_JOIN}{DAY})+)(?= at\b| \d)")
_WEEKLY = re.compile(rf"\b(?:weekly|{EVERY} week|once a week)\b")


@dataclass(frozen=True)
class Days:
    """text[start:end] says on which days; fields: day of month, month and weekday of cron. problem: why there are
    none; nearest: fields that come close. apart: what belongs to it further on ("... except sunday").
    """

    start: int
    end: int
    fields: str
    problem: str = ""
    nearest: str = ""
    apart: tuple[int, int] | None = None

    @property
    def spans(self) -> list[tuple[int, int]]:
        return [(self.start, self.end), *([self.apart] if self.apart else [])]


def days(text: str) -> Days | None:
    """The days in lower-case `text`; None when nothing recurs."""
    for read in (_of_weekday, _of_business, _before_end, _of_quarter, _of_month, _at_edge, _of_week):
        if found := read(text):
            return found
    m = _WEEKLY.search(text)
    return Days(*m.span(), "* * 1") if m else None


def _of_weekday(text: str) -> Days | None:
    for m in _NTH_WEEKDAY.finditer(text):
        day = _day(m["day"])
        fields = f"* * {','.join(_nth(day, _ORDINALS[n]) for n in (m['n'], m['n2']) if n)}"
        if m["of"] or m["lead"]:
            return Days(*m.span(), fields)
        if _EVERY_LAST.search(m[0]):
            return Days(*m.span(), fields)
        if re.match(EVERY, m[0]):
            why = f"{m[0]!r} could be the one of each month, or every so many weeks."
            return Days(*m.span(), "", why, fields)
    return None


def _nth(day: int, n: int) -> str:
    return f"{day}#{n}" if n else f"L{day}"


def _of_business(text: str) -> Days | None:
    for m in _BUSINESS.finditer(text):
        if not (m["of"] or m["lead"] or re.match(EVERY, m[0])):
            continue
        if m["n"] in {"first", "1st", "last"} and (m["of"] or m["lead"]):
            return Days(*m.span(), "LW * *" if m["n"] == "last" else "1W * *")
        late = m["n"] in {"last", "final", "penultimate"} or m["n"].endswith("to last")
        why = f"I can repeat on the first and the last business day of the month, not {m[0].strip()!r}."
        return Days(*m.span(), "", why, "LW * *" if late else "1W * *")
    return None


def _before_end(text: str) -> Days | None:
    m = _BEFORE_END.search(text)
    if m is None:
        return None
    days = int(m["n"]) if m["n"].isdigit() else WORDS.get(m["n"], 1)
    if not 1 <= days <= 27:
        return Days(*m.span(), "", "It must be 1 to 27 days before the end of the month.")
    return Days(*m.span(), f"L-{days} * *")


def _of_month(text: str) -> Days | None:
    for m in _NTH_DAY.finditer(text):
        first, more = m["nth"] or m["nth2"], m["more"] or m["more2"] or ""
        if m["nth"] and not (m["of"] or more):
            continue  # "the first version"
        if m["nth"] and not m["of"] and not first[0].isdigit():
            continue
        said = sorted({_number(n) for n in [first, *re.findall(rf"{_NTH}|\d+", more)]})
        if said[0] < 1 or said[-1] > 28:
            why = f"Not every month has a day {said[-1]}; choose 1 to 28, or `the last day of the month`."
            return Days(*m.span(), "", why)
        return Days(*m.span(), f"{','.join(map(str, said))} * *")
    return None


def _number(said: str) -> int:
    """Of "2nd" or "second"."""
    return _SPELT.get(said) or int(re.sub(r"\D", "", said))


def _at_edge(text: str) -> Days | None:
    m = _EDGE.search(text)
    if m is None:
        return None
    return Days(*m.span(), "L * *" if m["end"] or m["edge"] in {"last", "end"} else "1 * *")


def _of_quarter(text: str) -> Days | None:
    m = _QUARTER.search(text)
    if m is None:
        return None
    nth = _number(m["nth"] or m["nth2"] or "1st")
    if not 1 <= nth <= 28:
        return Days(*m.span(), "", f"Not every quarter begins with a month that has a day {nth}.", "1 1,4,7,10 *")
    return Days(*m.span(), f"{nth} 1,4,7,10 *")


def _of_week(text: str) -> Days | None:
    for pattern, which in ((_WEEKDAYS, {1, 2, 3, 4, 5}), (_DAILY, set(range(7))), (_WEEKEND, {0, 6})):
        if m := pattern.search(text):
            return _without(text, m, which)
    if m := _RANGE.search(text):
        first, last = _day(m["a"]), _day(m["b"])
        return Days(*m.span(), _fields({(first + i) % 7 for i in range((last - first) % 7 + 1)}))
    m = _ON_DAYS.search(text) or _PLURAL.search(text) or _SHORT_LIST.search(text)
    return Days(*m.span(), _fields(_named(m["days"]))) if m else None


def _without(text: str, m: re.Match[str], which: set[int]) -> Days:
    """Less the days behind "except"."""
    but = _BUT.search(text, m.end())
    if but is None:
        return Days(*m.span(), _fields(which))
    left = which - ({0, 6} if but["days"].startswith("weekend") else _named(but["days"]))
    if not left:
        return Days(m.start(), but.end(), "", f"No day is left of {text[m.start() : but.end()]!r}.")
    return Days(*m.span(), _fields(left), apart=but.span())


def _fields(which: set[int]) -> str:
    """Three fields: runs of three days and more as a range."""
    if len(which) == 7:
        return "* * *"
    ordered = sorted(which)
    whole = len(ordered) > 2 and ordered[-1] - ordered[0] == len(ordered) - 1
    return f"* * {ordered[0]}-{ordered[-1]}" if whole else f"* * {','.join(map(str, ordered))}"


def _named(said: str) -> set[int]:
    return {_day(word) for word in re.findall(DAY, said)}


def _day(word: str) -> int:
    for i, name in enumerate(DAYS):
        if word in {name, f"{name}s"}:
            return i
    return _SHORT[word if word in _SHORT else word.removesuffix("s")]
