"""A span of time by the one that was asked for before: "the week before that", "the one before"."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bizaiops_bot.domain.routing import Catalogue
from bizaiops_bot.domain.values import Window
from bizaiops_bot.router.slots.mention import Mention

_BEFORE = re.compile(
    r"\b(?:the )?(?:(?P<unit>day|week|month|quarter|year)|one|time|period|span|window) (?:right |just )?before"
    r"(?: (?:that|this|it)(?: one)?)?(?=[\s,.!?]|$)(?! (?:last|the)\b)"
)
_DEFAULT = timedelta(days=7)
"""What reads take where no span is said."""
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DAYS = {"day": 1, "week": 7}


def before(text: str, known: Any, catalogue: Catalogue) -> Mention | None:
    """The span before `known` (an input, None for the last seven days) where lower-case `text` asks for it.

    It is as long as the unit that is named, else as the span that `known` is of.
    """
    m = _BEFORE.search(text)
    if m is None:
        return None
    zone = ZoneInfo(catalogue.time_zone)
    window = Window.model_validate(known) if known else None
    begin = (window.start if window else catalogue.now - _DEFAULT).astimezone(zone)
    unit = m["unit"] or _unit(window)
    start = _back(begin, unit, window)
    label = f"the {unit or 'time'} before {window.label}" if window else f"the {unit or '7 days'} before"
    if window and window.label == f"this {unit}":
        label = f"last {unit}"
    if window and window.label == "today":
        label = "yesterday"
    found = Window(start=start.astimezone(UTC), end=begin.astimezone(UTC), label=label)
    return Mention("window", m.start(), m.end(), found.model_dump(mode="json"))


def _unit(window: Window | None) -> str:
    if window is None:
        return ""
    named = re.fullmatch(r"(?:this|last) (day|week|month|quarter|year)", window.label)
    day = window.label in {"today", "yesterday"}
    return named[1] if named else "day" if day else ""


def _back(begin: datetime, unit: str, window: Window | None) -> datetime:
    """In days of the clock on the wall, so that a day with a change of time is one day."""
    if unit in _MONTHS:
        index = begin.year * 12 + begin.month - 1 - _MONTHS[unit]
        return begin.replace(year=index // 12, month=index % 12 + 1, day=min(begin.day, 28))
    if unit in _DAYS:
        return begin - timedelta(days=_DAYS[unit])
    if window is None:
        return begin - _DEFAULT
    whole_months = begin.day == 1 and 27 <= window.days <= 32
    return _back(begin, "month", None) if whole_months else begin - (window.end - window.start)
