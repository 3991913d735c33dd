"""Recurring times as people say them, to five-field cron: "every Monday at 9:00" -> "0 9 * * 1"."""

from __future__ import annotations

import re

from bizaiops_bot.router.slots import clock
from bizaiops_bot.router.slots.mention import Mention
from bizaiops_bot.router.slots.numbers import WORDS

_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_SHORT = {"sun": 0, "mon": 1, "tue": 2, "tues": 2, "wed": 3, "thu": 4, "thur": 4, "thurs": 4, "fri": 5, "sat": 6}
_DAY = rf"(?:{'|'.join(_DAYS)}|{'|'.join(sorted(_SHORT, key=len, reverse=True))})s?"
_LIST = rf"{_DAY}(?:(?:,| and|, and| &|/) ?{_DAY})*"
_ORDINALS = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "last": 0}
_EVERY = r"(?:every|each|once an?|once every)"

_UNSUPPORTED = re.compile(
    rf"\b(?:{_EVERY} (?:other|second|third|2nd|3rd) (?:week|day|month|hour|{_DAY})|{_EVERY} (?:two|"
    rf"three|four|\d+) (?:weeks?|months?|days?|years?)|bi-?weekly|fortnightly|"
    r"fortnight|twice|three times|yearly|annually|every (?:year|quarter|second)|quarterly)\b"
)
_NTH_WEEKDAY = re.compile(
    rf"\b(?:on )?(?:{_EVERY} |the )*({'|'.join(_ORDINALS)}) ({_DAY}) (?:of|in) (?:the|each|every|a) month\b"
)
_NTH_DAY = re.compile(
    rf"\b(?:on )?the (\d{{1,3}})(?:st|nd|rd|th)?(?: day)? (?:of|in) (?:the|each|every) month\b|"
    rf"\b(?:{_EVERY} month|monthly) on the (\d{{1,3}})(?:st|nd|rd|th)?\b"
)
_FIRST_DAY = re.compile(
    rf"\b(?:on )?the (first|last) day of (?:the|each|every) month\b|\b(?:monthly|{_EVERY} month|at the "
    rf"(?:start|beginning) of (?:the|each|every) month)\b"
)
_MINUTES = re.compile(
    rf"\b{_EVERY} (\d+|{'|'.join(WORDS)}|half)(?:[ -]an)?[ -]?(minutes?|mins?|hours?|hrs?)\b|\b(hourly|"
    rf"{_EVERY} hour|{_EVERY} minute|minutely)\b(?: on the hour)?"
)
_WEEKDAYS = re.compile(
    rf"\b(?:(?:on |{_EVERY} )?(?:weekdays?|week days?|working days?|workdays?|work days?|business "
    rf"days?)|mon(?:day)?s?(?: to |-| through | till )fri(?:day)?s?)\b"
)
_WEEKEND = re.compile(rf"\b(?:on |{_EVERY} )?weekends?\b(?= at|$|[, ]+(?:at|\d))")
_DAILY = re.compile(
    rf"\b(?:daily|{_EVERY} (?:single )?(?:day|morning|evening|night|afternoon|noon|midnight)|nightly)\b"
)
_ON_DAYS = re.compile(
    rf"\b(?:{_EVERY} (?:week on )?|weekly on |on |weekly,? )(?:a )?({_LIST})(?: (?:morning|afternoon|evening)s?)?\b"
)
_PLURAL = re.compile(rf"\b((?:{'|'.join(_DAYS)})s(?:(?:,| and|, and| &) ?(?:{'|'.join(_DAYS)})s)*)\b")
_WEEKLY = re.compile(rf"\b(?:weekly|{_EVERY} week|once a week)\b")
_RAW = re.compile(r"(?<!\S)((?:[\d*,/-]+ ){4}[\d*,/#L-]+)(?!\S)")

CANNOT = "I can repeat hourly, daily, on given weekdays or monthly, for example `every Monday at 9:00`."


def find(text: str) -> Mention | None:
    """The recurring time in lower-case `text`; a problem when it is one I cannot keep; None when there is none.

    Value: (cron, ""), or (cron with "{time}" for "minute hour", "time") when the time of day must be asked for.
    "weekly" is Monday.
    """
    if m := _RAW.search(text):
        valid = _valid(m[1])
        return (
            Mention("cron", *m.span(), (m[1], "")) if valid else _problem(m, f"{m[1]!r} is not a cron line I can read")
        )
    if m := _UNSUPPORTED.search(text):
        return _problem(m, f"I cannot repeat {m[0]!r}")
    if m := _MINUTES.search(text):
        return _interval(m)
    match, days = _days(text)
    return _at_time(match, days, clock.find(text)) if match else None


