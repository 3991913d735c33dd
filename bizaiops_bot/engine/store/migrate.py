"""Brings the tables of an older bot up to this one's, in one transaction, and refuses those of a newer one."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import sqlalchemy as sa

from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.domain.records import FINISHED
from bizaiops_bot.engine.store.databases import Database
from bizaiops_bot.engine.store.tables import audit, flags, iso, metadata, runs, steps, timers

SCHEMA = 12
"""Raised with every change of the tables."""
_FROZEN = re.compile(r"frozen by (\S+) at .*? UTC(?: because of (.*))?", re.DOTALL)


def bring_up_to_date(database: Database, where: str) -> None:
    """Creates what is missing. Raises Permanent for tables of a newer bot, which are left as they are.

    where: the place in words, for the error.
    """
    with database.engine.begin() as conn:
        database.begin_write(conn)
        _take_time(conn)
        found = _version(conn)
        if found is not None and found > SCHEMA:
            raise Permanent(
                f"{where} was made by another version of the bot.",
                f"Its schema is {found}, this version reads up to {SCHEMA}. Nothing was changed.",
                "Start the newer version, or give another place: --data DIR",
            )
        if found == SCHEMA:
            return
        _convert(conn)
        if found is not None:
            _end_steps(conn)
            _keep_freeze(conn)
        _stamp(conn)


def _take_time(conn: sa.Connection) -> None:
    """Making forty tables on a busy machine has longer pauses than a worker at work may have."""
    if conn.dialect.name != "sqlite":
        conn.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = '60s'")


def _version(conn: sa.Connection) -> int | None:
    """None for an empty database."""
    if conn.dialect.name == "sqlite":
        known = int(conn.exec_driver_sql("PRAGMA user_version").scalar_one())
        return known or None
    if not sa.inspect(conn).has_table("schema_version"):
        return None
    return int(conn.exec_driver_sql("SELECT version FROM schema_version").scalar_one())


def _stamp(conn: sa.Connection) -> None:
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql(f"PRAGMA user_version={SCHEMA}")
        return
    conn.exec_driver_sql("CREATE TABLE IF NOT EXISTS schema_version (version integer NOT NULL)")
    conn.exec_driver_sql("DELETE FROM schema_version")
    conn.exec_driver_sql(f"INSERT INTO schema_version VALUES ({SCHEMA})")


def _convert(conn: sa.Connection) -> None:
    """New tables are made, new columns added; a table whose key has changed is made anew with its rows."""
    looked = sa.inspect(conn)
    there = set(looked.get_table_names())
    for table in metadata.sorted_tables:
        if table.name not in there:
            table.create(conn)
            continue
        columns = {c["name"] for c in looked.get_columns(table.name)}
        if set(looked.get_pk_constraint(table.name)["constrained_columns"]) != {c.name for c in table.primary_key}:
            _remake(conn, table, columns)
        else:
            _add_columns(conn, table, columns)


def _remake(conn: sa.Connection, table: sa.Table, columns: set[str]) -> None:
    for index in sa.inspect(conn).get_indexes(table.name):
        conn.exec_driver_sql(f'DROP INDEX "{index["name"]}"')
    conn.exec_driver_sql(f'ALTER TABLE "{table.name}" RENAME TO "{table.name}_before"')
    table.create(conn)
    both = ", ".join(f'"{c.name}"' for c in table.columns if c.name in columns)
    conn.exec_driver_sql(f'INSERT INTO "{table.name}" ({both}) SELECT {both} FROM "{table.name}_before"')
    conn.exec_driver_sql(f'DROP TABLE "{table.name}_before"')


def _add_columns(conn: sa.Connection, table: sa.Table, columns: set[str]) -> None:
    for column in table.columns:
        if column.name not in columns:
            definition = sa.schema.CreateColumn(column).compile(dialect=conn.dialect)
            conn.exec_driver_sql(f'ALTER TABLE "{table.name}" ADD COLUMN {definition}')
    known = {index["name"] for index in sa.inspect(conn).get_indexes(table.name)}
    for index in table.indexes:
        if index.name not in known:
            index.create(conn)


def _end_steps(conn: sa.Connection) -> None:
    """Up to schema 5 a step could be left open by a run that had ended."""
    for status, told in (("succeeded", "done"), *((ended, "skipped") for ended in sorted(FINISHED - {"succeeded"}))):
        of_such = sa.select(runs.c.id).where(runs.c.status == status)
        left = sa.update(steps).where(steps.c.ended.is_(None), steps.c.run_id.in_(of_such))
        conn.execute(left.values(status=told))


def _keep_freeze(conn: sa.Connection) -> None:
    """Up to schema 8 a freeze was a sentence: "frozen by lead at 4 Mar 08:00 UTC because of the audit"."""
    known = conn.execute(sa.select(flags.c.value).where(flags.c.name == "frozen")).scalar()
    if known is None:
        return
    said = _FROZEN.fullmatch(known)
    begun = conn.execute(sa.select(sa.func.max(audit.c.at)).where(audit.c.kind == "freeze")).scalar()
    since = begun or iso(datetime(2000, 1, 1, tzinfo=UTC))  # whatever the bot's clock shows, it holds already
    kept = {"owner": said[1], "text": said[2] or ""} if said else {"owner": "somebody", "text": known}
    more = {"key": "kept", "kind": "freeze", "begins": since, "time_zone": "UTC", "conversation": "", "at": since}
    conn.execute(sa.insert(timers).values(**kept, **more))
    conn.execute(sa.delete(flags).where(flags.c.name == "frozen"))
