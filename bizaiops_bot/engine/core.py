"""What the parts of the engine share: store, ports, policy, playbooks, doorbells and the run card."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.canary import CanaryLimits
from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.notices import NoticeSettings
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.records import FINISHED
from bizaiops_bot.domain.rule import Rule
from bizaiops_bot.engine import audit, deciders, outbox, run_card, runs, timers
from bizaiops_bot.engine import tables as t
from bizaiops_bot.engine.budgets import Budgets
from bizaiops_bot.engine.freezes import FreezeWindows
from bizaiops_bot.engine.policy import Policy
from bizaiops_bot.engine.registry import Playbooks
from bizaiops_bot.engine.store import Store, StoreDown, after_commit
from bizaiops_bot.ports import Clock, Ports

log = logging.getLogger("bizaiops.engine")
DRAW_AFTER_S = 0.25
DRAW_SHARE = 0.05
"""Of the time, at most, that goes into drawing progress: with much to do its edits come less often."""
DRAW_AT_LAST_S = 1.0
"""The longest that progress is held back."""
_COPIES = sa.select(t.run_cards).where(t.run_cards.c.run_id == sa.bindparam("n"))


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
        budgets: Budgets | None = None,
        freezes: FreezeWindows | None = None,
        notices: NoticeSettings | None = None,
    ) -> None:
        self.store, self.clock, self.policy, self.playbooks = store, clock, policy, playbooks
        self.budgets, self.freezes = budgets or Budgets(), freezes or FreezeWindows()
        self.notices = notices or NoticeSettings()
        self.people = {person.id: person for person in people}
        policy.people = self.people.values()
        self.home, self.time_zone = home, time_zone
        self._bells: dict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self.busy = 0
        self.canary_limits = CanaryLimits()
        self.rules: list[Rule] = []
        self.schedules_changed = asyncio.Event()
        self.notices_changed = asyncio.Event()
        self.timers_changed = asyncio.Event()
        self.background: set[asyncio.Future[None]] = set()
        self.worker = ""
        self.leading = True
        self._ends: dict[int, asyncio.Event] = {}
        self.lead_changed = asyncio.Event()
        self.adopters: list[Callable[[], None]] = []
        """Called when another worker has gone: what it left half done is to be taken up."""
        self.follow_people: Callable[[sa.Connection], None] = _as_they_are
        """Reads the people again where another worker may have let somebody in, or changed their roles."""
        self.wake: Callable[[int], None] = _nobody
        self.begin: Callable[[int, int], None] = _nobody
        self._dirty: set[int] = set()
        self._drawer: asyncio.Task[None] | None = None
        self.draw_after_s = DRAW_AFTER_S
        self._drawing_s = 0.0

    def set_leading(self, leading: bool) -> None:
        """Whether this worker does what only one may do: schedules, the watch, posting to chat platforms."""
        if leading != self.leading:
            self.leading = leading
            self.lead_changed.set()
            self.schedules_changed.set()
            self.notices_changed.set()
            self.timers_changed.set()

    def bell(self, number: int) -> asyncio.Event:
        """Rings when a cancel may have been asked for a run that is carried out here."""
        return self._bells[number]

    def ring(self, number: int) -> None:
        """Something about the run has changed: a parked one is gone on with, one that is carried out hears of it."""
        self.wake(number)

    def forget(self, number: int) -> None:
        """The run is not carried out here any more."""
        self._bells.pop(number, None)

    async def ended(self, number: int) -> None:
        """Returns once the run has ended, wherever it is carried out."""
        query = sa.select(t.runs.c.status).where(t.runs.c.id == number)
        rings = self._ends.setdefault(number, asyncio.Event())
        with self.resting():
            while await self.store.read(lambda conn: conn.execute(query).scalar()) not in FINISHED:
                with suppress(TimeoutError):  # one that ends at another worker does not ring here
                    await asyncio.wait_for(rings.wait(), 1.0)
        self._ends.pop(number, None)

    def tell_end(self, number: int) -> None:
        """Those who wait for the end of the run go on; with it a pause may be over."""
        self.timers_changed.set()
        ended = self._ends.get(number)
        if ended is not None:
            ended.set()

    def touch(self, conn: sa.Connection, number: int) -> None:
        """Has the run's card drawn anew soon: quick steps in a row make one edit."""
        after_commit(conn, lambda: self._draw_soon(number))

    def _draw_soon(self, number: int) -> None:
        self._dirty.add(number)
        if self._drawer is None:
            self._drawer = asyncio.ensure_future(self._draw())

    async def _draw(self) -> None:
        with self.working():
            await asyncio.sleep(max(self.draw_after_s, min(self._drawing_s / DRAW_SHARE, DRAW_AT_LAST_S)))
            numbers, self._dirty, self._drawer = sorted(self._dirty), set(), None
            try:
                await self.store.write(lambda conn: self._redraw_all(conn, numbers))
            except StoreDown as exc:
                log.warning("cards of runs %s were not drawn: %s", numbers, exc)
            except Exception:
                log.exception("cards of runs %s were not drawn", numbers)

    def _redraw_all(self, conn: sa.Connection, numbers: list[int]) -> None:
        began = time.perf_counter()
        for number in numbers:
            self.redraw(conn, number)
        self._drawing_s = time.perf_counter() - began

    def current(self, actor: Actor) -> Actor:
        """The actor with the roles of now; someone who is not known any more has none."""
        return actor if actor.kind != "person" else self.people.get(actor.id, Actor(id=actor.id, name=actor.name))

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
        """A person, or a rule, schedule or timer by its prefix."""
        kind, _, rest = name.partition(":")
        if kind == "rule":
            return Actor(id=name, name=rest, kind="rule")
        if kind == "schedule":
            return Actor(id=name, name=rest, kind="schedule")
        if kind == "timer":
            return Actor(id=name, name=rest, kind="timer")
        return self.people.get(name, Actor(id=name, name=name))

    def redraw(self, conn: sa.Connection, number: int) -> None:
        """Updates every copy of the run's card, in the caller's transaction."""
        self.follow_people(conn)
        row = runs.get_row(conn, number)
        record = runs.record(conn, row)
        result = None if row["result"] is None else Card.model_validate_json(row["result"])
        now = self.clock.now()
        gate = None if record.finished else deciders.first_open(conn, self.policy, self.people, row, now)
        card = run_card.draw(record, run_title(record.playbook, record.inputs), result, gate)
        for copy in conn.execute(_COPIES, {"n": number}).mappings():
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

    def frozen(self, conn: sa.Connection, model: str | None = None) -> str | None:
        """Why no change of the model may begin now: somebody froze them, else a window of the calendar is open; None
        when one may. model: None for a change of any.

        The words follow "changes are".
        """
        return self.frozen_by_hand(conn, model) or self.freezes.active(self.clock.now())

    def frozen_by_hand(self, conn: sa.Connection, model: str | None = None) -> str | None:
        """Who froze changes, until when and why: what `unfreeze deploys` ends. Of several, what ends last."""
        found = [f for f in timers.freezes(conn, self.clock.now()) if f.holds and f.model in (None, model)]
        ends = sorted(found, key=lambda f: (f.ends is None, f.ends))
        return ends[-1].frozen if ends else None


def _as_they_are(_conn: sa.Connection) -> None:
    """Nobody else changes the people."""


def _nobody(*_args: int) -> None:
    """Nobody carries runs out yet."""


def run_title(playbook: str, inputs: dict[str, Any]) -> str:
    """ "deploy_model" with its inputs: "Deploy churn v2"."""
    verb = playbook.removesuffix("_model").replace("_", " ").capitalize()
    return " ".join([verb, *(str(inputs[k]) for k in ("model", "version") if inputs.get(k))])