def _at_time(match: re.Match[str], days: str, times: list[clock.TimeOfDay]) -> Mention:
    """Which days and at what time, together."""
    start, end = match.span()
    if not times:
        hour = {"noon": 12, "midnight": 0}.get(match[0].rsplit(maxsplit=1)[-1])
        value = (f"0 {hour} {days}", "") if hour is not None else (f"{{time}} {days}", "time")
        return Mention("cron", start, end, value)
    time = times[0]
    start, end = min(start, time.start), max(end, time.end)
    problem = time.problem or days.removeprefix("!") * days.startswith("!")
    if len(times) > 1:
        problem = f"I can keep one time of day for a schedule. {CANNOT}"
    late = time.hour < 12 and time.hour and re.search(r"evening|night|afternoon", match[0])
    value = (f"{time.minute} {time.hour + (12 if late else 0)} {days}", "")
    return Mention("cron", start, end, None if problem else value, problem)


def time_only(text: str) -> Mention | None:
    """A time of day alone, as an answer to "At what time?": value "minute hour"."""
    times = clock.find(text) or clock.find(f"at {text.strip()}")
    if not times:
        return None
    time = times[0]
    return Mention("cron", 0, len(text), None if time.problem else f"{time.minute} {time.hour}", time.problem)


def spoken(line: str) -> str:
    """Words that `find` reads back to `line`: "every Monday at 9:00"; the line itself when there are none."""
    fields = line.split()
    if len(fields) != 5 or not (fields[0].isdigit() and fields[1].isdigit()) or fields[2:4] != ["*", "*"]:
        return "every hour" if line == "0 * * * *" else line
    at = f"at {int(fields[1])}:{int(fields[0]):02d}"
    if fields[4] in {"*", "1-5"}:
        return f"every {'day' if fields[4] == '*' else 'weekday'} {at}"
    days = fields[4].split(",")
    if not all(day.isdigit() and int(day) < 7 for day in days):
        return line
    return f"every {' and '.join(_DAYS[int(day)].capitalize() for day in days)} {at}"


def _days(text: str) -> tuple[re.Match[str] | None, str]:
    """Which days, as the last three cron fields; "!why" for impossible ones."""
    if m := _NTH_WEEKDAY.search(text):
        n, day = _ORDINALS[m[1]], _day(m[2])
        return m, f"* * L{day}" if n == 0 else f"* * {day}#{n}"
    if m := _NTH_DAY.search(text):
        day_of_month = int(m[1] or m[2])
        return (
            m,
            f"{day_of_month} * *"
            if 1 <= day_of_month <= 28
            else f"!Not every month has a day {day_of_month}; choose 1 to 28, or `the last day of the month`.",
        )
    if m := _FIRST_DAY.search(text):
        return m, "L * *" if m[1] == "last" else "1 * *"
    for pattern, fields in ((_WEEKDAYS, "* * 1-5"), (_WEEKEND, "* * 0,6"), (_DAILY, "* * *")):
        if m := pattern.search(text):
            return m, fields
    if m := _ON_DAYS.search(text) or _PLURAL.search(text):
        named = sorted({_day(word) for word in re.findall(_DAY, m[1])})
        return m, f"* * {','.join(map(str, named))}"
    m = _WEEKLY.search(text)
    return m, "* * 1" if m else ""


def _interval(m: re.Match[str]) -> Mention:
    if m[3]:
        return Mention("cron", m.start(), m.end(), ("* * * * *" if "minut" in m[3] else "0 * * * *", ""))
    hours = m[2].startswith("h")
    said = m[1]
    if said == "half":
        every, hours = 30, False
    else:
        every = WORDS[said] if said in WORDS else int(said)
    whole = 24 if hours else 60
    if every < 1 or every > whole or whole % every:
        unit = "hours" if hours else "minutes"
        return _problem(m, f"I cannot repeat every {every} {unit}: it must divide {whole}")
    if every == whole:
        return Mention("cron", m.start(), m.end(), ("{time} * * *", "time") if hours else ("0 * * * *", ""))
    step = "*" if every == 1 else f"*/{every}"
    return Mention("cron", m.start(), m.end(), (f"0 {step} * * *" if hours else f"{step} * * * *", ""))


def _day(word: str) -> int:
    for i, name in enumerate(_DAYS):
        if word in {name, f"{name}s"}:
            return i
    return _SHORT[word if word in _SHORT else word.removesuffix("s")]


def _problem(m: re.Match[str], why: str) -> Mention:
    return Mention("cron", m.start(), m.end(), None, f"{why}. {CANNOT}")


def _valid(line: str) -> bool:
    from croniter import croniter

    return bool(croniter.is_valid(line))
