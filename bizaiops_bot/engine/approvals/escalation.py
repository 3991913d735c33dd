"""Telling those who have not decided again, at the times a gate names. The quorum never gets lower."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bizaiops_bot.domain.cards import Button, Card, Context, Text
from bizaiops_bot.domain.values import spoken_duration
from bizaiops_bot.engine.approvals import deciders, gates
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.news import notices
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.store import tables as t

ACTOR = "escalation"


@dataclass(frozen=True)
class Due:
    """The `k`-th reminder of an open gate, whose time has come. whom: a role or a person."""

    gate: sa.RowMapping
    k: int
    when: datetime
    whom: str


def next_at(row: sa.RowMapping) -> datetime | None:
    """When the gate `row` wants the next reminder; None when all are done, or it is decided."""
    left = _left(row)
    return left[0][0] if left else None


def look_again(conn: sa.Connection, number: int, until: datetime) -> datetime:
    """When a run that waits till `until` has to be looked at: then, or at the next reminder."""
    times = [next_at(gate) for gate in gates.open_gates(conn, number)]
    return min([until, *(when for when in times if when is not None)])


def due(conn: sa.Connection, number: int, now: datetime) -> list[Due]:
    """Reminders of the run's open gates that are not told yet, oldest first. An expired gate reminds nobody."""
    cancelled = runs.cancel_asked(conn, number)
    return [
        Due(gate, gate["escalated"] + i + 1, when, whom)
        for gate in gates.open_gates(conn, number)
        for i, (when, whom) in enumerate(_left(gate))
        if when <= now < datetime.fromisoformat(gate["expires"]) and (gate["kind"] == "question" or not cancelled)
    ]


def tell_due(core: Core, conn: sa.Connection, number: int, now: datetime) -> int:
    """Posts every reminder that is due into the run's thread, and under its copies where the rules want approvals, in
    the caller's transaction; returns how many.

    Counted in the gate's row with the post, so a reminder comes once whatever happens around it.
    """
    found = due(conn, number, now)
    for one in found:
        _tell(core, conn, one, now)
    if found:
        core.cards.redraw(conn, number)
    return len(found)


def _left(gate: sa.RowMapping) -> list[tuple[datetime, str]]:
    if gate["state"] != "open":
        return []
    times = json.loads(gate["escalate"])
    return [(datetime.fromisoformat(when), whom) for when, whom in times[gate["escalated"] :]]


def _tell(core: Core, conn: sa.Connection, one: Due, now: datetime) -> None:
    gate, run = one.gate, runs.get_row(conn, one.gate["run_id"])
    people = deciders.electorate(conn, core.policy, core.people, run, gate, now)
    tally, voices = gates.standing(conn, gate, people.requester, people.counts)
    asked = [p for p in people.by_right() if p not in tally.voices and _is(core, p, one.whom)]
    card = _card(gate, one, asked, voices, people.left(tally.voices), now)
    outbox.put_card(
        conn,
        _card_id(gate, one.k),
        card,
        conversation=run["conversation"],
        thread=run["thread"],
        reply_to=None,
        now=now,
    )
    for copy in _copies(core, conn, run, now):
        place = {"conversation": copy["conversation"], "thread": copy["thread"], "reply_to": None}
        outbox.put_card(conn, notices.copy_id(_card_id(gate, one.k), copy["conversation"]), card, **place, now=now)
    key = [t.gates.c[name] == gate[name] for name in ("run_id", "edition", "name")]
    conn.execute(sa.update(t.gates).where(*key).values(escalated=one.k))
    subject = f"run {gate['run_id']}"
    core.note(conn, ACTOR, "escalation", subject, gate=gate["name"], k=one.k, whom=one.whom, told=asked)


def _copies(core: Core, conn: sa.Connection, run: sa.RowMapping, now: datetime) -> list[sa.RowMapping]:
    """The run's cards in the approvers' conversations; none while news of its alert wait."""
    if notices.run_hold(core, conn, run["id"], now) is not None:
        return []
    wanted = set(notices.places(core, conn, "approval", run["model"])) - {run["conversation"]}
    c = t.run_cards.c
    query = sa.select(t.run_cards).where(c.run_id == run["id"], c.conversation.in_(wanted)).order_by(c.card)
    return list(conn.execute(query).mappings())


def _is(core: Core, person: str, whom: str) -> bool:
    return person == whom or whom in core.people[person].roles


def _card_id(gate: sa.RowMapping, k: int) -> str:
    edition = f"-e{gate['edition']}" if gate["edition"] > 1 else ""
    return f"escalation-{gate['run_id']}{edition}-{gate['name']}-{k}"


def _card(gate: sa.RowMapping, one: Due, asked: list[str], voices: list[str], left: list[str], now: datetime) -> Card:
    number = gate["run_id"]
    waited = spoken_duration((now - datetime.fromisoformat(gate["opened"])).total_seconds())
    what = "approval" if gate["kind"] == "approval" else "an answer"
    addressed = ", ".join(asked) or f"nobody else of {one.whom} may decide; still may: {', '.join(left) or 'nobody'}"
    title = f"Run {number} has waited {waited} for {what}; {addressed}{': please decide' if asked else ''}"
    given = f" ({', '.join(voices)})" if voices else ""
    expires = datetime.fromisoformat(gate["expires"])
    return Card(
        title=title,
        tone="warning",
        blocks=(
            Text(text=f"**{gate['question']}** {len(voices)} of {gate['quorum']} approvals{given}."),
            Context(text=f"Without a decision it expires {expires:%-d %b %H:%M} UTC, and nothing is done."),
        ),
        buttons=(Button(label=f"Show run {number}", command=f"show run {number}"),),
        summary=f"{title}.",
    )
