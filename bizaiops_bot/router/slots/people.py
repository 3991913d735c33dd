"""People by id or by what others call them."""

from __future__ import annotations

import re
from functools import lru_cache

from bizaiops_bot.domain.routing import Catalogue
from bizaiops_bot.router.slots.mention import Mention, apart

_BEFORE = re.compile(r"\b(?:to|let|from|for|have|make|with|and|or)\s+@?$")
_BEHIND = re.compile(r"\s+(?:approves?|decides?|stands? in|covers?|takes? over|signs?)\b")
_DOES = re.compile(r"\b(?:let|have|make)\s+@?$")
_TO = re.compile(
    r"\b(?:delegat\w*|giv\w*|hand\w*|pass\w*|transfer\w*|assign\w*|grant\w*)\b.*\bto @?([a-z][\w.-]*)|"
    r"\b(?:let|have|make) @?([a-z][\w.-]*) (?:approve|decide)"
)
EVERYBODY = "everybody"
"""Stands for all who read in the conversation."""
_REMINDS = re.compile(r"\b(?:remind|ping|nudge)\s+@?$")
_EVERYBODY = re.compile(
    r"\b(?:remind|ping|nudge) (us|everyone|everybody|all|all of us|the (?:team|channel|others)|this channel)\b"
)
_REMINDED = re.compile(r"\bremind @?([a-z][\w.-]*)")
_NO_NAME = frozenset({"all", "our", "this", "myself", "at", "in", "on", "about", "to", "that", "of", "again", "next"})
_NOBODY = frozenset({"me", "us", "someone", "somebody", "anyone", "anybody", "everyone", "him", "her", "them", "the"})


def find(text: str, catalogue: Catalogue) -> list[Mention]:
    """People in lower-case `text`; of two who are called the same, both."""
    found = [
        Mention("person", m.start(), m.end(), person)
        for person in catalogue.people
        for name in (person, *catalogue.called.get(person, ()))
        for m in _words(name).finditer(text)
    ]
    found += [
        Mention("person", m.start(), m.end(), person)
        for person in catalogue.people
        for name in catalogue.called.get(person, ())
        if " " in name and (last := name.rsplit(" ", 1)[1]) in text
        for m in _surname(last).finditer(text)
        if m["led"] or m["acts"] is not None or m[0].strip() == text.strip()
    ]
    places = {(m.start, m.end) for m in apart(found)}
    return sorted({m for m in found if (m.start, m.end) in places}, key=lambda m: (m.start, m.value))


def takes_part(text: str, mention: Mention) -> bool:
    """Whether something is given to or taken from that person, or he is to decide; "as an analyst" names nobody."""
    return bool(_BEFORE.search(text[: mention.start]) or _BEHIND.match(text, mention.end))


def is_to_do(text: str, mention: Mention) -> bool:
    """Whether that person is to do what is asked for: "let lead deploy it"."""
    return bool(_DOES.search(text[: mention.start]))


def unknown(text: str) -> str:
    """The name in "delegate to kim" when nobody is called that; "" when none is said."""
    m = _TO.search(text)
    name = next((said for said in m.groups() if said), "") if m else ""
    return "" if name in _NOBODY else name


def reminded(text: str, found: list[Mention]) -> list[Mention]:
    """Those of `found` who are to be reminded: "remind sam to look", not "remind me to ask sam"."""
    told = [m for m in found if _REMINDS.search(text[: m.start])]
    everybody = _EVERYBODY.search(text)
    return told or ([Mention("reminded", everybody.start(1), everybody.end(1), EVERYBODY)] if everybody else [])


def reminded_unknown(text: str) -> str:
    """The name in "remind kim to look" when nobody is called that; "" when none is said."""
    m = _REMINDED.search(text)
    return "" if m is None or m[1] in _NOBODY or m[1] in _NO_NAME else m[1]


@lru_cache(maxsize=1024)
def _words(name: str) -> re.Pattern[str]:
    """ "sam lee" is also "@sam.lee" and "sam-lee"."""
    parts = r"[\s._-]".join(map(re.escape, name.split()))
    return re.compile(rf"(?<![\w.@-])@?(?:the )?{parts}(?![\w-]|@\w)")


@lru_cache(maxsize=1024)
def _surname(name: str) -> re.Pattern[str]:
    """Alone it may be a word ("day", "price"), so that it needs an address or somebody's act."""
    led = r"(?P<led>(?:mr|ms|mrs|dr)\.? |@|(?<=\bto )|(?<=\blet ))?"
    return re.compile(rf"(?<![\w.@-]){led}{re.escape(name)}(?![\w-]|@\w)(?P<acts>(?={_BEHIND.pattern}))?")
