"""Run rows: create, move on, read back as RunRecord."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.environments import service_said, spoken_service
from bizaiops_bot.domain.errors import Conflict, NotFound
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.plan import Plan
from bizaiops_bot.domain.records import FINISHED, DecisionRecord, RunRecord
from bizaiops_bot.engine.posting.outbox import next_seq
from bizaiops_bot.engine.runs import steps
from bizaiops_bot.engine.store import tables as t

_OPEN = ("waiting", "running")
AT_ONCE = ""  # sorts before every time

# Statements of every step and every card are built once: building them anew costs more than the database does.
_N: sa.BindParameter[Any] = sa.bindparam("n")
_IS_OPEN = t.runs.c.status.in_(_OPEN)
_MADE = sa.select(t.runs.c.id).where(t.runs.c.message == sa.bindparam("message"))
_NEW = sa.insert(t.runs)
_SECOND = sa.select(t.runs.c.id, t.runs.c.playbook, t.runs.c.actor, t.runs.c.status)
_SECOND = _SECOND.where(t.runs.c.model == sa.bindparam("model"), _IS_OPEN)
_HELD = sa.select(t.runs.c.cancel).where(
    t.runs.c.id == _N, t.runs.c.worker == sa.bindparam("by"), t.runs.c.segment == sa.bindparam("in"), _IS_OPEN
)
_CANCEL = sa.select(t.runs.c.cancel).where(t.runs.c.id == _N)
_ROW = sa.select(t.runs).where(t.runs.c.id == _N)
_DECISIONS = sa.select(t.decisions).where(t.decisions.c.run_id == _N, t.decisions.c.edition == sa.bindparam("of"))
_DECISIONS = _DECISIONS.order_by(t.decisions.c.at)
_FREE = (t.runs.c.id == _N, t.runs.c.worker.is_(None), _IS_OPEN)
_CLAIM = sa.update(t.runs).where(t.runs.c.id == _N, _IS_OPEN)
_CLAIM = _CLAIM.values(worker=sa.bindparam("by"), segment=t.runs.c.segment + 1, wake_at=None).returning(
    t.runs.c.segment
)
_CLAIM_FREE = _CLAIM.where(t.runs.c.worker.is_(None))
_CLAIM_LEFT = _CLAIM.where(t.runs.c.worker == sa.bindparam("held_by"))
_CLAIM_DUE = _CLAIM_FREE.where(t.runs.c.wake_at == AT_ONCE)
_MOVE = sa.update(t.runs).where(t.runs.c.id == _N, _IS_OPEN).values(status=sa.bindparam("to"))
_END = _MOVE.values({name: sa.bindparam(f"new_{name}") for name in ("ended", "summary", "error", "output", "result")})
_END = _END.values(worker=None, wake_at=None)
_PARK = sa.update(t.runs).where(t.runs.c.id == _N).values(worker=None, wake_at=sa.bindparam("at"))
_WAKE = sa.update(t.runs).where(*_FREE).values(wake_at=sa.bindparam("at"))
_DUE = sa.select(t.runs.c.id).where(t.runs.c.worker.is_(None), t.runs.c.wake_at <= sa.bindparam("now"), _IS_OPEN)
_DUE = _DUE.order_by(t.runs.c.id)
# As the index has it: with min(wake_at) PostgreSQL reads all that wait, and every click has to wait for that.
_NEXT_WAKE = sa.select(t.runs.c.wake_at).where(t.runs.c.worker.is_(None), t.runs.c.wake_at.is_not(None), _IS_OPEN)
_NEXT_WAKE = _NEXT_WAKE.order_by(t.runs.c.worker, t.runs.c.wake_at).limit(1)


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
    instead_of: Collection[int] = (),
) -> tuple[int, bool]:
    """(run id, True), or (the id the same message already made, False). A new run is in its first segment at `worker`.

    instead_of: runs that the caller ends in the same transaction. Raises Conflict while another change of the service
    runs.
    """
    if message is not None:
        known = made(conn, message)
        if known is not None:
            return known, False
    service = service_said(plan.inputs)
    if service is not None:
        refuse_second(conn, service, but=instead_of)
    values = {
        "playbook": plan.playbook,
        "inputs": json.dumps(plan.inputs),
        "model": service,
        "actor": actor.model_dump_json(),
        "conversation": conversation,
        "thread": thread,
        "message": message,
        "status": "waiting" if plan.gates and unattended is None else "running",
        "plan": plan.canonical,
        "plan_hash": plan.hash,
        "unattended": unattended,
        "created": t.iso(now),
        "worker": worker,
        "segment": 1,
    }
    key = conn.execute(_NEW, values).inserted_primary_key
    assert key is not None
    return int(key[0]), True


def made(conn: sa.Connection, message: str) -> int | None:
    """The run that this message or event has made."""
    number = conn.execute(_MADE, {"message": message}).scalar()
    return None if number is None else int(number)


def refuse_second(conn: sa.Connection, service: str, but: Collection[int] = ()) -> None:
    """One change of a service at a time. Raises Conflict naming the run that is on, which is none of `but`."""
    row = next((found for found in conn.execute(_SECOND, {"model": service}) if found[0] not in but), None)
    if row is not None:
        who = json.loads(row[2])["id"]
        state = "is waiting for approval" if row[3] == "waiting" else "is running"
        raise Conflict(
            f"Run {row[0]} ({row[1].replace('_', ' ')}, asked for by {who}) {state} for {service}.",
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
    """Moves a run that is not finished, and ends its steps with it; False when it already was."""
    to = {"n": number, "to": status}
    if status not in FINISHED:
        return conn.execute(_MOVE, to).rowcount == 1
    ended = {
        "new_ended": t.iso(now),
        "new_summary": summary,
        "new_error": error,
        "new_output": None if output is None else json.dumps(output),
        "new_result": None if result is None else result.model_dump_json(),
    }
    if conn.execute(_END, {**to, **ended}).rowcount != 1:
        return False
    steps.close(conn, number, status, now=now)
    return True


def ask_cancel(conn: sa.Connection, number: int) -> None:
    """Whoever carries the run out hears of it; one that nobody does is due at once."""
    conn.execute(sa.update(t.runs).where(t.runs.c.id == number).values(cancel=True, wake_at=AT_ONCE))
    poke(conn, number)


def cancel_asked(conn: sa.Connection, number: int) -> bool:
    return bool(conn.execute(_CANCEL, {"n": number}).scalar())


# -- who carries a run out ---------------------------------------------------------------------


def claim(conn: sa.Connection, number: int, worker: str, *, held_by: str | None = None) -> int | None:
    """Takes an unfinished run that nobody (or `held_by`, who is gone) carries out; its new segment, None otherwise."""
    wanted = {"n": number, "by": worker}
    if held_by is None:
        segment = conn.execute(_CLAIM_FREE, wanted).scalar()
    else:
        segment = conn.execute(_CLAIM_LEFT, {**wanted, "held_by": held_by}).scalar()
    return None if segment is None else int(segment)


def claim_due(conn: sa.Connection, number: int, worker: str) -> int | None:
    """As `claim`, for a parked run that is due at once; None for one that still waits."""
    segment = conn.execute(_CLAIM_DUE, {"n": number, "by": worker}).scalar()
    return None if segment is None else int(segment)


def held(conn: sa.Connection, number: int, worker: str, segment: int) -> bool | None:
    """Whether a cancel was asked for, if this worker still carries the run out in this segment; None if not."""
    row = conn.execute(_HELD, {"n": number, "by": worker, "in": segment}).first()
    return None if row is None else bool(row[0])


def holds(conn: sa.Connection, number: int, worker: str, segment: int) -> bool:
    """Whether this worker still carries the run out in this segment."""
    return held(conn, number, worker, segment) is not None


def park(conn: sa.Connection, number: int, wake_at: datetime) -> None:
    """Nobody carries the run out until something happens or the time comes."""
    conn.execute(_PARK, {"n": number, "at": t.iso(wake_at)})


def wake(conn: sa.Connection, number: int, at: str = AT_ONCE) -> None:
    """Has a parked run looked at; after a crash too, as the time is stored."""
    conn.execute(_WAKE, {"n": number, "at": at})


def due(conn: sa.Connection, now: datetime) -> list[int]:
    """Runs nobody carries out whose time has come, oldest first."""
    return [int(n) for n in conn.execute(_DUE, {"now": t.iso(now)}).scalars()]


def next_wake(conn: sa.Connection) -> datetime | None:
    """When the next parked run has to be looked at."""
    found = conn.execute(_NEXT_WAKE).scalar()
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


def held_by(conn: sa.Connection, worker: str) -> list[tuple[int, int]]:
    """(run, segment) of the unfinished runs that this worker has claimed."""
    mine = (t.runs.c.worker == worker, t.runs.c.status.in_(_OPEN))
    return [(int(row[0]), int(row[1])) for row in conn.execute(sa.select(t.runs.c.id, t.runs.c.segment).where(*mine))]


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


# -- reading ------------------------------------------------------------------------------------


def get_row(conn: sa.Connection, number: int) -> sa.RowMapping:
    """Raises NotFound with the last run numbers."""
    row = conn.execute(_ROW, {"n": number}).mappings().first()
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


def under_way(conn: sa.Connection, model: str) -> list[RunRecord]:
    """About the model in any environment, oldest first."""
    service = t.runs.c.model
    about = sa.or_(service == model, service.startswith(spoken_service(model, ""), autoescape=True))
    query = sa.select(t.runs).where(about, _IS_OPEN).order_by(t.runs.c.id)
    return [record(conn, row) for row in conn.execute(query).mappings()]


def superseded_words(conn: sa.Connection, number: int) -> str:
    """ "Superseded by run 8 (Roll back churn, asked for by engineer)."; empty for a run that was not."""
    row = conn.execute(sa.select(t.stops).where(t.stops.c.run_id == number)).mappings().first()
    if row is None:
        return ""
    asked = f"{row['what']}, asked for by {row['actor']}"
    return f"Stopped for this: {asked}." if row["by_run"] is None else f"Superseded by run {row['by_run']} ({asked})."


def open_of(conn: sa.Connection, service: str) -> list[sa.RowMapping]:
    """The service's unfinished runs, oldest first."""
    query = sa.select(t.runs).where(t.runs.c.model == service, _IS_OPEN).order_by(t.runs.c.id)
    return list(conn.execute(query).mappings())


