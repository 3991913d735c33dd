"""Delegated approvals: an approver lets someone decide for him until a moment he names. Rows are ended, not deleted."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from bizaiops_bot.domain.errors import BadInput, Conflict
from bizaiops_bot.domain.records import Delegation
from bizaiops_bot.domain.values import spoken_duration
from bizaiops_bot.engine import tables as t

DEFAULT = timedelta(hours=24)
LONGEST = timedelta(days=30)


def add(conn: sa.Connection, owner: str, delegate: str, *, now: datetime, until: datetime | None) -> Delegation:
    """Lets `delegate` decide for `owner`; one that holds already gets the new end. until: default 24 h from now.

    Raises BadInput for oneself, an end that is not in the future, or one more than 30 days away.
    """
    if owner == delegate:
        raise BadInput("You cannot delegate to yourself.", do="Name somebody else.")
    end = until or now + DEFAULT
    if end <= now:
        raise BadInput(f"{end:%-d %b %H:%M} UTC has passed.", "Nothing was delegated.", "Say for example: for 3 days.")
    if end - now > LONGEST:
        raise BadInput(f"{spoken_duration((end - now).total_seconds())} is too long.", "At most 30 days.")
    for known in active(conn, now=now, owner=owner):
        if known.delegate == delegate:
            conn.execute(sa.update(t.delegations).where(t.delegations.c.id == known.id).values(until=t.iso(end)))
            return known.model_copy(update={"until": end})
    values = {"owner": owner, "delegate": delegate, "at": t.iso(now), "until": t.iso(end)}
    key = conn.execute(sa.insert(t.delegations).values(values)).inserted_primary_key
    assert key is not None
    return Delegation(id=int(key[0]), owner=owner, delegate=delegate, at=now, until=end)


def end(conn: sa.Connection, owner: str, delegate: str | None, *, now: datetime) -> list[Delegation]:
    """Takes back what `owner` delegated, to everybody when `delegate` is None. Raises Conflict when it is nothing."""
    ended = [d for d in active(conn, now=now, owner=owner) if delegate in (None, d.delegate)]
    if not ended:
        to = f" to {delegate}" if delegate else ""
        raise Conflict(f"You have delegated nothing{to}.", do="Say `approvals` to see who decides for whom.")
    ids = [d.id for d in ended]
    conn.execute(sa.update(t.delegations).where(t.delegations.c.id.in_(ids)).values(ended=t.iso(now)))
    return ended


def active(conn: sa.Connection, *, now: datetime, owner: str | None = None) -> list[Delegation]:
    """Those that hold now, oldest first."""
    table = t.delegations
    query = sa.select(table).where(table.c.ended.is_(None), table.c.until > t.iso(now)).order_by(table.c.id)
    if owner is not None:
        query = query.where(table.c.owner == owner)
    names = ("id", "owner", "delegate", "at", "until")
    return [Delegation.model_validate({k: row[k] for k in names}) for row in conn.execute(query).mappings()]


def active_for(conn: sa.Connection, delegate: str, now: datetime) -> list[str]:
    """Those who let `delegate` decide for them now. What they may do themselves is for policy to say."""
    return [d.owner for d in active(conn, now=now) if d.delegate == delegate]
