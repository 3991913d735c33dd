"""Recurring times as people say them, to five-field cron: "every Monday at 9:00" -> "0 9 * * 1"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bizaiops_bot.domain.recurrence import spoken
from bizaiops_bot.router.slots import clock, recurring, unheard
from bizaiops_bot.router.slots.mention import Mention
from bizaiops_bot.router.slots.numbers import WORDS
from bizaiops_bot.router.slots.recurring import DAY, EVERY

_NUMBER = rf"\d+|{'|'.join(WORDS)}"
_UNSUPPORTED = re.compile(
    rf"\b(?:{EVERY} (?:(?:other|second|third|2nd|3rd) (?:weeks?|days?|months?)|other {DAY})(?!s? (?:of|in) (?:the|each|"
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
_HALF = re.compile(r" ?(?:in the|at|this|of the) ?(?P<half>morning|afternoon|evening|night)s?\b")
_PARTS = {"morning": (0, 12), "afternoon": (12, 19), "evening": (16, 24), "night": (18, 24)}
_RAW = re.compile(r"(?<!\S)((?:[\d*,/-]+ ){2}[\d*,/L-]+ [\d*,/-]+ [\d*,/#L-]+)(?!\S)")

CANNOT = (
    "I can repeat hourly or every few minutes or hours, daily, on given weekdays, on days of the month, on its first "
    "to fourth or last weekday, its first or last business day, or once a quarter, for example `every Monday at 9:00`."
)


@dataclass(frozen=True)
class _Read:
    """What was understood: where it stands, as one value, and which words of it are times of day."""

    mention: Mention
    spans: list[unheard.Span]
    times: list[unheard.Span] = field(default_factory=list)


def find(text: str, named: Sequence[unheard.Span] = ()) -> Mention | None:
    """The recurring time in lower-case `text`; a problem when it is one I cannot keep; None when there is none.

    named: where names and a time zone stand, which say nothing of time. Value: (cron, ""), or (cron with "{time}" for
    "minute hour", "time") when the time of day must be asked for. "weekly" is Monday. What the text says of time and
    the schedule would not hold is a problem, with the schedule without it as the `nearest`.
    """
    if m := _RAW.search(text):
        if not _valid(m[1]):
            return _problem(m, f"{m[1]!r} is not a cron line I can read")
        read: _Read | None = _Read(Mention("cron", *m.span(), (m[1], "")), [m.span()])
    elif m := _UNSUPPORTED.search(text):
        return _beside(
            _problem(m, f"I cannot repeat {m[0]!r}"), f"{text[: m.start()]}{_instead(m[0])}{text[m.end() :]}"
        )
    else:
        read = _interval(text) or _on_days(text)
    if read is None or read.mention.problem:
        return read.mention if read else None
    left = unheard.words(text, read.spans, read.times, named, read.mention.value[0])
    return _without(read.mention, left) if left else read.mention


def _without(found: Mention, left: str) -> Mention:
    return _near(replace(found, value=None, problem=f"I cannot keep {left!r} for a schedule."), found.value)


def _near(problem: Mention, value: tuple[str, str] | None) -> Mention:
    """The problem with what comes nearest to it, or with all that is possible."""
    line, missing = value or ("", "time")
    said = line if missing else spoken(line)
    if said == line:
        return replace(problem, problem=f"{problem.problem} {CANNOT}")
    return replace(problem, problem=f"{problem.problem} The nearest I can do is `{said}`.", nearest=line)


def _instead(said: str) -> str:
    """Words that come near to what cannot be repeated: every week for every other one."""
    if day := re.search(rf"\b{DAY}\b", said):
        return f"every {day[0].rstrip('s')}"
    if re.search(r"week|fortnight|\d\d days|(?:[4-9]|four|five|six|seven|eight|nine|ten) days", said):
        return "every week"
    unit = re.search(r"month|day", said)
    return f"every {unit[0]}" if unit else ""


def _beside(problem: Mention, text: str) -> Mention:
    """With what comes out when other words stand in its place."""
    read = _interval(text) or _on_days(text)
    return _near(problem, read.mention.value if read else None)


def _on_days(text: str) -> _Read | None:
    """Which days and at what time, together."""
    times = clock.find(text)
    days = recurring.days(text)
    if m := _PER_DAY.search(text):
        days = days or recurring.Days(m.start(), m.end(), "* * *")
    if days is None:
        return None
    if days.problem:
        problem = Mention("cron", days.start, days.end, None, days.problem)
        near = _at_times(text, replace(days, fields=days.nearest), times, None) if days.nearest else None
        return _Read(_near(problem, near.mention.value if near else None), days.spans)
    return _at_times(text, days, times, m)


def _at_times(text: str, days: recurring.Days, times: list[clock.TimeOfDay], per_day: re.Match[str] | None) -> _Read:
    """per_day: where it was said how many times a day."""
    wanted = _TIMES_A_DAY[per_day[1]] if per_day else 0
    spans = [*days.spans, *([per_day.span()] if per_day else [])]
    if not times and not wanted:
        hour = {"noon": 12, "midnight": 0}.get(text[days.start : days.end].rsplit(maxsplit=1)[-1])
        value = (f"0 {hour} {days.fields}", "") if hour is not None else (f"{{time}} {days.fields}", "time")
        return _Read(Mention("cron", days.start, days.end, value), spans)
    said, at, problem = _said_times(text, days, times)
    start, end = min(span[0] for span in (*spans, *at)), max(span[1] for span in (*spans, *at))
    problem = problem or _unclear(text, start, end, days, said, wanted)
    hours = ",".join(str(hour) for hour in sorted({hour for hour, _ in said}))
    line = f"{said[0][1]} {hours} {days.fields}" if said else ""
    mention = Mention("cron", start, end, None if problem else (line, ""), problem)
    return _Read(mention, [*spans, *at], at)


def _said_times(
    text: str, days: recurring.Days, times: list[clock.TimeOfDay]
) -> tuple[list[tuple[int, int]], list[unheard.Span], str]:
    """Hours and minutes, where they stand, and why one of them is none."""
    said, spans, problem = [], [], ""
    for time in times:
        half = _HALF.match(text, time.end)
        span = (time.start, half.end() if half else time.end)
        at = _at_part(
            time, text[time.start : time.end], f"{text[days.start : days.end]} {half['half'] if half else ''}"
        )
        if at is None:
            problem = f"{text[slice(*span)].strip()!r} is not a time of that part of the day. Say 9:00, 17:30 or 5 pm."
        said.append(at or (time.hour, time.minute))
        spans.append(span)
        problem = problem or time.problem
    end = max((span[1] for span in (*days.spans, *spans)), default=0)
    while times and (m := _MORE_TIMES.match(text, end)):
        more = clock.find(m["t"]) or clock.find(f"at {m['t']}")
        said.append((more[0].hour, more[0].minute))
        problem = problem or more[0].problem
        end = m.end()
        spans.append((m.start("t"), end))
    return said, spans, problem


def _unclear(text: str, start: int, end: int, days: recurring.Days, said: list[tuple[int, int]], wanted: int) -> str:
    """Why several times of day cannot be one schedule; "" when they can."""
    if wanted and len(said) != wanted:
        return "At which times of the day? Say for example `every day at 8:00 and 17:00`."
    if len({minute for _, minute in said}) > 1:
        return f"The times of one schedule differ in whole hours only, such as 8:30 and 17:30. {CANNOT}"
    outside = f"{text[start : days.start]}|{text[days.end : end]}|{text[end:]}"
    if days.apart:
        outside = outside.replace(text[slice(*days.apart)], "|")
    if len(said) > 1 and re.search(rf"\b{DAY}\b", outside):
        return f"One schedule has the same times on all its days; say two requests. {CANNOT}"
    return ""


def _at_part(time: clock.TimeOfDay, said: str, days: str) -> tuple[int, int] | None:
    """Hour and minute in the part of the day that was said with it: "every evening at 6" is 18:00, "every night at 2"
    is 2:00; None for "14:00 in the morning".
    """
    part = re.search(r"(?<!mid)(morning|afternoon|evening|night)", days)
    hour = time.hour
    if part is None or time.problem:
        return hour, time.minute
    first, last = _PARTS[part[1]]
    if not re.search(r"[ap]\.?m|noon|midnight", said):
        late = hour + 12 if part[1] != "morning" and 0 < hour < 12 else hour
        hour = 0 if part[1] == "night" and hour == 12 else hour if part[1] == "night" and hour < 5 else late
    return (hour, time.minute) if first <= hour < last or (part[1] == "night" and hour < 6) else None


def time_only(text: str) -> Mention | None:
    """A time of day alone, as an answer to "At what time?": value "minute hour"."""
    times = clock.find(text) or clock.find(f"at {text.strip()}")
    if not times:
        return None
    time = times[0]
    return Mention("cron", 0, len(text), None if time.problem else f"{time.minute} {time.hour}", time.problem)


def _interval(text: str) -> _Read | None:
    m = _INTERVAL.search(text)
    if m is None:
        return None
    minutes = _minutes(m)
    whole = 60 if minutes < 60 else 24 * 60
    if not 0 < minutes <= whole or whole % minutes or (minutes % 60 and minutes > 60):
        return _Read(_problem(m, f"I cannot repeat {m[0]!r}: it must divide an hour or a day"), [])
    if minutes == 24 * 60:
        return _Read(Mention("cron", m.start(), m.end(), ("{time} * * *", "time")), [m.span()])
    start, end = m.span()
    minute, hour = (f"*/{minutes}" if minutes > 1 else "*", "*") if minutes < 60 else ("0", _every(minutes // 60))
    if minutes >= 60 and (past := _PAST_HOUR.match(text, end + text[end:].startswith(" "))):
        minute, end = _past(past), past.end()
    if text[end:].startswith(" on the hour"):
        end += len(" on the hour")
    spans = [(start, end)]
    days, hours = recurring.days(f"{text[:start]}{' ' * (end - start)}{text[end:]}"), _HOURS.search(text)
    if hours:
        between = _between(hours, minutes)
        if between is None or hour != "*":
            return _Read(_problem(hours, f"I cannot keep {hours[0]!r} for a schedule"), [])
        hour = between
        spans.append(hours.span())
    if days and not days.problem:
        spans += days.spans
    start, end = min(span[0] for span in spans), max(span[1] for span in spans)
    fields = days.fields if days and days.fields else "* * *"
    return _Read(Mention("cron", start, end, (f"{minute} {hour} {fields}", "")), spans)


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
    return Mention("cron", m.start(), m.end(), None, f"{why}.")


def _valid(line: str) -> bool:
    from croniter import croniter

    return bool(croniter.is_valid(line))


__all__ = ["CANNOT", "find", "time_only"]
