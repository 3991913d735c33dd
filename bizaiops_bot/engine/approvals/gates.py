"""Approval gates: rows of one edition of a run's plan. A decision binds to (run, edition, gate, plan hash)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from bizaiops_bot.domain.approval import HELD, Ballot, Counts, Tally, Word, cast, tally
from bizaiops_bot.domain.errors import BadInput, Conflict, NotFound
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.plan import GateSpec
from bizaiops_bot.domain.records import FINISHED
from bizaiops_bot.domain.values import duration_s
from bizaiops_bot.engine.approvals.told import refuse, told
from bizaiops_bot.engine.runs import runs, steps
from bizaiops_bot.engine.store import tables as t

GateState = Literal["open", "approved", "rejected", "held", "expired", "cancelled"]
Kind = Literal["approval", "question", "verdict", "outside"]
POLICY = Actor(id="policy", name="policy", kind="rule")
NO_REASON = "no reason given"
HASH_SHOWN = 12

# Built once: a crowd that clicks at the same time is told within a second, and building them takes most of the time.
_EDITION = sa.select(t.runs.c.edition).where(t.runs.c.id == sa.bindparam("n")).scalar_subquery()
_PRESENT = (t.gates.c.run_id == sa.bindparam("n"), t.gates.c.edition == _EDITION)
_SEEN = (
    sa.select(
        *(t.runs.c[name].label(f"run_{name}") for name in ("actor", "cancel", "plan_hash", "status", "edition")),
        t.gates,
    )
    .join_from(
        t.runs, t.gates, sa.and_(t.gates.c.run_id == t.runs.c.id, t.gates.c.edition == t.runs.c.edition), isouter=True
    )
    .where(t.runs.c.id == sa.bindparam("n"))
    .order_by(t.gates.c.opened, t.gates.c.name)
)
_STATE = sa.select(t.gates.c.state).where(*_PRESENT, t.gates.c.name == sa.bindparam("gate"))
_CLOSE = (
    sa.update(t.gates)
    .where(*_PRESENT, t.gates.c.name == sa.bindparam("gate"), t.gates.c.state == "open")
    .values(state=sa.bindparam("to"))
)
_CLOSE_ALL = (
    sa.update(t.gates).where(t.gates.c.run_id == sa.bindparam("n"), t.gates.c.state == "open").values(state="cancelled")
)
_DECISIONS = (
    sa.select(t.decisions)
    .where(t.decisions.c.run_id == sa.bindparam("n"), t.decisions.c.edition == _EDITION)
    .order_by(t.decisions.c.at, t.decisions.c.actor)
)


@dataclass(frozen=True)
class Seen:
    """A run and the gates of its present plan, in the order they were opened."""

    requester: str
    cancel: bool
    plan_hash: str
    status: str
    edition: int
    gates: list[sa.RowMapping]

    @property
    def open(self) -> list[sa.RowMapping]:
        return [gate for gate in self.gates if gate["state"] == "open"]


def look(conn: sa.Connection, number: int) -> Seen | None:
    """None for a run that is not there."""
    rows = conn.execute(_SEEN, {"n": number}).mappings().all()
    if not rows:
        return None
    run = rows[0]
    return Seen(
        str(json.loads(run["run_actor"])["id"]),
        bool(run["run_cancel"]),
        run["run_plan_hash"],
        run["run_status"],
        int(run["run_edition"]),
        [row for row in rows if row["name"] is not None],
    )


def open_gate(
    conn: sa.Connection,
    number: int,
    gate: GateSpec,
    plan_hash: str,
    *,
    now: datetime,
    expires: datetime,
    kind: Kind = "approval",
) -> datetime:
    """Opens the gate once for the run's present plan and returns when it expires; again changes nothing.

    kind: a "question" is what a stuck run asks, a "verdict" what one asks that has not enough evidence, "outside" what
    a system asks that the run waits for; all are decided like an approval, by the same people.
    """
    edition = _edition(conn, number)
    known = conn.execute(sa.select(t.gates.c.expires).where(*_at(number, edition, gate.name))).scalar()
    if known is not None:
        return datetime.fromisoformat(known)
    told = [[t.iso(now + timedelta(seconds=duration_s(after))), whom] for after, whom in gate.escalate]
    conn.execute(
        sa.insert(t.gates).values(
            run_id=number,
            edition=edition,
            name=gate.name,
            question=gate.question,
            quorum=gate.quorum,
            role=gate.role,
            people=json.dumps(gate.people),
            state="open",
            plan_hash=plan_hash,
            opened=t.iso(now),
            expires=t.iso(expires),
            escalate=json.dumps(sorted(told)),
            escalated=0,
            kind=kind,
        )
    )
    return expires


def state(conn: sa.Connection, number: int, name: str) -> GateState:
    found = conn.execute(_STATE, {"n": number, "gate": name}).scalar()
    return "open" if found is None else found


def close(conn: sa.Connection, number: int, name: str, to: GateState) -> bool:
    """Moves an open gate, and has the run looked at; False when someone was faster."""
    if conn.execute(_CLOSE, {"n": number, "gate": name, "to": to}).rowcount != 1:
        return False
    runs.wake(conn, number)
    return True


def close_all(conn: sa.Connection, number: int) -> None:
    """The run has ended, or has another plan: nobody can decide about these any more. Gates of all editions."""
    conn.execute(_CLOSE_ALL, {"n": number})


def settle_steps(conn: sa.Connection, number: int, now: datetime) -> None:
    """Steps whose gate people have decided end as decided, also where the run has not come to them again."""
    seen = look(conn, number)
    for gate in [] if seen is None else seen.gates:
        if gate["state"] in ("approved", "rejected"):
            status = "done" if gate["state"] == "approved" else "failed"
            steps.settle(conn, number, gate["name"], status, detail=spoken(conn, number, gate["name"]), now=now)


def close_expired(conn: sa.Connection, number: int, now: datetime) -> bool:
    """Whether an open gate was past its time; it is closed as expired, which never approves."""
    late = [gate["name"] for gate in open_gates(conn, number) if expired(gate, now)]
    return sum(close(conn, number, name, "expired") for name in late) > 0


def expired(gate: sa.RowMapping, now: datetime) -> bool:
    """At its very end a gate is over."""
    return now >= datetime.fromisoformat(gate["expires"])


def let_through(conn: sa.Connection, number: int, name: str, why: str, *, now: datetime) -> None:
    """Approves an open gate by policy: a rule that may act without a person. Once."""
    if close(conn, number, name, "approved"):
        _write(conn, number, _edition(conn, number), name, Ballot(actor=POLICY.id, decision="approved"), why, now)


def spoken(conn: sa.Connection, number: int, name: str) -> str:
    """ "approved by sam for lead (looks good)", empty when nobody decided."""
    return "; ".join(decision_words(row) for row in decisions(conn, number, name))


def decided_at(conn: sa.Connection, number: int, name: str) -> datetime:
    """When the last decision on a gate was made."""
    return datetime.fromisoformat(decisions(conn, number, name)[-1]["at"])


def decision_words(row: sa.RowMapping) -> str:
    """ "rejected by sre (no reason given)" """
    reason = row["reason"] or (NO_REASON if row["decision"] == "rejected" else "")
    return f"{row['decision']} by {who(row['actor'], row['behalf'])}{f' ({reason})' if reason else ''}"


def who(actor: str, behalf: str | None) -> str:
    """ "sam for lead" """
    return f"{actor} for {behalf}" if behalf else actor


def decisions(conn: sa.Connection, number: int, name: str | None = None) -> list[sa.RowMapping]:
    """Those on the run's present plan, oldest first; of one gate or all."""
    rows = conn.execute(_DECISIONS, {"n": number}).mappings().all()
    return [row for row in rows if name in (None, row["gate"])]


