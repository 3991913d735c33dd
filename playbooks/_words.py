"""A cron line as a person says it, and times in a schedule's own zone."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bizaiops_bot.playbook import BadInput, spoken_schedule


def spoken_cron(cron: str, time_zone: str) -> str:
    """ "every Monday at 9:00 Europe/Berlin"; a line beyond everyday words is given as it is."""
    said = spoken_schedule(cron)
    return f"on the schedule {cron} ({time_zone})" if said == cron else f"{said} {time_zone}"


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