def unfinished(conn: sa.Connection) -> list[int]:
    return [int(n) for n in conn.execute(sa.select(t.runs.c.id).where(t.runs.c.status.in_(_OPEN))).scalars()]


@lru_cache(maxsize=256)
def _plan(text: str) -> Plan:
    """Read once for all the times a run's card is drawn."""
    return Plan.model_validate_json(text)


def plan_of(row: sa.RowMapping) -> Plan:
    """The run's plan; not to be changed, as others have the same one."""
    return _plan(row["plan"])


def actor_of(row: sa.RowMapping) -> Actor:
    return Actor.model_validate_json(row["actor"])


def record(conn: sa.Connection, row: sa.RowMapping) -> RunRecord:
    """The run with its steps and decisions; steps not begun come from the plan."""
    plan = plan_of(row)
    made = conn.execute(_DECISIONS, {"n": row["id"], "of": row["edition"]}).mappings()
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
        steps=steps.of(conn, row["id"], plan, finished=row["status"] in FINISHED),
        decisions=tuple(
            DecisionRecord.model_validate({k: d[k] for k in ("gate", "actor", "decision", "reason", "at", "behalf")})
            for d in made
        ),
        created=datetime.fromisoformat(row["created"]),
        ended=None if row["ended"] is None else datetime.fromisoformat(row["ended"]),
        edition=row["edition"],
        output=None if row["output"] is None else json.loads(row["output"]),
        superseded=superseded_words(conn, row["id"]) if row["cancel"] else "",
    )