def open_gates(conn: sa.Connection, number: int) -> list[sa.RowMapping]:
    """Those of the run's present plan."""
    seen = look(conn, number)
    return [] if seen is None else seen.open


def standing(conn: sa.Connection, gate: sa.RowMapping, requester: str, counts: Counts) -> tuple[Tally, list[str]]:
    """How a gate stands with what policy allows now, and the approvals that count in words ("sam for lead")."""
    ballots = _ballots(conn, gate)
    said = [who(b.actor, b.behalf) for b in ballots if b.decision == "approved" and counts(b.actor, b.behalf)]
    return tally(ballots, quorum=gate["quorum"], requester=requester, counts=counts), said


def still_approved(conn: sa.Connection, number: int, name: str, counts: Counts) -> bool:
    """Whether an approved gate would be approved with what policy allows now; asked before the first effect."""
    seen = look(conn, number)
    gate = next((g for g in seen.gates if g["name"] == name), None) if seen is not None else None
    if seen is None or gate is None or gate["state"] != "approved":
        return False
    ballots = _ballots(conn, gate)
    if [b.actor for b in ballots] == [POLICY.id]:
        return counts(POLICY.id, None)
    return tally(ballots, quorum=gate["quorum"], requester=seen.requester, counts=counts).state == "approved"


