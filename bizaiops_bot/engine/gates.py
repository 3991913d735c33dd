"""Approval gates: a decision binds to (run, gate, plan hash); the requester never counts; one veto rejects; expiry
rejects.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from bizaiops_bot.domain.errors import Conflict, Refused
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.plan import GateSpec
from bizaiops_bot.engine import tables as t

GateState = Literal["open", "approved", "rejected", "expired", "cancelled"]


def open_gate(
    conn: sa.Connection, number: int, gate: GateSpec, plan_hash: str, *, now: datetime, expires: datetime
) -> datetime:
    """Opens the gate once and returns when it expires; opening again after a restart changes nothing."""
    where = (t.gates.c.run_id == number, t.gates.c.name == gate.name)
    known = conn.execute(sa.select(t.gates.c.expires).where(*where)).scalar()
    if known is not None:
        return datetime.fromisoformat(known)
    conn.execute(
        sa.insert(t.gates).values(
            run_id=number, name=gate.name, question=gate.question, quorum=gate.quorum, role=gate.role, state="open",
            plan_hash=plan_hash, opened=t.iso(now), expires=t.iso(expires),
        )
    )  # fmt: skip
    return expires


def state(conn: sa.Connection, number: int, name: str) -> GateState:
    found = conn.execute(sa.select(t.gates.c.state).where(t.gates.c.run_id == number, t.gates.c.name == name)).scalar()
    return "open" if found is None else found


def close(conn: sa.Connection, number: int, name: str, to: GateState) -> bool:
    """Moves an open gate; False when someone was faster."""
    done = conn.execute(
        sa.update(t.gates)
        .where(t.gates.c.run_id == number, t.gates.c.name == name, t.gates.c.state == "open")
        .values(state=to)
    )
    return done.rowcount == 1


def close_all(conn: sa.Connection, number: int) -> None:
    """The run has ended: nobody can decide about it any more."""
    where = (t.gates.c.run_id == number, t.gates.c.state == "open")
    conn.execute(sa.update(t.gates).where(*where).values(state="cancelled"))


def let_through(conn: sa.Connection, number: int, name: str, why: str, *, now: datetime) -> None:
    """Approves an open gate by policy: a rule that may act without a person. Once."""
    if close(conn, number, name, "approved"):
        policy = Actor(id="policy", name="policy", kind="rule")
        _insert_decision(conn, number, name, policy, "approved", why, now)


def spoken(conn: sa.Connection, number: int, name: str) -> str:
    """ "approved by lead (looks good)", empty when nobody decided."""
    where = (t.decisions.c.run_id == number, t.decisions.c.gate == name)
    rows = conn.execute(sa.select(t.decisions.c.actor, t.decisions.c.decision, t.decisions.c.reason).where(*where))
    return ", ".join(f"{decision} by {actor}{f' ({reason})' if reason else ''}" for actor, decision, reason in rows)


def open_gates(conn: sa.Connection, number: int) -> list[sa.RowMapping]:
    query = sa.select(t.gates).where(t.gates.c.run_id == number, t.gates.c.state == "open").order_by(t.gates.c.opened)
    return list(conn.execute(query).mappings())


def decide(
    conn: sa.Connection,
    number: int,
    actor: Actor,
    decision: Literal["approved", "rejected"],
    *,
    reason: str,
    plan_hash: str | None,
    now: datetime,
) -> str:
    """Counts one decision and returns what the person is told.

    Raises Conflict (no open gate, being cancelled, expired, another plan, decided already) and Refused (own request,
    another role). The requester is refused here in the data too, not only in policy.
    """
    run = conn.execute(sa.select(t.runs.c.actor, t.runs.c.cancel).where(t.runs.c.id == number)).first()
    gate = next(iter(open_gates(conn, number)), None)
    if run is None or gate is None:
        raise Conflict(_why_closed(conn, number))
    if run[1]:
        raise Conflict(f"Run {number} is being cancelled.", "A decision on it does not count any more.")
    if now >= datetime.fromisoformat(gate["expires"]):
        raise Conflict(f"Run {number} has expired.", "Nobody approved in time.", "Ask for it again.")
    if json.loads(run[0])["id"] == actor.id:
        raise Refused("Not approved.", "The requester cannot approve.", "Ask someone else who may.")
    if gate["role"] not in actor.roles:
        raise Refused("Your decision does not count.", f"This one is for people with the role {gate['role']}.")
    if plan_hash is not None and plan_hash != gate["plan_hash"]:
        raise Conflict(
            f"Run {number} has another plan now.", "A decision counts for one exact plan.", f"Say `show run {number}`."
        )
    _insert_decision(conn, number, gate["name"], actor, decision, reason, now)
    if decision == "rejected":
        _close_or_tell(conn, number, gate["name"], "rejected")
        return f"Run {number} is rejected."
    count = _approvals(conn, number, gate["name"])
    if count >= int(gate["quorum"]):
        _close_or_tell(conn, number, gate["name"], "approved")
        return f"Run {number} is approved and goes on."
    return f"Counted: {count} of {gate['quorum']} approvals for run {number}."


def _close_or_tell(conn: sa.Connection, number: int, name: str, to: GateState) -> None:
    """Raises Conflict when another decision closed the gate first; the caller's transaction is then undone."""
    if not close(conn, number, name, to):
        raise Conflict(_why_closed(conn, number))


def _insert_decision(
    conn: sa.Connection, number: int, gate: str, actor: Actor, decision: str, reason: str, now: datetime
) -> None:
    same = (t.decisions.c.run_id == number, t.decisions.c.gate == gate, t.decisions.c.actor == actor.id)
    before = conn.execute(sa.select(t.decisions.c.decision).where(*same)).scalar()
    if before is not None and before == decision:
        raise Conflict(f"You have {before} run {number} already.", "Each person counts once.")
    if before is not None:
        conn.execute(sa.update(t.decisions).where(*same).values(decision=decision, reason=reason, at=t.iso(now)))
        return
    conn.execute(
        sa.insert(t.decisions).values(
            run_id=number, gate=gate, actor=actor.id, decision=decision, reason=reason, at=t.iso(now)
        )
    )


def _approvals(conn: sa.Connection, number: int, gate: str) -> int:
    query = sa.select(sa.func.count()).where(
        t.decisions.c.run_id == number, t.decisions.c.gate == gate, t.decisions.c.decision == "approved"
    )
    return int(conn.execute(query).scalar() or 0)


def _why_closed(conn: sa.Connection, number: int) -> str:
    row = conn.execute(sa.select(t.runs.c.status).where(t.runs.c.id == number)).first()
    if row is None:
        return f"There is no run {number}."
    last = conn.execute(
        sa.select(t.decisions).where(t.decisions.c.run_id == number).order_by(t.decisions.c.at.desc()).limit(1)
    ).mappings().first()  # fmt: skip
    if last is not None:
        at = datetime.fromisoformat(last["at"])
        return f"Run {number} was {last['decision']} by {last['actor']} at {at:%H:%M} UTC; it is {row[0]} now."
    return f"Run {number} is {row[0]}; nothing is waiting for approval."
