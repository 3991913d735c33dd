"""Time zones as people say them, to IANA names."""

from __future__ import annotations

import re
from functools import cache
from zoneinfo import available_timezones

from bizaiops_bot.router.slots.mention import Mention

# Abbreviations name an offset; people mean the place, summer time included.
_SAID = {
    "utc": "UTC",
    "gmt": "UTC",
    "z": "UTC",
    "zulu": "UTC",
    "cet": "CET",
    "cest": "CET",
    "mez": "CET",
    "german": "Europe/Berlin",
    "germany": "Europe/Berlin",
    "bst": "Europe/London",
    "uk": "Europe/London",
    "british": "Europe/London",
    "est": "America/New_York",
    "edt": "America/New_York",
    "et": "America/New_York",
    "eastern": "America/New_York",
    "nyc": "America/New_York",
    "ct": "America/Chicago",
    "cst": "America/Chicago",
    "central": "America/Chicago",
    "mt": "America/Denver",
    "mst": "America/Denver",
    "pst": "America/Los_Angeles",
    "pdt": "America/Los_Angeles",
    "pt": "America/Los_Angeles",
    "pacific": "America/Los_Angeles",
    "san francisco": "America/Los_Angeles",
    "sf": "America/Los_Angeles",
    "ist": "Asia/Kolkata",
    "india": "Asia/Kolkata",
    "indian": "Asia/Kolkata",
    "mumbai": "Asia/Kolkata",
    "jst": "Asia/Tokyo",
    "japan": "Asia/Tokyo",
    "munich": "Europe/Berlin",
    "hamburg": "Europe/Berlin",
    "frankfurt": "Europe/Berlin",
    "geneva": "Europe/Zurich",
    "milan": "Europe/Rome",
    "barcelona": "Europe/Madrid",
    "boston": "America/New_York",
    "washington": "America/New_York",
    "beijing": "Asia/Shanghai",
}
_BARE = (
    "utc",
    "gmt",
    "cet",
    "cest",
    "bst",
    "est",
    "edt",
    "cst",
    "pst",
    "pdt",
    "jst",
    "ist",
    "berlin",
    "london",
    "new york",
    "paris",
    "tokyo",
    "zurich",
    "vienna",
    "amsterdam",
    "madrid",
    "rome",
    "sydney",
    "singapore",
    "chicago",
    "los angeles",
    "dublin",
    "munich",
    "san francisco",
)
_LOCAL = {
    "local",
    "my",
    "our",
    "your",
    "company",
    "office",
    "same",
    "the",
    "a",
    "this",
    "that",
    "world",
    "real",
    "first",
    "last",
    "next",
    "one",
    "any",
}
_OFFSET = re.compile(r"\b(?:utc|gmt) ?([+-]) ?(\d{1,2})(?::?00)?\b")
_IANA = re.compile(r"\b([a-z]+(?:/[a-z_+-]+){1,2})\b")
_TIME = re.compile(r"\b(?:in |at )?([a-z]+(?: [a-z]+)?) (?:time ?zone|timezone|time)\b")
_BARE_PATTERN = re.compile(rf"[(]?\b(?:in )?({'|'.join(_BARE)})\b[)]?")


@cache
def _names() -> dict[str, str]:
    """Lower-case IANA names and their cities; a city in two zones keeps the first by name."""
    names: dict[str, str] = {}
    for zone in sorted(available_timezones()):
        names.setdefault(zone.lower(), zone)
        if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/", "US/")):
            names.setdefault(zone.rsplit("/", 1)[1].replace("_", " ").lower(), zone)
    return names


def lookup(said: str) -> str | None:
    """IANA name for a city, abbreviation or IANA name; None when unknown."""
    return _SAID.get(said) or _names().get(said)


def find(text: str) -> Mention | None:
    """The time zone in `text`, a problem when one is named that does not exist, None when none is named."""
    if m := _OFFSET.search(text):
        sign = "-" if m[1] == "+" else "+"  # POSIX counts west of Greenwich as positive
        zone = f"Etc/GMT{sign}{int(m[2])}" if int(m[2]) else "UTC"
        return _mention(m, lookup(zone.lower()), m[0])
    if m := _IANA.search(text):
        return _mention(m, lookup(m[1]), m[1])
    for m in _TIME.finditer(text):
        words = m[1].split()
        for said in (" ".join(words), words[-1]):
            if zone_name := lookup(said):
                return Mention("time_zone", m.end() - len(m[0]) if said != words[-1] else m.start(), m.end(), zone_name)
        if words[-1] not in _LOCAL and not re.search(r"\d", m[0]):
            return _mention(m, None, words[-1])
    if m := _BARE_PATTERN.search(text):
        return _mention(m, lookup(m[1]), m[1])
    return None


def _mention(match: re.Match[str], zone: str | None, said: str) -> Mention:
    problem = (
        "" if zone else f"I do not know the time zone {said.strip()!r}. Name a city or a zone, such as Berlin or UTC."
    )
    return Mention("time_zone", match.start(), match.end(), zone, problem)
