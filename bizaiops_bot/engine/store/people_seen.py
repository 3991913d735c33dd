"""People of chat platforms as they were recognised, so that they are the same ones after a restart."""

from __future__ import annotations

import json
import secrets
from datetime import datetime

import sqlalchemy as sa

from bizaiops_bot.domain.identity import Identity
from bizaiops_bot.domain.recognition import Seen
from bizaiops_bot.engine.store import tables as t

_s = t.people_seen.c
_FLAG = "people"
_EDITION = sa.select(t.flags.c.value).where(t.flags.c.name == _FLAG)
_SAME = ("workspace", "name", "email", "subject", "standing")


def edition(conn: sa.Connection) -> str:
    """Another word after every change of the people: whoever keeps them in memory reads them again."""
    return str(conn.execute(_EDITION).scalar() or "")


def read_all(conn: sa.Connection) -> list[Seen]:
    """Those who were seen last come first."""
    return [_seen(row) for row in conn.execute(sa.select(t.people_seen).order_by(_s.at.desc(), _s.user)).mappings()]


def known_as(conn: sa.Connection, person: str, platform: str) -> list[Seen]:
    """The members of the platform that were recognised as this person; who was seen last comes first."""
    theirs = sa.select(t.people_seen).where(_s.person == person, _s.platform == platform, _s.standing == "member")
    return [_seen(row) for row in conn.execute(theirs.order_by(_s.at.desc(), _s.user)).mappings()]


def put(conn: sa.Connection, seen: Seen, now: datetime) -> None:
    identity = seen.identity
    values = {name: getattr(identity, name) for name in _SAME}
    values |= {"person": seen.person, "tie": seen.tie, "groups": json.dumps(identity.groups), "at": t.iso(now)}
    here = sa.and_(_s.platform == identity.platform, _s.user == identity.user)
    if conn.execute(sa.update(t.people_seen).where(here).values(values)).rowcount == 0:
        values |= {"platform": identity.platform, "user": identity.user}
        conn.execute(sa.insert(t.people_seen).values(values))
    _changed(conn)


def taken(conn: sa.Connection) -> set[str]:
    """Ids that somebody has or had, as the audit knows it."""
    found = sa.union(sa.select(_s.person), sa.select(t.pseudonyms.c.person))
    return {str(person) for person in conn.execute(found).scalars()}


def erase(conn: sa.Connection, person: str) -> int:
    """Deletes what is kept of the person's accounts; how many there were."""
    gone = conn.execute(sa.delete(t.people_seen).where(_s.person == person)).rowcount
    if gone:
        conn.execute(sa.delete(t.places).where(t.places.c.title == f"@{person}"))
        _changed(conn)
    return gone


def _changed(conn: sa.Connection) -> None:
    word = secrets.token_hex(8)
    if conn.execute(sa.update(t.flags).where(t.flags.c.name == _FLAG).values(value=word)).rowcount == 0:
        conn.execute(sa.insert(t.flags).values(name=_FLAG, value=word))


def _seen(row: sa.RowMapping) -> Seen:
    same = {name: row[name] for name in (*_SAME, "platform", "user")}
    identity = Identity.model_validate({**same, "groups": json.loads(row["groups"])})
    return Seen(identity=identity, person=row["person"], tie=row["tie"])
