"""A person decides on a run: counted with what policy allows now, audited whether it counts or not, and answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast, get_args

import sqlalchemy as sa

from bizaiops_bot.domain.approval import Counts, Word
from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.environments import service_said
from bizaiops_bot.domain.errors import BadInput, BotError, Refused, Unseen
from bizaiops_bot.domain.plan import Plan
from bizaiops_bot.domain.posts import ClickAnswer
from bizaiops_bot.domain.records import OpenGate
from bizaiops_bot.engine.approvals import deciders, first_cards, gates, shown
from bizaiops_bot.engine.approvals.deciders import Electorate
from bizaiops_bot.engine.audit.redaction import redact
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.store import after_commit

MAX_REASON = 500


@dataclass(frozen=True)
class Decision:
    """What someone decided. plan_hash, gate: what it is bound to; without a hash, the plan and gate that this person
    was last shown, see `shown.last`: never one they have not seen.

    event: the platform's id of the click; the same one is answered as before and counts once.
    """

    number: int
    word: str
    actor: str
    reason: str = ""
    plan_hash: str | None = None
    gate: str | None = None
    event: str | None = None


async def decide_words(core: Core, decision: Decision) -> str:
    """What the person is told. Raises BadInput for no decision at all, and what `gates.decide` raises."""
    if decision.word not in get_args(Word):
        raise BadInput(f"{decision.word!r} is no decision.", do="Say approve or reject.")

    def work(conn: sa.Connection) -> tuple[str, BotError | None]:
        known = answered(conn, decision.event)
        if known is not None:
            return known.message, None
        answer, error = _settle(core, conn, decision)
        if error is None:  # one that did not count changed nothing: tried again, it is told how things are then
            keep(core, conn, decision.event, ClickAnswer(accepted=True, message=answer))
        return answer, error

    answer, error = await core.store.write(work)
    core.bells.wake(decision.number)
    if error is not None:
        raise error
    return answer


async def click(core: Core, decision: Decision, place: tuple[str, str] | None = None) -> ClickAnswer:
    """As `decide_words`, as the answer to a click: a decision that does not count is an answer too.

    place: conversation and thread of the card, where a plan that the person has not seen is shown.
    """

    def work(conn: sa.Connection) -> ClickAnswer:
        known = answered(conn, decision.event)
        if known is not None:
            return known
        answer, error = _settle(core, conn, decision)
        told = ClickAnswer(accepted=error is None, message=answer if error is None else str(error))
        if isinstance(error, Unseen) and place is not None:
            _show_again(core, conn, decision, error, place)
        keep(core, conn, decision.event, told)
        return told

    told = await core.store.write(work)
    core.bells.wake(decision.number)
    return told


def look_again(core: Core, conn: sa.Connection, why: Unseen) -> Card:
    """The plan as it is now, with what is different from what the person was shown, and the question anew."""
    row = runs.get_row(conn, why.run)
    core.follow_people(conn)
    gate = deciders.first_open(conn, core.policy, core.people, row, core.clock.now())
    return first_cards.look_again(runs.record(conn, row), gate, why)


def _show_again(core: Core, conn: sa.Connection, decision: Decision, why: Unseen, place: tuple[str, str]) -> None:
    card = look_again(core, conn, why)
    shown.note(conn, decision.actor, card)
    edition = runs.get_row(conn, decision.number)["edition"]
    card_id = f"c-look-{decision.number}-{edition}-{decision.actor}"
    outbox.put_card(conn, card_id, card, conversation=place[0], thread=place[1], reply_to=None, now=core.clock.now())


def answered(conn: sa.Connection, event: str | None) -> ClickAnswer | None:
    """What this very click was answered before; None for one that is not known."""
    if event is None:
        return None
    body = conn.execute(sa.select(t.inbox.c.answer).where(t.inbox.c.event == event)).scalar()
    return None if body is None else ClickAnswer.model_validate_json(body)


def keep(core: Core, conn: sa.Connection, event: str | None, answer: ClickAnswer) -> None:
    """Remembers the answer to a click in the transaction that carried it out."""
    if event is not None:
        body = answer.model_dump_json()
        conn.execute(sa.insert(t.inbox).values(event=event, at=t.iso(core.clock.now()), answer=body))


def who_counts(core: Core, conn: sa.Connection, number: int, gate: str) -> Counts:
    """Whose decision on this gate counts with the roles, delegations and policy of this moment."""
    row = runs.get_row(conn, number)
    where = (t.gates.c.run_id == number, t.gates.c.edition == row["edition"], t.gates.c.name == gate)
    found = conn.execute(sa.select(t.gates).where(*where)).mappings().first()
    if found is None:
        return lambda _person, _behalf: False
    return _electorate(core, conn, row, found).counts


def require_possible(core: Core, plan: Plan, requester: str) -> None:
    """Raises BadInput when one of the plan's gates could never be opened by those who may decide now."""
    service = service_said(plan.inputs)
    for spec in plan.gates:
        may = deciders.planned(core.policy, core.people, requester, plan.playbook, service, spec)
        gates.require_possible(spec, may, requester)


