"""Time zones by their IANA names."""

from __future__ import annotations

import difflib
from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator


def zone_name(name: str) -> str:
    """`name` itself when it is an IANA zone. Raises ValueError with the likeliest one.

    Only names that every part of the bot knows: a zone's file may be opened by "europe/berlin" on some machines, or
    by "localtime", and then the warehouse refuses it with the first question.
    """
    if name in _names():
        return name
    near = _near(name)
    hint = f"the nearest is {near}" if near else "one is for example Europe/Berlin"
    raise ValueError(f"{name!r} is not a time zone, {hint}")


TimeZone = Annotated[str, AfterValidator(zone_name)]


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime"})


def _near(name: str) -> str:
    """ "Europe/Berlin" for "europe/berlin", "Berlin" or "Europe/Berlni"; empty for anything else."""
    meant = name.strip().replace(" ", "_").lower()
    lower = {known.lower(): known for known in sorted(_names())}
    city = (known for low, known in lower.items() if low.rpartition("/")[2] == meant)
    close = (lower[low] for low in difflib.get_close_matches(meant, lower, n=1, cutoff=0.8) if "/" in meant)
    return lower.get(meant) or next(city, "") or next(close, "")
