"""Safety goes first: an order that makes a model safe takes the place of what waits, and stops what is at work."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Literal

import sqlalchemy as sa

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.changes import changes
from bizaiops_bot.domain.environments import parted, service_said
from bizaiops_bot.domain.errors import BotError, Conflict
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.plan import Plan
from bizaiops_bot.domain.records import FINISHED, run_title
from bizaiops_bot.domain.trials import taken_back
from bizaiops_bot.engine.approvals import first_cards, gates
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.runs import runs, steps, trials
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.store import after_commit
from bizaiops_bot.playbook import Inputs, Playbook

PATIENCE_S = 2.0
"""Real time that an order waits itself for what it has stopped; after that it says so, and goes on when that has
ended.
"""


Left = Literal["all", "undone", "not undone", "unknown"]
"""Of a run that was stopped. "not undone": it had come to nothing that has an undo."""


class BeingStopped(Conflict):
    """What is at work on the model has been told to stop and is not over yet. `runs`: their numbers."""

    def __init__(self, found: Sequence[sa.RowMapping]) -> None:
        self.runs = [int(row["id"]) for row in found]
        what = ", ".join(f"run {row['id']} ({title_of(row)})" for row in found)
        super().__init__(
            f"First {what} has to come to its end.",
            "Two runs never change one model at once.",
            "This goes on by itself as soon as that is over.",
        )


class AskedAlready(Conflict):
    """The very same plan waits already, as run `run`."""

    def __init__(self, run: int, who: str) -> None:
        self.run = run
        super().__init__(f"Run {run}, asked for by {who}, is this very plan.", "It waits for approval.")


class First:
    """Makes way for safety orders."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def make_way(self, key: str, actor: Actor, playbook: Playbook, inputs: Inputs) -> None:
        """Stops what is at work on the model and returns once it has ended.

        key: of the order; with it a crash in between finds what was stopped. Raises BeingStopped for what takes its
        time, and Conflict when the same is being done already.
        """
        service = service_said(inputs.model_dump())
        if service is None:
            return
        wanted = (key, actor, playbook, inputs)
        found = await self._core.store.write(lambda conn: self._stop(conn, service, *wanted))
        for row in found:
            self._core.bells.wake(int(row["id"]))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._core.bells.ended(int(row["id"])), PATIENCE_S)
        left = await self._core.store.read(lambda conn: _unfinished(conn, [int(row["id"]) for row in found]))
        if left:
            raise BeingStopped(left)

    def is_at_work(self, conn: sa.Connection, inputs: Inputs) -> bool:
        """Whether something would have to be stopped."""
        found = runs.open_of(conn, service_said(inputs.model_dump()) or "")
        return any(not only_waits(conn, row) for row in found)

    def _stop(
        self, conn: sa.Connection, service: str, key: str, actor: Actor, playbook: Playbook, inputs: Inputs
    ) -> list[sa.RowMapping]:
        """Tells what is at work to stop; what makes things safe itself is let come to its end."""
        busy = [row for row in runs.open_of(conn, service) if not only_waits(conn, row)]
        for row in busy:
            if not self._core.playbooks.get(row["playbook"]).safety:
                self._tell_to_stop(conn, row, key, actor, run_title(playbook.name, inputs.model_dump(mode="json")))
            elif row["playbook"] == playbook.name and _same(json.loads(row["inputs"]), inputs):
                raise Conflict(
                    f"Run {row['id']} ({title_of(row)}, asked for by {runs.actor_of(row).id}) is at it already.",
                    do=f"Type `show run {row['id']}`.",
                )
        return busy

    def _tell_to_stop(self, conn: sa.Connection, row: sa.RowMapping, key: str, actor: Actor, what: str) -> None:
        number = int(row["id"])
        if _stop_of(conn, number) is None:
            self._note(conn, number, key, actor, what)
        for gate in gates.open_gates(conn, number):
            if gate["kind"] == "question":  # its undo failed, and is tried once more
                gates.close(conn, number, gate["name"], "approved")
        if not row["cancel"]:
            runs.ask_cancel(conn, number)

    def _note(
        self, conn: sa.Connection, number: int, key: str, actor: Actor, what: str, by_run: int | None = None
    ) -> None:
        made = {"run_id": number, "order_key": key, "what": what, "actor": actor.id, "by_run": by_run}
        conn.execute(sa.insert(t.stops).values(made))
        self._core.note(conn, actor.id, "superseded", f"run {number}", what=what, order=key, by_run=by_run)

    # -- what became of it ---------------------------------------------------------------------------

    async def undone_for(self, key: str, model: str) -> Card | None:
        """Says that what the order has stopped is undone, if that is so; None when nothing was, or not cleanly: a build
        or a scaling that was stopped has moved no traffic back, so that the order itself is still to be done.
        """
        stopped = await self._core.store.read(lambda conn: _stopped_for(conn, key))
        if not stopped or any(left != "undone" for _, left in stopped):
            return None
        return await self._stopped_card(stopped, model)

    async def told(self, key: str, model: str, problem: BotError) -> Card | None:
        """Says why the order cannot be planned, what was stopped for it all the same, and what waits for the model
        still; None when nothing of both is to be told.
        """
        stopped = await self._core.store.read(lambda conn: _stopped_for(conn, key))
        if stopped:
            return await self._stopped_card(stopped, model, str(problem))
        waiting = await self._core.store.read(lambda conn: runs.open_of(conn, model))
        return (
            first_cards.still_waits(problem, [(int(row["id"]), title_of(row)) for row in waiting]) if waiting else None
        )

    async def _stopped_card(self, stopped: list[tuple[sa.RowMapping, Left]], model: str, more: str = "") -> Card:
        try:
            ports = self._core.ports
            now = await ports.serving.traffic(await ports.records.service(model))
            traffic = f"The traffic of {model} is now {now.spoken()}."
        except BotError as exc:
            traffic = f"The traffic of {model} could not be read: {exc.what}"
        said = [*(_ended_words(row, left) for row, left in stopped), traffic, *filter(None, [more])]
        await self._core.store.write(lambda conn: self._remember(conn, model, stopped))
        return first_cards.stopped(int(stopped[-1][0]["id"]), model, " ".join(said))

    def _remember(self, conn: sa.Connection, model: str, stopped: list[tuple[sa.RowMapping, Left]]) -> None:
        """The version that a rollback has taken from its traffic was taken back, as by a run of its own."""
        for number in (int(row["id"]) for row, left in stopped if left == "undone"):
            brought = [c.version for c in changes([runs.get(conn, number)]) if c.kind == "canary"]
            stop, why = _stop_of(conn, number), taken_back(runs.superseded_words(conn, number))
            for version in brought if stop is not None else ():
                now, by = self._core.clock.now(), str(stop["actor"]) if stop is not None else None
                trials.add(conn, parted(model)[0], version, "rollback", why, run=number, now=now, by=by)

    # -- taking the place ----------------------------------------------------------------------------

    def waiting(self, conn: sa.Connection, plan: Plan, *, again: bool) -> list[sa.RowMapping]:
        """What waits for the plan's model and is to make way for it. again: also the very same plan.

        Raises BeingStopped while something is at work, and AskedAlready for the same plan.
        """
        open_now = runs.open_of(conn, service_said(plan.inputs) or "")
        busy = [row for row in open_now if not only_waits(conn, row)]
        if busy:
            raise BeingStopped(busy)
        same = next((row for row in open_now if row["plan_hash"] == plan.hash), None)
        if same is not None and not again:
            raise AskedAlready(int(same["id"]), runs.actor_of(same).id)
        return open_now

    def disowned(self, conn: sa.Connection, number: int | None, actor: Actor) -> list[sa.RowMapping]:
        """The actor's own run `number` that waits and is to make way for what was meant; none for None, or when it is
        over. Raises Conflict when it was approved meanwhile.
        """
        row = None if number is None else runs.get_row(conn, number)
        if row is None or row["status"] in FINISHED or runs.actor_of(row).id != actor.id:
            return []
        if not only_waits(conn, row):
            what = f"Run {number} ({title_of(row)}) was approved meanwhile and is at work."
            raise Conflict(what, "Nothing else was started.", f"Say `cancel run {number}` first.")
        return [row]

    def supersede(
        self, conn: sa.Connection, waiting: Sequence[sa.RowMapping], number: int, plan: Plan, key: str, actor: Actor
    ) -> None:
        """Ends runs that waited, in the transaction that makes run `number` in their place; those that were stopped
        for it are told of it as well.
        """
        core, what = self._core, run_title(plan.playbook, plan.inputs)
        now = core.clock.now()
        for row in waiting:
            old, why = int(row["id"]), f"Superseded by run {number} ({what}, asked for by {actor.id})."
            for gate in gates.open_gates(conn, old):
                steps.settle(conn, old, gate["name"], "skipped", detail=f"superseded by run {number}", now=now)
            gates.close_all(conn, old)
            self._note(conn, old, key, actor, what, number)
            error = f"{why} Nothing was begun."
            runs.set_status(conn, old, "cancelled", now=now, error=error)
            core.note(conn, actor.id, "run_ended", f"run {old}", status="cancelled", error=error)
            after_commit(conn, lambda n=old: core.bells.tell_end(n))  # type: ignore[misc]
            core.cards.redraw(conn, old)
        mine = (t.stops.c.order_key == key, t.stops.c.by_run.is_(None))
        for old in conn.execute(sa.select(t.stops.c.run_id).where(*mine)).scalars().all():
            conn.execute(sa.update(t.stops).where(t.stops.c.run_id == old).values(by_run=number))
            core.cards.redraw(conn, int(old))