def require_possible(spec: GateSpec, may: Iterable[str], requester: str) -> None:
    """Raises BadInput for a gate that nobody could ever open: fewer people than its quorum may decide.

    may: ids of those whom role or name and policy let decide now.
    """
    able = sorted(set(may) - {requester})
    if len(able) >= spec.quorum:
        return
    people = f" or among {', '.join(spec.people)}" if spec.people else ""
    named = f"the role {spec.role}{people}"
    raise BadInput(
        f"This cannot be approved: {spec.quorum} {'person' if spec.quorum == 1 else 'people'} must agree to "
        f"{spec.question!r}, and {len(able) or 'nobody'} may.",
        f"Needed are people with {named} whom policy lets approve, never {requester}, who asks for it. "
        f"Who may: {', '.join(able) or 'nobody'}.",
        "Let somebody else ask for it, or have an administrator give somebody the role. Nothing was started.",
    )


def decide(
    conn: sa.Connection,
    number: int,
    actor: Actor,
    decision: Word,
    *,
    reason: str,
    plan_hash: str | None,
    now: datetime,
    gate: str | None = None,
    owners: Sequence[str] = (),
    counts: Counts | None = None,
) -> str:
    """Counts one decision, and all earlier ones again, and returns what the person is told.

    plan_hash: what the person has seen, in full or its first 12 digits; None is the present plan. gate: its name;
    None is the open one, but with a plan hash never a question, which is no part of any plan. owners: whose delegate
    the person is. counts: who may decide now; None knows the actor's role alone and believes the earlier ones.
    Raises NotFound, Conflict (no such open gate, being cancelled, expired, another plan, decided already) and Refused
    (own request, may not decide). The requester is refused here in the data too, not only in policy.
    """
    seen = look(conn, number)
    row = meant(conn, number, seen, gate, plan_hash, now)
    assert seen is not None
    if decision == HELD and row["kind"] != "verdict":
        raise BadInput(f"Run {number} asks for a yes or a no.", do="Approve or reject it.")
    made = cast(
        actor.id,
        decision,
        _ballots(conn, row),
        owners=owners,
        quorum=row["quorum"],
        requester=seen.requester,
        counts=counts or _by_role(row, actor),
    )
    refuse(made, number, row)
    assert made.ballot is not None
    _write(conn, number, row["edition"], row["name"], made.ballot, reason, now)
    if made.tally.state != "open":
        close(conn, number, row["name"], made.tally.state)
        if row["kind"] == "verdict":  # its run is carried out, at another worker perhaps
            runs.poke(conn, number)
    return told(number, row, made)


def meant(
    conn: sa.Connection, number: int, seen: Seen | None, name: str | None, plan_hash: str | None, now: datetime
) -> sa.RowMapping:
    """The open gate that a decision is about, see `decide`. Raises NotFound or Conflict, saying why there is none."""
    if seen is None:
        last = conn.execute(sa.select(t.runs.c.id).order_by(t.runs.c.id.desc()).limit(3)).scalars()
        raise NotFound("run", str(number), [f"run {n}" for n in last])
    if plan_hash is not None and not same_plan(plan_hash, seen.plan_hash):
        raise Conflict(
            f"Run {number} has another plan now.", "A decision counts for one exact plan.", f"Say `show run {number}`."
        )
    if name is None:
        found = [g for g in seen.open if plan_hash is None or g["kind"] == "approval"]
    else:
        found = [g for g in seen.open if g["name"] == name]
    if not found:
        raise Conflict(_why(conn, number, seen, name))
    row = found[0]
    if seen.cancel and row["kind"] == "approval":  # what undoing a cancelled run asks still wants an answer
        raise Conflict(f"Run {number} is being cancelled.", "A decision on it does not count any more.")
    if expired(row, now):
        raise Conflict(f"Run {number} has expired.", "Nobody approved in time.", "Ask for it again.")
    return row


