"""People in the audit: entries carry a random pseudonym, a separate map says who it is, and the map can forget.

Nothing is cached that must be true: who has which pseudonym is read in the transaction that writes the entry, so a
rolled-back one, another worker and `forget` need no care.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from bizaiops_bot.engine import tables as t

# \n and the like are not letters: "\nlead" in JSON is a new line and then "lead".
_WORD = re.compile(r"\\(?:[\"\\/bfnrt]|u[0-9a-f]{4})|(\w+)")
_PSEUDONYM = re.compile(r"(?<!\w)p-[a-z2-7]{12}(?!\w)")
PAGE = 500
"""Names looked up in one statement; databases limit how many they take."""


@dataclass
class _People:
    """The people of one database: those who open it say who there is, the map knows who there was."""

    living: Collection[str] = ()
    met: set[str] = field(default_factory=set)
    _seen: frozenset[str] = frozenset()
    _first: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def beginning(self) -> dict[str, tuple[str, ...]]:
        """The ids by their first word, "anna" for "anna.b", following changes of `living` and `met`."""
        now = self.met.union(self.living)
        if now != self._seen:
            first: dict[str, list[str]] = {}
            for person in now:
                for word in re.findall(r"\w+", person)[:1]:
                    first.setdefault(word, []).append(person)
            self._seen, self._first = frozenset(now), {word: tuple(ids) for word, ids in first.items()}
        return self._first


_databases: WeakKeyDictionary[sa.Dialect, _People] = WeakKeyDictionary()  # one dialect object an engine


def know(conn: sa.Connection, people: Collection[str]) -> None:
    """`people`: ids of everyone who may act in this database, looked at again with every entry; a live dict will do."""
    met = set(conn.execute(sa.select(t.pseudonyms.c.person)).scalars())
    _databases[conn.dialect] = _People(people, met)


def is_person(conn: sa.Connection, actor: str) -> bool:
    """Whether the map has or must have the actor; rules, schedules and the bot itself are nobody."""
    people = _databases.get(conn.dialect)
    return people is not None and (actor in people.living or actor in people.met)


def mentioned(conn: sa.Connection, text: str) -> set[str]:
    """The people whose ids may stand in `text`, which may be JSON; none is missing, one may be too many."""
    people = _databases.get(conn.dialect)
    if people is None:
        return set()
    first = people.beginning()
    words = first.keys() & set(_WORD.findall(text))
    return {person for word in words for person in first[word] if person in text}


def give(conn: sa.Connection, person: str) -> str:
    """A pseudonym for someone who has none, written in the caller's transaction."""
    pseudonym = f"p-{base64.b32encode(secrets.token_bytes(8)).decode().lower()[:12]}"
    conn.execute(sa.insert(t.pseudonyms).values(pseudonym=pseudonym, person=person))
    people = _databases.get(conn.dialect)
    if people is not None:
        people.met.add(person)
    return pseudonym


def forget(conn: sa.Connection, person: str) -> str | None:
    """Deletes the person from the map; the pseudonym that from here on means nobody, None if they had none."""
    found = pseudonym_of(conn, person)
    if found is not None:
        conn.execute(sa.delete(t.pseudonyms).where(t.pseudonyms.c.person == person))
    return found


def pseudonym_of(conn: sa.Connection, person: str) -> str | None:
    found = conn.execute(sa.select(t.pseudonyms.c.pseudonym).where(t.pseudonyms.c.person == person)).scalar()
    return None if found is None else str(found)


def names(conn: sa.Connection, among: Iterable[str] | None = None) -> dict[str, str]:
    """{pseudonym: person} of those in `among` whom the map still knows; None: of all."""
    query = sa.select(t.pseudonyms.c.pseudonym, t.pseudonyms.c.person)
    if among is None:
        return {str(row[0]): str(row[1]) for row in conn.execute(query)}
    wanted, found = sorted(among), {}
    for start in range(0, len(wanted), PAGE):
        page = query.where(t.pseudonyms.c.pseudonym.in_(wanted[start : start + PAGE]))
        found.update({str(row[0]): str(row[1]) for row in conn.execute(page)})
    return found


def within(text: str) -> set[str]:
    """Everything in `text` that is spelt like a pseudonym."""
    return set(_PSEUDONYM.findall(text)) if "p-" in text else set()


def named(text: str, people: dict[str, str]) -> str:
    """`text` with the people's ids for the pseudonyms in it; one whom `people` lacks stays as it is."""
    return _PSEUDONYM.sub(lambda m: people.get(m[0], m[0]), text)


def hider(pseudonyms: dict[str, str]) -> Callable[[str], str]:
    """Puts a pseudonym for each whole word of a text that is an id in {person: pseudonym}."""
    whole = _whole_words(frozenset(pseudonyms))
    return lambda text: whole.sub(lambda m: pseudonyms[m[0]], text)


@lru_cache(maxsize=256)
def _whole_words(ids: frozenset[str]) -> re.Pattern[str]:
    """Longest first, so that "anna.b" is not read as "anna"."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(i) for i in sorted(ids, key=len, reverse=True))})(?!\w)")
