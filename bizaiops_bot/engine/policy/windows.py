"""Windows of the calendar in which no change may begin, such as weekends and the busiest days."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, ConfigDict, Field, PlainValidator, model_validator

from bizaiops_bot.domain.rule_files import Place
from bizaiops_bot.domain.timers import Freeze
from bizaiops_bot.domain.values import Value
from bizaiops_bot.domain.yaml_files import read_yaml
from bizaiops_bot.domain.zones import TimeZone

FILE = "freeze_windows.yaml"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEEK = timedelta(days=7)
_WEEK_MINUTES = 7 * 24 * 60


class Moment(Value):
    """A time of the week: `day` 0 is Monday."""

    day: int
    at: time

    @property
    def minute(self) -> int:
        """Of the week."""
        return (self.day * 24 + self.at.hour) * 60 + self.at.minute

    def __str__(self) -> str:
        return f"{DAYS[self.day]} {self.at:%H:%M}"


def _moment(value: Any) -> Any:
    match = re.fullmatch(rf"({'|'.join(DAYS)})\w* ([01]?\d|2[0-3]):([0-5]\d)", str(value), re.IGNORECASE)
    if match is None:
        raise ValueError(f'{value!r} is not a time of the week such as "Fri 16:00"')
    return Moment(day=DAYS.index(match[1].capitalize()), at=time(int(match[2]), int(match[3])))


def _date_or_time(value: Any) -> date | datetime:
    text = str(value)
    try:
        found = date.fromisoformat(text) if len(text) == len("2026-11-25") else datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{value!r} is not a time such as 2026-11-25 12:00") from None
    if isinstance(found, datetime) and found.tzinfo is not None:
        raise ValueError("write the time of day there, without an offset; time_zone says where")
    return found


WeekTime = Annotated[Moment, BeforeValidator(_moment)]
DayTime = Annotated[date | datetime, PlainValidator(_date_or_time)]


class Weekly(Value):
    """Every week from one time to another; over the end of the week when `to` is the earlier one."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    from_: WeekTime = Field(alias="from")
    """Day and time of day, such as "Fri 16:00"."""
    to: WeekTime
    """When it is over, such as "Mon 07:00"."""

    @model_validator(mode="after")
    def _lasts(self) -> Weekly:
        if self.from_ == self.to:
            raise ValueError("from and to are the same time of the week")
        return self

    @property
    def minutes(self) -> tuple[int, int]:
        """Of the week; the end may be in the next one."""
        start, end = self.from_.minute, self.to.minute
        return start, end if start < end else end + _WEEK_MINUTES


class FreezeWindow(Value):
    """One window: either `weekly`, or once `from` a time `to` another."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    """A word that refusals name it by; unique."""
    why: str = Field(min_length=3)
    """Told to whoever is refused."""
    time_zone: TimeZone
    """The IANA zone in which its times are meant."""
    weekly: Weekly | None = None
    """`{from: "Fri 16:00", to: "Mon 07:00"}`."""
    from_: DayTime | None = Field(None, alias="from")
    """Date, or date and time of day."""
    to: DayTime | None = None
    """When it is over; a date is over with its last minute."""

    @model_validator(mode="after")
    def _is_one_of_both(self) -> FreezeWindow:
        once = (self.from_ is not None, self.to is not None)
        if once not in ((True, True), (False, False)) or (self.weekly is None) != once[0]:
            raise ValueError("a window needs either weekly, or both from and to")
        if self.weekly is None:
            start, end = next(self._times(datetime.now(UTC)))
            if start >= end:
                raise ValueError("it has to end after it begins")
        return self

    def ends(self, now: datetime) -> datetime | None:
        """When the window that is open at `now` is over, UTC; None when none is open."""
        return next((end for start, end in self._times(now) if start <= now < end), None)

    def next_time(self, now: datetime) -> tuple[datetime, datetime]:
        """Begin and end, UTC, of the window that is open at `now`, else of the next; of one that is over its own."""
        times = sorted(self._times(now))
        return next(((start, end) for start, end in times if now < end), times[-1])

    def spoken_end(self, end: datetime) -> str:
        """Words for the end: the day of the week is enough for what comes every week."""
        local = end.astimezone(ZoneInfo(self.time_zone))
        return f"{local:%a %H:%M}" if self.weekly else f"{local:%-d %b %H:%M}"

    def _times(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Start and end, UTC, of the windows that may be open at `now`, and of the one after."""
        zone = ZoneInfo(self.time_zone)
        if self.weekly is None:
            yield _first(_wall(self.from_), zone), _last(_wall(self.to, whole_day=True), zone)
            return
        today = now.astimezone(zone).date()
        monday = datetime.combine(today - timedelta(days=today.weekday()), time())
        start, end = (monday + timedelta(minutes=moment.minute) for moment in (self.weekly.from_, self.weekly.to))
        if end < start:
            end += _WEEK
        for back in (timedelta(), _WEEK, -_WEEK):
            yield _first(start - back, zone), _last(end - back, zone)


