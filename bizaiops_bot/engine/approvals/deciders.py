"""Who may decide on a gate at this moment: by role or name, by policy, and through a delegation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.environments import parted
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.plan import GateSpec
from bizaiops_bot.domain.records import OpenGate
from bizaiops_bot.engine.approvals import delegations, gates
from bizaiops_bot.engine.policy.policy import Allowed, Policy
from bizaiops_bot.engine.store import tables as t

POLICY = "policy"
"""Who lets a gate through that needs no person."""
NOT_HERE = Allowed(ok=False, rule="unknown_person", why="nobody of that name is known here")


@dataclass(frozen=True)
class Electorate:
    """The people of one gate. Made anew for every decision, so that it knows the roles and policy of that moment.

    service: "churn", "churn in staging"; None for a change of no model. role, people: those named by the
    gate. given: (owner, delegate) pairs that hold now.
    """

    policy: Policy
    known: Mapping[str, Actor]
    requester: str
    service: str | None
    playbook: str
    role: str
    people: tuple[str, ...] = ()
    given: tuple[tuple[str, str], ...] = ()
    _asked: dict[tuple[str, str | None], Allowed] = field(default_factory=dict)

    def counts(self, person: str, behalf: str | None) -> bool:
        """Whether a decision of `person`, for himself or for `behalf`, counts."""
        if person == POLICY and POLICY not in self.known:
            return behalf is None
        if behalf is None:
            return self._named(person) and self.allowed(person).ok
        return (
            (behalf, person) in self.given
            and self.requester not in (person, behalf)
            and self.counts(behalf, None)
            and self.allowed(person, behalf).ok
        )

    def allowed(self, person: str, behalf: str | None = None) -> Allowed:
        """What policy says about `person` deciding, and which rule."""
        if (person, behalf) not in self._asked:
            self._asked[person, behalf] = self._ask(person, behalf)
        return self._asked[person, behalf]

    def _ask(self, person: str, behalf: str | None) -> Allowed:
        actor = self.known.get(person)
        if actor is None:
            return NOT_HERE
        context: dict[str, Any] = {"requester": self.requester, "playbook": self.playbook}
        model, environment = (None, None) if self.service is None else parted(self.service)
        context |= {"environment": environment} if environment else {}
        context |= {"delegators": [behalf]} if behalf is not None else {}
        return self.policy.may(actor, "approve", model=model, **context)

    def _named(self, person: str) -> bool:
        actor = self.known.get(person)
        return person in self.people or (actor is not None and self.role in actor.roles)

    def owners_of(self, person: str) -> list[str]:
        """Those who have let `person` decide for them."""
        return [owner for owner, delegate in self.given if delegate == person]

    def by_right(self) -> list[str]:
        """Ids of those who may decide for themselves; the requester is never among them."""
        return [p for p in tuple(self.known) if p != self.requester and self.counts(p, None)]

    def left(self, voices: Iterable[str]) -> list[str]:
        """Who may still give one of the voices that are missing: "sre", "kim for sre"."""
        used = set(voices)
        mine = [p for p in self.by_right() if p not in used]
        own = set(self.by_right())
        return mine + [f"{d} for {o}" for o, d in self.given if o not in used and d not in own and self.counts(d, o)]


def electorate(
    conn: sa.Connection,
    policy: Policy,
    known: Mapping[str, Actor],
    run: sa.RowMapping,
    gate: sa.RowMapping,
    now: datetime,
) -> Electorate:
    """Of a stored gate, with the delegations that hold now."""
    return Electorate(
        policy,
        known,
        json.loads(run["actor"])["id"],
        run["model"],
        run["playbook"],
        gate["role"],
        tuple(json.loads(gate["people"])),
        tuple((d.owner, d.delegate) for d in delegations.active(conn, now=now)),
    )


def view(
    conn: sa.Connection,
    policy: Policy,
    known: Mapping[str, Actor],
    run: sa.RowMapping,
    gate: sa.RowMapping,
    now: datetime,
) -> OpenGate:
    """A gate as people see it, counted with what policy allows now."""
    people = electorate(conn, policy, known, run, gate, now)
    tally, said = gates.standing(conn, gate, people.requester, people.counts)
    names = ("name", "question", "kind", "quorum", "role", "plan_hash", "opened", "expires")
    return OpenGate.model_validate(
        {name: gate[name] for name in names}
        | {
            "run": gate["run_id"],
            "people": json.loads(gate["people"]),
            "voices": said,
            "may": people.left(tally.voices),
            "reminders": json.loads(gate["escalate"]),
            "reminded": gate["escalated"],
        }
    )


def first_open(
    conn: sa.Connection, policy: Policy, known: Mapping[str, Actor], run: sa.RowMapping, now: datetime
) -> OpenGate | None:
    """What the run waits for, None when it waits for nobody."""
    gate = next(iter(gates.open_gates(conn, run["id"])), None)
    return None if gate is None else view(conn, policy, known, run, gate, now)


def waiting_runs(conn: sa.Connection) -> list[int]:
    """Numbers of the runs that wait for people."""
    waiting = sa.select(t.gates.c.run_id).distinct().where(t.gates.c.state == "open").order_by(t.gates.c.run_id)
    return [int(number) for number in conn.execute(waiting).scalars()]


def planned(
    policy: Policy, known: Mapping[str, Actor], requester: str, playbook: str, service: str | None, spec: GateSpec
) -> list[str]:
    """Who could decide on a gate that is only planned yet. Delegates add no voice: it is the owner's."""
    return Electorate(policy, known, requester, service, playbook, spec.role, spec.people).by_right()
