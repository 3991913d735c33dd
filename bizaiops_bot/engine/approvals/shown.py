"""Which plan of a run a person was last shown: a decision in words, or without a plan's hash, is about that one."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.errors import Unseen
from bizaiops_bot.domain.plan import Plan
from bizaiops_bot.engine.approvals import gates
from bizaiops_bot.engine.audit import trail
from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.store import tables as t

_PLANS = frozenset({"plan", "plan_changed"})


@dataclass(frozen=True)
class Shown:
    """The plan's hash, and the gate that was open."""

    plan_hash: str
    gate: str


def note(conn: sa.Connection, person: str, card: Card) -> None:
    """The bot answers the person with this card: where it offers to decide on a run, it shows the plan."""
    for button in card.buttons:
        bind = button.bind
        if "plan_hash" in bind and bind.get("run", "").isdigit():
            _keep(conn, person, int(bind["run"]), Shown(bind["plan_hash"], bind.get("gate", "")))


def last(conn: sa.Connection, number: int, person: str) -> Shown:
    """What the person was last shown of the run; else the plan that it began with, as there was no other."""
    mine = (t.plans_shown.c.run_id == number, t.plans_shown.c.person == person)
    row = conn.execute(sa.select(t.plans_shown).where(*mine)).mappings().first()
    if row is not None:
        return Shown(row["plan_hash"], row["gate"])
    run = runs.get_row(conn, number)
    gate = next((spec.name for spec in runs.plan_of(run).gates), "")
    if run["edition"] == 1:
        return Shown(run["plan_hash"], gate)
    first = sa.select(t.gates.c.plan_hash).where(t.gates.c.run_id == number, t.gates.c.edition == 1)
    return Shown(str(conn.execute(first).scalar() or ""), gate)


def require(conn: sa.Connection, number: int, seen: gates.Seen | None, plan_hash: str, gate: str | None) -> None:
    """Raises Unseen when the run asks about another plan, or at another gate, than the person was shown."""
    if seen is None or seen.cancel:
        return
    if not gates.same_plan(plan_hash, seen.plan_hash):
        what = f"Run {number} has another plan now than you were shown."
        raise Unseen(number, what, f"{_changes(conn, number, plan_hash)} A decision counts for one exact plan.".strip())
    asked = next((g for g in seen.open if g["kind"] == "approval"), None)
    if gate and asked is not None and asked["name"] != gate and gate in {g["name"] for g in seen.gates}:
        what = f"Run {number} asks something else now than you were shown."
        raise Unseen(number, what, f"{asked['question']} A decision counts for one question.")


def _keep(conn: sa.Connection, person: str, number: int, now: Shown) -> None:
    values = {"plan_hash": now.plan_hash, "gate": now.gate}
    mine = (t.plans_shown.c.run_id == number, t.plans_shown.c.person == person)
    if conn.execute(sa.update(t.plans_shown).where(*mine).values(values)).rowcount == 0:
        conn.execute(sa.insert(t.plans_shown).values(person=person, run_id=number, **values))


def _changes(conn: sa.Connection, number: int, before: str) -> str:
    """ "engineer changed it: canary 10 -> 90." """
    entries = trail.read(conn, limit=50, subject=f"run {number}", kind=_PLANS)
    newest = entries[0] if entries else None
    old = next((e for e in entries if gates.same_plan(before, str(e.detail.get("hash", "")))), None)
    if newest is None or old is None or newest is old:
        return ""
    was, now = (Plan.model_validate(entry.detail["plan"]) for entry in (old, newest))
    names = [*now.inputs, *(name for name in was.inputs if name not in now.inputs)]
    lines = [
        f"{name} {_said(was.inputs.get(name))} -> {_said(now.inputs.get(name))}"
        for name in names
        if was.inputs.get(name) != now.inputs.get(name)
    ]
    before_lines, now_lines = was.words().splitlines()[:-1], now.words().splitlines()[:-1]
    steps = [line.strip() for line in now_lines if line not in before_lines]
    return f"{newest.actor} changed it: {'; '.join(lines or steps) or 'its steps'}."


def _said(value: object) -> str:
    return "not given" if value is None else str(value)