def _wall(value: date | datetime | None, *, whole_day: bool = False) -> datetime:
    if isinstance(value, datetime):
        return value
    assert value is not None
    return datetime.combine(value + timedelta(days=whole_day), time())


# A time of day that the clock skips or has twice is two instants: a window begins with the first and ends with the
# second, as a freeze that lasts too long does less harm than one that is too short.
def _first(wall: datetime, zone: ZoneInfo) -> datetime:
    return min(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))


def _last(wall: datetime, zone: ZoneInfo) -> datetime:
    return max(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))


def _mistakes(windows: tuple[FreezeWindow, ...]) -> Iterator[tuple[Place, str]]:
    """A name that is used twice, and two windows of one kind that overlap: one of them is not what was meant.

    A weekly window may well fall into one of dates: then both freeze.
    """
    for at, window in enumerate(windows):
        for before in windows[:at]:
            if window.name == before.name:
                yield (at, "name"), f"the name {window.name!r} is used twice"
            elif _overlap(before, window):
                yield (
                    (at,),
                    f"the windows {before.name} and {window.name} overlap; make them one, or end the first sooner",
                )


def _overlap(one: FreezeWindow, other: FreezeWindow) -> bool:
    if one.weekly and other.weekly:
        if one.time_zone != other.time_zone:
            return False
        (start, end), (begin, until) = one.weekly.minutes, other.weekly.minutes
        weeks = (-_WEEK_MINUTES, 0, _WEEK_MINUTES)
        return any(start < until + week and begin + week < end for week in weeks)
    if one.weekly or other.weekly:
        return False
    (first, last), (begins, ends) = (next(window._times(datetime.now(UTC))) for window in (one, other))
    return first < ends and begins < last


def _freeze(window: FreezeWindow, now: datetime) -> Freeze:
    begins, ends = window.next_time(now)
    weekly = f"{window.weekly.from_} to {window.weekly.to}" if window.weekly else ""
    return Freeze(
        timer=None,
        by=f"the window {window.name}",
        why=window.why,
        model=None,
        begins=begins,
        ends=ends,
        weekly=weekly,
        time_zone=window.time_zone,
        holds=begins <= now,
    )


class FreezeWindows:
    """All windows."""

    def __init__(self, windows: tuple[FreezeWindow, ...] = ()) -> None:
        self.windows = windows

    @classmethod
    def load(cls, folder: Path) -> FreezeWindows:
        """freeze_windows.yaml of the folder; none when it is not there. Raises BadInput with file and line."""
        return cls(read_yaml(folder / FILE, tuple[FreezeWindow, ...], (), _mistakes))

    def coming(self, now: datetime) -> list[Freeze]:
        """Every window that is open at `now` or comes after, with its times."""
        return [_freeze(window, now) for window in self.windows if now < window.next_time(now)[1]]

    def active(self, now: datetime) -> str | None:
        """ "frozen by the window weekend until Mon 07:00 Europe/Berlin: nobody is there to look", None when none is.

        Of several, the one that ends last.
        """
        found = [(end, window) for window in self.windows if (end := window.ends(now)) is not None]
        if not found:
            return None
        end, window = max(found, key=lambda pair: pair[0])
        until = f"{window.spoken_end(end)} {window.time_zone}"
        return f"frozen by the window {window.name} until {until}: {window.why}"
