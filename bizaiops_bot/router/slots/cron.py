"""Recurring times as people say them, to five-field cron: "every Monday at 9:00" -> "0 9 * * 1"."""

from __future__ import annotations

import re

from bizaiops_bot.router.slots import clock, recurring
from bizaiops_bot.router.slots.mention import Mention
from bizaiops_bot.router.slots.numbers import WORDS
from bizaiops_bot.router.slots.recurring import DAY, DAYS, EVERY

_NUMBER = rf"\d+|{'|'.join(WORDS)}"
_UNSUPPORTED = re.compile(
    rf"\b(?:{EVERY} (?:other|second|third|2nd|3rd) (?:weeks?|days?|months?|{DAY})(?!s? (?:of|in) (?:the|each|"
    rf"every|a) )|"
    rf"{EVERY} (?:{_NUMBER}|couple of|few) (?:weeks?|months?|days?|years?|seconds?)|bi-?weekly|fortnightly|"
    rf"fortnight|bi-?monthly|"
    rf"alternat\w+ \w+|yearly|annually|{EVERY} (?:year|second)|(?:twice|three times|four times|several times) "
    rf"(?:a|per|every) (?:week|month|year))\b"
)
_PER_DAY = re.compile(r"\b(twice|two times|three times|four times) (?:a|per|every|each) day\b")
_TIMES_A_DAY = {"twice": 2, "two times": 2, "three times": 3, "four times": 4}
_INTERVAL = re.compile(
    rf"\b{EVERY} (?:(?P<n>{_NUMBER}|other|half|quarter(?: of)?)(?:[ -]an)?[ -]?(?P<unit>minutes?|mins?|hours?|hrs?)|"
    rf"(?P<one>hour|minute))\b|\b(?P<word>hourly|half-hourly|minutely)\b"
)
_PAST_HOUR = re.compile(
    r"\b(?:at |on )?(?:(?P<part>quarter past|quarter to|half past|the half hour)|(?P<n>\d{1,2}) (?:minutes "
    r")?past(?: the hour)?|"
    r":(?P<m>[0-5]\d))\b(?! ?\d)"
)
_HOURS = re.compile(r"\b(?:between|from) (?P<a>[\w:]+(?: ?[ap]m)?) (?:and|to|until|till?) (?P<b>[\w:]+(?: ?[ap]m)?)\b")
_MORE_TIMES = re.compile(r"(?:,? (?:and|&) (?:at )?|, ?)(?P<t>\d{1,2}(?::\d\d)?(?: ?[ap]m)?)(?![\w%:]|(?:st|nd|rd|th))")
# What a plain recurring time cannot hold: it would be a wrong schedule to leave it out.
_LIMIT = re.compile(
    r"\b(?:(?:except|excluding|but not|apart from|other than|unless|until|till|holidays?)\b|only (?:if|when|in|"
    r"until)\b|"
    r"(?:if|when) (?!you\b|u\b|possible|that'?s)\w+|for (?:the next |another )?(?:\w+ )?(?:days|weeks|months|years)\b|"
    r"(?:starting|beginning|from) (?:on |next |the |tomorrow|" + DAY + r")|during (?:the )?\w+(?: hours| days)?|"
    r"(?:in|during) (?:january|february|march|april|may|june|july|august|september|october|november|december)\b|"
    r"from (?:next|now) )"
)  # fmt: skip
_RAW = re.compile(r"(?<!\S)((?:[\d*,/-]+ ){2}[\d*,/L-]+ [\d*,/-]+ [\d*,/#L-]+)(?!\S)")

CANNOT = (
    "I can repeat hourly or every few minutes or hours, daily, on given weekdays, on days of the month or on "
    "its first to "
    "fourth or last weekday, for example `every Monday at 9:00`."
)


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
    found = _interval(text) or _on_days(text)
    if found is None or found.problem:
        return found
    rest = f"{text[: found.start]}|{text[found.end :]}"
    if m := _LIMIT.search(rest):
        return Mention("cron", found.start, found.end, None, f"I cannot keep {m[0]!r} for a schedule. {CANNOT}")
    return found


def _on_days(text: str) -> Mention | None:
    """Which days and at what time, together."""
    times = clock.find(text)
    days = recurring.days(text)
    if m := _PER_DAY.search(text):
        days = days or recurring.Days(m.start(), m.end(), "* * *")
    if days is None:
        return None
    if days.problem:
        return Mention("cron", days.start, days.end, None, f"{days.problem} {CANNOT}")
    return _at_times(text, days, times, _TIMES_A_DAY[m[1]] if m else 0)


def _at_times(text: str, days: recurring.Days, times: list[clock.TimeOfDay], wanted: int) -> Mention:
    """wanted: how many times a day were said; 0 for one or those that are named."""
    if not times and not wanted:
        hour = {"noon": 12, "midnight": 0}.get(text[days.start : days.end].rsplit(maxsplit=1)[-1])
        value = (f"0 {hour} {days.fields}", "") if hour is not None else (f"{{time}} {days.fields}", "time")
        return Mention("cron", days.start, days.end, value)
    said = [_shifted(time, text[days.start : days.end]) for time in times]
    end = max(days.end, *(time.end for time in times)) if times else days.end
    while times and (m := _MORE_TIMES.match(text, end)):
        more = clock.find(m["t"]) or clock.find(f"at {m['t']}")
        said += [(more[0].hour, more[0].minute)]
        end = m.end()
    start = min(days.start, *(time.start for time in times)) if times else days.start
    problem = next((time.problem for time in times if time.problem), "") or _unclear(
        text, start, end, days, said, wanted
    )
    hours = ",".join(str(hour) for hour in sorted({hour for hour, _ in said}))
    line = f"{said[0][1]} {hours} {days.fields}" if said else ""
    return Mention("cron", start, end, None if problem else (line, ""), problem)


