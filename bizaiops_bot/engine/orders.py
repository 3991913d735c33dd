"""An order becomes a run: policy, plan, one transaction with its card, start. Reads and controls answer at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.cards import Card, Context, Diff, StepLine, Steps, Text
from bizaiops_bot.domain.errors import Refused
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.plan import Plan
from bizaiops_bot.domain.values import duration_s
from bizaiops_bot.engine import gates, outbox, runner, runs
from bizaiops_bot.engine import tables as t
from bizaiops_bot.engine.core import Core
from bizaiops_bot.engine.direct import DirectRun
from bizaiops_bot.engine.planner import make_plan
from bizaiops_bot.engine.policy import Allowed
from bizaiops_bot.playbook import Inputs, Playbook


@dataclass(frozen=True)
class Place:
    """Where a card goes."""

    conversation: str
    thread: str
    reply_to: str | None = None


@dataclass(frozen=True)
class Order:
    """A typed order with its author. `key` makes it happen once: the message or event it came from."""

    playbook: str
    inputs: dict[str, Any]
    actor: Actor
    place: Place
    key: str
    heard: dict[str, Any]
    dry_run: bool = False


class Orders:
    """Carries out orders."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def check(self, order: Order) -> tuple[Playbook, Inputs]:
        """The playbook and its typed inputs, if policy lets the actor. Raises Refused, NotFound, BadInput."""
        playbook = self._core.playbooks.get(order.playbook)
        inputs = self._core.playbooks.check(playbook, order.inputs)
        model = getattr(inputs, "model", None)
        frozen = await self._core.store.read(self._core.frozen)
        context = {"frozen": frozen is not None, "playbook": playbook.name, "requester": await self._requester(inputs)}
        allowed = self._core.policy.may(order.actor, playbook.name, model=model, **context)
        await self._core.store.write(lambda conn: self._note_request(conn, order, playbook, allowed))
        if not allowed.ok:
            raise self._refusal(order, playbook, model, allowed, frozen)
        return playbook, inputs

    async def _requester(self, inputs: Inputs) -> str:
        number = getattr(inputs, "run", None)
        if number is None:
            return ""
        try:
            return (await self._core.store.read(lambda conn: runs.get(conn, number))).actor
        except Exception:  # an unknown run is the playbook's own, better error
            return ""

    def _note_request(self, conn: sa.Connection, order: Order, playbook: Playbook, allowed: Allowed) -> None:
        self._core.note(
            conn, order.actor.id, "request", order.key,
            playbook=playbook.name, inputs=order.inputs, heard=order.heard, conversation=order.place.conversation,
            policy="permit" if allowed.ok else "refuse", rule=allowed.rule,
        )  # fmt: skip

    def _refusal(
        self, order: Order, playbook: Playbook, model: str | None, allowed: Allowed, frozen: str | None
    ) -> Refused:
        who = self._core.policy.who_may(playbook.name, model=model, playbook=playbook.name)
        deed = playbook.name.removesuffix("_model").replace("_", " ")
        what = f"{order.actor.id} may not {deed}{f' {model}' if model else ''}."
        if allowed.rule == "freeze" and frozen is not None:
            return Refused(what, f"Changes are {frozen}.", "An approver can say `unfreeze deploys`.")
        may = f"Allowed: {', '.join(who)}." if who else "Nobody is allowed to do it."
        return Refused(what, f"Policy rule {allowed.rule}: {allowed.why}.", may)

    async def answer(self, order: Order) -> Card:
        """Does a read or control playbook now and returns its card; it changes the world at most once per key."""
        playbook, inputs = await self.check(order)
        return await self._direct(order, playbook, inputs)

    async def _direct(self, order: Order, playbook: Playbook, inputs: Inputs) -> Card:
        core = self._core
        run = DirectRun(
            order.key, order.actor, order.place.conversation, core.ports, core.time_zone, self._poster(order)
        )
        with core.working():
            card = await playbook.body(run, inputs)
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
        known = await self.made(order.key)
        if known is not None:
            return known
        playbook, inputs = await self.check(order)
        if playbook.risk != "change":
            return await self._direct(order, playbook, inputs)
        plan = await self.plan(order, playbook, inputs)
        if order.dry_run:
            return _dry_run_card(playbook, plan)
        return await self.begin(order, plan, copies=[])

    async def made(self, key: str) -> int | None:
        """The run that the order with this key has made already: after a crash it is not planned anew."""
        query = sa.select(t.runs.c.id).where(t.runs.c.message == key)
        return await self._core.store.read(lambda conn: conn.execute(query).scalar())

    async def plan(self, order: Order, playbook: Playbook, inputs: Inputs) -> Plan:
        core = self._core
        await core.store.read(lambda conn: self._refuse_second(conn, order, inputs))
        with core.working():
            return await make_plan(playbook, inputs, order.actor, order.place.conversation, core.ports, core.time_zone)

    def _refuse_second(self, conn: sa.Connection, order: Order, inputs: Inputs) -> None:
        known = conn.execute(sa.select(t.runs.c.id).where(t.runs.c.message == order.key)).scalar()
        model = getattr(inputs, "model", None)
        if known is None and model is not None and not order.dry_run:
            runs.refuse_second(conn, model)

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

        All is one transaction: no crash leaves a message unanswered, or an alert without the run it led to.
        """

        def work(conn: sa.Connection) -> int:
            number, fresh = runs.create(
                conn, plan, actor=order.actor, conversation=order.place.conversation, thread=order.place.thread,
                message=order.key, unattended=unattended, now=self._core.clock.now(),
            )  # fmt: skip
            if fresh:
                for index, place in enumerate([order.place, *copies]):
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
                self._open_first_gate(conn, number, plan, unattended)
                self._core.redraw(conn, number)
                outbox.mark_answered(conn, order.key)
                if alert is not None:
                    conn.execute(sa.update(t.alerts).where(t.alerts.c.id == alert).values(run_id=number))
            return number

        number = await self._core.store.write(work)
        await runner.start(number)
        return number

    def _open_first_gate(self, conn: sa.Connection, number: int, plan: Plan, unattended: str | None) -> None:
        """A gate that comes first is open as soon as its card is there: the quickest click counts."""
        if unattended is None and plan.steps and plan.steps[0].kind == "gate":
            now = self._core.clock.now()
            expires = now + timedelta(seconds=duration_s(plan.gates[0].expires))
            gates.open_gate(conn, number, plan.gates[0], plan.hash, now=now, expires=expires)
            runs.put_step(conn, number, 1, plan.gates[0].name, "waiting", started=now)

    def _add_card(self, conn: sa.Connection, number: int, index: int, place: Place) -> None:
        card_id = f"run-{number}" if index == 0 else f"run-{number}-{index}"
        conn.execute(
            sa.insert(t.run_cards).values(
                run_id=number,
                card=card_id,
                conversation=place.conversation,
                thread=place.thread,
                reply_to=place.reply_to,
            )
        )


def _dry_run_card(playbook: Playbook, plan: Plan) -> Card:
    steps = tuple(StepLine(name=s.name, status="planned", detail=s.detail) for s in plan.steps if s.kind != "undo")
    undo = [s.name for s in plan.steps if s.kind == "undo"]
    asked = "; ".join(f"{g.question} ({g.quorum} approval, role {g.role})" for g in plan.gates) or "no approval needed"
    blocks = [Text(text=f"Nothing was started. This is what `{playbook.name}` would do."), Steps(steps=steps)]
    changes = [Diff(lines=plan.changes)] if plan.changes else []
    foot = [Text(text=f"Approval: {asked}"), Text(text=f"Undone on failure: {', '.join(undo) or 'nothing'}")]
    small = Context(text=f"Plan {plan.hash}")
    return Card(title=f"Dry run: {playbook.title}", blocks=(*blocks, *changes, *foot, small))