def only_waits(conn: sa.Connection, row: sa.RowMapping) -> bool:
    """Whether the run waits for an approval and has not begun with anything: to end it needs no undo."""
    waits = [gate for gate in gates.open_gates(conn, int(row["id"])) if gate["kind"] == "approval"]
    if row["worker"] is not None or row["cancel"] or not waits:
        return False
    steps = runs.plan_of(row).steps
    place = next((n for n, step in enumerate(steps) if step.name == waits[0]["name"]), len(steps))
    return all(step.kind in ("gate", "undo") for step in steps[:place])


def makes_way(conn: sa.Connection, number: int) -> bool:
    """Whether a safety order waits for the end of the run, or has taken its place."""
    return _stop_of(conn, number) is not None


def title_of(row: sa.RowMapping) -> str:
    return run_title(row["playbook"], json.loads(row["inputs"]))


def _stop_of(conn: sa.Connection, number: int) -> sa.RowMapping | None:
    return conn.execute(sa.select(t.stops).where(t.stops.c.run_id == number)).mappings().first()


def _unfinished(conn: sa.Connection, numbers: list[int]) -> list[sa.RowMapping]:
    return [row for row in (runs.get_row(conn, n) for n in numbers) if row["status"] not in FINISHED]


def _stopped_for(conn: sa.Connection, key: str) -> list[tuple[sa.RowMapping, Left]]:
    """The runs that were stopped for the order, each with what is left of it."""
    found = conn.execute(sa.select(t.stops.c.run_id).where(t.stops.c.order_key == key).order_by(t.stops.c.run_id))
    return [(runs.get_row(conn, int(n)), _left(conn, int(n))) for n in found.scalars().all()]


