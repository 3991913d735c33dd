"""Days and periods as people name them ("yesterday", "the 3rd of november", "q3"), each as the span it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from bizaiops_bot.router.slots.numbers import NUMBER, value

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT = {"mon": 0, "tue": 1, "tues": 1, "wed": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4, "sat": 5, "sun": 6}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONG = "january|february|march|april|may|june|july|august|september|october|november|december"
MONTH = rf"(?:{_LONG}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
_NTH = r"(?:st|nd|rd|th)"
_PARTS = {"morning": (0, 12), "afternoon": (12, 18), "evening": (18, 24), "night": (18, 30)}

_DAY = re.compile(
    rf"\b(?:(?P<near>today|yesterday|(?:the )?day before yesterday)|(?P<which>(?:on |this |last |past )*)"
    rf"(?P<day>{'|'.join(DAYS)}|{'|'.join(sorted(_SHORT, key=len, reverse=True))})(?P<own>'s)?)"
    rf"(?: (?P<part>morning|afternoon|evening|night))?\b(?!s\b)"
)
_PART = re.compile(
    r"\b(?:this (?P<part>morning|afternoon|evening)|(?P<tonight>tonight)|(?P<last>last night|overnight|over night))\b"
)
_DATE = re.compile(
    rf"(?<![\w./])(?<!\d\d-)(?:(?P<y>\d{{4}})-(?P<m>\d\d)-(?P<d>\d\d)(?!\d)|"
    rf"(?:the )?(?P<d2>\d{{1,2}}){_NTH}? (?:of )?(?P<m2>{MONTH})\b(?:,? (?P<y2>20\d\d))?|"
    rf"(?P<m3>{MONTH}) (?:the )?(?P<d3>\d{{1,2}}){_NTH}?(?![\w:/])(?:,? (?P<y3>20\d\d))?|"
    rf"(?P<d4>\d{{1,2}})/(?P<m4>\d{{1,2}})(?:/(?P<y4>20\d\d))?(?![\w/])(?! of\b)|"
    rf"(?P<d5>\d{{1,2}})\.(?P<m5>\d{{1,2}})\.(?P<y5>20\d\d)?(?!\d)|(?P<nth>the (?P<d6>\d{{1,2}}){_NTH})\b(?! "
    rf"\w+ of)(?! run))"
)
_AGO = re.compile(
    rf"\b(?P<n>{NUMBER}|an?|a couple of) (?P<unit>days?|weeks?|months?|years?|hours?|hrs?|minutes?|mins?) ago\b"
)
_PERIOD = re.compile(
    r"\b(?P<which>this|the current|current|the last|last|the previous|previous|prior|past) "
    r"(?P<unit>week ?end|week|month|quarter|year)(?:'s)?(?: so far| to date)?\b|"
    r"\b(?P<unit2>week|month|quarter|year) before last\b|\b(?P<todate>wtd|mtd|qtd|ytd|(?:week|month|quarter|"
    r"year)[ -]to[ -]date)\b|"
    r"\b(?:the )?(?:start|beginning) of (?:the |this )?(?P<start>week|month|quarter|year)\b|\bover the "
    r"(?P<over>week ?end)\b"
)
_MONTH = re.compile(
    rf"\b(?P<lead>(?:in|during|for|of|since|from|to|until|till|through|and|between|last|-) "
    rf")?(?P<m>{MONTH})(?P<own>'s)?(?: (?P<y>20\d\d))?\b(?! ?\d)"
)
_QUARTER = re.compile(r"\bq(?P<q>[1-4])(?:[ /-]?(?P<y>20\d\d))?\b")
_WEEK = re.compile(r"\b(?:(?:calendar |iso )?week|cw|kw) ?(?:no\.? ?|#)?(?P<w>\d{1,2})\b(?!\w)")
_YEAR = re.compile(r"\b(?:in|during|for|of|since|from|to) (?P<y>20\d\d)\b(?![-./]\d)")
_NAMES_OTHERS = frozenset({"may", "march", "mar", "jan"})
_OF_TEXT = re.compile(
    r"day|week|month|quarter|year|ago\b|night|morning|afternoon|evening|\d|[wmqy]td\b|"
    rf"\b(?:{MONTH}|{'|'.join(_SHORT)})\b"
)


@dataclass(frozen=True)
class Span:
    """text[start:end] names the time from `begin` to `until`. loose: only after "on", "since" or in a range.

    day: whether it is a day, so that a time of day can be said of it. problem: why there is no such time.
    """

    start: int
    end: int
    begin: datetime
    until: datetime
    label: str
    day: bool = False
    loose: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Local:
    """Now on the local clock, and the way back to UTC."""

    now: datetime

    def midnight(self, days: int = 0) -> datetime:
        """Local midnight `days` from today; wall-clock arithmetic, so days of 23 and 25 hours are whole days."""
        return self.of(self.now.date() + timedelta(days=days))

    def of(self, day: date, hour: int = 0) -> datetime:
        """`hour` o'clock of `day`; 24 and more are of the next one."""
        return datetime.combine(day + timedelta(days=hour // 24), time(hour % 24), self.now.tzinfo)

    def start_of(self, period: str, back: int = 0) -> datetime:
        """Begin of the running week, month, quarter or year, `back` of them earlier."""
        if period == "week":
            return self.midnight(-self.now.weekday() - 7 * back)
        months = {"month": 1, "quarter": 3, "year": 12}[period]
        index = (self.now.year * 12 + self.now.month - 1) // months * months - back * months
        return self.of(date(max(index // 12, 1), index % 12 + 1, 1))

    def months(self, first: date, count: int) -> tuple[datetime, datetime]:
        """`count` whole months from the first of one."""
        index = first.year * 12 + first.month - 1 + count
        return self.of(first), self.of(date(index // 12, index % 12 + 1, 1))


def spans(text: str, local: Local) -> list[Span]:
    """Every day and period named in lower-case `text`, in its order; of overlapping ones the longer."""
    if not _OF_TEXT.search(text):
        return []
    found = [read(m, local) for pattern, read in _READERS for m in pattern.finditer(text)]
    kept: list[Span] = []
    for span in sorted((s for s in found if s is not None), key=lambda s: (s.start - s.end, s.start)):
        if not any(span.start < other.end and other.start < span.end for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda s: s.start)


def _day(m: re.Match[str], local: Local) -> Span | None:
    if m["near"]:
        back = {"today": 0, "yesterday": 1}.get(m["near"], 2)
        return _of_day(m, local, local.now.date() - timedelta(days=back), m[0])
    short = m["day"] in _SHORT
    index = _SHORT[m["day"]] if short else DAYS.index(m["day"])
    back = (local.now.weekday() - index) % 7
    back += 7 if not back and "last" in m["which"] else 0
    loose = short or not (m["which"] or m["own"] or m["part"])
    span = _of_day(m, local, local.now.date() - timedelta(days=back), m[0].removesuffix("'s"))
    return replace(span, loose=loose)


def _of_day(m: re.Match[str], local: Local, day: date, label: str) -> Span:
    first, last = _PARTS.get(m["part"] or "", (0, 24))
    return Span(m.start(), m.end(), local.of(day, first), local.of(day, last), label, day=True)


def _part(m: re.Match[str], local: Local) -> Span:
    today = local.now.date()
    if m["last"]:
        return Span(m.start(), m.end(), local.of(today - timedelta(days=1), 18), local.of(today, 6), "last night")
    first, last = _PARTS[m["part"] or "night"]
    label = f"this {m['part']}" if m["part"] else "tonight"
    return Span(m.start(), m.end(), local.of(today, first), local.of(today, last), label, day=True)


def _date(m: re.Match[str], local: Local) -> Span | None:
    groups = next((n for n in ("", "2", "3", "4", "5", "6") if m[f"d{n}"]), "")
    if groups == "6":
        return _nth(m, local)
    day, month, year = int(m[f"d{groups}"]), m[f"m{groups}"], m[f"y{groups}"]
    number = int(month) if month.isdigit() else MONTHS.index(month[:3]) + 1
    if groups in {"4", "5"} and not year and (not 1 <= day <= 31 or not 1 <= number <= 12 or m[0] == "24/7"):
        return None
    today = local.now.date()
    try:
        said = date(int(year) if year else today.year, number, day)
        said = said.replace(year=said.year - 1) if not year and said > today else said
    except ValueError:
        return Span(m.start(), m.end(), local.now, local.now, m[0], problem=f"There is no {m[0]!r} in the calendar.")
    label = (
        f"{said.day} {said:%B}{'' if said.year == today.year else f' {said.year}'}" if groups in {"4", "5"} else m[0]
    )
    return Span(m.start(), m.end(), local.of(said), local.of(said, 24), label, day=True)


def _nth(m: re.Match[str], local: Local) -> Span | None:
    """ "the 3rd": the latest one."""
    day, first = int(m["d6"]), local.now.date().replace(day=1)
    for _ in range(12):
        try:
            said = first.replace(day=day)
        except ValueError:
            said = None
        if said is not None and said <= local.now.date():
            return Span(m.start(), m.end(), local.of(said), local.of(said, 24), m[0], day=True, loose=True)
        first = (first - timedelta(days=1)).replace(day=1)
    return None


def _ago(m: re.Match[str], local: Local) -> Span | None:
    count = 2.0 if "couple" in m["n"] else 1.0 if m["n"] == "an" else value(m["n"])
    unit = m["unit"][0] if not m["unit"].startswith("mi") else "min"
    if not 0 < count <= 10_000:
        return None
    back = int(count)
    if unit in {"h", "min"}:
        seconds = count * (3600 if unit == "h" else 60)
        begin = datetime.fromtimestamp(local.now.timestamp() - seconds, local.now.tzinfo)
        return Span(m.start(), m.end(), begin, local.now, f"since {m[0]}")
    if unit == "d":
        day = local.now.date() - timedelta(days=back)
        return Span(m.start(), m.end(), local.of(day), local.of(day, 24), m[0], day=True)
    name = {"w": "week", "m": "month", "y": "year"}[unit]
    return Span(m.start(), m.end(), local.start_of(name, back), local.start_of(name, back - 1), m[0])


def _period(m: re.Match[str], local: Local) -> Span:
    start, end = m.span()
    if m["todate"] or m["start"]:
        unit = m["start"] or {"w": "week", "m": "month", "q": "quarter", "y": "year"}[m["todate"][0]]
        begin = local.start_of(unit)
        return Span(start, end, begin, local.now, f"this {unit}" if m["todate"] else m[0], loose=bool(m["start"]))
    if m["unit2"]:
        return Span(start, end, local.start_of(m["unit2"], 2), local.start_of(m["unit2"], 1), f"the {m[0]}")
    unit = (m["unit"] or m["over"]).replace(" ", "")
    this = bool(m["over"]) or m["which"] in {"this", "current", "the current"}
    if unit == "weekend":
        return _weekend(m, local, this=this)
    if this:
        return Span(start, end, local.start_of(unit), local.now, f"this {unit}")
    return Span(start, end, local.start_of(unit, 1), local.start_of(unit), f"last {unit}")


def _weekend(m: re.Match[str], local: Local, *, this: bool) -> Span:
    running = this and local.now.weekday() >= 5
    first = local.start_of("week").date() + timedelta(days=5 if running else -2)
    label = "this weekend" if running else "last weekend"
    return Span(m.start(), m.end(), local.of(first), local.of(first, 48), label)


def _month(m: re.Match[str], local: Local) -> Span | None:
    number = MONTHS.index(m["m"][:3]) + 1
    led = m["lead"] or m["own"] or m["y"]
    if not led and (m["m"] in _NAMES_OTHERS or len(m["m"]) <= 4):
        return None
    year = int(m["y"]) if m["y"] else local.now.year - (number > local.now.month)
    begin, until = local.months(date(year, number, 1), 1)
    return Span(m.start("m"), m.end(), begin, until, f"{begin:%B}{f' {year}' if m['y'] else ''}")


def _quarter(m: re.Match[str], local: Local) -> Span:
    month = 3 * int(m["q"]) - 2
    year = int(m["y"]) if m["y"] else local.now.year - (month > local.now.month)
    begin, until = local.months(date(year, month, 1), 3)
    return Span(m.start(), m.end(), begin, until, f"Q{m['q']}{f' {year}' if m['y'] else ''}")


def _week(m: re.Match[str], local: Local) -> Span | None:
    year, running, _ = local.now.isocalendar()
    week = int(m["w"])
    try:
        monday = date.fromisocalendar(year - (week > running), week, 1)
    except ValueError:
        return None
    return Span(m.start(), m.end(), local.of(monday), local.of(monday, 7 * 24), f"week {week}")


def _year(m: re.Match[str], local: Local) -> Span:
    begin, until = local.months(date(int(m["y"]), 1, 1), 12)
    return Span(m.start("y"), m.end(), begin, until, m["y"])


_READERS = (
    (_DAY, _day),
    (_PART, _part),
    (_DATE, _date),
    (_AGO, _ago),
    (_PERIOD, _period),
    (_MONTH, _month),
    (_QUARTER, _quarter),
    (_WEEK, _week),
    (_YEAR, _year),
)
