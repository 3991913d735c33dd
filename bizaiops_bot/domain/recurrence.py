"""A schedule's line of cron in words that are understood again."""

from __future__ import annotations

import re

DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_NTH = {"1": "first", "2": "second", "3": "third", "4": "fourth"}
_QUARTERS = "1,4,7,10"
_EVERY_DAY = "every day"


def spoken(line: str) -> str:
    """ "every Monday at 9:00", "every 15 minutes on weekdays"; the line itself where there are no words for it."""
    fields = line.split()
    if len(fields) != 5:
        return line
    minute, hour, *rest = fields
    days = _days(*rest)
    if not days:
        return line
    if minute.isdigit() and re.fullmatch(r"\d+(?:,\d+)*", hour):
        at = " and ".join(f"{int(h)}:{int(minute):02d}" for h in hour.split(","))
        return f"{days} at {at}"
    often = _often(minute, hour)
    if not often or days == _EVERY_DAY:
        return often or line
    return f"{often} on {'weekdays' if rest[2] == '1-5' else days.removeprefix('every ').removeprefix('on ')}"


def _often(minute: str, hour: str) -> str:
    """ "every 15 minutes", "every 2 hours", "every hour between 9:00 and 17:00"."""
    every = re.fullmatch(r"\*/(\d+)", minute)
    if every or minute == "*":
        said = f"every {every[1]} minutes" if every else "every minute"
        if m := re.fullmatch(r"(\d+)-(\d+)", hour):
            return f"{said} between {m[1]}:00 and {int(m[2]) + 1}:00"
        return said if hour == "*" else ""
    if minute != "0":
        return ""
    if m := re.fullmatch(r"(\d+)-(\d+)", hour):
        return f"every hour between {m[1]}:00 and {m[2]}:00"
    if m := re.fullmatch(r"\*/(\d+)", hour):
        return f"every {m[1]} hours"
    return "every hour" if hour == "*" else ""


def _days(day: str, month: str, weekday: str) -> str:
    """ "" where there are no words."""
    if day != "*" and weekday != "*":
        return ""
    if month == _QUARTERS:
        return f"quarterly on the {_numbered(day)}" if day.isdigit() else ""
    if month != "*":
        return ""
    return _of_month(day) if day != "*" else _of_week(weekday)


def _of_month(day: str) -> str:
    named = {"1W": "first business day", "LW": "last business day", "L": "last day"}
    if day in named:
        return f"on the {named[day]} of the month"
    if m := re.fullmatch(r"L-(\d+)", day):
        return f"{m[1]} day{'' if m[1] == '1' else 's'} before the end of the month"
    if not re.fullmatch(r"\d+(?:,\d+)*", day):
        return ""
    return f"on the {' and '.join(map(_numbered, day.split(',')))} of the month"


def _numbered(day: str) -> str:
    ends = {"1": "st", "2": "nd", "3": "rd", "21": "st", "22": "nd", "23": "rd", "31": "st"}
    return f"{day}{ends.get(day, 'th')}"


def _of_week(weekday: str) -> str:
    for number, name in enumerate((*DAYS, "sunday")):  # cron has Sunday twice, and takes names
        weekday = re.sub(rf"(?i)\b(?:{name[:3]}|{number})(?=$|,|-)", str(number % 7), weekday)
    plain = {"*": _EVERY_DAY, "1-5": "every weekday"}
    if weekday in plain:
        return plain[weekday]
    names = [day.capitalize() for day in DAYS]
    if m := re.fullmatch(r"([0-6])-([0-6])", weekday):
        return f"{names[int(m[1])]} to {names[int(m[2])]}"
    listed = weekday.split(",")
    if all(re.fullmatch(r"[0-6]#[1-4]|L[0-6]", n) for n in listed):
        which = [("last", n[1]) if n[0] == "L" else (_NTH[n[2]], n[0]) for n in listed]
        if len({name for _, name in which}) > 1:
            return ""
        return f"on the {' and '.join(nth for nth, _ in which)} {names[int(which[0][1])]} of the month"
    return f"every {' and '.join(names[int(n)] for n in listed)}" if all(n in "0123456" for n in listed) else ""
