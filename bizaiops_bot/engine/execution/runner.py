"""Carries runs out: claims them, replays their journal, ends them, and takes up again what was left."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.errors import BotError, Undecided
from bizaiops_bot.domain.plan import Plan
from bizaiops_bot.domain.records import RunStatus
from bizaiops_bot.engine.approvals import escalation, gates
from bizaiops_bot.engine.audit.redaction import redact
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.execution.envelope import Stopped
from bizaiops_bot.engine.execution.halts import Interrupted, Parked, Superseded
from bizaiops_bot.engine.execution.live import LiveRun
from bizaiops_bot.engine.execution.live_base import Held
from bizaiops_bot.engine.execution.poller import Poller
from bizaiops_bot.engine.runs import polls, runs, workers
from bizaiops_bot.engine.runs.journal import Journal
from bizaiops_bot.engine.store.failpoints import failpoint
from bizaiops_bot.engine.store.store import StoreDown
from bizaiops_bot.playbook import Regression, card_and_output

log = logging.getLogger("bizaiops.runner")
AGAIN_S = 1.0
LATER_S = 30.0
FAR = datetime.max.replace(tzinfo=UTC)


class Runner:
    """One per worker. Runs that wait for people are held by nobody and cost nothing here."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()
        self.poller = Poller(core)
        self._tending: asyncio.Task[None] | None = None
        self._polling: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._poked = 0
        self._beat_at = 0.0
        self._left: set[tuple[int, int]] = set()
        self._home = ""
        core.bells.wake = self.wake
        core.bells.begin = self.begin

    @property
    def executing(self) -> int:
        """How many runs this worker is carrying out now; parked ones are not among them."""
        return len(self._tasks)

    @property
    def ended(self) -> list[str]:
        """Which of its loops have ended, though it was not stopped: nothing is carried out, or looked for, any more."""
        loops = (self._tending, self._polling, self._listening)
        return [loop.get_name() for loop in loops if loop is not None and loop.done() and not loop.cancelled()]

    # -- the worker's life -------------------------------------------------------------------------

    async def launch(self, *, home: str = "here", alone: str | None = None) -> None:
        """Enters this worker and goes on with what a dead one left.

        home: host and locked data folder. alone: what lives in one process and forbids other workers; see
        `workers.require_alone`.
        """
        core, self._home = self._core, home
        core.lead.worker = workers.new_id()
        self._poked = core.store.head
        found = await workers.register(core.store, core.lead.worker, home)
        if alone is not None and core.store.database.shared:
            late = await workers.require_alone(core.store, core.lead.worker, alone)
            found = dataclasses.replace(found, taken=found.taken + late)
        self._follow(found)
        if core.store.database.shared:
            self._listening = asyncio.create_task(core.store.listen(), name="news")
        self._tending = asyncio.create_task(self._tend(), name="runs")
        self._polling = asyncio.create_task(self.poller.run(), name="polls")

    async def stop(self) -> None:
        """Lets go: unfinished runs go on from their journal at the next start, or at once at another worker."""
        loops = [loop for loop in (self._tending, self._polling, self._listening) if loop is not None]
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        await self._drop_all()
        with suppress(StoreDown):
            await workers.leave(self._core.store, self._core.lead.worker)
        self._core.lead.worker = ""

    async def _drop_all(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()

    async def _tend(self) -> None:
        """Wakes runs whose time has come; with other workers about also beats, and hears whom they ring for."""
        core = self._core
        while True:
            self._changed.clear()
            until = core.clock.now()
            try:
                with core.activity.working():
                    until = await self._look() or FAR
                pause = workers.BEAT_S if core.store.database.shared else None
            except StoreDown as exc:
                log.warning("runs wait for the database: %s", exc)
                until, pause = FAR, AGAIN_S
            except Exception:
                log.exception("runs could not be looked after")
                until, pause = FAR, AGAIN_S
            await self._rest(until, pause)

    async def _look(self) -> datetime | None:
        """One look at everything; when the next run is due."""
        if self._core.store.database.shared:
            if time.monotonic() - self._beat_at >= workers.BEAT_S / 2:  # a click need not wait for a beat
                self._beat_at = time.monotonic()
                await self._beat()
                await self._find_left()
            await self._hear_pokes()
        return await self._wake_due()

    async def _rest(self, until: datetime, pause_s: float | None) -> None:
        """Until the time on the bot's clock, some real time, or a change."""
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._changed.wait())]
        if until is not FAR:
            waits.append(asyncio.ensure_future(self._core.clock.sleep_until(until)))
        try:
            await asyncio.wait(waits, timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _beat(self) -> None:
        core = self._core
        found = await workers.beat(core.store, core.lead.worker)
        if not found.lost:
            self._follow(found)
            return
        log.warning("worker %s was taken for dead; its runs went to others, it begins anew", core.lead.worker)
        await self._drop_all()
        core.lead.worker = workers.new_id()
        self._follow(await workers.register(core.store, core.lead.worker, self._home))

    async def _find_left(self) -> None:
        """Begins runs that this worker has claimed and nobody carries out, as where the word of a commit was lost.

        Only those seen so twice: one that was claimed a moment ago is about to be begun.
        """
        core = self._core
        held = await core.store.read(lambda conn: runs.held_by(conn, core.lead.worker))
        left = {run for run in held if run[0] not in self._tasks}
        for number, segment in left & self._left:
            log.warning("run %s was claimed and not begun", number)
            self.begin(number, segment)
        self._left = left

    def _follow(self, found: workers.Beat) -> None:
        if found.leading != self._core.lead.leading:
            log.info("worker %s %s", self._core.lead.worker, "leads" if found.leading else "does not lead any more")
        self._core.lead.set(found.leading)
        for number, segment in found.taken:
            log.info("run %s is taken over", number)
            self.begin(number, segment)
        if found.gone:
            for adopt in self._core.lead.adopters:
                adopt()

    async def _hear_pokes(self) -> None:
        """Other workers ring through the database: a cancel for a run that is carried out here."""
        head = self._core.store.head
        if head <= self._poked:
            return
        for number in await self._core.store.read(lambda conn: runs.poked(conn, self._poked)):
            if number in self._tasks:
                self._core.bells.of(number).set()
        self._poked = head

    # -- waking parked runs ------------------------------------------------------------------------

    def wake(self, number: int) -> None:
        """Looks at a parked run now; a run that is carried out here is rung for."""
        if number in self._tasks:
            self._core.bells.of(number).set()
        self._changed.set()

    async def _wake_due(self) -> datetime | None:
        """Goes on with every parked run that is due; when the next one will be."""
        core = self._core
        now = core.clock.now()
        due = await core.store.read(lambda conn: runs.due(conn, now))
        if due:
            for number, segment in await core.store.write(lambda conn: list(self._claim_due(conn, due, now))):
                failpoint("run.claimed")
                self.begin(number, segment)
        return await core.store.read(runs.next_wake)

    def _claim_due(self, conn: sa.Connection, due: list[int], now: datetime) -> Iterable[tuple[int, int]]:
        """Those that go on; one that only has to remind people is not carried on for that."""
        for number in due:
            point = conn.begin_nested()
            try:
                segment = self._claim_one(conn, number, now)
                point.commit()
            except (sa.exc.OperationalError, sa.exc.InterfaceError):
                raise
            except Exception:  # one that cannot be drawn, say, does not hold up the others
                point.rollback()
                log.exception("run %s could not be looked at", number)
            else:
                if segment is not None:
                    yield number, segment

    def _claim_one(self, conn: sa.Connection, number: int, now: datetime) -> int | None:
        open_now = gates.open_gates(conn, number)
        looks = any(gate["kind"] == "outside" for gate in open_now)  # it may have been answered there
        if open_now and not looks and not runs.cancel_asked(conn, number):
            escalation.tell_due(self._core, conn, number, now)
            until = datetime.fromisoformat(open_now[0]["expires"])
            if now < until:
                runs.park(conn, number, escalation.look_again(conn, number, until))
                return None
        return runs.claim(conn, number, self._core.lead.worker)

    # -- one run -----------------------------------------------------------------------------------

    def begin(self, number: int, segment: int) -> None:
        """Carries a run out that this worker has claimed."""
        before = self._tasks.pop(number, None)
        if before is not None:
            before.cancel()
        task = asyncio.create_task(self._carry(number, segment), name=f"run {number}")
        self._tasks[number] = task
        task.add_done_callback(lambda done: self._gone(number, done))

    def _gone(self, number: int, task: asyncio.Task[None]) -> None:
        if self._tasks.get(number) is task:
            del self._tasks[number]
            self._core.bells.forget(number)

    async def _carry(self, number: int, segment: int) -> None:
        with self._core.activity.working():
            while True:
                try:
                    await self._execute(number, segment)
                    return
                except (Interrupted, StoreDown) as exc:
                    log.warning("run %s waits for the database: %s", number, exc)
                    with self._core.activity.resting():
                        await asyncio.sleep(AGAIN_S)
                except Superseded as exc:
                    log.info("%s is carried out elsewhere", exc)
                    return
                except Parked:
                    self._changed.set()  # it may be due before all others
                    return
                except Exception:  # its end or its record could not be written or read: nobody may lose sight of it
                    log.exception("run %s could not be carried on, trying again in %s s", number, LATER_S)
                    with self._core.activity.resting():
                        await asyncio.sleep(LATER_S)

    async def _execute(self, number: int, segment: int) -> None:
        core = self._core
        core.bells.of(number).clear()  # before the read: a ring after it is not lost
        held = await core.store.read(lambda conn: self._hold(conn, number, segment))
        if held is None:
            raise Superseded(f"run {number}, segment {segment}")
        run = LiveRun(core, held)
        try:
            playbook = core.playbooks.get(held.playbook)
            result = await playbook.body(run, core.playbooks.check(playbook, held.plan.inputs))
            card, output = card_and_output(result)
        except Stopped as exc:
            await self._end(held, exc.status, error=exc.what)
        except BotError as exc:
            if isinstance(exc, StoreDown):
                raise
            await self._end(
                held,
                exc.ends_as if isinstance(exc, Undecided) else "failed",
                error=str(exc) if run.begun else _overtaken(held.plan, exc),
                result=exc.card if isinstance(exc, Regression) else None,
            )
        except Exception as exc:
            log.exception("run %s broke", number)
            await self._end(held, "failed", error=await self._known(number, exc))
        else:
            await self._end(held, "succeeded", result=card, output=output)

    def _hold(self, conn: sa.Connection, number: int, segment: int) -> Held | None:
        """The run as this worker holds it, None when it does not."""
        if not runs.holds(conn, number, self._core.lead.worker, segment):
            return None
        self._core.follow_people(conn)
        row = runs.get_row(conn, number)
        return Held(
            number=number,
            segment=segment,
            edition=row["edition"],
            playbook=row["playbook"],
            actor=runs.actor_of(row),
            plan=Plan.model_validate_json(row["plan"]),
            conversation=row["conversation"],
            thread=row["thread"],
            unattended=row["unattended"],
            cancel=row["cancel"],
            journal=Journal.load(conn, number, row["edition"]),
        )

    async def _known(self, number: int, exc: Exception) -> str:
        """Says only what is known: the last finished step."""
        record = await self._core.store.read(lambda conn: runs.get(conn, number))
        done = [s.name for s in record.steps if s.status in ("done", "undone")]
        last = f"the last finished step is {done[-1]!r}" if done else "no step was finished"
        broke = f"The playbook broke ({type(exc).__name__}: {exc})."
        return f"{broke} State unknown; {last}. Say `status` to read the world again."

    async def _end(
        self,
        held: Held,
        status: RunStatus | str,
        *,
        error: str = "",
        result: Card | None = None,
        output: dict[str, object] | None = None,
    ) -> None:
        """Ends the run once, if it is still this worker's."""
        core, number, error = self._core, held.number, redact(error)
        now = core.clock.now()

        def work(conn: sa.Connection) -> bool:
            if not runs.holds(conn, number, core.lead.worker, held.segment):
                return False
            summary = result.text if result is not None and status == "succeeded" else ""
            gates.settle_steps(conn, number, now)
            gates.close_all(conn, number)
            polls.forget(conn, number)
            runs.set_status(conn, number, status, now=now, summary=summary, error=error, result=result, output=output)
            core.note(
                conn,
                held.actor.id,
                "run_ended",
                f"run {number}",
                status=status,
                error=error,
                summary=summary,
                output=output,
            )
            core.cards.redraw(conn, number)
            return True

        if await core.store.write(work):
            failpoint("run.ended")
            self.poller.forget(number)
            core.bells.tell_end(number)


def _overtaken(plan: Plan, exc: BotError) -> str:
    """The playbook's own checks refuse now what they let through when it was planned: the world has changed since."""
    was = "; ".join(f"{line.what}: {line.before} -> {line.after}" for line in plan.changes)
    planned = f" It was planned to change {was}." if was else ""
    return f"{exc} The world has changed since the plan was made.{planned} Nothing was begun."
