"""People in the audit: entries carry a random pseudonym, a separate map says who it is, and the map can forget.

Nothing is cached that must be true: who has which pseudonym is read in the transaction that writes the entry, so a
rolled-back one, another worker and `forget` need no care.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from bizaiops_bot.domain.people import Actor
from bizaiops_bot.engine.store import tables as t

# \n and the like are not letters: "\nlead" in JSON is a new line and then "lead".
_WORD = re.compile(r"\\(?:[\"\\/bfnrt]|u[0-9a-f]{4})|(\w+)")
_SPELT = re.compile("p-[a-z2-7]{12}")
_PSEUDONYM = re.compile(rf"(?<!\w){_SPELT.pattern}(?!\w)")
NOBODY = frozenset({"directory", "escalation", "policy", "poster", "retention", "setup", "watch"})
"""Parts of the bot that act by themselves. Rules, schedules and the command line have a colon or a space in theirs."""
SOMEBODY = "somebody"
"""Stands for a name that several people have."""
PAGE = 500
"""Names looked up in one statement; databases limit how many they take."""


@dataclass
class _People:
    """The people of one database: those who open it say who there is, the map knows who there was."""

    living: Collection[str] = ()
    met: set[str] = field(default_factory=set)
    _seen: tuple[int, list[Any]] = (0, [])
    _first: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def beginning(self) -> dict[str, list[tuple[str, str]]]:
        """{first word of an id or name: [(the whole of it, whose it is)]}, following changes of `living` and `met`."""
        now = (len(self.met), list(self.living.values() if isinstance(self.living, Mapping) else self.living))
        if now != self._seen:
            first: dict[str, list[tuple[str, str]]] = {}
            for said, person in self._said().items():
                for word in re.findall(r"\w+", said)[:1]:
                    first.setdefault(word, []).append((said, person))
            self._seen, self._first = now, first
        return self._first

    def _said(self) -> dict[str, str]:
        """{id or name: person}; "" for a name that several have."""
        found: dict[str, str] = {}
        for person, actor in tuple(self.living.items()) if isinstance(self.living, Mapping) else ():
            for name in {actor.name, actor.name.partition(",")[0].strip()}:
                found[name] = person if found.get(name, person) == person else ""
        return found | {person: person for person in self.met.union(self.living)}


_databases: WeakKeyDictionary[sa.Dialect, _People] = WeakKeyDictionary()  # one dialect object an engine


def know(conn: sa.Connection, people: Mapping[str, Actor] | Collection[str]) -> None:
    """`people`: everyone who may act in this database, by their ids. Looked at again with every entry, so a live dict
    will do; with actors their names are known as well.
    """
    met = set(conn.execute(sa.select(t.pseudonyms.c.person)).scalars())
    _databases[conn.dialect] = _People(people, met)


def is_person(conn: sa.Connection, actor: str) -> bool:
    """Whether the map has or must have the actor: everyone but rules, schedules and the bot itself."""
    people = _databases.get(conn.dialect)
    if people is None:
        return False
    return actor in people.living or actor in people.met or not (actor in NOBODY or re.search("[: ]", actor))


def mentioned(conn: sa.Connection, text: str) -> dict[str, str]:
    """{id or name: person} of those that may stand in `text`, which may be JSON; none is missing, one may be too many.

    The person is "" for a name that several have.
    """
    people = _databases.get(conn.dialect)
    if people is None:
        return {}
    first = people.beginning()
    words = first.keys() & set(_WORD.findall(text))
    return {said: person for word in words for said, person in first[word] if said in text or _in_json(said) in text}


def give(conn: sa.Connection, person: str) -> str:
    """A pseudonym for someone who has none, written in the caller's transaction."""
    pseudonym = f"p-{base64.b32encode(secrets.token_bytes(8)).decode().lower()[:12]}"
    conn.execute(sa.insert(t.pseudonyms).values(pseudonym=pseudonym, person=person))
    people = _databases.get(conn.dialect)
    if people is not None:
        people.met.add(person)
    return pseudonym


def meet(conn: sa.Connection, person: str) -> None:
    """Makes somebody new known before anything is written about them in this transaction."""
    if pseudonym_of(conn, person) is None:
        give(conn, person)


def forget(conn: sa.Connection, person: str) -> str | None:
    """Deletes the person from the map; the pseudonym that from here on means nobody, None if they had none.

    SQLite overwrites the bytes in its file, once `settle` was called; PostgreSQL at its next vacuum.
    """
    found = pseudonym_of(conn, person)
    if found is not None:
        if conn.dialect.name == "sqlite":
            conn.exec_driver_sql("PRAGMA secure_delete=ON")
        conn.execute(sa.delete(t.pseudonyms).where(t.pseudonyms.c.person == person))
    return found


def settle(engine: sa.Engine) -> bool:
    """Empties SQLite's write-ahead log, where a forgotten name would stand a while longer.

    False while another process is reading: then it happens when that one's bot stops, at the latest.
    """
    if engine.dialect.name != "sqlite":
        return True
    raw: Any = engine.raw_connection()  # not within a transaction
    try:
        raw.execute("PRAGMA busy_timeout=1000")
        busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        raw.execute("PRAGMA busy_timeout=30000")
        return not busy
    finally:
        raw.close()


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
    """Everything in `text`, which may be JSON, spelt like a pseudonym; none is missing, some may be too many."""
    return set(_SPELT.findall(text)) if "p-" in text else set()


def named(text: str, people: dict[str, str]) -> str:
    """`text` with the people's ids for the pseudonyms in it; one whom `people` lacks stays as it is."""
    return _PSEUDONYM.sub(lambda m: people.get(m[0], m[0]), text)


def hider(pseudonyms: dict[str, str]) -> Callable[[str], str]:
    """Puts the pseudonym for each whole word or words of a text that are an id or name in {id or name: pseudonym}."""
    whole = _whole_words(frozenset(pseudonyms))
    return lambda text: whole.sub(lambda m: pseudonyms[m[0]], text)


def _in_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


@lru_cache(maxsize=256)
def _whole_words(ids: frozenset[str]) -> re.Pattern[str]:
    """Longest first, so that "anna.b" is not read as "anna"."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(i) for i in sorted(ids, key=len, reverse=True))})(?!\w)")
