"""What every part of a live run needs: results kept once, writes that only its present holder may make, waits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from bizaiops_bot.domain.errors import BotError, Permanent
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.plan import Plan
from bizaiops_bot.engine.audit import trail
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.execution.envelope import Stopped, closed, opened
from bizaiops_bot.engine.execution.halts import Interrupted, Superseded
from bizaiops_bot.engine.execution.planner import require_planned
from bizaiops_bot.engine.execution.resting import RestingClock
from bizaiops_bot.engine.execution.taking_back import TakingBack
from bizaiops_bot.engine.runs import runs, steps
from bizaiops_bot.engine.runs.journal import Journal
from bizaiops_bot.engine.store.failpoints import failpoint
from bizaiops_bot.engine.store.store import StoreDown

T = TypeVar("T")
Work = Callable[[sa.Connection], Any]


@dataclass(frozen=True)
class Held:
    """A run as its holder took it: what it may write with, and what it goes on from."""

    number: int
    segment: int
    edition: int
    playbook: str
    actor: Actor
    plan: Plan
    conversation: str
    thread: str
    unattended: str | None
    cancel: bool
    journal: Journal


class LiveBase(TakingBack):
    """Executes exactly the approved plan: a step the plan does not contain is refused."""

    def __init__(self, core: Core, held: Held) -> None:
        super().__init__(held.number, held.actor, held.conversation, core.ports, core.time_zone)
        self._core, self._held, self._plan, self._journal = core, held, held.plan, held.journal
        self.clock = RestingClock(core.clock, core.activity)
        self._n = 0
        self._gate = 0
        self._cancel = held.cancel
        self._keeping = False

    def patched(self, change: str) -> bool:
        return change in self._plan.patches

    @property
    def begun(self) -> bool:
        """Whether the playbook has come to the first place of its plan."""
        return self._n > 0

    # -- the plan ----------------------------------------------------------------------------------

    def _next(self, name: str, kind: str, call: str, words: tuple[str, ...] | None = None, **more: Any) -> int:
        """The place in the plan. Raises Conflict when the playbook wants something else than was approved."""
        planned = self._plan.steps[self._n] if self._n < len(self._plan.steps) else None
        require_planned(planned, self.id, name, kind, call, words, **more)
        self._n += 1
        return self._n

    # -- keeping results ---------------------------------------------------------------------------

    async def _once(self, name: str, body: Callable[[], Awaitable[tuple[str, Work]]]) -> str:
        """The recorded result of `name`, else what `body` gives, kept in one transaction with what it writes.

        body: returns (result, what else to write).
        """
        known = self._journal.recall(name)
        if known is not None:
            return known
        if self._keeping:
            raise Permanent(
                f"{name!r} was begun before the step before it had ended.", "Steps of a run are one after the other."
            )
        self._keeping = True
        try:
            result, also = await body()
            self._journal.add(name, result)
            await self._write(also)
        finally:
            self._keeping = False
        failpoint("step.recorded")
        return result

    async def _write(self, work: Callable[[sa.Connection], T], *, keep: bool = True) -> T:
        """One transaction as the run's holder. Raises Superseded when it is held by another, Interrupted when the
        database cannot be used.

        keep: also writes what the journal has noted. Of two writes under way at once only one may.
        """
        held, core = self._held, self._core

        def mine(conn: sa.Connection) -> tuple[T, bool, int] | None:
            cancel = runs.held(conn, held.number, core.lead.worker, held.segment)
            if cancel is None:
                return None
            stored = self._journal.store(conn, core.clock.now()) if keep else 0
            return work(conn), cancel, stored

        try:
            written = await core.store.write(mine)
        except StoreDown as exc:
            raise Interrupted(str(exc)) from exc
        if written is None:
            raise Superseded(f"run {held.number}, segment {held.segment}")
        result, self._cancel, stored = written
        if keep:
            self._journal.stored(stored)
        return result

    async def _store_reads(self) -> None:
        """Before anything is done outside: what it was decided on must not be read anew after a crash."""
        if self._journal.unstored:
            await self._write(lambda _conn: None)

    async def _watched(self, n: int, step: str, kept: str, look: Callable[[], Awaitable[tuple[Any, Work]]]) -> Any:
        """Looks until it has seen enough, once: what was seen, a cancel too, is not looked for again after a restart.

        A second look at another hour could see something else, and the run would leave the steps it has taken. look:
        what was seen and how to show it, written together; an error ends step `n` as failed. kept: its record's name.
        """

        async def body() -> tuple[str, Work]:
            try:
                seen, shown = await look()
            except StoreDown as exc:
                raise Interrupted(str(exc)) from exc
            except BotError as exc:
                words = exc.what
                return closed(exc), lambda conn: self._put_step(conn, n, step, "failed", words)
            return json.dumps({"ok": seen}), shown

        return opened(await self._once(kept, body))

    # -- a cancel ----------------------------------------------------------------------------------

    async def _cancelled(self) -> None:
        """Returns once a cancel was asked for."""
        bell = self._core.bells.of(self.id)
        while not self._cancel:
            await bell.wait()
            bell.clear()
            self._cancel = await self._core.store.read(lambda conn: runs.cancel_asked(conn, self.id))

    def _check_cancel(self) -> None:
        if self._cancel and not self._undoing:
            raise Stopped("cancelled", f"Run {self.id} was cancelled.")

    # -- showing and waiting -----------------------------------------------------------------------

    async def _show(self, n: int, name: str, status: str, words: str, attempt: int = 1) -> None:
        """Beside a step that is under way: it must not write the journal, which that step does. It may come late: a
        step that has ended by then stays as it ended.
        """
        await self._write(lambda conn: self._put_step(conn, n, name, status, words, attempt), keep=False)

    def _put_step(self, conn: sa.Connection, n: int, name: str, status: str, words: str = "", attempt: int = 1) -> None:
        """Moves one step, in the caller's transaction; the card follows a moment later."""
        now = self._core.clock.now()
        ended = now if status in ("done", "failed", "undone") else None
        detail = trail.redact(words)
        steps.put(conn, self.id, n, name, status, detail=detail, started=now, ended=ended, attempt=attempt)
        self._core.cards.touch(conn, self.id)

    async def _sleep(self, until: datetime) -> None:
        """Until the time is reached; raises Stopped for a cancel."""
        self._check_cancel()
        timer = asyncio.ensure_future(self._core.clock.sleep_until(until))
        watch = asyncio.ensure_future(self._cancelled())
        try:
            with self._core.activity.resting():
                await asyncio.wait({timer, watch}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (timer, watch):
                task.cancel()
            await asyncio.gather(timer, watch, return_exceptions=True)
        self._check_cancel()

    async def _begin(self, n: int, name: str) -> datetime:
        """When something that takes long began, once."""

        async def body() -> tuple[str, Work]:
            now = self.clock.now().isoformat()
            return json.dumps(now), lambda conn: self._put_step(conn, n, name, "running")

        return datetime.fromisoformat(json.loads(await self._once(f"{name} begins", body)))