STOP_BUILD = "stop"
"""What takes back a build (`ports.Pipelines`), and no traffic."""


def _left(conn: sa.Connection, number: int) -> Left:
    row = runs.get_row(conn, number)
    if row["status"] in ("succeeded", "waiting", "running"):
        return "all"
    steps_of = enumerate(runs.plan_of(row).steps, start=1)
    undo = [n for n, step in steps_of if step.kind == "undo" and step.call != STOP_BUILD]
    query = sa.select(t.steps.c.status).where(t.steps.c.run_id == number, t.steps.c.n.in_(undo))
    begun = set(conn.execute(query).scalars())
    if not begun:
        return "not undone"
    return "undone" if begun == {"undone"} else "unknown"


def _same(known: dict[str, object], wanted: Inputs) -> bool:
    """Whether what is asked for is what was; what is left open is taken as that."""
    given = {name: value for name, value in wanted.model_dump(mode="json").items() if value is not None}
    return all(known.get(name) == value for name, value in given.items())


def _ended_words(row: sa.RowMapping, left: Left) -> str:
    what = f"Run {row['id']} ({title_of(row)}, asked for by {runs.actor_of(row).id})"
    if row["status"] == "succeeded":
        return f"{what} had come to its end before it could be stopped."
    how = {"undone": "what it had changed is undone", "not undone": "nothing of it was undone"}
    return f"{what} is {row['status']}; {how.get(left, 'what it had changed could not be undone')}."
