"""The steps of a run as people see them. A step's state only moves forward, which the database itself holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bizaiops_bot.domain.cards import StepLine
from bizaiops_bot.domain.plan import Plan
from bizaiops_bot.engine.store import tables as t

_s = t.steps.c
_RUN: sa.BindParameter[Any] = sa.bindparam("of_run")

# Statements of every step and every card are built once: building them anew costs more than the database does.
_OF = sa.select(t.steps).where(_s.run_id == _RUN).order_by(_s.n)
_OPEN = (_s.run_id == _RUN, _s.ended.is_(None))


def _put(new: Any) -> Any:
    """An insert that moves the step when it is there already: never back from its end, but for another attempt."""
    kept = {"started": sa.func.coalesce(_s.started, new.excluded.started)}
    changed = {name: new.excluded[name] for name in ("status", "detail", "ended", "attempt")}
    same, later = new.excluded.attempt == _s.attempt, new.excluded.attempt > _s.attempt
    return new.on_conflict_do_update(
        index_elements=["run_id", "n"], set_=changed | kept, where=sa.or_(later, sa.and_(same, _s.ended.is_(None)))
    )


_PUT = {"sqlite": _put(sqlite.insert(t.steps)), "postgresql": _put(postgresql.insert(t.steps))}
# What only waited was not needed; what was at work when its run ended did not come to its end.
_CLOSE = sa.update(t.steps).where(*_OPEN)
_CLOSE = _CLOSE.values(
    status=sa.case((_s.status == "waiting", "skipped"), else_="failed"),
    detail=sa.case((_s.status == "waiting", sa.bindparam("unneeded")), else_=sa.bindparam("stopped")),
    ended=sa.bindparam("at"),
)


def put(
    conn: sa.Connection,
    number: int,
    n: int,
    name: str,
    status: str,
    *,
    detail: str = "",
    started: datetime | None = None,
    ended: datetime | None = None,
    attempt: int = 1,
) -> None:
    """Writes the state of one step; its name and a start time once written stay.

    A step that has ended stays as it ended, whatever is written later: only a higher `attempt` begins it again.
    """
    values = {
        "run_id": number,
        "n": n,
        "name": name,
        "status": status,
        "detail": detail,
        "attempt": attempt,
        "started": None if started is None else t.iso(started),
        "ended": None if ended is None else t.iso(ended),
    }
    conn.execute(_PUT[conn.dialect.name], values)


def settle(conn: sa.Connection, number: int, name: str, status: str, *, detail: str, now: datetime) -> None:
    """Ends the open step with this name, if there is one."""
    change = sa.update(t.steps).where(*_OPEN, _s.name == sa.bindparam("called"))
    values = {"status": status, "detail": detail, "ended": t.iso(now)}
    conn.execute(change.values(values), {"of_run": number, "called": name})


def close(conn: sa.Connection, number: int, status: str, *, now: datetime) -> None:
    """The run has ended as `status`: nothing of it waits or is at work any more."""
    words = {"unneeded": f"not needed: the run is {status}", "stopped": f"not finished: the run is {status}"}
    conn.execute(_CLOSE, {"of_run": number, "at": t.iso(now), **words})


def of(conn: sa.Connection, number: int, plan: Plan, *, finished: bool) -> tuple[StepLine, ...]:
    """In the order in which things happen: what was undone stands after what it undoes. Steps not begun are the
    plan's.
    """
    by_n = {int(row["n"]): row for row in conn.execute(_OF, {"of_run": number}).mappings()}
    begun, to_come, beside = [], [], []
    for n, planned in enumerate(plan.steps, start=1):
        row = by_n.pop(n, None)
        if planned.kind == "undo":
            beside += [] if row is None else [row]
        elif row is not None:
            begun.append(_line(row))
        else:
            to_come.append(StepLine(name=planned.name, status="skipped" if finished else "planned", detail=""))
    # Of two undo steps that began at once the inner one came first, and what was asked about them came after them.
    undone = sorted(beside, key=lambda row: (row["started"] or "", -int(row["n"])))
    asked = sorted(by_n.values(), key=lambda row: int(row["n"]))
    after = sorted([*undone, *asked], key=lambda row: row["started"] or "")
    return (*begun, *map(_line, after), *to_come)


def _line(row: sa.RowMapping) -> StepLine:
    return StepLine.model_validate({k: row[k] for k in ("name", "status", "detail", "started", "ended")})
