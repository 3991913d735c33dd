"""When a schedule fires next: five-field cron read in an IANA zone, each named time of the wall clock once a day.

Two day-of-month fields go beyond what croniter knows, written as Quartz has them: `LW` is the last Monday to Friday of
the month (`1W`, the first one, is known), `L-2` is two days before its last day.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import croniter

from bizaiops_bot.domain.errors import BadInput

_OVERLAP = timedelta(hours=3)
"""More than any clock has been put back since 1970, but for places that moved across the date line."""
_TIMES = re.compile(r"\d+(?:,\d+)*|\*/(?!1$)\d+")
_BEFORE_END = re.compile(r"L-([1-9]|1\d|2[0-7])", re.IGNORECASE)


def next_fire(cron: str, time_zone: str, after: datetime) -> datetime:
    """The first time strictly after `after`, in UTC.

    Where the hours are named ("0 2 * * *", "30 8,17 * * 1-5", "0 */2 * * *"), each of these times of the wall clock
    comes once a day: the first of the two when clocks go back, the moment after the gap when they go forward. A line
    that goes on through the hours ("*/15 * * * *", "0 9-17 * * *") fires in both, and not in an hour that is skipped.
    Raises BadInput for a pattern or zone that does not exist, and for one whose day never comes.
    """
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise BadInput(f"{time_zone!r} is not a time zone.", do="Give one such as Europe/Berlin.") from exc
    try:
        return _next(cron, zone, after)
    except (ValueError, KeyError) as exc:
        raise BadInput(
            f"{cron!r} is not a schedule.", f"{exc}.", "Say for example: every Monday at 9:00 Berlin time."
        ) from exc


def next_fires(cron: str, time_zone: str, after: datetime, count: int = 3) -> list[datetime]:
    """The next `count` times after `after`, in UTC. Raises BadInput as `next_fire`."""
    fires: list[datetime] = []
    for _ in range(count):
        fires.append(next_fire(cron, time_zone, fires[-1] if fires else after))
    return fires


def _next(cron: str, zone: ZoneInfo, after: datetime) -> datetime:
    fields = cron.split()
    if len(fields) != 5:  # croniter takes a sixth one as seconds
        raise ValueError("It needs five fields: minute, hour, day, month, weekday")
    instants = _named if _TIMES.fullmatch(fields[1]) else _both
    best: datetime | None = None
    end: datetime | None = None
    for wall in _walls(fields, after.astimezone(zone).replace(tzinfo=None) - _OVERLAP):
        if (
            end is not None and wall > end
        ):  # nothing behind it can come before `best`, also if the clocks change meanwhile
            break
        for instant in instants(wall, zone):
            if instant > after and (best is None or instant < best):
                best, end = instant, wall + _OVERLAP
    if best is None:
        raise ValueError("It never comes")
    return best


def _walls(fields: list[str], after: datetime) -> Iterator[datetime]:
    """Times of the wall clock, without a zone, in order."""
    days = _days(fields[2])
    plain = [*fields[:2], "*" if days else fields[2], *fields[3:]]
    found = croniter(" ".join(plain), after)
    while True:  # a day that never comes makes croniter raise
        wall: datetime = found.get_next(datetime)
        if days is None or days(wall.date()):
            yield wall


def _days(field: str) -> Callable[[date], bool] | None:
    """What a field beyond plain cron admits; None for one that cron knows."""
    if field.upper() == "LW":
        return lambda day: day.weekday() < 5 and (_left(day) == 0 or (_left(day) <= 2 and day.weekday() == 4))
    if m := _BEFORE_END.fullmatch(field):
        return lambda day: _left(day) == int(m[1])
    return None


def _left(day: date) -> int:
    """Days of the month after `day`."""
    return monthrange(day.year, day.month)[1] - day.day


def _named(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """The one instant of a time of the wall clock: the first of two, the end of the gap for one that is skipped."""
    first = wall.replace(tzinfo=zone).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall:
        return [first]
    # In a gap the two readings lie on either side of the change.
    before, behind = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    minutes = (before + timedelta(minutes=n) for n in range(int((behind - before).total_seconds() // 60)))
    offset = behind.astimezone(zone).utcoffset()
    return [next((instant for instant in minutes if instant.astimezone(zone).utcoffset() == offset), behind)]


def _both(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """Every instant at which the clock shows this time: two when it is put back, none when it is skipped."""
    found = {wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return [instant for instant in found if instant.astimezone(zone).replace(tzinfo=None) == wall]
