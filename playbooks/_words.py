"""A cron line as a person says it, and times in a schedule's own zone."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bizaiops_bot.playbook import BadInput

DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NTH = ("", "first", "second", "third", "fourth")
SHORT = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}


def spoken_cron(cron: str, time_zone: str) -> str:
    """ "every Monday at 9:00 Europe/Berlin"; a line beyond everyday words is given as it is."""
    parts = cron.split()
    hours = parts[1].split(",") if len(parts) == 5 else []
    if not hours or parts[3] != "*" or not (parts[0].isdigit() and all(hour.isdigit() for hour in hours)):
        return f"on the schedule {cron} ({time_zone})"
    minute, _, day, _, weekday = parts
    days = _days(day, weekday)
    at = " and ".join(f"{int(hour)}:{int(minute):02d}" for hour in hours)
    return f"{days} at {at} {time_zone}" if days else f"on the schedule {cron} ({time_zone})"


def _days(day: str, weekday: str) -> str | None:
    if day != "*":
        return _days_of_month(day) if weekday == "*" else None
    if m := re.fullmatch(r"(?:L([0-6])|([0-6])#([1-4]))", weekday):
        which = "last" if m[1] else NTH[int(m[3])]
        return f"on the {which} {DAYS[int(m[1] or m[2])]} of every month"
    if weekday == "*":
        return "every day"
    if weekday.lower() in {"1-5", "mon-fri"}:
        return "every weekday"
    numbers = [SHORT.get(w.lower(), int(w) if w.isdigit() else -1) for w in weekday.split(",")]
    if any(n not in range(8) for n in numbers):
        return None
    return "every " + " and ".join(DAYS[n] for n in numbers)


def _days_of_month(day: str) -> str | None:
    if day == "L":
        return "on the last day of every month"
    days = day.split(",")
    if not all(d.isdigit() for d in days):
        return None
    return f"on day{'s' if len(days) > 1 else ''} {' and '.join(days)} of every month"


def zone(name: str) -> ZoneInfo:
    """The IANA zone called `name`. Raises BadInput when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInput(f"There is no time zone {name!r}.", do="Use a name such as Europe/Berlin or UTC.") from error


def local_day(when: datetime, time_zone: str) -> date:
    """The calendar day of `when` in `time_zone`."""
    return when.astimezone(zone(time_zone)).date()


def local_stamp(when: datetime | None, time_zone: str) -> str:
    """ "Mon 24 Nov 09:00" in `time_zone`; "never" for None."""
    return "never" if when is None else f"{when.astimezone(zone(time_zone)):%a %-d %b %H:%M}"


def spoken_end(when: datetime, time_zone: str) -> str:
    """ "Fri 6 Mar 18:00 (Europe/Berlin)", "the end of Fri 6 Mar (Europe/Berlin)" for midnight."""
    local = when.astimezone(zone(time_zone))
    if local.time() == time():
        return f"the end of {local - timedelta(minutes=1):%a %-d %b} ({time_zone})"
    return f"{local:%a %-d %b %H:%M} ({time_zone})"
