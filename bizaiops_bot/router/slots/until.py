"""An end to come as people say it: "for 3 days", "until friday 18:00", "over the weekend"."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bizaiops_bot.router.slots import clock
from bizaiops_bot.router.slots.mention import Mention
from bizaiops_bot.router.slots.numbers import NUMBER, value

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT = {day[:3]: day for day in _DAYS} | {"tues": "tuesday", "thur": "thursday", "thurs": "thursday"}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAY = rf"(?:{'|'.join(_DAYS)}|{'|'.join(sorted(_SHORT, key=len, reverse=True))})"
_MONTH = rf"(?:{'|'.join(_MONTHS)})[a-z]*"
_UNITS = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
UNIT = r"(minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w|fortnights?|months?)"
PARTS_OF = {
    "half a": 0.5,
    "a half": 0.5,
    "half": 0.5,
    "quarter of a": 0.25,
    "a quarter of a": 0.25,
    "a quarter": 0.25,
    "three quarters of a": 0.75,
    "a few": 3.0,
    "few": 3.0,
    "a couple of": 2.0,
    "couple of": 2.0,
    "a": 1.0,
    "": 1.0,
}
SOME = "|".join(sorted(filter(None, PARTS_OF), key=len, reverse=True))
_FOR = re.compile(
    rf"\b(?:for|during|within) (?:about |around |another )?(?:the )?(?P<led>(?:next |coming )?)"
    rf"(?:(?P<n>{NUMBER})(?P<half> and a half)?|(?P<part>{SOME})n?|) ?(?P<unit>{UNIT})(?![^\W\d])(?! end)"
    rf"(?P<half2> and a half)?(?:(?: and|,)? ?(?P<more>{NUMBER}) ?(?P<unit2>minutes?|mins?|m|hours?|h)?\b)?"
)
_PERIOD = re.compile(
    r"\b(?:(?:for|over|during|until|till?) )?(?:the )?(?:(?:rest|end) of )?(?:the |this )?"
    r"(today|tonight|day|week ?end|week|month)\b"
)
_LED = re.compile(r"\b(?:for|over|during|until|till?|rest|end|this|today|tonight)\b")
NAMED = (
    rf"(?P<named>(?P<day>{DAY})\b|(?P<near>today|tonight|tomorrow|day after tomorrow)\b|(?P<iso>\d{{4}}-\d\d-\d\d)|"
    rf"(?P<dom>\d{{1,2}})(?:st|nd|rd|th|\.)? (?:of )?(?P<month>{_MONTH})\b|(?P<month2>{_MONTH}) "
    rf"(?P<dom2>\d{{1,2}})(?:st|nd|rd|th)?\b)"
)
"""A day as people name it; `named_day` reads the match."""
PART = r"(?: ?(?P<part>morning|noon|afternoon|evening|night)\b)"
_UNTIL = re.compile(
    rf"\b(?:until|till?|through|up to|to) (?:the |next |this |coming |end of )*"
    rf"{NAMED}?{PART}?"
)
_PARTS = {"morning": 12, "noon": 12, "afternoon": 18, "evening": 22, "night": 24, "tonight": 24}
_LATER = re.compile(
    rf"\b(?:from|starting|beginning|as of) (?:on )?(?:next |the )?(?:{DAY}|tomorrow|\d)|"
    r"\b(?:for|during) (?:tomorrow|next (?:week|month))\b"
)
AT_ONCE = "It begins at once: say only until when, for example `until friday` or `for 3 days`."


def find(text: str, now: datetime, zone: str) -> Mention | None:
    """The end in lower-case `text`; a problem when it is to begin later. Value: {"at", "label"}, `at` ISO 8601 in UTC.

    now: aware; zone: IANA name in which days end. A day without a time of day is over with its last minute, and
    "friday" said on a Friday is that day: the shorter one, as more can be given any time.
    """
    local = now.astimezone(ZoneInfo(zone))
    if m := _LATER.search(text):
        return Mention("until", m.start(), m.end(), None, AT_ONCE)
    return span(text, local) or moment(text, local) or period(text, local)


def span(text: str, local: datetime) -> Mention | None:
    """ "for 3 days": from now on."""
    m = _FOR.search(text)
    if m is None or not (m["n"] or m["part"] or m["led"]):
        return None
    count = value(m["n"]) if m["n"] else PARTS_OF[m["part"] or ""]
    end = m.end() if m["more"] is None or _goes_on(m) else m.end("half2") if m["half2"] else m.end("unit")
    said = text[m.start() : end]
    count += 0.5 if m["half"] or m["half2"] else 0
    if not 0 < count <= 10_000:
        return Mention("until", m.start(), end, None, f"{said!r} is not a span of time such as `for 3 days`.")
    lasts = count * step(m["unit"])
    if m["more"] and _goes_on(m):
        lasts += value(m["more"]) * step(m["unit2"] or "min")
    return _mention(m.start(), end, local.astimezone(UTC) + lasts, said)


def step(unit: str) -> timedelta:
    """One of a unit that `UNIT` found."""
    if unit.startswith("fort"):
        return timedelta(weeks=2)
    return timedelta(days=30) if unit.startswith("mon") else _UNITS["min" if unit[0] == "m" else unit[0]]


def _goes_on(m: re.Match[str]) -> bool:
    """ "1 hour 30 minutes", "1h30": a smaller unit behind, which only "1h30" may leave out."""
    return bool(m["unit2"] or m["unit"] == "h")


def moment(text: str, local: datetime) -> Mention | None:
    """ "until friday 18:00"."""
    for m in _UNTIL.finditer(text):
        day, (clock_time, end) = named_day(m, local.date()), time_behind(text, m.end())
        if day is None and (m["named"] or m[0].startswith("to ") or not (clock_time or m["part"])):
            continue
        if clock_time and clock_time.problem:
            return Mention("until", m.start(), end, None, clock_time.problem)
        part = _PARTS.get(m["part"] or m["near"] or "", 24)
        hour, minute = (clock_time.hour, clock_time.minute) if clock_time else (part, 0)
        at = wall(day or local.date(), hour, minute, local)
        if day is None and at <= local:
            at = wall(local.date() + timedelta(days=1), hour, minute, local)
        said = text[m.start() : end]
        if at <= local:
            return Mention("until", m.start(), end, None, f"{said!r} has passed.")
        return _mention(m.start(), end, at.astimezone(UTC), said)
    return None


def time_behind(text: str, start: int) -> tuple[clock.TimeOfDay | None, int]:
    """The time of day that follows ("friday 18:00", "friday at 6"), and where the words end."""
    lead = re.match(r"\s*(?:(?:at|by) )?", text[start:])
    skipped = start + (lead.end() if lead else 0)
    found = next((t for t in clock.find(f"at {text[skipped:]}") if t.start == 0), None)
    return (found, skipped + found.end - len("at ")) if found else (None, start)


def named_day(m: re.Match[str], today: date) -> date | None:
    """The next such day, `today` too; None when the match of `NAMED` names none that exists."""
    if m["day"]:
        name = _SHORT.get(m["day"], m["day"])
        ahead = (_DAYS.index(name) - today.weekday()) % 7
        return today + timedelta(days=ahead + (7 if "next" in m[0] and ahead == 0 else 0))
    if m["near"]:
        return today + timedelta(days={"tomorrow": 1, "day after tomorrow": 2}.get(m["near"], 0))
    try:
        if m["iso"]:
            return date.fromisoformat(m["iso"])
        month, day = m["month"] or m["month2"], m["dom"] or m["dom2"]
        if not month:
            return None
        found = date(today.year, _MONTHS.index(month[:3]) + 1, int(day))
        return found if found >= today else found.replace(year=today.year + 1)
    except ValueError:  # 30 february
        return None


def period(text: str, local: datetime) -> Mention | None:
    """ "this week", "over the weekend": to its end."""
    for m in _PERIOD.finditer(text):
        if not _LED.search(m[0]) or text[: m.start()].endswith("not "):
            continue
        today = local.date()
        sunday = today + timedelta(days=6 - today.weekday())
        month = (today.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        name = m[1].replace(" ", "")
        last = {"week": sunday, "weekend": sunday, "month": month}.get(name, today)
        return _mention(m.start(), m.end(), wall(last, 24, 0, local).astimezone(UTC), m[0])
    return None


def wall(day: date, hour: int, minute: int, local: datetime) -> datetime:
    """Of the local clock; hour 24 is the end of the day."""
    day, hour = (day + timedelta(days=1), 0) if hour == 24 else (day, hour)
    return datetime.combine(day, time(hour, minute), local.tzinfo)


def _mention(start: int, end: int, at: datetime, label: str) -> Mention:
    return Mention("until", start, end, {"at": at.isoformat(), "label": re.sub(r"\s+", " ", label)})
