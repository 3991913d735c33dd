"""Run rows: create, move on, read back as RunRecord."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.cards import Card, StepLine
from bizaiops_bot.domain.errors import Conflict, NotFound
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.plan import Plan
from bizaiops_bot.domain.records import FINISHED, DecisionRecord, RunRecord
from bizaiops_bot.engine import tables as t
from bizaiops_bot.engine.outbox import next_seq

_OPEN = ("waiting", "running")
AT_ONCE = ""  # sorts before every time


def create(
    conn: sa.Connection,
    plan: Plan,
    *,
    actor: Actor,
    conversation: str,
    thread: str,
    message: str | None,
    unattended: str | None,
    now: datetime,
    worker: str | None = None,
) -> tuple[int, bool]:
    """(run id, True), or (the id the same message already made, False). A new run is in its first segment at `worker`.

    Raises Conflict while another change of the model runs.
    """
    if message is not None:
        known = conn.execute(sa.select(t.runs.c.id).where(t.runs.c.message == message)).scalar()
        if known is not None:
            return int(known), False
    model = plan.inputs.get("model")
    if model is not None:
        refuse_second(conn, str(model))
    values = {
        "playbook": plan.playbook, "inputs": json.dumps(plan.inputs), "model": model, "actor": actor.model_dump_json(),
        "conversation": conversation, "thread": thread, "message": message,
        "status": "waiting" if plan.gates and unattended is None else "running",
        "plan": plan.canonical, "plan_hash": plan.hash, "unattended": unattended, "created": t.iso(now),
        "worker": worker, "segment": 1,
    }  # fmt: skip
    key = conn.execute(sa.insert(t.runs).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0]), True


def refuse_second(conn: sa.Connection, model: str) -> None:
    """One change of a model at a time. Raises Conflict naming the run that is on."""
    query = sa.select(t.runs.c.id, t.runs.c.playbook, t.runs.c.actor, t.runs.c.status).where(
        t.runs.c.model == model, t.runs.c.status.in_(_OPEN)
    )
    row = conn.execute(query).first()
    if row is not None:
        who = json.loads(row[2])["id"]
        state = "is waiting for approval" if row[3] == "waiting" else "is running"
        raise Conflict(
            f"Run {row[0]} ({row[1].replace('_', ' ')}, asked for by {who}) {state} for {model}.",
            "One change of a model runs at a time.",
            f"Say `show run {row[0]}`, or `cancel run {row[0]}` first.",
        )


def set_status(
    conn: sa.Connection,
    number: int,
    status: str,
    *,
    now: datetime,
    summary: str = "",
    error: str = "",
    result: Card | None = None,
    output: dict[str, Any] | None = None,
) -> bool:
    """Moves a run that is not finished; False when it already was."""
    values: dict[str, Any] = {"status": status}
    if status in FINISHED:
        values |= {"ended": t.iso(now), "summary": summary, "error": error, "worker": None, "wake_at": None}
        values["output"] = None if output is None else json.dumps(output)
        values["result"] = None if result is None else result.model_dump_json()
    done = conn.execute(sa.update(t.runs).where(t.runs.c.id == number, t.runs.c.status.in_(_OPEN)).values(values))
    return done.rowcount == 1


def ask_cancel(conn: sa.Connection, number: int) -> None:
    """Whoever carries the run out hears of it; one that nobody does is due at once."""
    conn.execute(sa.update(t.runs).where(t.runs.c.id == number).values(cancel=True, wake_at=AT_ONCE))
    poke(conn, number)


def cancel_asked(conn: sa.Connection, number: int) -> bool:
    return bool(conn.execute(sa.select(t.runs.c.cancel).where(t.runs.c.id == number)).scalar())


# -- who carries a run out ---------------------------------------------------------------------


def claim(conn: sa.Connection, number: int, worker: str, *, held_by: str | None = None) -> int | None:
    """Takes an unfinished run that nobody (or `held_by`, who is gone) carries out; its new segment, None otherwise."""
    free = t.runs.c.worker.is_(None) if held_by is None else t.runs.c.worker == held_by
    taken = (
        sa.update(t.runs)
        .where(t.runs.c.id == number, free, t.runs.c.status.in_(_OPEN))
        .values(worker=worker, segment=t.runs.c.segment + 1, wake_at=None)
    )
    if conn.execute(taken).rowcount != 1:
        return None
    return int(conn.execute(sa.select(t.runs.c.segment).where(t.runs.c.id == number)).scalar_one())


def claim_due(conn: sa.Connection, number: int, worker: str) -> int | None:
    """As `claim`, for a parked run that is due at once; None for one that still waits."""
    at_once = sa.select(t.runs.c.id).where(t.runs.c.id == number, t.runs.c.wake_at == AT_ONCE)
    return None if conn.execute(at_once).first() is None else claim(conn, number, worker)


def holds(conn: sa.Connection, number: int, worker: str, segment: int) -> bool:
    """Whether this worker still carries the run out in this segment."""
    mine = (t.runs.c.id == number, t.runs.c.worker == worker, t.runs.c.segment == segment)
    return conn.execute(sa.select(t.runs.c.id).where(*mine, t.runs.c.status.in_(_OPEN))).first() is not None


def park(conn: sa.Connection, number: int, wake_at: datetime) -> None:
    """Nobody carries the run out until something happens or the time comes."""
    conn.execute(sa.update(t.runs).where(t.runs.c.id == number).values(worker=None, wake_at=t.iso(wake_at)))


def wake(conn: sa.Connection, number: int, at: str = AT_ONCE) -> None:
    """Has a parked run looked at; after a crash too, as the time is stored."""
    parked = (t.runs.c.id == number, t.runs.c.worker.is_(None), t.runs.c.status.in_(_OPEN))
    conn.execute(sa.update(t.runs).where(*parked).values(wake_at=at))


def due(conn: sa.Connection, now: datetime) -> list[int]:
    """Runs nobody carries out whose time has come, oldest first."""
    query = sa.select(t.runs.c.id).where(
        t.runs.c.worker.is_(None), t.runs.c.wake_at <= t.iso(now), t.runs.c.status.in_(_OPEN)
    )
    return [int(n) for n in conn.execute(query.order_by(t.runs.c.id)).scalars()]


def next_wake(conn: sa.Connection) -> datetime | None:
    """When the next parked run has to be looked at."""
    query = sa.select(sa.func.min(t.runs.c.wake_at)).where(t.runs.c.worker.is_(None), t.runs.c.status.in_(_OPEN))
    found = conn.execute(query).scalar()
    if found is None:
        return None
    return datetime.min.replace(tzinfo=UTC) if found == AT_ONCE else datetime.fromisoformat(found)


def orphans(conn: sa.Connection) -> list[tuple[int, str]]:
    """(run, worker) of unfinished runs whose worker is gone."""
    alive = sa.select(t.workers.c.id).where(~t.workers.c.lost)
    query = sa.select(t.runs.c.id, t.runs.c.worker).where(
        t.runs.c.worker.is_not(None), t.runs.c.worker.not_in(alive), t.runs.c.status.in_(_OPEN)
    )
    return [(int(row[0]), str(row[1])) for row in conn.execute(query.order_by(t.runs.c.id))]


def unheld(conn: sa.Connection) -> list[int]:
    """Unfinished runs that nobody carries out and that wait for nothing: an older bot's."""
    query = sa.select(t.runs.c.id).where(
        t.runs.c.worker.is_(None), t.runs.c.wake_at.is_(None), t.runs.c.status.in_(_OPEN)
    )
    return [int(n) for n in conn.execute(query).scalars()]


