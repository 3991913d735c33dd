"""What begins, ends or is said at a set moment: freezes, the end of a pause, reminders, looks at a release's effect."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bizaiops_bot.domain.values import Value

TimerKind = Literal["freeze", "resume", "reminder", "effect"]


class Timer(Value):
    """One of them, until it is over.

    begins: when a freeze begins, or a reminder or a look is due. ends: when a freeze or a pause is over; None until
    somebody ends it. weekly: the times of the week between which it holds again and again, in `time_zone`. text: why,
    or what to be reminded of. person: who is reminded. run: the pause that is to end, or the release that is looked at.
    """

    id: int
    kind: TimerKind
    model: str | None
    begins: datetime
    ends: datetime | None
    weekly: tuple[str, str] | None
    time_zone: str
    text: str
    owner: str
    person: str
    conversation: str
    run: int | None
    at: datetime


class Freeze(Value):
    """Changes of a service ("churn", "churn in staging"), of an environment ("staging") or of all (`model` None) are
    frozen, or are going to be.

    timer: its number; None for a window of the calendar. begins, ends: of what holds, else of what comes next.
    weekly: "Sat 00:00 to Mon 00:00"; empty for one that comes once. holds: whether it holds now.
    """

    timer: int | None
    by: str
    why: str
    model: str | None
    begins: datetime
    ends: datetime | None
    weekly: str
    time_zone: str
    holds: bool

    @property
    def frozen(self) -> str:
        """Words behind "changes are": "frozen for churn by lead until Mon 9 Mar 08:00 (Europe/Berlin): the sale"."""
        of = f" for {self.model}" if self.model else ""
        why = f": {self.why}" if self.why else ""
        if self.timer is None:
            return f"frozen by {self.by} until {spoken_end(self.ends, self.time_zone)}{why}"
        if self.ends is not None:
            again = f", every week from {self.weekly}" if self.weekly else ""
            return f"frozen{of} by {self.by} until {spoken_end(self.ends, self.time_zone)}{again}{why}"
        return f"frozen{of} by {self.by} since {spoken_moment(self.begins, self.time_zone)}, until unfrozen{why}"

    @property
    def span(self) -> str:
        """ "from Fri 6 Mar 16:00 until Mon 9 Mar 08:00 (Europe/Berlin)"; "until ..." for one that holds."""
        if self.weekly:
            return f"every week from {self.weekly} ({self.time_zone})"
        end = "until unfrozen" if self.ends is None else f"until {spoken_end(self.ends, self.time_zone)}"
        return end if self.holds else f"from {spoken_moment(self.begins, self.time_zone)} {end}"


def spoken_moment(when: datetime, time_zone: str) -> str:
    """ "Fri 6 Mar 18:00 (Europe/Berlin)"."""
    return f"{when.astimezone(ZoneInfo(time_zone)):%a %-d %b %H:%M} ({time_zone})"


def spoken_end(when: datetime | None, time_zone: str) -> str:
    """As `spoken_moment`, "the end of Fri 6 Mar (Europe/Berlin)" for midnight; "somebody ends it" for None."""
    if when is None:
        return "somebody ends it"
    local = when.astimezone(ZoneInfo(time_zone))
    if local.time() == time():
        return f"the end of {local - timedelta(minutes=1):%a %-d %b} ({time_zone})"
    return spoken_moment(when, time_zone)
