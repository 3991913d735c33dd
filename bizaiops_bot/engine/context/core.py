"""What the parts of the engine share: store, clock, ports, policy, playbooks, people, doorbells and the runs' cards."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

import sqlalchemy as sa

from bizaiops_bot.bot_api.reach import Ports
from bizaiops_bot.domain.company_changes import CompanyChanges
from bizaiops_bot.domain.environments import Environment, Environments
from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.notices import NoticeSettings
from bizaiops_bot.domain.people import Actor, ActorKind
from bizaiops_bot.domain.rule import Rule
from bizaiops_bot.engine.audit import trail
from bizaiops_bot.engine.context.activity import Activity
from bizaiops_bot.engine.context.doorbells import Doorbells
from bizaiops_bot.engine.context.lead import Lead
from bizaiops_bot.engine.policy.budgets import Budgets
from bizaiops_bot.engine.policy.policy import Policy
from bizaiops_bot.engine.policy.windows import FreezeWindows
from bizaiops_bot.engine.runs.playbooks import Playbooks
from bizaiops_bot.engine.store.store import Store
from bizaiops_bot.ports.clock import Clock

log = logging.getLogger("bizaiops.engine")
_UNASKED: dict[str, ActorKind] = {"rule": "rule", "schedule": "schedule", "timer": "timer"}


class Cards(Protocol):
    """The one card of each run, in every conversation that shows it."""

    def redraw(self, conn: sa.Connection, number: int) -> None:
        """Updates every copy of the run's card, in the caller's transaction."""

    def touch(self, conn: sa.Connection, number: int) -> None:
        """Has the run's card drawn anew soon: quick steps in a row make one edit."""


class Company(Protocol):
    """The folder that the company is kept in."""

    async def changes(self) -> CompanyChanges:
        """What it says now, against what holds; its mistakes when it cannot be used."""

    async def reload(self, seen: str, *, actor: str) -> CompanyChanges:
        """Puts what was shown with the digest `seen` in place, between two messages, and audits it.

        Raises Conflict when it is not what was seen, BadInput when it cannot be used.
        """

    async def follow(self) -> None:
        """Takes over what another worker has reloaded, until cancelled."""


class Core:
    """One per process. `ports` is set by bootstrap after records and controls exist.

    cards: makes what draws the runs' cards, from this.
    """

    ports: Ports

    def __init__(
        self,
        store: Store,
        clock: Clock,
        policy: Policy,
        playbooks: Playbooks,
        people: list[Actor],
        *,
        cards: Callable[[Core], Cards],
        home: str,
        time_zone: str,
        budgets: Budgets | None = None,
        freezes: FreezeWindows | None = None,
        notices: NoticeSettings | None = None,
        environments: Environments | None = None,
    ) -> None:
        self.activity = Activity()
        self.store, self.clock, self.policy, self.playbooks = store, clock, policy, playbooks
        self.budgets, self.freezes = budgets or Budgets(), freezes or FreezeWindows()
        self.notices = notices or NoticeSettings()
        self.environments = environments or Environments(
            [Environment(name=policy.environment, title=policy.environment)]
        )
        self.people = {person.id: person for person in people}
        policy.people = self.people.values()
        self.home, self.time_zone = home, time_zone
        self.bells, self.lead = Doorbells(store, self.activity), Lead()
        self.lead.listeners.append(self.bells.ring_all)
        self.rules: list[Rule] = []
        self.company: Company | None = None
        """None: variables say everything."""
        self.background: set[asyncio.Future[None]] = set()
        self.follow_people: Callable[[sa.Connection], None] = _as_they_are
        """Reads the people again where another worker may have let somebody in, or changed their roles."""
        self.cards = cards(self)

    @property
    def folder(self) -> Company:
        """The company's. Raises BadInput without one."""
        if self.company is None:
            raise BadInput(
                "There is no company in files here, so nothing can be reloaded.",
                "Variables say everything.",
                "Begin a folder with `bizaiops company init`, and start with --company.",
            )
        return self.company

    def current(self, actor: Actor) -> Actor:
        """The actor with the roles of now; someone who is not known any more has none."""
        return actor if actor.kind != "person" else self.people.get(actor.id, Actor(id=actor.id, name=actor.name))

    def actor(self, name: str) -> Actor:
        """A person, or a rule, schedule or timer by its prefix."""
        prefix, _, rest = name.partition(":")
        if (kind := _UNASKED.get(prefix)) is not None:
            return Actor(id=name, name=rest, kind=kind)
        return self.people.get(name, Actor(id=name, name=name))

    def note(self, conn: sa.Connection, actor: str, kind: str, subject: str, **detail: Any) -> None:
        """Appends to the audit in the caller's transaction."""
        trail.append(conn, at=self.clock.now(), actor=actor, kind=kind, subject=subject, **detail)


def _as_they_are(_conn: sa.Connection) -> None:
    """Nobody else changes the people."""