def _unclear(text: str, start: int, end: int, days: recurring.Days, said: list[tuple[int, int]], wanted: int) -> str:
    """Why several times of day cannot be one schedule; "" when they can."""
    if wanted and len(said) != wanted:
        return "At which times of the day? Say for example `every day at 8:00 and 17:00`."
    if len({minute for _, minute in said}) > 1:
        return f"The times of one schedule differ in whole hours only, such as 8:30 and 17:30. {CANNOT}"
    outside = f"{text[start : days.start]}|{text[days.end : end]}|{text[end:]}"
    if len(said) > 1 and re.search(rf"\b{DAY}\b", outside):
        return f"One schedule has the same times on all its days; say two requests. {CANNOT}"
    return ""


def _shifted(time: clock.TimeOfDay, days: str) -> tuple[int, int]:
    """ "every evening at 6" is 18:00, "every night at 2" is 2:00."""
    late = re.search(r"evening|afternoon", days) or ("night" in days and time.hour >= 5 and "midnight" not in days)
    hour = time.hour + 12 if late and 0 < time.hour < 12 else time.hour
    return (0 if "night" in days and hour == 12 else hour), time.minute


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
    if line == "0 * * * *":
        return "every hour"
    if len(fields) != 5 or not (fields[0].isdigit() and re.fullmatch(r"\d+(?:,\d+)*", fields[1])):
        return line
    days = recurring.spoken(fields[2:])
    at = " and ".join(f"{int(hour)}:{int(fields[0]):02d}" for hour in fields[1].split(","))
    return f"{days} at {at}" if days else line


def _interval(text: str) -> Mention | None:
    m = _INTERVAL.search(text)
    if m is None:
        return None
    minutes = _minutes(m)
    whole = 60 if minutes < 60 else 24 * 60
    if not 0 < minutes <= whole or whole % minutes or (minutes % 60 and minutes > 60):
        return _problem(m, f"I cannot repeat {m[0]!r}: it must divide an hour or a day")
    if minutes == 24 * 60:
        return Mention("cron", m.start(), m.end(), ("{time} * * *", "time"))
    start, end = m.span()
    minute, hour = (f"*/{minutes}" if minutes > 1 else "*", "*") if minutes < 60 else ("0", _every(minutes // 60))
    if minutes >= 60 and (past := _PAST_HOUR.match(text, end + text[end:].startswith(" "))):
        minute, end = _past(past), past.end()
    if text[end:].startswith(" on the hour"):
        end += len(" on the hour")
    days, hours = recurring.days(f"{text[:start]}{' ' * (end - start)}{text[end:]}"), _HOURS.search(text)
    if hours:
        between = _between(hours, minutes)
        if between is None or hour != "*":
            return _problem(hours, f"I cannot keep {hours[0]!r} for a schedule")
        hour, start, end = between, min(start, hours.start()), max(end, hours.end())
    if days and not days.problem:
        start, end = min(start, days.start), max(end, days.end)
    return Mention("cron", start, end, (f"{minute} {hour} {days.fields if days and days.fields else '* * *'}", ""))


def _minutes(m: re.Match[str]) -> int:
    if m["word"]:
        return {"hourly": 60, "half-hourly": 30}.get(m["word"], 1)
    if m["one"]:
        return 60 if m["one"] == "hour" else 1
    hours = m["unit"].startswith("h")
    said = m["n"]
    if said.startswith(("half", "quarter")):
        return (30 if said == "half" else 15) if hours else 0
    count = 2 if said == "other" else WORDS[said] if said in WORDS else int(said)
    return count * (60 if hours else 1)


def _every(hours: int) -> str:
    return "*" if hours == 1 else f"*/{hours}"


def _past(m: re.Match[str]) -> str:
    if m["part"]:
        return {"quarter past": "15", "quarter to": "45"}.get(m["part"], "30")
    return str(int(m["n"] or m["m"]))


def _between(m: re.Match[str], minutes: int) -> str | None:
    """Hours of the day: "between 9 and 17" holds 17:00 but not 17:15."""
    said = [clock.find(side) or clock.find(f"at {side}") for side in (m["a"], m["b"])]
    if not all(said) or any(times[0].problem or times[0].minute for times in said):
        return None
    first, last = said[0][0].hour, said[1][0].hour - (minutes < 60)
    return f"{first}-{last}" if first < last else None


def _problem(m: re.Match[str], why: str) -> Mention:
    return Mention("cron", m.start(), m.end(), None, f"{why}. {CANNOT}")


def _valid(line: str) -> bool:
    from croniter import croniter

    return bool(croniter.is_valid(line))


__all__ = ["CANNOT", "DAYS", "find", "spoken", "time_only"]
