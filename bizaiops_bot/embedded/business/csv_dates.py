"""Dates as people's tables write them, read by the whole column: which number is the day is decided once for all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Order = Literal["", "day-first", "month-first"]

_TIME = r"(?:[T ,]+(?P<h>\d{1,2}):(?P<mi>\d{2})(?::(?P<s>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[aApP]\.?[mM]\.?)?)?"
_ZONE = r"\s*(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?"
_YEAR_FIRST = re.compile(rf"(?P<y>\d{{4}})(?P<sep>[-/.])(?P<b>\d{{1,2}})(?P=sep)(?P<c>\d{{1,2}}){_TIME}{_ZONE}")
_DIGITS = re.compile(rf"(?P<y>(?:19|20)\d{{2}})(?P<b>\d{{2}})(?P<c>\d{{2}}){_TIME}{_ZONE}")
_YEAR_LAST = re.compile(rf"(?P<a>\d{{1,2}})(?P<sep>[-/.])(?P<b>\d{{1,2}})(?P=sep)(?P<y>\d{{4}}|\d{{2}}){_TIME}{_ZONE}")
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?P<name>(?:{'|'.join(_NAMES)})[a-z]*)\.?"
_NAMED = re.compile(
    rf"(?:[a-z]{{3,9}},? )?(?:(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[. -]+{_MONTH}[, -]+(?P<y>\d{{4}})|"
    rf"{_MONTH.replace('name', 'name2')} (?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y2>\d{{4}})){_TIME}{_ZONE}",
    re.IGNORECASE,
)
SHARE = 0.95


@dataclass(frozen=True)
class Dates:
    """cells: in ISO form, None where it is blank or no date; bad: places of cells that are none. problem: why it cannot
    be told which dates they are.
    """

    cells: list[str | None]
    bad: list[int]
    problem: str = ""


def read_dates(cells: Sequence[str | None], *, order: Order) -> Dates | None:
    """The column as dates; None when it is none of dates. order: chosen by a person, "" decides by the column."""
    found = [None if cell is None else _match(cell) for cell in cells]
    filled = sum(cell is not None for cell in cells)
    if not filled or sum(m is not None for m in found) < SHARE * filled:
        return None
    dates = [(str(cell), m) for cell, m in zip(cells, found, strict=True) if m]
    day_first = next((cell for cell, m in dates if _last(m) and int(m["a"]) > 12 >= int(m["b"])), "")
    month_first = next((cell for cell, m in dates if _last(m) and int(m["b"]) > 12 >= int(m["a"])), "")
    told: Order = "day-first" if day_first else "month-first" if month_first else ""
    problem = _mixed(dates, order)
    if day_first and month_first:
        problem = f"mixes day first ({day_first!r}) and month first ({month_first!r})"
    elif order and told not in ("", order):
        problem = problem or f"has {day_first or month_first!r}, which is not {order}"
    elif _last(dates[0][1]) and not (order or told):
        problem = problem or f"has {dates[0][0]!r} and the like, and no day above 12"
    if problem:
        return Dates(list(cells), [], problem)
    iso = [None if m is None else _iso(m, order or told) for m in found]
    bad = [i for i, cell in enumerate(cells) if cell is not None and iso[i] is None]
    return None if filled - len(bad) < SHARE * filled else Dates(iso, bad)


def _mixed(dates: list[tuple[str, re.Match[str]]], order: Order) -> str:
    """Why the dates are not all written in one way that can be told; "" when they are."""
    kinds: dict[str, str] = {}
    for cell, m in dates:
        kinds.setdefault(_kind(m), cell)
    if len(kinds) > 1:
        return f"mixes two ways to write dates, {' and '.join(map(repr, list(kinds.values())[:2]))}"
    short = next(iter(kinds)).endswith("2")
    if short and not order and dates[0][1]["sep"] != ".":  # 24-01-31 is written too; with points the year stands last
        return f"has {dates[0][0]!r} and the like, whose year may be the first number"
    return ""


def _last(m: re.Match[str]) -> bool:
    """Whether the year stands last, so that day and month must be told apart."""
    return m.re is _YEAR_LAST


def _match(cell: str) -> re.Match[str] | None:
    for pattern in (_YEAR_FIRST, _DIGITS, _YEAR_LAST, _NAMED):
        if m := pattern.fullmatch(cell):
            return m
    return None


def _kind(m: re.Match[str]) -> str:
    """What must be the same in the whole column."""
    if m.re is _YEAR_LAST:
        return f"last{m['sep']}{len(m['y'])}"
    return "named" if m.re is _NAMED else f"first{m.groupdict().get('sep') or ''}"


def _iso(m: re.Match[str], order: Order) -> str | None:
    """None for a day that does not exist."""
    if m.re is _NAMED:
        year, day = int(m["y"] or m["y2"]), int(m["d"] or m["d2"])
        month = _NAMES.index((m["name"] or m["name2"])[:3].lower()) + 1
    elif m.re is _YEAR_LAST:
        year = int(m["y"]) if len(m["y"]) == 4 else 2000 + int(m["y"]) - 100 * (int(m["y"]) > 68)
        month, day = (int(m["a"]), int(m["b"])) if order == "month-first" else (int(m["b"]), int(m["a"]))
    else:
        year, month, day = int(m["y"]), int(m["b"]), int(m["c"])
    hour = int(m["h"] or 0)
    if m["half"]:
        hour = hour % 12 + 12 * (m["half"][0].lower() == "p")
    try:
        at = datetime(year, month, day, hour, int(m["mi"] or 0), int(m["s"] or 0))  # noqa: DTZ001 - the zone is added
    except ValueError:
        return None
    zone = {"Z": "+00:00", "UTC": "+00:00", None: "+00:00"}.get(m["zone"], m["zone"])
    return f"{at.isoformat(sep=' ')}{zone}"
