"""What a run has read and done, in order: a run that is taken up again meets the same results."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bizaiops_bot.domain.errors import Conflict
from bizaiops_bot.engine.store import tables as t

VERSION = 1
"""Of the JSON in `output`."""

# Built once: building them anew costs more than the database does.
_ADD = sa.insert(t.journal)
_LOAD = sa.select(t.journal.c.name, t.journal.c.output, t.journal.c.version).order_by(t.journal.c.n)
_LOAD = _LOAD.where(t.journal.c.run_id == sa.bindparam("run"), t.journal.c.edition == sa.bindparam("edition"))


@dataclass(frozen=True)
class Entry:
    """One result. `output` is JSON text, never pickle."""

    name: str
    output: str


class Journal:
    """The record of one run and edition. Results are taken up in the order they were made."""

    def __init__(self, number: int, edition: int, entries: list[Entry]) -> None:
        self._number, self._edition, self._entries = number, edition, entries
        self._at = 0
        self._stored = len(entries)

    @classmethod
    def load(cls, conn: sa.Connection, number: int, edition: int) -> Journal:
        """Raises Conflict for a record in a newer spelling than this bot reads."""
        entries = []
        for name, output, version in conn.execute(_LOAD, {"run": number, "edition": edition}):
            if version > VERSION:
                raise Conflict(
                    f"Run {number} was carried on by a newer bot.",
                    f"Its record has version {version}, this bot reads up to {VERSION}.",
                    "Start the newer version again.",
                )
            entries.append(Entry(name, output))
        return cls(number, edition, entries)

    def recall(self, name: str) -> str | None:
        """The recorded result at this place, None at the end of the record.

        Raises Conflict when another result is recorded here: the playbook's code is not what it was.
        """
        if self._at >= len(self._entries):
            return None
        entry = self._entries[self._at]
        if entry.name != name:
            raise Conflict(
                f"Run {self._number} cannot go on: its playbook has changed.",
                f"At place {self._at + 1} it did {entry.name!r}, and the code now asks for {name!r}.",
                'New steps belong under `if run.patched("..."):`, so that runs under way finish as they began.',
            )
        self._at += 1
        return entry.output

    def add(self, name: str, output: str) -> None:
        """Notes a result; `store` makes it durable, with those noted before it."""
        self._entries.append(Entry(name, output))
        self._at += 1

    def recalls(self, name: str) -> bool:
        """Whether the result at this place is recorded, without taking it up."""
        return self._at < len(self._entries) and self._entries[self._at].name == name

    @property
    def unstored(self) -> bool:
        """Whether something was noted that is not durable."""
        return self._stored < len(self._entries)

    def store(self, conn: sa.Connection, now: datetime) -> int:
        """Writes what is not durable, in the caller's transaction; say `stored` with the result once that has
        committed.
        """
        rows = [
            {
                "run_id": self._number,
                "edition": self._edition,
                "n": n,
                "name": entry.name,
                "output": entry.output,
                "version": VERSION,
                "at": t.iso(now),
            }
            for n, entry in enumerate(self._entries[self._stored :], start=self._stored + 1)
        ]
        if rows:
            conn.execute(_ADD, rows)
        return len(self._entries)

    def stored(self, count: int) -> None:
        """What `store` gave is durable."""
        self._stored = count
