"""Gates and decisions without runs being carried out: a real store, the real policy, people whose roles can change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import sqlalchemy as sa

from bizaiops_bot.bot_api.reach import Ports
from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.plan import GateSpec, Plan, PlanStep
from bizaiops_bot.domain.posts import ClickAnswer
from bizaiops_bot.domain.records import AuditEntry, OpenGate
from bizaiops_bot.engine.api.controls import EngineControls
from bizaiops_bot.engine.api.records import EngineRecords
from bizaiops_bot.engine.approvals import deciding, delegations, gates
from bizaiops_bot.engine.approvals.deciding import Decision
from bizaiops_bot.engine.approvals.run_cards import RunCards
from bizaiops_bot.engine.audit import trail
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.policy.policy import Policy
from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.runs.playbooks import Playbooks
from bizaiops_bot.engine.store import tables as t
from tests.support import stores
from tests.support.fake_company import FakeModels
from tests.support.virtual_clock import VirtualClock

T = TypeVar("T")
AT = datetime(2026, 3, 4, 8, tzinfo=UTC)
ENGINEER = Actor(id="engineer", name="Erin", roles=("engineer",))


def approver(name: str) -> Actor:
    return Actor(id=name, name=name.capitalize(), roles=("approver",))


STAFF = (
    ENGINEER,
    approver("lead"),
    approver("sre"),
    approver("kim"),
    Actor(id="ana", name="Ana", roles=("analyst",)),
    Actor(id="bob", name="Bob", roles=("engineer",)),
)


def plan_of(*specs: GateSpec, model: str = "churn", version: str = "v2") -> Plan:
    steps = tuple(PlanStep(name=spec.name, kind="gate") for spec in specs)
    return Plan(playbook="deploy_model", inputs={"model": model, "version": version}, steps=steps, gates=specs)


@cache
def _playbooks() -> Playbooks:
    return Playbooks.load(content_folder("playbooks"))


class GateRoom:
    """One folder with its store; `reopened` is another process on the same file."""

    def __init__(self, folder: Path, clock: VirtualClock | None = None, staff: tuple[Actor, ...] = STAFF) -> None:
        self.folder, self.clock = folder, clock or VirtualClock(AT)
        folder.mkdir(exist_ok=True)
        playbooks = _playbooks()
        self.people = {person.id: person for person in staff}
        policy = Policy.load(content_folder("policy"), self.people.values(), playbooks)
        self.core = Core(
            stores.open_store(folder), self.clock, policy, playbooks, [], cards=RunCards, home="ml-ops", time_zone="UTC"
        )
        self.core.ports = cast(Ports, SimpleNamespace(models=FakeModels()))
        self.core.people, policy.people = self.people, self.people.values()
        self.controls, self.records = EngineControls(self.core), EngineRecords(self.core)

    def reopened(self) -> GateRoom:
        self.core.store.close()
        return GateRoom(self.folder, self.clock, tuple(self.people.values()))

    def close(self) -> None:
        self.core.store.close()

    def give(self, person: str, *roles: str) -> None:
        self.people[person] = Actor(id=person, name=person.capitalize(), roles=roles)

    async def write(self, work: Callable[[sa.Connection], T]) -> T:
        return await self.core.store.write(work)

    async def begin(
        self, *specs: GateSpec, by: Actor = ENGINEER, model: str = "churn", kind: gates.Kind = "approval"
    ) -> int:
        """A waiting run with its card; its first gate is open."""
        made = plan_of(*(specs or (GateSpec(name="approval 1", question="Go?"),)), model=model)

        def work(conn: sa.Connection) -> int:
            number, _ = runs.create(
                conn,
                made,
                actor=by,
                conversation="ml-ops",
                thread="m-1",
                message=None,
                unattended=None,
                now=self.clock.now(),
            )
            runs.set_status(conn, number, "waiting", now=self.clock.now())
            place = {"conversation": "ml-ops", "thread": "m-1", "reply_to": None}
            conn.execute(sa.insert(t.run_cards).values(run_id=number, card=f"run-{number}", **place))
            self.open(conn, number, made, kind=kind)
            return number

        return await self.write(work)

    def open(self, conn: sa.Connection, number: int, plan: Plan, which: int = 0, kind: gates.Kind = "approval") -> None:
        now = self.clock.now()
        gates.open_gate(
            conn, number, plan.gates[which], plan.hash, now=now, expires=now + timedelta(hours=24), kind=kind
        )
        self.core.cards.redraw(conn, number)

    async def change_plan(self, number: int, *specs: GateSpec, version: str) -> Plan:
        """As an order that corrects a waiting run does."""
        made = plan_of(*specs, version=version)

        def work(conn: sa.Connection) -> None:
            row = runs.get_row(conn, number)
            gates.close_all(conn, number)
            values: dict[str, Any] = {"edition": row["edition"] + 1, "plan": made.canonical, "plan_hash": made.hash}
            conn.execute(sa.update(t.runs).where(t.runs.c.id == number).values(values))
            self.open(conn, number, made)

        await self.write(work)
        return made

    async def decides(self, who: str, number: int, word: str = "approved", **bound: Any) -> ClickAnswer:
        """By a click: always answered."""
        return await deciding.click(self.core, Decision(number, word, who, **bound))

    async def delegates(self, owner: str, delegate: str, hours: float = 24) -> None:
        until = self.clock.now() + timedelta(hours=hours)
        await self.write(lambda conn: delegations.add(conn, owner, delegate, now=self.clock.now(), until=until))

    async def state(self, number: int, name: str = "approval 1") -> str:
        return await self.core.store.read(lambda conn: gates.state(conn, number, name))

    async def open_gate(self, number: int) -> OpenGate:
        (gate,) = await self.records.approvals(number)
        return gate

    async def still_approved(self, number: int, name: str = "approval 1") -> bool:
        def look(conn: sa.Connection) -> bool:
            return gates.still_approved(conn, number, name, deciding.who_counts(self.core, conn, number, name))

        return await self.core.store.read(look)

    async def card(self, number: int) -> Card:
        body = sa.select(t.cards.c.card).where(t.cards.c.id == f"run-{number}")
        return Card.model_validate_json(await self.core.store.read(lambda conn: conn.execute(body).scalar_one()))

    async def audited(self, kind: str, number: int | None = None) -> list[AuditEntry]:
        """Oldest first."""
        subject = None if number is None else f"run {number}"
        found = await self.core.store.read(lambda conn: trail.read(conn, limit=100_000, before=None, subject=subject))
        return [entry for entry in reversed(found) if entry.kind == kind]


def words(card: Card) -> str:
    """All fields and texts of a card."""
    said = [card.title]
    for block in card.blocks:
        said += [f"{label}: {value}" for label, value in getattr(block, "fields", ())]
        said.append(getattr(block, "text", ""))
    return "\n".join(said)
