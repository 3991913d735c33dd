"""An order becomes a run: policy, plan, one transaction with its card, start. Reads and controls answer at once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.environments import service_said
from bizaiops_bot.domain.errors import BotError, Conflict, NotFound
from bizaiops_bot.domain.notices import severity_of
from bizaiops_bot.domain.plan import Plan
from bizaiops_bot.domain.values import duration_s
from bizaiops_bot.engine.approvals import deciders, deciding, escalation, first_cards, gates
from bizaiops_bot.engine.approvals.first import AskedAlready, BeingStopped, First
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.execution.direct import DirectRun
from bizaiops_bot.engine.execution.planner import make_plan
from bizaiops_bot.engine.news import notices, waiting_news
from bizaiops_bot.engine.orders import permission, placing
from bizaiops_bot.engine.orders.answers import amended_card, as_before_card, at_once_card, dry_run_card
from bizaiops_bot.engine.orders.order import Order, Place
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.runs import runs, steps
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.store import after_commit
from bizaiops_bot.playbook import Inputs, Playbook, card_and_output

_ADD_CARD = sa.insert(t.run_cards)
_AMENDABLE = sa.select(t.runs).where(
    t.runs.c.model == sa.bindparam("of"),
    t.runs.c.playbook == sa.bindparam("by"),
    t.runs.c.status == "waiting",
    t.runs.c.worker.is_(None),
    ~t.runs.c.cancel,
)


class Orders:
    """Carries out orders."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._first = First(core)

    async def check(self, order: Order) -> tuple[Playbook, Inputs]:
        """The playbook and its typed inputs, if policy lets the actor. Raises Refused, NotFound, BadInput."""
        playbook = self._core.playbooks.get(order.playbook)
        inputs = await placing.somewhere(self._core, order, self._core.playbooks.check(playbook, order.inputs))
        await permission.ask(self._core, order, playbook, inputs)
        return playbook, inputs

    async def answer(self, order: Order) -> Card:
        """Does a read or control playbook now and returns its card; it changes the world at most once per key."""
        playbook, inputs = await self.check(order)
        return await self._direct(order, playbook, inputs)

    async def _direct(self, order: Order, playbook: Playbook, inputs: Inputs) -> Card:
        core = self._core
        run = DirectRun(
            order.key, order.actor, order.place.conversation, core.ports, core.time_zone, self._poster(order)
        )
        with core.activity.working():
            card, _ = card_and_output(await playbook.body(run, inputs))
        if playbook.risk == "control":
            await core.store.write(
                lambda conn: core.note(
                    conn, order.actor.id, "control", order.key, playbook=playbook.name, result=card.text
                )
            )
        return card

    def _poster(self, order: Order) -> Any:
        count = 0

        async def post(card: Card, conversation: str | None) -> None:
            nonlocal count
            count += 1
            card_id = f"c-{order.key}-{count}"
            place = (
                order.place if conversation in (None, order.place.conversation) else Place(str(conversation), card_id)
            )
            await self._core.store.write(lambda conn: self._put(conn, card_id, card, place))

        return post

    def _put(self, conn: sa.Connection, card_id: str, card: Card, place: Place) -> None:
        outbox.put_card(
            conn,
            card_id,
            card,
            conversation=place.conversation,
            thread=place.thread,
            reply_to=place.reply_to,
            now=self._core.clock.now(),
        )

    async def carry_out(self, order: Order) -> Card | int:
        """The card of an answer (also of a dry run), or the number of the run that was begun."""
        changes = self._core.playbooks.get(order.playbook).risk == "change"
        known = await self.made(order.key) if changes else None
        if known is not None:
            return known
        waits = await self._waits_already(order)
        if waits is not None:  # policy is asked about all of it
            inputs_of = self._core.playbooks.get(order.playbook).inputs
            order = replace(order, inputs=inputs_of.amended(waits[1], _said(order)))
        playbook, inputs = await self.check(order)
        if order.dry_run and playbook.risk != "read":
            return await self._shown(order, playbook, inputs)
        if playbook.risk != "change":
            return await self._direct(order, playbook, inputs)
        if playbook.safety:
            return await self._go_first(order, playbook, inputs)
        if waits is not None:
            number, before = waits
            same = inputs.model_dump(mode="json") == before
            return as_before_card(number, before) if same else await self._amend(order, playbook, inputs, number)
        return await self.begin(order, await self.plan(order, playbook, inputs), copies=[])

    async def _shown(self, order: Order, playbook: Playbook, inputs: Inputs) -> Card:
        """What the order would do, without doing it."""
        if playbook.risk == "control":
            return at_once_card(playbook, inputs)
        return dry_run_card(playbook, await self.plan(order, playbook, inputs))

    # -- what goes first ----------------------------------------------------------------------------

    async def _go_first(self, order: Order, playbook: Playbook, inputs: Inputs) -> Card | int:
        """A safety order takes the place of what waits; what is at work is stopped and undone before it is planned.

        Raises BeingStopped where that takes long: the same order, tried again, goes on from what it has stopped.
        """
        first, service = self._first, service_said(inputs.model_dump()) or ""
        while True:
            await self.make_way(order, playbook, inputs)
            undone = await first.undone_for(order.key, service) if inputs.met_by_undo() else None
            if undone is not None:
                return undone
            try:
                return await self.begin(order, await self.plan(order, playbook, inputs), copies=[])
            except BeingStopped:  # something was approved just now: it is stopped like everything else
                continue
            except AskedAlready as exc:
                return await self._core.store.read(lambda conn, n=exc.run: self._asked_card(conn, n))  # type: ignore[misc]
            except BotError as exc:
                card = await first.told(order.key, service, exc)
                if card is None:
                    raise
                return card

    async def make_way(self, order: Order, playbook: Playbook, inputs: Inputs) -> None:
        """Stops what is at work on the model of a safety order, and returns once that has ended.

        Raises BeingStopped when it takes long, and NotFound for a name that is not there, before anything is stopped.
        """
        if await self._core.store.read(lambda conn: self._first.is_at_work(conn, inputs)):
            try:
                await self.plan(order, playbook, inputs)
            except NotFound:
                raise
            except BotError:  # as the model is now it cannot be planned; it is going to be another way
                pass
        await self._first.make_way(order.key, order.actor, playbook, inputs)

    def _asked_card(self, conn: sa.Connection, number: int) -> Card:
        """The very same plan waits already: whoever asks for it as well may be the one who can approve it."""
        core = self._core
        core.follow_people(conn)
        row = runs.get_row(conn, number)
        gate = deciders.first_open(conn, core.policy, core.people, row, core.clock.now())
        return first_cards.asked_already(runs.record(conn, row), gate)

    async def made(self, key: str) -> int | None:
        """The run that the order with this key has made already: after a crash it is not planned anew."""
        return await self._core.store.read(lambda conn: runs.made(conn, key))

    async def plan(self, order: Order, playbook: Playbook, inputs: Inputs) -> Plan:
        core = self._core
        if not playbook.safety:
            await core.store.read(lambda conn: self._refuse_second(conn, order, inputs))
        with core.activity.working():
            return await self._planned(order, playbook, inputs)

    async def _planned(self, order: Order, playbook: Playbook, inputs: Inputs) -> Plan:
        """With as many approvals as the environment of the model asks for."""
        core, quorum = self._core, placing.quorum(self._core, order, playbook, inputs)
        where = (order.place.conversation, core.ports, core.time_zone)
        return await make_plan(playbook, inputs, order.actor, *where, quorum=quorum)

    def _refuse_second(self, conn: sa.Connection, order: Order, inputs: Inputs) -> None:
        service = service_said(inputs.model_dump())
        if service is not None and not order.dry_run and runs.made(conn, order.key) is None:
            runs.refuse_second(conn, service, but=() if order.instead_of is None else [order.instead_of])

    async def begin(
        self,
        order: Order,
        plan: Plan,
        *,
        copies: list[Place],
        unattended: str | None = None,
        alert: int | None = None,
    ) -> int:
        """Stores the run with its card in every place, as the answer to its message or alert, and starts it.

        Where the rules want approvals it gets a copy too. Copies of what led from an alert wait as long as that does.
        All is one transaction: no crash leaves a message unanswered, or an alert without the run it led to. What makes
        safe takes the place of what waits for the model; raises BeingStopped and AskedAlready, see `First.waiting`.
        """

        deciding.require_possible(self._core, plan, order.actor.id)
        held = unattended is not None or not plan.starts_with_a_gate
        safety = self._core.playbooks.get(plan.playbook).safety

        def work(conn: sa.Connection) -> int:
            over = safety and runs.made(conn, order.key) is None
            waiting = self._first.waiting(conn, plan, again=unattended is not None) if over else []
            waiting = waiting or self._first.disowned(conn, order.instead_of, order.actor)
            number, fresh = runs.create(
                conn,
                plan,
                actor=order.actor,
                conversation=order.place.conversation,
                thread=order.place.thread,
                message=order.key,
                unattended=unattended,
                now=self._core.clock.now(),
                worker=self._core.lead.worker if held else None,
                instead_of=[int(row["id"]) for row in waiting],
            )
            if fresh:
                self._first.supersede(conn, waiting, number, plan, order.key, order.actor)
                if alert is not None:
                    conn.execute(sa.update(t.alerts).where(t.alerts.c.id == alert).values(run_id=number))
                asked = unattended is None and bool(plan.gates)
                self._introduce(conn, number, order, plan, [*copies, *self._approvers(conn, plan, alert, asked=asked)])
                if held:
                    after_commit(conn, lambda: self._core.bells.begin(number, 1))
                else:
                    self._await_people(conn, number, plan)
                self._core.cards.redraw(conn, number)
            return number

        return await self._core.store.write(work)

    def _introduce(self, conn: sa.Connection, number: int, order: Order, plan: Plan, copies: list[Place]) -> None:
        """The run's card in every place, its plan in the audit, and its message answered."""
        now = self._core.clock.now()
        hold = notices.run_hold(self._core, conn, number, now)
        places: dict[str, Place] = {}
        for place in (order.place, *copies):
            places.setdefault(place.conversation, place)
        for index, place in enumerate(places.values()):
            if hold is not None and index and place.conversation != self._core.home:
                waiting_news.keep(self._core, conn, place.conversation, f"run {number}", hold.why, now)
            else:
                self._add_card(conn, number, index, place)
        self._core.note(
            conn,
            order.actor.id,
            "plan",
            f"run {number}",
            hash=plan.hash,
            plan=plan.model_dump(mode="json"),
            order=order.key,
        )
        outbox.mark_answered(conn, order.key)

    def _approvers(self, conn: sa.Connection, plan: Plan, alert: int | None, *, asked: bool) -> list[Place]:
        """The conversations that the rules want approvals in; each gets a thread of its own."""
        if not asked:
            return []
        kind = (
            None if alert is None else conn.execute(sa.select(t.alerts.c.kind).where(t.alerts.c.id == alert)).scalar()
        )
        severity = None if kind is None else severity_of(kind)
        found = notices.places(self._core, conn, "approval", service_said(plan.inputs), severity)
        return [Place(conversation, "") for conversation in found]

    def _await_people(self, conn: sa.Connection, number: int, plan: Plan) -> None:
        """A gate that comes first is open as soon as its card is there: the quickest click counts, and nobody has to
        hold the run until then.
        """
        now = self._core.clock.now()
        expires = now + timedelta(seconds=duration_s(plan.gates[0].expires))
        gates.open_gate(conn, number, plan.gates[0], plan.hash, now=now, expires=expires)
        steps.put(conn, number, 1, plan.gates[0].name, "waiting", started=now)
        runs.park(conn, number, escalation.look_again(conn, number, expires))
        after_commit(conn, lambda: self._core.bells.wake(number))

    # -- another plan for a run that waits ----------------------------------------------------------

    async def _amend(self, order: Order, playbook: Playbook, inputs: Inputs, number: int) -> Card:
        """The requester asks for the same thing a little differently while it waits: its plan is changed in place.

        Decisions made on the plan before count for nothing: people agree to one exact plan.
        """
        core = self._core
        plan = await self._planned(order, playbook, inputs)
        deciding.require_possible(core, plan, order.actor.id)

        def work(conn: sa.Connection) -> list[str]:
            waits = self._waits(conn, order)
            if waits is None or waits[0] != number:
                runs.refuse_second(conn, str(service_said(plan.inputs)))
                raise Conflict(f"Run {number} does not wait any more.", "Its plan stays as it is.", "Ask again.")
            before = runs.get(conn, number)
            gates.close_all(conn, number)
            edition = runs.amend(conn, number, plan)
            conn.execute(sa.delete(t.steps).where(t.steps.c.run_id == number))
            self._await_people(conn, number, plan)
            voided = [d.actor for d in before.decisions]
            core.note(
                conn,
                order.actor.id,
                "plan_changed",
                f"run {number}",
                edition=edition,
                before=before.plan.hash,
                hash=plan.hash,
                plan=plan.model_dump(mode="json"),
                order=order.key,
                voided=voided,
            )
            core.cards.redraw(conn, number)
            return voided

        return amended_card(number, plan, await core.store.write(work))

    async def _waits_already(self, order: Order) -> tuple[int, dict[str, Any]] | None:
        playbook = self._core.playbooks.get(order.playbook)
        if (
            order.dry_run or playbook.risk != "change" or playbook.safety
        ):  # what makes safe is planned as things are now
            return None
        return await self._core.store.read(lambda conn: self._waits(conn, order))

    def _waits(self, conn: sa.Connection, order: Order) -> tuple[int, dict[str, Any]] | None:
        """The run that waits for its first approval and that this order says again or corrects, with its inputs.

        The same person, playbook, model and version: anything else is another wish, and one at a time is done. What
        this order leaves unsaid stays as it was said before.
        """
        wanted = _said(order)
        if wanted.get("model") is None or order.actor.kind != "person":
            return None
        of = placing.service_of(self._core, wanted)
        for row in conn.execute(_AMENDABLE, {"of": of, "by": order.playbook}).mappings():
            known = json.loads(row["inputs"])
            mine = runs.actor_of(row).id == order.actor.id
            first = [g["name"] for g in gates.open_gates(conn, row["id"])] == ["approval 1"]
            if mine and first and wanted.get("version") in (None, known.get("version")):
                return int(row["id"]), known
        return None

    def _add_card(self, conn: sa.Connection, number: int, index: int, place: Place) -> None:
        card_id = f"run-{number}" if index == 0 else f"run-{number}-{index}"
        thread = place.thread or card_id
        values = {"conversation": place.conversation, "thread": thread, "reply_to": place.reply_to}
        conn.execute(_ADD_CARD, {"run_id": number, "card": card_id, **values})


def _said(order: Order) -> dict[str, Any]:
    """The inputs that the order gives; the playbook fills in the others."""
    return {name: value for name, value in order.inputs.items() if value is not None}