def waiting(core: Core, conn: sa.Connection, number: int | None = None) -> list[OpenGate]:
    """What waits for a decision, oldest first; of one run or all. Gates past their time are left out."""
    now = core.clock.now()
    core.follow_people(conn)
    query = (
        sa.select(t.gates)
        .join(t.runs, sa.and_(t.runs.c.id == t.gates.c.run_id, t.runs.c.edition == t.gates.c.edition))
        .where(
            t.gates.c.state == "open",
            sa.or_(~t.runs.c.cancel, t.gates.c.kind == "question"),
            t.gates.c.expires > t.iso(now),
        )
        .order_by(t.gates.c.opened, t.gates.c.run_id)
    )
    if number is not None:
        query = query.where(t.gates.c.run_id == number)
    rows = conn.execute(query).mappings().all()
    return [deciders.view(conn, core.policy, core.people, runs.get_row(conn, g["run_id"]), g, now) for g in rows]


def _tidy(reason: str) -> str:
    """One line without secrets, at most 500 characters."""
    return redact(" ".join(reason.split()))[:MAX_REASON]


def _electorate(core: Core, conn: sa.Connection, run: sa.RowMapping, gate: sa.RowMapping) -> Electorate:
    core.follow_people(conn)
    return deciders.electorate(conn, core.policy, core.people, run, gate, core.clock.now())


def _settle(core: Core, conn: sa.Connection, decision: Decision) -> tuple[str, BotError | None]:
    """Counts and audits one decision. What does not count leaves nothing but its audit entry."""
    now, number = core.clock.now(), decision.number
    seen = gates.look(conn, number)
    changed = seen is not None and any(gates.expired(gate, now) for gate in seen.open)
    if changed:
        gates.close_expired(conn, number, now)
    answer, error, heard = "", None, dict[str, object]()
    try:
        answer = _count(core, conn, decision, seen, heard)
        changed = True
    except BotError as exc:
        error = exc
    core.note(
        conn,
        decision.actor,
        "decision",
        f"run {number}",
        decision=decision.word,
        counted=error is None,
        told=answer or str(error),
        reason=decision.reason,
        plan_hash=decision.plan_hash or "",
        **heard,
    )
    if changed:
        core.cards.redraw(conn, number)
        _go_on(core, conn, number)
    return answer, error


def _go_on(core: Core, conn: sa.Connection, number: int) -> None:
    """A run that this decision has made due is claimed with it, so that it goes on without being looked for."""
    segment = runs.claim_due(conn, number, core.lead.worker) if core.lead.worker else None
    if segment is not None:
        after_commit(conn, lambda: core.bells.begin(number, segment))


def _count(
    core: Core, conn: sa.Connection, decision: Decision, seen: gates.Seen | None, heard: dict[str, object]
) -> str:
    """Raises before it writes anything. heard: gets the gate and the rule of policy that decided, for the audit."""
    number, now, person = decision.number, core.clock.now(), core.actor(decision.actor)
    plan_hash, name = decision.plan_hash, decision.gate
    asks = seen is not None and any(gate["kind"] == "approval" for gate in seen.open)
    if asks and plan_hash is None:  # a question of a run that is stuck is no part of its plan
        known = shown.last(conn, number, person.id)
        plan_hash, name = known.plan_hash, name or known.gate or None
    if asks and plan_hash is not None:
        shown.require(conn, number, seen, plan_hash, None if decision.plan_hash else name)
    gate = gates.meant(conn, number, seen, name, plan_hash, now)
    people = _electorate(core, conn, runs.get_row(conn, number), gate)
    owners = people.owners_of(person.id)
    heard |= {"gate": gate["name"], "edition": gate["edition"], "plan": gate["plan_hash"]}
    _require_allowed(people, person.id, number, owners, heard)
    return gates.decide(
        conn,
        number,
        person,
        cast(Word, decision.word),
        reason=_tidy(decision.reason),
        plan_hash=plan_hash,
        now=now,
        gate=gate["name"],
        owners=owners,
        counts=people.counts,
    )


def _require_allowed(people: Electorate, person: str, number: int, owners: list[str], heard: dict[str, object]) -> None:
    """Raises Refused, naming the rule, when policy lets the person decide neither for himself nor for another."""
    allowed = people.allowed(person)
    heard["rule"] = allowed.rule
    if allowed.ok:
        return
    lent = [owner for owner in owners if people.counts(person, owner)]
    if lent:
        heard |= {"rule": people.allowed(person, lent[0]).rule, "behalf": lent}
        return
    raise Refused(
        f"Your decision on run {number} does not count: {allowed.why}.",
        f"Policy rule {allowed.rule}.",
        f"Who can: {', '.join(people.by_right()) or 'nobody'}.",
    )
