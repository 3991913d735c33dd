"""Spans of time as people say them, in a time zone: "this week", "last 7 days", "between 3 and 5 pm yesterday"."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from bizaiops_bot.domain.values import Window
from bizaiops_bot.router.slots import clock
from bizaiops_bot.router.slots.mention import Mention
from bizaiops_bot.router.slots.moments import MONTH, Local, Span, spans
from bizaiops_bot.router.slots.numbers import NUMBER, value

_UNIT = r"(?:minutes?|mins?|hours?|hrs?|h|days?|d|weeks?|w|fortnights?|months?|quarters?|years?)"
_ROLLING = re.compile(
    rf"\b(?:(?:in|over|for|during|within) )?(?:the )?(?:last|past|previous|trailing) (?:(?P<few>(?:a )?couple of|"
    rf"a few|few|half an|half a|half)|(?P<n>{NUMBER}) ?)? ?(?P<unit>{_UNIT})\b|"
    rf"(?<![\w.:/-])(?P<n2>\d+) ?(?P<unit2>h|hours?|hrs?|d|days?|w|weeks?|months?|minutes?|mins?)\b(?! ago)"
)
_SAID_TIME = r"(?:noon|midday|midnight|\d{1,2}(?::\d\d)?(?: ?(?:am|pm))?(?: o'?clock)?)"
_TIMES = re.compile(
    rf"\b(?P<lead>between |from )?(?P<a>{_SAID_TIME})(?P<join> ?- ?| (?:and|to|until|till?) )(?P<b>{_SAID_TIME})"
    rf"(?![\w%:/]|[-.]\d| ?%)(?! (?:{MONTH}|percent|pct|per cent|replicas?|pods?|instances?|days?|weeks?|hours?|"
    rf"months?)\b)"
)
_FROM_DAY = re.compile(
    r"(?<![\w./:-])(?:between |from )?(?:the )?(\d{1,2})(?:st|nd|rd|th)?(?: ?- ?| (?:and|to|until|till?|"
    r"through) )(?:the )?$"
)
_JOIN = re.compile(r"\s*(?:-|and|to|until|till?|through|thru|\.\.)\s*(?:on )?")
_SINCE = re.compile(r"\b(?:since|from|after|starting|as of)(?: the)?(?: (?:on|at))? $")
_SINCE_TIME = re.compile(
    rf"\b(?:since|from|after) (?:at )?(?P<t>{_SAID_TIME})(?![\w%:/]|[-.]\d)(?P<day> (?:this )?(?:morning|today|"
    rf"yesterday)\b)?"
)
_AT = re.compile(r"(?: at| around)? *$")
_LEAD = re.compile(r"\b(?:(?:in|over|for|during|within|on|of|so far) )+$")
_FUTURE = re.compile(
    rf"\b(?:the )?(?:next|coming|upcoming) (?:{NUMBER} )?(?:days?|weeks?|months?|quarters?|years?|monday|"
    rf"tuesday|wednesday|thursday|"
    rf"friday|saturday|sunday|weekend)\b|\btomorrow\b|\bin (?:{NUMBER}|an?|a few) (?:minutes?|hours?|days?|"
    rf"weeks?|months?)\b(?! of)"
)
_WEEKENDS = re.compile(r"\b(?:last|past|previous) (?:\w+ )?weekends\b")
_STEP = {"m": timedelta(minutes=1), "h": timedelta(hours=1)}
_FEW = {"half": 0.5, "half a": 0.5, "half an": 0.5, "few": 3.0, "a few": 3.0}
_HINT = "I understand `last 7 days` or `since Monday`."


def find(text: str, now: datetime, zone: str) -> Mention | None:
    """The window in lower-case `text`, a problem when it is not a past span, None when there is none.

    now: aware; zone: IANA name in which days begin. Value: {"start", "end", "label"}, ISO 8601 in UTC.
    """
    local = Local(now.astimezone(ZoneInfo(zone)))
    if m := _FUTURE.search(text):
        why = f"{m[0]!r} has not happened yet. I can tell about the past, such as `last 7 days`."
        return Mention("window", m.start(), m.end(), None, why)
    if m := _WEEKENDS.search(text):
        why = f"{m[0]!r} are several spans; I take one, such as `last weekend` or `last 14 days`."
        return Mention("window", m.start(), m.end(), None, why)
    named = spans(text, local)
    for reader in (_between_times, _between_days, _since, _rolling, _named):
        if found := reader(text, local, named):
            return found
    return None


def _mention(start: int, end: int, said: str, begin: datetime, until: datetime, local: Local, label: str) -> Mention:
    if begin >= until or begin >= local.now:
        ahead = begin < until
        why = f"{said!r} has not happened yet" if ahead else f"{said!r} is not a span in the past"
        return Mention("window", start, end, None, f"{why}. {_HINT}")
    window = Window(start=begin.astimezone(UTC), end=min(until, local.now).astimezone(UTC), label=label)
    return Mention("window", start, end, window.model_dump(mode="json"))


def _between_times(text: str, local: Local, named: list[Span]) -> Mention | None:
    """ "between 3 and 5 pm yesterday": times of one day, which is today when none is said."""
    for m in _TIMES.finditer(text):
        if not m["lead"] and not re.search(r"am|pm|:|noon|midnight|o'?clock", m[0]):
            continue
        day = next((s for s in named if s.day and not (m.start() < s.end and s.start < m.end())), None)
        first, last = _time(m["a"], m["b"]), _time(m["b"])
        if first is None or last is None:
            continue
        whole = (day.begin if day else local.now).date()
        begin, until = _at(local, whole, first), _at(local, whole, last)
        start, end = min(m.start(), day.start if day else m.start()), max(m.end(), day.end if day else m.end())
        return _mention(start, end, text[start:end], begin, until, local, re.sub(r"\s+", " ", text[start:end]))
    return None


def _time(said: str, other: str = "") -> clock.TimeOfDay | None:
    """A time of day; "3" before "5 pm" is 3 pm."""
    half = re.search(r"(am|pm)$", other)
    if half and re.fullmatch(r"\d{1,2}(?::\d\d)?", said):
        said = f"{said} {half[1]}"
    found = clock.find(said) or clock.find(f"at {said}")
    return found[0] if found and not found[0].problem else None


def _at(local: Local, day: object, at: clock.TimeOfDay) -> datetime:
    midnight = local.of(day)  # type: ignore[arg-type]
    return midnight.replace(hour=at.hour, minute=at.minute)


def _between_days(text: str, local: Local, named: list[Span]) -> Mention | None:
    """ "from monday to wednesday" holds Wednesday; "1-15 november" both days."""
    for first, last in pairwise(named):
        if _JOIN.fullmatch(text[first.end : last.start]):
            problem = first.problem or last.problem
            start = _led(text, first.start, ("between ", "from "))
            if problem:
                return Mention("window", start, last.end, None, problem)
            return _range(text, start, last.end, first.begin, last.until, local)
    for last in named:
        m = _FROM_DAY.search(text[: last.start])
        if m and last.day and not last.problem and 1 <= int(m[1]) <= last.begin.day:
            return _range(text, m.start(), last.end, last.begin.replace(day=int(m[1])), last.until, local)
    return None


def _range(text: str, start: int, end: int, begin: datetime, until: datetime, local: Local) -> Mention:
    return _mention(start, end, text[start:end], begin, until, local, text[start:end])


def _since(text: str, local: Local, named: list[Span]) -> Mention | None:
    if m := _SINCE_TIME.search(text):
        at = _time(m["t"])
        follows = next(
            (s for s in named if s.day and text[m.end("t") : s.start].strip() in {"", "on"} and s.start >= m.end("t")),
            None,
        )
        led = "since" in m[0] or re.search(r"am|pm|:|noon|midnight", m["t"])
        if at is not None and led and not any(s.start <= m.start("t") < s.end for s in named):
            day = follows.begin.date() if follows else local.now.date()
            end = follows.end if follows else m.end("t")
            return _mention(
                m.start(),
                end,
                text[m.start() : end],
                _at(local, day, at),
                local.now,
                local,
                f"since {text[m.start('t') : end]}",
            )
    for span in named:
        lead = _SINCE.search(text[: span.start])
        if lead is None or text[span.end :].lstrip().startswith(("to ", "until ", "till ", "and ")):
            continue
        if span.problem:
            return Mention("window", lead.start(), span.end, None, span.problem)
        begin, end = _with_time(text, local, span)
        label = f"since {text[span.start : end].removeprefix('on ').removesuffix(chr(39) + 's')}"
        return _mention(lead.start(), end, text[lead.start() : end], begin, local.now, local, label)
    return None


def _with_time(text: str, local: Local, span: Span) -> tuple[datetime, int]:
    """When it begins, with a time of day behind it ("yesterday 14:00"), and where the words end."""
    m = re.compile(rf"(?: at| around)? (?P<t>{_SAID_TIME})(?![\w%:/])").match(text, span.end) if span.day else None
    at = _time(m["t"]) if m and re.search(r"at |am|pm|:|noon", m[0]) else None
    return (_at(local, span.begin.date(), at), m.end()) if m and at else (span.begin, span.end)


def _rolling(text: str, local: Local, named: list[Span]) -> Mention | None:
    m = _ROLLING.search(text)
    unit = (m["unit"] or m["unit2"]) if m else ""
    bare = m is not None and not (m["few"] or m["n"] or m["n2"])
    if m is None or (bare and any(s.start < m.end() and m.start() < s.end for s in named) and "past" not in m[0]):
        return None  # "last month" is a calendar month
    few = 2.0 if "couple" in (m["few"] or "") else _FEW.get(m["few"] or "", 1.0)
    count = value(m["n"]) if m["n"] else float(m["n2"]) if m["n2"] else few
    if count <= 0 or count > 100_000:
        return Mention("window", m.start(), m.end(), None, f"{m[0]!r} is not a span in the past. {_HINT}")
    units = ("minute", "hour", "day", "week", "fortnight", "month", "quarter", "year")
    name = next(word for word in units if word.startswith("h" if unit.startswith("h") else unit[:2]))
    one = count == 1 and name in {"minute", "hour"}  # "last 1 day" is not the calendar's last day
    label = f"last {name}" if one else f"last {count:g} {name}{'s' if count != 1 else ''}"
    return _mention(m.start(), m.end(), m[0], _back(local, count, name), local.now, local, label)


def _back(local: Local, count: float, name: str) -> datetime:
    if name in {"month", "quarter", "year"}:
        return _months_ago(local.now, int(count * {"month": 1, "quarter": 3, "year": 12}[name]))
    if name in {"day", "week", "fortnight"}:
        days = count * {"day": 1, "week": 7, "fortnight": 14}[name]
        return (local.now.replace(tzinfo=None) - timedelta(days=days)).replace(tzinfo=local.now.tzinfo)
    # Minutes and hours are spans of real time, so they are counted in UTC.
    return local.now.astimezone(UTC) - count * _STEP[name[0]]


def _months_ago(when: datetime, months: int) -> datetime:
    index = max(1970 * 12, when.year * 12 + when.month - 1 - months)
    return when.replace(year=index // 12, month=index % 12 + 1, day=min(when.day, 28))


def _named(text: str, local: Local, named: list[Span]) -> Mention | None:
    """One day or period; of a day behind "at 9" the day, as a moment is no span."""
    for span in named:
        lead = _LEAD.search(text[: span.start])
        if span.loose and lead is None:
            continue
        start = lead.start() if lead else span.start
        if span.problem:
            return Mention("window", start, span.end, None, span.problem)
        return _mention(start, span.end, text[start : span.end], span.begin, span.until, local, span.label)
    return None


def _led(text: str, start: int, words: tuple[str, ...]) -> int:
    return next((start - len(word) for word in words if text[:start].endswith(word)), start)
