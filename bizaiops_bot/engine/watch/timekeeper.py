"""Does what is due at a set moment, once, whatever restarts or other workers do.

A freeze holds by its times alone: here its begin and end are only told. The end of a pause is an order to resume, which
passes policy, plan, gates and audit as a person's does.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.environments import inputs_about
from bizaiops_bot.domain.errors import BotError, Refused
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.records import FINISHED, RunRecord
from bizaiops_bot.domain.timers import Timer
from bizaiops_bot.engine.context.core import Core, log
from bizaiops_bot.engine.context.resting import rest
from bizaiops_bot.engine.news import notices
from bizaiops_bot.engine.orders.order import Order, Place
from bizaiops_bot.engine.orders.orders import Orders
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.runs import runs, workers
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.failpoints import failpoint
from bizaiops_bot.engine.timing import timer_cards, timers

T = TypeVar("T")
RESUME = "resume_model"
EFFECT = "explain_effect"
LATE = timedelta(minutes=5)
_AFTER_TROUBLE = timedelta(minutes=5)


class Timekeeper:
    """One loop, by the worker that leads."""

    def __init__(self, core: Core, orders: Orders) -> None:
        self._core, self._orders = core, orders
        self._looked: dict[int, int] = {}
        """The newest run of its model when it was last looked whether a pause holds, by timer."""

    async def run(self) -> None:
        """Until cancelled."""
        core = self._core
        while True:
            core.bells.timers.clear()
            try:
                with core.activity.working():
                    await self.keep()
                until = await core.store.read(timers.soonest) if core.lead.leading else None
            except Exception:  # a full disk, say: what is due stays due
                log.exception("what was due could not be done")
                until = core.clock.now() + _AFTER_TROUBLE
            await rest(core, until, core.bells.timers)

    async def keep(self) -> None:
        """Everything that is due by now; ends of pauses that are over by other means are let go of first."""
        core = self._core
        if not core.lead.leading:
            return
        for made in await core.store.read(lambda conn: timers.not_over(conn, "resume")):
            try:
                await self._let_go(made)
            except Exception as exc:  # serving cannot be asked, say: it is looked at again at its end
                log.warning("whether %s is still paused is not known: %s", made.model, exc)
        now = core.clock.now()
        for made in await core.store.read(lambda conn: timers.due(conn, now)):
            try:
                await self._do(made, now)
            except Exception:  # one that breaks must not hold up the others
                log.exception("timer %s broke", made.id)
                later = now + timers.AGAIN
                await self._write(lambda conn, n=made.id, at=later: timers.change(conn, n, next_at=at))  # type: ignore[misc]

    async def _do(self, made: Timer, now: datetime) -> None:
        if made.kind == "resume":
            await self._resume(made)
        elif made.kind == "reminder":
            await self._write(lambda conn: self._remind(conn, made, now))
        elif made.kind == "effect":
            await self._look(made)
        else:
            await self._write(lambda conn: self._tell_freeze(conn, made, now))

    # -- what is only told -------------------------------------------------------------------------

    def _remind(self, conn: sa.Connection, made: Timer, now: datetime) -> None:
        called = {person.id: person.name for person in self._core.people.values()}
        who = called.get(made.person, made.person)
        by = "" if made.owner == made.person else called.get(made.owner, made.owner)
        card = timer_cards.reminder(made, who, by, late=now - made.begins > LATE)
        notices.put(self._core, conn, f"reminder-{made.id}", card, made.conversation)
        self._core.note(conn, f"timer:{made.id}", "reminded", f"reminder {made.id}")
        timers.end(conn, [made.id], f"timer:{made.id}", now)

    def _tell_freeze(self, conn: sa.Connection, made: Timer, now: datetime) -> None:
        """A begin that was slept through is not told when the end has come as well."""
        over = made.ends is not None and made.ends <= now
        freeze = timers.as_freeze(made, now)
        card = timer_cards.freeze_over(freeze) if over else timer_cards.freeze_begins(freeze)
        for place in dict.fromkeys((made.conversation, self._core.home)):
            notices.put(self._core, conn, f"freeze-{made.id}-{'over' if over else 'begins'}-{place}", card, place)
        what = "freeze_over" if over else "freeze_begins"
        self._core.note(conn, f"timer:{made.id}", what, made.model or "changes", timer=made.id)
        if over:
            timers.end(conn, [made.id], f"timer:{made.id}", now)
        else:
            timers.change(conn, made.id, next_at=made.ends)

    # -- the effect of a release ---------------------------------------------------------------------

    async def _look(self, made: Timer) -> None:
        """Tells it where the release was asked for, unless another version was released since."""
        core, model = self._core, str(made.model)
        newest = await core.ports.records.releases(model, limit=1)
        if not newest or newest[0].run != made.run:
            await self._write(lambda conn: self._looked_at(conn, made, "another version was released since"))
            return
        release = await core.store.read(lambda conn: _run_of(conn, made))
        key = f"effect-{made.id}"
        place = Place(made.conversation, release.thread if release else f"c-{key}")
        actor = Actor(id=f"timer:{made.id}", name="the look after the labels", kind="timer")
        try:
            card = await self._orders.answer(
                Order(EFFECT, {"model": model}, actor, place, key, heard={"timer": made.id, "run": made.run})
            )
        except Refused as exc:
            what = f"What the {model} release did is not told"
            card = Card(title=what, tone="muted", summary=f"{what}. {exc}", answer="refused")

        def work(conn: sa.Connection) -> None:
            now = core.clock.now()
            outbox.put_card(
                conn, f"c-{key}", card, conversation=place.conversation, thread=place.thread, reply_to=None, now=now
            )
            self._looked_at(conn, made, card.title)

        await self._write(work)

    def _looked_at(self, conn: sa.Connection, made: Timer, what: str) -> None:
        timers.end(conn, [made.id], f"timer:{made.id}", self._core.clock.now())
        self._core.note(conn, f"timer:{made.id}", "effect_looked_at", str(made.model), run=made.run, found=what)

    # -- the end of a pause ------------------------------------------------------------------------

    async def _resume(self, made: Timer) -> None:
        """Orders the resume. The timer's key makes it one run: a crash before it is noted finds the run again."""
        core, key = self._core, f"timer-{made.id}"
        self._looked.pop(made.id, None)
        if await self._let_go(made):  # somebody outside may have ended the pause, of which no run tells
            return
        try:
            number = await self._orders.made(key) or await self._order(made, key)
        except Refused as exc:
            await self._write(lambda conn, why=str(exc): self._give_up(conn, made, why))  # type: ignore[misc]
            return
        except BotError as exc:
            await self._write(lambda conn, why=str(exc): self._try_again(conn, made, why))  # type: ignore[misc]
            return
        if number is None:
            await self._write(lambda conn: timers.change(conn, made.id, next_at=core.clock.now() + timers.AGAIN))
            return
        failpoint("timer.ordered")

        def work(conn: sa.Connection) -> None:
            timers.end(conn, [made.id], f"timer:{made.id}", core.clock.now())
            core.note(conn, f"timer:{made.id}", "pause_ended", str(made.model), timer=made.id, run=number)

        await self._write(work)

    async def _order(self, made: Timer, key: str) -> int | None:
        """The run that resumes; None while the pause itself is still under way."""
        paused = await self._core.store.read(lambda conn: _run_of(conn, made))
        if paused is not None and not paused.finished:
            return None
        place = Place(made.conversation, paused.thread if paused else "")
        actor = Actor(id=f"timer:{made.id}", name=f"the end of {made.owner}'s pause", kind="timer")
        heard = {"timer": made.id, "run": made.run, "owner": made.owner}
        order = Order(RESUME, inputs_about(str(made.model)), actor, place, key, heard=heard)
        playbook, inputs = await self._orders.check(order)
        plan = await self._orders.plan(order, playbook, inputs)
        alone = self._core.policy.may(actor, "unattended", playbook=RESUME, **inputs_about(str(made.model)))
        why = f"{alone.rule}: run {made.run} was approved with this end" if alone.ok else None
        return await self._orders.begin(order, plan, copies=[], unattended=why)

    def _try_again(self, conn: sa.Connection, made: Timer, why: str) -> None:
        now = self._core.clock.now()
        card = timer_cards.not_resumed(made, why, again=True)
        notices.put(self._core, conn, f"timer-{made.id}-late", card, made.conversation)
        timers.change(conn, made.id, next_at=now + timers.AGAIN)

    def _give_up(self, conn: sa.Connection, made: Timer, why: str) -> None:
        card = timer_cards.not_resumed(made, why, again=False)
        for place in dict.fromkeys((made.conversation, self._core.home)):
            notices.put(self._core, conn, f"timer-{made.id}-late-{place}", card, place)
        timers.end(conn, [made.id], "policy", self._core.clock.now())
        self._core.note(conn, f"timer:{made.id}", "pause_not_ended", str(made.model), timer=made.id, why=why)

    async def _let_go(self, made: Timer) -> bool:
        """A pause that a person, a rollback or somebody outside has ended takes its timer along, and one that somebody
        made anew has another end, or none. Looked at anew after each run of the model. Whether it is let go.
        """
        core = self._core
        since = await core.store.read(lambda conn: _since(conn, made))
        if since is None or self._looked.get(made.id) == since[0]:
            return False
        newest, again = since
        state = await core.ports.serving.traffic(await core.ports.records.service(str(made.model)))
        if state.paused and not again:
            self._looked[made.id] = newest
            return False

        def work(conn: sa.Connection) -> None:
            timers.end(conn, [made.id], "resumed", core.clock.now())
            core.note(conn, f"timer:{made.id}", "pause_over", str(made.model), timer=made.id)

        await self._write(work)
        return True

    async def _write(self, work: Callable[[sa.Connection], T]) -> T | None:
        """Nothing for a worker that only believes to lead: it was frozen, and another one leads by now."""
        core = self._core

        def leading_only(conn: sa.Connection) -> T | None:
            shared = core.store.database.shared
            return None if shared and not workers.leads(conn, core.lead.worker) else work(conn)

        return await core.store.write(leading_only)


def _run_of(conn: sa.Connection, made: Timer) -> RunRecord | None:
    return None if made.run is None else runs.get(conn, made.run)


def _since(conn: sa.Connection, made: Timer) -> tuple[int, bool] | None:
    """The run of the model that ended last, and whether one has paused it anew since; None while the pause itself is
    still under way.
    """
    r = t.runs.c
    own = conn.execute(sa.select(r.playbook, r.status).where(r.id == made.run)).first()
    if own is not None and own.status not in FINISHED:
        return None
    ended = sa.select(r.id, r.playbook, r.status).where(r.model == made.model, r.ended.is_not(None))
    rows = conn.execute(ended.order_by(r.ended.desc(), r.id.desc()).limit(50)).all()
    later = [row for row in rows if row.id > (made.run or 0) and row.status == "succeeded"]
    return (rows[0].id if rows else 0), own is not None and any(row.playbook == own.playbook for row in later)
