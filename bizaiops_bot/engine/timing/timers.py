"""What begins, ends or is said at a set moment, as rows: ended, not deleted; the same key sets nothing twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.timers import Freeze, Timer, TimerKind
from bizaiops_bot.engine.policy.windows import FreezeWindow, Weekly
from bizaiops_bot.engine.store import tables as t

AGAIN = timedelta(minutes=1)
"""Between two tries of what could not be done at its moment."""
_c = t.timers.c
# Every request asks whether changes are frozen: the statement is built once.
_OPEN = sa.select(t.timers).where(_c.ended.is_(None)).order_by(_c.begins, _c.id)
_OPEN_FREEZES = _OPEN.where(_c.kind == "freeze")
_NAMES = ("id", "kind", "model", "begins", "ends", "time_zone", "text", "owner", "person", "conversation", "at")


def add(conn: sa.Connection, key: str, kind: TimerKind, *, next_at: datetime | None, **values: Any) -> Timer:
    """Begins to hold; with a known key what that has set already. values: the fields of a Timer, times as such."""
    known = conn.execute(sa.select(t.timers).where(_c.key == key)).mappings().first()
    if known is not None:
        return timer(known)
    row = {name: t.iso(value) if isinstance(value, datetime) else value for name, value in values.items()}
    row |= {"weekly": None if row.get("weekly") is None else json.dumps(row["weekly"])}
    row |= {"key": key, "kind": kind, "next_at": None if next_at is None else t.iso(next_at)}
    number = conn.execute(sa.insert(t.timers).values(row)).inserted_primary_key
    assert number is not None
    return timer(conn.execute(sa.select(t.timers).where(_c.id == number[0])).mappings().one())


def known(conn: sa.Connection, key: str) -> Timer | None:
    """What the key has set already."""
    row = conn.execute(sa.select(t.timers).where(_c.key == key)).mappings().first()
    return None if row is None else timer(row)


def not_over(conn: sa.Connection, kind: TimerKind, model: str | None = None) -> list[Timer]:
    """Those that nobody has ended, the one that begins first first. model: None for all."""
    query = _OPEN.where(_c.kind == kind)
    found = conn.execute(query if model is None else query.where(_c.model == model)).mappings()
    return [timer(row) for row in found]


def due(conn: sa.Connection, now: datetime) -> list[Timer]:
    """Those that have to be looked at by now, in the order of their moments."""
    query = sa.select(t.timers).where(_c.ended.is_(None), _c.next_at <= t.iso(now)).order_by(_c.next_at, _c.id)
    return [timer(row) for row in conn.execute(query).mappings()]


def soonest(conn: sa.Connection) -> datetime | None:
    """When the next one has to be looked at."""
    found = conn.execute(sa.select(sa.func.min(_c.next_at)).where(_c.ended.is_(None))).scalar()
    return None if found is None else datetime.fromisoformat(found)


def end(conn: sa.Connection, numbers: Sequence[int], by: str, now: datetime) -> None:
    """Nothing comes of them any more."""
    if numbers:
        over = {"ended": t.iso(now), "ended_by": by, "next_at": None}
        conn.execute(sa.update(t.timers).where(_c.id.in_(numbers), _c.ended.is_(None)).values(over))


def change(conn: sa.Connection, number: int, **times: datetime | None) -> None:
    """times: `ends`, `next_at`."""
    values = {name: None if value is None else t.iso(value) for name, value in times.items()}
    conn.execute(sa.update(t.timers).where(_c.id == number, _c.ended.is_(None)).values(values))


def freezes(conn: sa.Connection, now: datetime) -> list[Freeze]:
    """What people froze and nobody has ended: those that hold and those to come, the one that begins first first."""
    found = [as_freeze(timer(row), now) for row in conn.execute(_OPEN_FREEZES).mappings()]
    return [freeze for freeze in found if freeze.ends is None or now < freeze.ends]


def as_freeze(made: Timer, now: datetime) -> Freeze:
    """As it stands at `now`: of what comes every week the time that holds, else the next one."""
    begins, ends, weekly = made.begins, made.ends, ""
    if made.weekly is not None:
        begins, ends = window_of(made.weekly, made.time_zone).next_time(now)
        weekly = " to ".join(made.weekly)
    return Freeze(
        timer=made.id,
        by=made.owner,
        why=made.text,
        model=made.model,
        begins=begins,
        ends=ends,
        weekly=weekly,
        time_zone=made.time_zone,
        holds=begins <= now and (ends is None or now < ends),
    )


def window_of(weekly: tuple[str, str], time_zone: str) -> FreezeWindow:
    """The calendar's arithmetic for what people set by hand. Raises ValueError for what is no time of the week."""
    every = Weekly.model_validate({"from": weekly[0], "to": weekly[1]})
    return FreezeWindow(name="by_hand", why="set by hand", time_zone=time_zone, weekly=every)


def timer(row: sa.RowMapping) -> Timer:
    weekly = None if row["weekly"] is None else json.loads(row["weekly"])
    return Timer.model_validate({**{k: row[k] for k in _NAMES}, "weekly": weekly, "run": row["run_id"]})
