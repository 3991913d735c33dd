"""On which days something recurs ("every weekday", "first monday of the month"), as the last three fields of cron."""

from __future__ import annotations

import re
from dataclasses import dataclass

DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_SHORT = {"sun": 0, "mon": 1, "tue": 2, "tues": 2, "wed": 3, "thu": 4, "thur": 4, "thurs": 4, "fri": 5, "sat": 6}
DAY = rf"(?:{'|'.join(DAYS)}|{'|'.join(sorted(_SHORT, key=len, reverse=True))})s?"
EVERY = r"(?:every|each|once an?|once every)"
_JOIN = rf"(?:, ?(?:and )?| and | & |/| and {EVERY} )"
_LIST = rf"{DAY}(?:{_JOIN}(?:{EVERY} )?{DAY})*"
_ORDINALS = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "last": 0}
_NAMES = {"1": "first", "2": "second", "3": "third", "4": "fourth"}
_SPELT = {
    word: i
    for i, word in enumerate(
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"], 1
    )
}
_OF_MONTH = r"(?: day)? (?:of|in) (?:the|each|every|a) month"
_ORDINAL = "|".join(_ORDINALS)
_NTH = rf"(?:\d{{1,3}}(?:st|nd|rd|th)|{'|'.join(_SPELT)})"

_NTH_WEEKDAY = re.compile(
    rf"\b(?:on )?(?:{EVERY} |the )*(?P<n>{_ORDINAL})(?:(?: and |, ?| & )(?:the )?(?P<n2>{_ORDINAL}))? (?P<day>{DAY})"
    r" (?:of|in) (?:the|each|every|a) month\b"
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
    rf"\b(?:quarterly|{EVERY} quarter(?! ?(?:of|hour)))(?: on the (?:1st|first))?\b|\b(?:on )?the first day of "
    rf"(?:the|each|every) quarter\b"
)
_WORKDAYS = r"(?:weekdays?|week days?|working days?|workdays?|work days?|business days?)"
_WEEKDAYS = re.compile(rf"\b(?:on |{EVERY} )?{_WORKDAYS}\b")
_RANGE = re.compile(rf"\b(?:{EVERY} )?(?P<a>{DAY})(?: ?- ?| to | through | thru | till )(?P<b>{DAY})\b")
_WEEKEND = re.compile(rf"\b(?:on |{EVERY} )?(?<!for the )(?<!over the )weekends?\b(?= at|$|[, ]+(?:at|\d))")
_DAILY = re.compile(rf"\b(?:daily|{EVERY} (?:single )?(?:day|morning|evening|night|afternoon|noon|midnight)|nightly)\b")
_BUT = re.compile(
    rf",? (?:except|but|excluding|apart from|other than)(?: not)?(?: on| for)? (?P<days>weekends?|{_LIST})\b"
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
    none.
    """

    start: int
    end: int
    fields: str
    problem: str = ""


def days(text: str) -> Days | None:
    """The days in lower-case `text`; None when nothing recurs."""
    for read in (_of_weekday, _of_month, _at_edge, _of_quarter, _of_week):
        if found := read(text):
            return found
    m = _WEEKLY.search(text)
    return Days(*m.span(), "* * 1") if m else None


def _of_weekday(text: str) -> Days | None:
    m = _NTH_WEEKDAY.search(text)
    if m is None:
        return None
    day = _day(m["day"])
    places = [_ORDINALS[n] for n in (m["n"], m["n2"]) if n]
    return Days(*m.span(), f"* * {','.join(f'{day}#{n}' if n else f'L{day}' for n in places)}")


def _of_month(text: str) -> Days | None:
    for m in _NTH_DAY.finditer(text):
        first, more = m["nth"] or m["nth2"], m["more"] or m["more2"] or ""
        if m["nth"] and not (m["of"] or more):
            continue  # "the first version"
        if m["nth"] and not m["of"] and not first[0].isdigit():
            continue
        said = sorted({_SPELT.get(n) or int(re.sub(r"\D", "", n)) for n in [first, *re.findall(rf"{_NTH}|\d+", more)]})
        if said[0] < 1 or said[-1] > 28:
            why = f"Not every month has a day {said[-1]}; choose 1 to 28, or `the last day of the month`."
            return Days(*m.span(), "", why)
        return Days(*m.span(), f"{','.join(map(str, said))} * *")
    return None


def _at_edge(text: str) -> Days | None:
    m = _EDGE.search(text)
    if m is None:
        return None
    return Days(*m.span(), "L * *" if m["end"] or m["edge"] in {"last", "end"} else "1 * *")


def _of_quarter(text: str) -> Days | None:
    m = _QUARTER.search(text)
    return Days(*m.span(), "1 1,4,7,10 *") if m else None


def _of_week(text: str) -> Days | None:
    for pattern, which in ((_WEEKDAYS, {1, 2, 3, 4, 5}), (_WEEKEND, {0, 6}), (_DAILY, set(range(7)))):
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
    between = text[m.end() : but.start()].strip()
    if not left or (between and not re.fullmatch(r"at [\w: ]+", between)):
        return Days(m.start(), but.end(), "", f"I do not understand the days of {text[m.start() : but.end()]!r}.")
    return Days(m.start(), but.end(), _fields(left))


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


def spoken(fields: list[str]) -> str:
    """Words for three fields that `days` reads back the same; "" when there are none."""
    day, month, weekday = fields
    if month != "*" or (day != "*" and weekday != "*"):
        return ""
    if day != "*":
        return "on the last day of the month" if day == "L" else _spoken_days(day)
    plain = {"*": "every day", "1-5": "every weekday"}
    return plain.get(weekday) or _spoken_weekdays(weekday)


def _spoken_weekdays(weekday: str) -> str:
    names = [day.capitalize() for day in DAYS]
    if m := re.fullmatch(r"([0-6])#([1-4])", weekday):
        return f"on the {_NAMES[m[2]]} {names[int(m[1])]} of the month"
    if m := re.fullmatch(r"L([0-6])", weekday):
        return f"on the last {names[int(m[1])]} of the month"
    if m := re.fullmatch(r"([0-6])-([0-6])", weekday):
        return f"{names[int(m[1])]} to {names[int(m[2])]}"
    named = weekday.split(",")
    return f"every {' and '.join(names[int(n)] for n in named)}" if all(n in tuple("0123456") for n in named) else ""


def _spoken_days(day: str) -> str:
    if not re.fullmatch(r"\d+(?:,\d+)*", day):
        return ""
    ends = {"1": "st", "2": "nd", "3": "rd", "21": "st", "22": "nd", "23": "rd"}
    return f"on the {' and '.join(n + ends.get(n, 'th') for n in day.split(','))} of the month"
