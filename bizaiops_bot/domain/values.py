"""Base of all values, and the typed slots that playbook inputs are made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class Value(BaseModel):
    """An immutable, typed value that survives JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class SlotKind:
    """Marks a type as a slot the router can extract from words; `name` picks the extractor."""

    name: str


ModelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$"), SlotKind("model")]
EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,30}$"), SlotKind("environment")]
VERSION = r"^(?:(?:[0-9]|[A-Za-z][A-Za-z._+-]*[0-9])(?:[A-Za-z0-9._+-]*[A-Za-z0-9])?|[a-f]{7,40})$"
"""What a registry may call a version: "v8", "8", "2026-11-29", "1.4.0-rc1", a git sha. One word with a digit in it, so
that no name reads like "latest", nor like a sentence or markup.
"""
LONGEST_VERSION = 64
Version = Annotated[str, StringConstraints(pattern=VERSION, max_length=LONGEST_VERSION), SlotKind("version")]
BlamedVersion = Annotated[str, StringConstraints(pattern=VERSION, max_length=LONGEST_VERSION), SlotKind("blamed")]
Percent = Annotated[int, Field(ge=1, le=100), SlotKind("percent")]
ReplicaCount = Annotated[int, Field(ge=1, le=50), SlotKind("replicas")]
RunNumber = Annotated[int, Field(ge=1), SlotKind("run")]
KpiName = Annotated[str, SlotKind("kpi")]
Cron = Annotated[str, SlotKind("cron")]
TimeZone = Annotated[str, SlotKind("time_zone")]
ScheduleNumber = Annotated[int, Field(ge=1), SlotKind("schedule")]
ReminderNumber = Annotated[int, Field(ge=1), SlotKind("reminder")]
AlertNumber = Annotated[int, Field(ge=1), SlotKind("alert")]
FaultName = Annotated[str, SlotKind("fault")]
PersonId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,62}$"), SlotKind("person")]
Namespace = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"), SlotKind("namespace")]
FreeText = Annotated[str, StringConstraints(max_length=500), SlotKind("text")]


class Window(Value):
    """A span of time, `start` inclusive and `end` exclusive, both UTC; `label` is how a person would say it."""

    start: datetime
    end: datetime
    label: str

    @property
    def days(self) -> float:
        """Length in days."""
        return (self.end - self.start) / timedelta(days=1)


WindowSlot = Annotated[Window, SlotKind("window")]


class Until(Value):
    """A moment to come, UTC; `label` is how a person would say it: "for 3 days", "until friday"."""

    at: datetime
    label: str


UntilSlot = Annotated[Until, SlotKind("until")]


MomentSlot = Annotated[Until, SlotKind("moment")]
"""A moment to come at which something is to be said: "tomorrow at 10", "in 2 hours"."""


class Period(Value):
    """A span to come, times in UTC.

    begin: None for at once. end: None until somebody ends it. weekly: the two times of the week between which it holds
    again and again, such as ("Sat 00:00", "Mon 00:00"). time_zone: the zone it was said in; None for the company's.
    label: how a person would say it.
    """

    begin: datetime | None = None
    end: datetime | None = None
    weekly: tuple[str, str] | None = None
    time_zone: str | None = None
    label: str


PeriodSlot = Annotated[Period, SlotKind("period")]
LaterSlot = Annotated[Period, SlotKind("later")]
"""A period that does not begin at once, for a playbook that has an end of its own."""
ReminderFor = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,62}$"), SlotKind("reminded")]
"""A person's id, or "everybody"."""


class NoData(Value):
    """Nothing was found: a result of its own, never "healthy"."""

    query: str
    window: str
    searched: str

    def __str__(self) -> str:
        return f"no data for {self.query} in {self.window} (searched {self.searched})"


def is_version(name: str) -> bool:
    """Whether it may be the name of a version, see `VERSION`."""
    return len(name) <= LONGEST_VERSION and re.fullmatch(VERSION, name) is not None and "\n" not in name


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def duration_s(text: str) -> float:
    """Seconds of "90s", "10m", "24h" or "7d"."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration such as 30s, 10m, 24h or 7d")
    return float(match[1]) * _UNITS[match[2]]


def spoken_duration(seconds: float) -> str:
    """Short words for a span: "45 s", "12 min", "3 h 5 min", "2 d 4 h"."""
    total = round(seconds)
    if total < 90:
        return f"{total} s"
    minutes, hours, days = total // 60, total // 3600, total // 86400
    if minutes < 90:
        return f"{minutes} min"
    if hours < 48:
        rest = minutes % 60
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    rest = hours % 24
    return f"{days} d {rest} h" if rest else f"{days} d"