def release_all(conn: sa.Connection, worker: str) -> None:
    """A worker that stops lets its runs go: another one, or the next start, takes them at once."""
    mine = (t.runs.c.worker == worker, t.runs.c.status.in_(_OPEN))
    conn.execute(sa.update(t.runs).where(*mine).values(worker=None, wake_at=AT_ONCE))


def poke(conn: sa.Connection, number: int) -> None:
    """Rings for the run in every worker."""
    conn.execute(sa.update(t.runs).where(t.runs.c.id == number).values(poke=next_seq(conn)))


def poked(conn: sa.Connection, after: int) -> list[int]:
    """Unfinished runs that were rung for above this place in the feed."""
    query = sa.select(t.runs.c.id).where(t.runs.c.poke > after, t.runs.c.status.in_(_OPEN))
    return [int(n) for n in conn.execute(query).scalars()]


def amend(conn: sa.Connection, number: int, plan: Plan) -> int:
    """Another plan for a run that nothing was done of: a new edition, in which earlier decisions count for nothing."""
    values = {"plan": plan.canonical, "plan_hash": plan.hash, "inputs": json.dumps(plan.inputs)}
    change = sa.update(t.runs).where(t.runs.c.id == number)
    conn.execute(change.values(**values, edition=t.runs.c.edition + 1, worker=None, wake_at=AT_ONCE))
    return int(conn.execute(sa.select(t.runs.c.edition).where(t.runs.c.id == number)).scalar_one())


