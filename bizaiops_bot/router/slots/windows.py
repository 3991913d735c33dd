"""Spans of time as people say them, in the company's time zone: "this week", "last 7 days", "between 3 and 5 pm"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bizaiops_bot.domain.values import Window
from bizaiops_bot.router.slots import clock
from bizaiops_bot.router.slots.mention import Mention
from bizaiops_bot.router.slots.numbers import NUMBER, value

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTH = rf"(?:{'|'.join(_MONTHS)}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
_DATE = (
    rf"(?:\d{{4}}-\d\d-\d\d|\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH}(?: \d{{4}})?|{_MONTH} "
    rf"\d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?)"
)
_WHEN = (
    rf"(?:{_DATE}|(?:last |this )?(?:{'|'.join(_DAYS)})|yesterday|today|the day before yesterday|last "
    rf"(?:week|month|night)|\d+ \w+ ago|noon|midnight|{_MONTH}(?! \d)|\d{{1,2}}(?::\d\d)? ?(?:am|pm)|"
    r"\d{1,2}:\d\d)"
)
_UNIT = r"(?:minutes?|mins?|hours?|hrs?|h|days?|d|weeks?|w|months?|quarters?|years?)"

_ROLLING = re.compile(
    rf"\b(?:(?:in|over|for|during|within) )?(?:the )?(?:last|past|previous|trailing) (?:(a )?couple of|"
    rf"a few|few|({NUMBER}) ?)? ?({_UNIT})\b|\b(\d+) ?(h|hours?|hrs?|d|days?|w|weeks?|months?|minutes?|"
    rf"mins?)\b(?! ago)"
)
_PERIOD = re.compile(
    r"\b(?:(?:in|over|for|during|within|so far) )?(this|current|the current|last|previous|prior|the "
    r"last|the previous|the past|past) (week|month|quarter|year|weekend)(?:'s)?(?: so far| to "
    r"date)?\b|\b(today|yesterday|the day before yesterday|tonight|this morning|(?:week|month|quarter|"
    r"year)[ -]to[ -]date|wtd|mtd|qtd|ytd)\b"
)
_SINCE = re.compile(rf"\b(?:since|from|after|starting)(?: the)? ({_WHEN})(?! (?:to|until|till|and)\b)")
_BETWEEN = re.compile(
    rf"\b(?:between|from) ({_WHEN}|\d{{1,2}}(?::\d\d)?) (?:and|to|until|till|-) ({_WHEN}|"
    rf"\d{{1,2}}(?::\d\d)? ?(?:am|pm)?)(?: (yesterday|today|on (?:{'|'.join(_DAYS)})))?\b"
)
_ON = re.compile(rf"\b(?:on|for|of) (?:last )?((?:{'|'.join(_DAYS)})|{_DATE})\b|\b(?:last) ((?:{'|'.join(_DAYS)}))\b")
_IN_MONTH = re.compile(rf"\b(?:in|during|for|of) ({_MONTH})(?: (\d{{4}}))?\b(?! \d)|\b(?:in|during|for) q([1-4])\b")
_FUTURE = re.compile(r"\b(?:next|coming|upcoming) (?:\d+ )?(?:days?|weeks?|months?|quarters?|years?)\b|\btomorrow\b")

_STEP = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@dataclass(frozen=True)
class _Local:
    """Now on the local clock, and the way back to UTC."""

    now: datetime

    def midnight(self, days: int = 0) -> datetime:
        """Local midnight `days` from today; wall-clock arithmetic, so days of 23 and 25 hours are whole days."""
        return datetime.combine(self.now.date() + timedelta(days=days), time(), self.now.tzinfo)

    def start_of(self, period: str, back: int = 0) -> datetime:
        """Begin of the running week, month, quarter or year, `back` of them earlier."""
        if period == "week":
            return self.midnight(-self.now.weekday() - 7 * back)
        months = {"month": 1, "quarter": 3, "year": 12}[period]
        index = self.now.year * 12 + self.now.month - 1
        index = index // months * months - back * months
        return datetime(index // 12, index % 12 + 1, 1, tzinfo=self.now.tzinfo)


def find(text: str, now: datetime, zone: str) -> Mention | None:
    """The window in lower-case `text`, a problem when it is not a past span, None when there is none.

    now: aware; zone: IANA name in which days begin. Value: {"start", "end", "label"}, ISO 8601 in UTC.
    """
    local = _Local(now.astimezone(ZoneInfo(zone)))
    if m := _FUTURE.search(text):
        return Mention(
            "window",
            m.start(),
            m.end(),
            None,
            f"{m[0]!r} has not happened yet. I can tell about the past, such as `last 7 days`.",
        )
    for reader in (_between, _period, _since, _rolling, _in_month, _on):
        if found := reader(text, local):
            return found
    return None


def _mention(m: re.Match[str], start: datetime, end: datetime, local: _Local, label: str) -> Mention:
    if start >= end or start >= local.now:
        return Mention(
            "window",
            m.start(),
            m.end(),
            None,
            f"{m[0]!r} is not a span in the past. I understand `last 7 days` or `since Monday`.",
        )
    end = min(end, local.now)
    window = Window(start=start.astimezone(UTC), end=end.astimezone(UTC), label=label)
    return Mention("window", m.start(), m.end(), window.model_dump(mode="json"))


def _period(text: str, local: _Local) -> Mention | None:
    m = _PERIOD.search(text)
    if m is None:
        return None
    if m[3]:
        return _named(m, local)
    which, period = m[1].removeprefix("the "), m[2]
    if period == "weekend":
        monday = local.start_of("week")
        start = monday + timedelta(days=5 if which in {"this", "current"} and local.now.weekday() >= 5 else -2)
        return _mention(m, start, start + timedelta(days=2), local, "last weekend")
    if which in {"this", "current"}:
        return _mention(m, local.start_of(period), local.now, local, f"this {period}")
    return _mention(m, local.start_of(period, 1), local.start_of(period), local, f"last {period}")


def _named(m: re.Match[str], local: _Local) -> Mention:
    said = m[3]
    if said in {"today", "tonight", "this morning"}:
        return _mention(m, local.midnight(), local.now, local, "today")
    if said == "yesterday":
        return _mention(m, local.midnight(-1), local.midnight(), local, "yesterday")
    if said == "the day before yesterday":
        return _mention(m, local.midnight(-2), local.midnight(-1), local, said)
    period = {"w": "week", "m": "month", "q": "quarter", "y": "year"}[said[0]]
    return _mention(m, local.start_of(period), local.now, local, f"this {period}")


def _rolling(text: str, local: _Local) -> Mention | None:
    m = _ROLLING.search(text)
    if m is None:
        return None
    few = 2.0 if "couple" in m[0] else 3.0 if "few" in m[0] else 1.0
    count = value(m[2]) if m[2] else float(m[4]) if m[4] else few
    unit = m[3] or m[5]
    if count <= 0 or count > 100_000:
        return Mention(
            "window", m.start(), m.end(), None, f"{m[0]!r} is not a span in the past. I understand `last 7 days`."
        )
    name = next(
        word
        for word in ("minute", "hour", "day", "week", "month", "quarter", "year")
        if word.startswith(unit[:2] if unit[:2] != "hr" else "h")
    )
    label = f"last {count:g} {name}{'s' if count != 1 else ''}"
    if name in {"month", "quarter", "year"}:
        months = int(count) * {"month": 1, "quarter": 3, "year": 12}[name]
        return _mention(m, _months_ago(local.now, months), local.now, local, label)
    if name in {"day", "week"}:
        days = count * (7 if name == "week" else 1)
        start = (local.now.replace(tzinfo=None) - timedelta(days=days)).replace(tzinfo=local.now.tzinfo)
        return _mention(m, start, local.now, local, label)
    # Minutes and hours are spans of real time, so they are counted in UTC.
    return _mention(m, local.now.astimezone(UTC) - count * _STEP[name[0]], local.now, local, label)


def _months_ago(when: datetime, months: int) -> datetime:
    index = max(1970 * 12, when.year * 12 + when.month - 1 - months)
    return when.replace(year=index // 12, month=index % 12 + 1, day=min(when.day, 28))


def _since(text: str, local: _Local) -> Mention | None:
    m = _SINCE.search(text)
    start = _instant(m[1], local) if m else None
    if m is None or start is None:
        return None
    return _mention(m, start, local.now, local, f"since {m[1]}")


def _between(text: str, local: _Local) -> Mention | None:
    m = _BETWEEN.search(text)
    if m is None:
        return None
    first, second, day = m[1], m[2], m[3]
    half = re.search(r"(am|pm)$", second)
    if half and re.fullmatch(r"\d{1,2}(?::\d\d)?", first):
        first = f"{first} {half[1]}"  # "3 and 5 pm" means 3 pm
    month = re.search(rf" (?:of )?{_MONTH}.*$", second)
    if month and first.isdigit():
        first += month[0]  # "1 and 15 november"
    start, end = _instant(first, local), _instant(second, local)
    if start is None or end is None:
        return None
    if day and (base := _instant(day.removeprefix("on "), local)):
        start, end = (datetime.combine(base.date(), t.time(), local.now.tzinfo) for t in (start, end))
    elif not clock.find(f"at {second}" if second.isdigit() else second):
        end += timedelta(days=1)  # "from Monday to Wednesday" holds Wednesday
    return _mention(m, start, end, local, m[0])


def _on(text: str, local: _Local) -> Mention | None:
    m = _ON.search(text)
    start = _instant(m[1] or m[2], local) if m else None
    if m is None or start is None:
        return None
    return _mention(m, start, start + timedelta(days=1), local, m[0].removeprefix("for ").removeprefix("of "))


def _in_month(text: str, local: _Local) -> Mention | None:
    m = _IN_MONTH.search(text)
    if m is None:
        return None
    zone, now = local.now.tzinfo, local.now
    if m[3]:
        month, length, label = 3 * int(m[3]) - 2, 3, f"Q{m[3]}"
    else:
        month, length, label = (
            next(i for i, name in enumerate(_MONTHS, 1) if name.startswith(m[1][:3])),
            1,
            m[1].capitalize(),
        )
    year = int(m[2]) if m[2] else now.year - (month > now.month)
    last = year * 12 + month - 1 + length
    return _mention(
        m, datetime(year, month, 1, tzinfo=zone), datetime(last // 12, last % 12 + 1, 1, tzinfo=zone), local, label
    )


def _instant(said: str, local: _Local) -> datetime | None:
    """The beginning of what `said` names: a weekday is the latest one, today included; else dateparser reads it."""
    said = said.strip()
    name = said.removeprefix("last ").removeprefix("this ")
    if name in _DAYS:
        back = (local.now.weekday() - _DAYS.index(name)) % 7
        return local.midnight(-(back or (7 if said.startswith("last ") else 0)))
    fixed = {"today": 0, "yesterday": -1, "last night": -1, "the day before yesterday": -2}
    if said in fixed:
        return local.midnight(fixed[said])
    if said in {"last week", "last month"}:
        return local.start_of(said.removeprefix("last "), 1)
    if times := clock.find(said) or (clock.find(f"at {said}") if said.isdigit() else []):
        t = times[0]
        return None if t.problem else local.midnight().replace(hour=t.hour, minute=t.minute)
    return _parsed(said, local)


def _parsed(said: str, local: _Local) -> datetime | None:
    # dateparser takes a second to import; single dates are rare enough to pay it only then.
    import dateparser

    settings = {
        "RELATIVE_BASE": local.now.replace(tzinfo=None),
        "PREFER_DATES_FROM": "past",
        "PREFER_DAY_OF_MONTH": "first",
        "DATE_ORDER": "DMY",
    }
    found = dateparser.parse(said, languages=["en"], settings=settings)
    if found is None:
        return None
    whole_day = "ago" not in said
    found = found.replace(tzinfo=local.now.tzinfo)
    return found.replace(hour=0, minute=0, second=0, microsecond=0) if whole_day else found
