"""Checks the audit of one bot, of a stopped one too: its entries, and the heads in the database and the data folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.engine.audit import examples, export, pseudonyms, signed_heads, signing_keys, trail
from bizaiops_bot.engine.audit.chain import Row, rows
from bizaiops_bot.engine.audit.export import Export
from bizaiops_bot.engine.audit.report import Evidence, Report, examine
from bizaiops_bot.engine.store import people_seen
from bizaiops_bot.engine.store import tables as t

Watch = Callable[[Iterable[Row], int], Iterable[Row]]
"""Passes entries on, of which there are so many: to show people how far it is."""
OPERATOR = "command line"


def unwatched(found: Iterable[Row], _total: int) -> Iterable[Row]:
    return found


def check(
    conn: sa.Connection,
    folder: Path,
    keys: Collection[str],
    *,
    alone: bool,
    watch: Watch = unwatched,
    key: Path | None = None,
) -> Report:
    """Everything about the audit in the database. keys: ids that count besides that of the folder's own key.

    key: a file with the bot's key, None for the folder's own.

    alone: no other bot signs this log. The file is read before the database, and heads before entries: what a bot
    that is running adds meanwhile is then no contradiction. Raises Permanent when the folder's key cannot be used.
    """
    own = signing_keys.load(folder, key)
    elsewhere, damaged = signed_heads.in_file(folder)
    trusted = frozenset({*keys, *([own.id] if own else [])})
    evidence = Evidence(signed_heads.stored(conn), elsewhere, trusted, alone, damaged)
    total = conn.execute(sa.select(sa.func.count()).select_from(t.audit)).scalar() or 0
    return examine(watch(rows(conn), total), evidence)


def check_file(export: Export, keys: Collection[str], *, watch: Watch = unwatched) -> tuple[Report, list[str]]:
    """(the same about an export, ids of the keys that counted). Without `keys` those that the file names count."""
    header = export.header
    trusted = frozenset(keys or map(signing_keys.key_id, header.own))
    evidence = Evidence(header.heads, [], trusted, alone=False, damaged=export.damaged)
    report = examine(watch(_all_of(export), header.last), evidence)
    return report, sorted(trusted)


def write_export(conn: sa.Connection, folder: Path, file: Path, *, with_people: bool, key: Path | None = None) -> int:
    """The number of entries. key: as of `check`. Raises BadInput when the file exists or cannot be written, Permanent
    as `check`.
    """
    own = signing_keys.load(folder, key)
    elsewhere, _ = signed_heads.in_file(folder)
    heads = list(dict.fromkeys([*signed_heads.stored(conn), *elsewhere]))
    header = export.gather(conn, heads, [own.public] if own else [], with_people=with_people)
    return export.write(conn, file, header, datetime.now(UTC))


def forget(conn: sa.Connection, person: str, now: datetime) -> str | None:
    """Deletes the person from the map of pseudonyms, with their examples and what is kept of their accounts on chat
    platforms, and notes it without a name.

    Returns the pseudonym, None if they had none.

    now: real time; the entry has that of the newest one where the bot's own clock is ahead of it.
    """
    pseudonym = pseudonyms.forget(conn, person)
    people_seen.erase(conn, person)
    if pseudonym is not None:
        newest = conn.execute(sa.select(t.audit.c.at).order_by(t.audit.c.seq.desc()).limit(1)).scalar()
        at = now if newest is None else max(now, datetime.fromisoformat(newest))
        examples.erase(conn, pseudonym)
        trail.append(conn, at=at, actor=OPERATOR, kind="forget", subject=pseudonym, real_time=t.iso(now))
    return pseudonym


def key_ids(given: Iterable[str]) -> list[str]:
    """Ids of keys as people give them: 16 hexadecimal digits, or the 64 of a whole public key. Raises BadInput."""
    found = []
    for text in given:
        low = text.strip().lower()
        if not re.fullmatch(r"[0-9a-f]{16}|[0-9a-f]{64}", low):
            raise BadInput(f"{text!r} is not the id of a key.", "It has 16 hexadecimal digits.")
        found.append(low if len(low) == 16 else signing_keys.key_id(low))
    return found


def _all_of(export: Export) -> Iterable[Row]:
    """The entries of the file; one that ends too early is damaged."""
    last = 0
    for row in export.rows():
        last = row[0]
        yield row
    if last < export.header.last:
        export.damaged.append(f"the file ends at entry {last:,}, and was written with {export.header.last:,}")