# -- steps and reading -------------------------------------------------------------------------


def put_step(
    conn: sa.Connection,
    number: int,
    n: int,
    name: str,
    status: str,
    *,
    detail: str = "",
    started: datetime | None = None,
    ended: datetime | None = None,
) -> None:
    """Writes the state of one step; a start time once written stays."""
    where = (t.steps.c.run_id == number, t.steps.c.n == n)
    row = conn.execute(sa.select(t.steps.c.started).where(*where)).first()
    values: dict[str, Any] = {"status": status, "detail": detail, "ended": None if ended is None else t.iso(ended)}
    if row is None:
        values["started"] = None if started is None else t.iso(started)
        conn.execute(sa.insert(t.steps).values(run_id=number, n=n, name=name, **values))
    else:
        if row[0] is None and started is not None:
            values["started"] = t.iso(started)
        conn.execute(sa.update(t.steps).where(*where).values(values))


def get_row(conn: sa.Connection, number: int) -> sa.RowMapping:
    """Raises NotFound with the last run numbers."""
    row = conn.execute(sa.select(t.runs).where(t.runs.c.id == number)).mappings().first()
    if row is None:
        last = conn.execute(sa.select(t.runs.c.id).order_by(t.runs.c.id.desc()).limit(3)).scalars()
        raise NotFound("run", str(number), [f"run {n}" for n in last])
    return row


def get(conn: sa.Connection, number: int) -> RunRecord:
    return record(conn, get_row(conn, number))


def find(conn: sa.Connection, *, model: str | None = None, limit: int = 20) -> list[RunRecord]:
    """Newest first."""
    query = sa.select(t.runs).order_by(t.runs.c.id.desc()).limit(limit)
    if model is not None:
        query = query.where(t.runs.c.model == model)
    return [record(conn, row) for row in conn.execute(query).mappings()]


def unfinished(conn: sa.Connection) -> list[int]:
    return [int(n) for n in conn.execute(sa.select(t.runs.c.id).where(t.runs.c.status.in_(_OPEN))).scalars()]


def actor_of(row: sa.RowMapping) -> Actor:
    return Actor.model_validate_json(row["actor"])


def record(conn: sa.Connection, row: sa.RowMapping) -> RunRecord:
    """The run with its steps and decisions; steps not begun come from the plan."""
    plan = Plan.model_validate_json(row["plan"])
    done = conn.execute(sa.select(t.steps).where(t.steps.c.run_id == row["id"]).order_by(t.steps.c.n)).mappings().all()
    mine = (t.decisions.c.run_id == row["id"], t.decisions.c.edition == row["edition"])
    made = conn.execute(sa.select(t.decisions).where(*mine).order_by(t.decisions.c.at)).mappings()
    return RunRecord(
        id=row["id"],
        playbook=row["playbook"],
        inputs=json.loads(row["inputs"]),
        actor=actor_of(row).id,
        conversation=row["conversation"],
        thread=row["thread"],
        status=row["status"],
        summary=row["summary"],
        error=row["error"],
        plan=plan,
        steps=_lines(plan, done, finished=row["status"] in FINISHED),
        decisions=tuple(
            DecisionRecord.model_validate({k: d[k] for k in ("gate", "actor", "decision", "reason", "at", "behalf")})
            for d in made
        ),
        created=datetime.fromisoformat(row["created"]),
        ended=None if row["ended"] is None else datetime.fromisoformat(row["ended"]),
        edition=row["edition"],
        output=None if row["output"] is None else json.loads(row["output"]),
    )


def _lines(plan: Plan, done: Any, *, finished: bool) -> tuple[StepLine, ...]:
    by_n = {int(row["n"]): row for row in done}
    lines = []
    for n, planned in enumerate(plan.steps, start=1):
        row = by_n.pop(n, None)
        if row is not None:
            lines.append(_line(row))
        elif planned.kind != "undo":
            lines.append(StepLine(name=planned.name, status="skipped" if finished else "planned", detail=""))
    return (*lines, *(_line(row) for _, row in sorted(by_n.items())))


def _line(row: sa.RowMapping) -> StepLine:
    return StepLine.model_validate({k: row[k] for k in ("name", "status", "detail", "started", "ended")})
