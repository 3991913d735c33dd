"""Times of day as people say them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAMED = {"noon": (12, 0), "midday": (12, 0), "midnight": (0, 0)}
_HOURS = {
    word: i
    for i, word in enumerate(re.findall(r"\S+", "one two three four five six seven eight nine ten eleven twelve"), 1)
}
_SAID_HOUR = rf"\d{{1,3}}|{'|'.join(_HOURS)}"
TIME = re.compile(
    rf"\b(?:at |around |by )?(?:(?P<named>noon|midday|midnight)|(?P<part>half past|quarter past|"
    rf"quarter to) (?P<past>{_SAID_HOUR})|"
    rf"(?P<hour>\d{{1,3}})[:.h](?P<minute>\d{{2,3}})(?::\d\d)? ?(?P<half>am|pm|a\.m\.|p\.m\.)?(?: o'?clock)?|"
    rf"(?P<hour2>{_SAID_HOUR}) ?(?P<half2>am|pm|a\.m\.|p\.m\.|o'?clock)|(?<=at "
    rf")(?P<hour3>{_SAID_HOUR})|(?P<bad>\d{{1,3}}:\d?(?=\s|$)))(?![\w%]|:\d)"
)


@dataclass(frozen=True)
class TimeOfDay:
    """Where in the text, and hour and minute; `problem` says why it is none."""

    start: int
    end: int
    hour: int = 0
    minute: int = 0
    problem: str = ""


def find(text: str) -> list[TimeOfDay]:
    """Every time of day in lower-case `text`."""
    return [_read(m) for m in TIME.finditer(text)]


def _read(m: re.Match[str]) -> TimeOfDay:
    start, end = m.span()
    if m["named"]:
        return TimeOfDay(start, end, *_NAMED[m["named"]])
    if m["bad"]:
        return TimeOfDay(start, end, problem=_no(m[0]))
    if m["part"]:
        hour = _hour(m["past"])
        minute = {"half past": 30, "quarter past": 15, "quarter to": 45}[m["part"]]
        return _checked(m, (hour - 1) % 24 if minute == 45 else hour, minute, "")
    said = m["hour"] or m["hour2"] or m["hour3"]
    return _checked(m, _hour(said), int(m["minute"] or 0), (m["half"] or m["half2"] or "").replace(".", ""))


def _hour(said: str) -> int:
    return _HOURS[said] if said in _HOURS else int(said)


def _checked(m: re.Match[str], hour: int, minute: int, half: str) -> TimeOfDay:
    start, end = m.span()
    if half in {"am", "pm"}:
        if not 1 <= hour <= 12:
            return TimeOfDay(start, end, problem=_no(m[0]))
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59:
        return TimeOfDay(start, end, problem=_no(m[0]))
    return TimeOfDay(start, end, hour, minute)


def _no(said: str) -> str:
    return f"{said.removeprefix('at ').strip()!r} is not a time of day. Say it as 9:00, 17:30 or 5 pm."
