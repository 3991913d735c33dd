"""When a schedule fires next: five-field cron read in an IANA zone, right across clock changes."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import croniter

from bizaiops_bot.domain.errors import BadInput


def next_fire(cron: str, time_zone: str, after: datetime) -> datetime:
    """The first time strictly after `after`, in UTC. A skipped local time fires at the next one that exists.

    Raises BadInput for a pattern or zone that does not exist.
    """
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise BadInput(f"{time_zone!r} is not a time zone.", do="Give one such as Europe/Berlin.") from exc
    try:
        if len(cron.split()) != 5:  # croniter takes a sixth one as seconds
            raise ValueError("It needs five fields: minute, hour, day, month, weekday")
        found = croniter(cron, after.astimezone(zone)).get_next(datetime)
    except (ValueError, KeyError) as exc:
        raise BadInput(
            f"{cron!r} is not a schedule.", f"{exc}.", "Say for example: every Monday at 9:00 Berlin time."
        ) from exc
    return found.astimezone(UTC)
