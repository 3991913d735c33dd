"""Which company holds, for workers that each read their own copy of its folder."""

from __future__ import annotations

import sqlalchemy as sa

from bizaiops_bot.domain.values import Value
from bizaiops_bot.engine.store import tables as t

_FLAG = "company"
_READ = sa.select(t.flags.c.value).where(t.flags.c.name == _FLAG)


class Edition(Value):
    """number: how often it has changed since the database began. digest: of the folder at the last time, "" before."""

    number: int = 0
    digest: str = ""


def current(conn: sa.Connection) -> Edition:
    """The last that was put in place, by whichever worker."""
    known = conn.execute(_READ).scalar()
    return Edition() if known is None else Edition.model_validate_json(known)


def started_with(conn: sa.Connection, digest: str) -> Edition:
    """The edition of a worker that starts: the last one where its folder is the same, else the next, so that those with
    another folder tell it.
    """
    known = current(conn)
    return known if known.digest == digest else reloaded(conn, digest)


def reloaded(conn: sa.Connection, digest: str) -> Edition:
    """Enters the next one, in the caller's transaction."""
    made = Edition(number=current(conn).number + 1, digest=digest)
    value = made.model_dump_json()
    if conn.execute(sa.update(t.flags).where(t.flags.c.name == _FLAG).values(value=value)).rowcount == 0:
        conn.execute(sa.insert(t.flags).values(name=_FLAG, value=value))
    return made
