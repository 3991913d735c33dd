"""What the parts of the engine share: store, ports, policy, playbooks, doorbells and the run card."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.canary import CanaryLimits
from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.engine import audit, gates, outbox, run_card, runs
from bizaiops_bot.engine import tables as t
from bizaiops_bot.engine.policy import Policy
from bizaiops_bot.engine.registry import Playbooks
from bizaiops_bot.engine.store import Store
from bizaiops_bot.ports import Clock, Ports

log = logging.getLogger("bizaiops.engine")


class Core:
    """One per process. `ports` is set by bootstrap after records and controls exist."""

    ports: Ports

    def __init__(
        self,
        store: Store,
        clock: Clock,
        policy: Policy,
        playbooks: Playbooks,
        people: list[Actor],
        *,
        home: str,
        time_zone: str,
    ) -> None:
        self.store, self.clock, self.policy, self.playbooks = store, clock, policy, playbooks
        self.people = {person.id: person for person in people}
        self.home, self.time_zone = home, time_zone
        self._bells: dict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self._ends: dict[int, asyncio.Event] = {}
        self.busy = 0
        self.canary_limits = CanaryLimits()
        self.schedules_changed = asyncio.Event()
        self.background: set[asyncio.Future[None]] = set()

    def bell(self, number: int) -> asyncio.Event:
        """Rings when a decision, a cancel or an expiry may have changed the run."""
        return self._bells[number]

    def ring(self, number: int) -> None:
        if number in self._bells:
            self._bells[number].set()

    def forget(self, number: int) -> None:
        """The run has ended: nobody rings for it any more, and those who wait for its end go on."""
        self._bells.pop(number, None)
        ended = self._ends.pop(number, None)
        if ended is not None:
            ended.set()

    async def ended(self, number: int) -> None:
        """Returns once the run has ended."""
        ended = self._ends.setdefault(number, asyncio.Event())
        record = await self.store.read(lambda conn: runs.get(conn, number))
        if not record.finished:
            with self.resting():
                await ended.wait()
        self._ends.pop(number, None)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Marks real work in progress; tests on a virtual clock let it finish before time moves on."""
        self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Within `working`: waiting for a time or a person is no work."""
        self.busy -= 1
        try:
            yield
        finally:
            self.busy += 1

    def actor(self, name: str) -> Actor:
        """A person, or a rule or schedule by its prefix."""
        kind, _, rest = name.partition(":")
        if kind == "rule":
            return Actor(id=name, name=rest, kind="rule")
        if kind == "schedule":
            return Actor(id=name, name=rest, kind="schedule")
        return self.people.get(name, Actor(id=name, name=name))

    def redraw(self, conn: sa.Connection, number: int) -> None:
        """Updates every copy of the run's card, in the caller's transaction."""
        row = runs.get_row(conn, number)
        record = runs.record(conn, row)
        playbook = self.playbooks.get(record.playbook)
        result = None if row["result"] is None else Card.model_validate_json(row["result"])
        approvers = (
            self.policy.who_may("approve", model=row["model"], requester=record.actor)
            if record.status == "waiting"
            else []
        )
        card = run_card.draw(conn, record, _title(playbook.name, record.inputs), result, approvers)
        now = self.clock.now()
        for copy in conn.execute(sa.select(t.run_cards).where(t.run_cards.c.run_id == number)).mappings():
            outbox.put_card(
                conn,
                copy["card"],
                card,
                conversation=copy["conversation"],
                thread=copy["thread"],
                reply_to=copy["reply_to"],
                now=now,
            )

    def note(self, conn: sa.Connection, actor: str, kind: str, subject: str, **detail: Any) -> None:
        """Appends to the audit in the caller's transaction."""
        audit.append(conn, at=self.clock.now(), actor=actor, kind=kind, subject=subject, **detail)

    def frozen(self, conn: sa.Connection) -> str | None:
        found = conn.execute(sa.select(t.flags.c.value).where(t.flags.c.name == "frozen")).scalar()
        return None if found is None else str(found)

    def step_state(
        self, number: int, n: int, name: str, status: str, detail: str = "", *, waiting: bool | None = None
    ) -> Any:
        """A transaction body that moves one step and redraws the card."""
        now = self.clock.now()
        ended = now if status in ("done", "failed", "undone") else None

        def work(conn: sa.Connection) -> None:
            runs.put_step(conn, number, n, name, status, detail=audit.redact(detail), started=now, ended=ended)
            if waiting is not None:
                runs.set_status(conn, number, "waiting" if waiting else "running", now=now)
            self.redraw(conn, number)

        return work

    async def gate_state(self, number: int, name: str) -> tuple[gates.GateState, bool]:
        """(state of the gate, whether a cancel was asked for)."""
        return await self.store.read(lambda conn: (gates.state(conn, number, name), runs.cancel_asked(conn, number)))


def _title(playbook: str, inputs: dict[str, Any]) -> str:
    """ "deploy_model" with its inputs: "Deploy churn v2"."""
    verb = playbook.removesuffix("_model").replace("_", " ").capitalize()
    return " ".join([verb, *(str(inputs[k]) for k in ("model", "version") if inputs.get(k))])