def same_plan(said: str, known: str) -> bool:
    """Whether a hash, or its first 12 digits or more, is that of the plan."""
    return said == known or (len(said) >= HASH_SHOWN and known.startswith(said))


def _by_role(gate: sa.RowMapping, actor: Actor) -> Counts:
    people = json.loads(gate["people"])
    mine = gate["role"] in actor.roles or actor.id in people
    return lambda person, behalf: behalf is None and (mine or person != actor.id)


def _edition(conn: sa.Connection, number: int) -> int:
    found = conn.execute(sa.select(t.runs.c.edition).where(t.runs.c.id == number)).scalar()
    return 1 if found is None else int(found)


def _at(number: int, edition: int, name: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (t.gates.c.run_id == number, t.gates.c.edition == edition, t.gates.c.name == name)


def _ballots(conn: sa.Connection, gate: sa.RowMapping) -> list[Ballot]:
    table = t.decisions
    query = sa.select(table.c.actor, table.c.decision, table.c.behalf).where(
        table.c.run_id == gate["run_id"], table.c.edition == gate["edition"], table.c.gate == gate["name"]
    )
    rows = conn.execute(query.order_by(table.c.at, table.c.actor)).mappings()
    return [Ballot(actor=r["actor"], decision=r["decision"], behalf=r["behalf"]) for r in rows]


def _write(
    conn: sa.Connection, number: int, edition: int, gate: str, ballot: Ballot, reason: str, now: datetime
) -> None:
    """A person has one row for a gate; a change of mind replaces it."""
    table = t.decisions
    key = {"run_id": number, "edition": edition, "gate": gate, "actor": ballot.actor}
    said = {"decision": ballot.decision, "behalf": ballot.behalf, "reason": reason, "at": t.iso(now)}
    where = [table.c[name] == value for name, value in key.items()]
    if conn.execute(sa.update(table).where(*where).values(said)).rowcount == 0:
        conn.execute(sa.insert(table).values(key | said))


def why_closed(conn: sa.Connection, number: int, name: str | None = None) -> str:
    """Why a decision comes too late: who decided and when, and how the run is now. Empty while one is waited for."""
    seen = look(conn, number)
    if seen is None:
        return f"there is no run {number} any more."
    waits = any(name in (None, gate["name"]) for gate in seen.open) and not seen.cancel
    return "" if waits else _why(conn, number, seen, name)


def _why(conn: sa.Connection, number: int, seen: Seen, name: str | None) -> str:
    gate = next((g for g in reversed(seen.gates) if name in (None, g["name"])), None)
    ended = "" if gate is None else gate["state"]
    if ended == "expired":
        return f"Run {number} has expired: nobody approved in time. It is {seen.status} now."
    if gate is not None and ended in ("approved", "rejected", HELD):
        made = [row for row in decisions(conn, number, gate["name"]) if row["decision"] == ended]
        if made:
            at = f"{datetime.fromisoformat(made[-1]['at']):%-d %b %H:%M} UTC"
            by = who(made[-1]["actor"], made[-1]["behalf"])
            then = "" if seen.status == "waiting" else f"; it is {seen.status} now"  # else it has not gone on yet
            return f"Run {number} was {ended} by {by} at {at}{then}."
    if by := runs.superseded_words(conn, number):
        return f"{by} Run {number} is {seen.status}; nothing is waiting for approval."
    how = "being cancelled" if seen.cancel and seen.status not in FINISHED else seen.status
    return f"Run {number} is {how}; nothing is waiting for approval."
