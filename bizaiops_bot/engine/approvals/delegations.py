"""Delegated approvals: an approver lets someone decide for him until a moment he names. Rows are ended, not deleted."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from bizaiops_bot.domain.errors import BadInput, Conflict
from bizaiops_bot.domain.records import Delegation
from bizaiops_bot.domain.values import spoken_duration
from bizaiops_bot.engine.store import tables as t

DEFAULT = timedelta(hours=24)
LONGEST = timedelta(days=30)
LATEST = timedelta(days=366)
"""How far ahead one may begin."""


def add(
    conn: sa.Connection,
    owner: str,
    delegate: str,
    *,
    now: datetime,
    until: datetime | None,
    begins: datetime | None = None,
) -> Delegation:
    """Lets `delegate` decide for `owner`; one that holds already gets the new end.

    until: default 24 h from the begin. begins: None for at once. Raises BadInput for oneself, an end that is not in the
    future or not behind the begin, a span of more than 30 days, or a begin more than a year away.
    """
    if owner == delegate:
        raise BadInput("You cannot delegate to yourself.", do="Name somebody else.")
    first = None if begins is None or begins <= now else begins
    end = until or (first or now) + DEFAULT
    _refuse_span(now, first, end)
    for known in _find(conn, owner=owner, now=now):
        if known.delegate == delegate and (known.begins, first) in ((None, None), (first, known.begins)):
            conn.execute(sa.update(t.delegations).where(t.delegations.c.id == known.id).values(until=t.iso(end)))
            return known.model_copy(update={"until": end})
    values = {
        "owner": owner,
        "delegate": delegate,
        "at": t.iso(now),
        "until": t.iso(end),
        "begins": None if first is None else t.iso(first),
    }
    key = conn.execute(sa.insert(t.delegations).values(values)).inserted_primary_key
    assert key is not None
    return Delegation(id=int(key[0]), owner=owner, delegate=delegate, at=now, until=end, begins=first)


def _refuse_span(now: datetime, first: datetime | None, end: datetime) -> None:
    if end <= now:
        raise BadInput(f"{end:%-d %b %H:%M} UTC has passed.", "Nothing was delegated.", "Say for example: for 3 days.")
    if first is not None and end <= first:
        raise BadInput("It would end before it begins.", "Nothing was delegated.", "Say for example: for 3 days.")
    if first is not None and first - now > LATEST:
        raise BadInput("That is more than a year away.", "Nothing was delegated.")
    span = end - (first or now)
    if span > LONGEST:
        raise BadInput(f"{spoken_duration(span.total_seconds())} is too long.", "At most 30 days.")


def end(conn: sa.Connection, owner: str, delegate: str | None, *, now: datetime) -> list[Delegation]:
    """Takes back what `owner` delegated, to everybody when `delegate` is None. Raises Conflict when it is nothing."""
    ended = [d for d in _find(conn, now=now, owner=owner) if delegate in (None, d.delegate)]
    if not ended:
        to = f" to {delegate}" if delegate else ""
        raise Conflict(f"You have delegated nothing{to}.", do="Say `approvals` to see who decides for whom.")
    ids = [d.id for d in ended]
    conn.execute(sa.update(t.delegations).where(t.delegations.c.id.in_(ids)).values(ended=t.iso(now)))
    return ended


def active(conn: sa.Connection, *, now: datetime, owner: str | None = None) -> list[Delegation]:
    """Those that hold now, oldest first."""
    return [d for d in _find(conn, now=now, owner=owner) if d.begins is None or d.begins <= now]


def not_over(conn: sa.Connection, now: datetime) -> list[Delegation]:
    """Those that hold now, and those that begin later."""
    return _find(conn, now=now)


def _find(conn: sa.Connection, *, now: datetime, owner: str | None = None) -> list[Delegation]:
    table = t.delegations
    query = sa.select(table).where(table.c.ended.is_(None), table.c.until > t.iso(now)).order_by(table.c.id)
    if owner is not None:
        query = query.where(table.c.owner == owner)
    names = ("id", "owner", "delegate", "at", "until", "begins")
    return [Delegation.model_validate({k: row[k] for k in names}) for row in conn.execute(query).mappings()]


def active_for(conn: sa.Connection, delegate: str, now: datetime) -> list[str]:
    """Those who let `delegate` decide for them now. What they may do themselves is for policy to say."""
    return [d.owner for d in active(conn, now=now) if d.delegate == delegate]
