"""A durable run: every step is done once and remembered, waits are on the bot's clock, a failure undoes what was
begun.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from dbos import DBOS

from bizaiops_bot.domain.canary import CanaryLimits
from bizaiops_bot.domain.cards import Card, DiffLine
from bizaiops_bot.domain.errors import BotError, Permanent, Temporary
from bizaiops_bot.domain.monitoring import Outcome, Verdict
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.plan import GateSpec, Plan
from bizaiops_bot.domain.values import duration_s, spoken_duration
from bizaiops_bot.engine import gates, outbox, runs
from bizaiops_bot.engine import tables as t
from bizaiops_bot.engine.base import PortedRun, call_name, result_type, wants
from bizaiops_bot.engine.core import Core, log
from bizaiops_bot.engine.envelope import Stopped, closed, opened
from bizaiops_bot.engine.judging import assess
from bizaiops_bot.engine.planner import plan_words, require_planned

T = TypeVar("T")
TRIES = 3
LOOK_EVERY_S = 60.0


class LiveRun(PortedRun):
    """Executes exactly the approved plan: a step the plan does not contain is refused."""

    def __init__(
        self, core: Core, number: int, actor: Actor, plan: Plan, conversation: str, *, unattended: str | None
    ) -> None:
        super().__init__(number, actor, conversation, core.ports, core.time_zone)
        self._core, self._plan, self._unattended = core, plan, unattended
        self._n = 0
        self._gate = 0
        self._undoing = False

    async def step(
        self,
        name: str,
        do: Callable[..., Awaitable[T]],
        *args: Any,
        changes: Iterable[DiffLine] = (),
        assume: T | None = None,
        detail: Callable[[T], str] | None = None,
        timeout: str = "30m",
        **kwargs: Any,
    ) -> T:
        n = self._next(name, "step", call_name(do), plan_words(args, kwargs))
        return await self._do(n, name, do, args, kwargs, detail, duration_s(timeout))

    async def read(self, do: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any) -> T:
        adapter = result_type(do)

        async def body() -> str:
            return await self._envelope(lambda: do(*args, **kwargs), adapter.dump_json, 60.0)

        return adapter.validate_python(opened(await DBOS.run_step_async({"name": f"read {call_name(do)}"}, body)))

    async def approve(
        self, question: str, *, quorum: int = 1, role: str = "approver", expires: str = "24h", undo: str = ""
    ) -> None:
        self._gate += 1
        n = self._next(f"approval {self._gate}", "gate", "")
        spec = self._plan.gates[self._gate - 1]  # who must agree is what the approved plan says
        deadline = datetime.fromisoformat(await DBOS.run_step_async({"name": spec.name}, self._open_gate, n, spec))
        while (await self._gate_state(spec.name)) == "open":
            await self._sleep(deadline)
            if self.clock.now() >= deadline:
                await self._core.store.write(lambda conn: gates.close(conn, self.id, spec.name, "expired"))
        outcome = await DBOS.run_step_async({"name": f"{spec.name} outcome"}, self._gate_outcome, n, spec)
        if outcome != "approved":
            status = outcome if outcome in ("rejected", "expired") else "cancelled"
            words = "expired: nobody approved it in time" if status == "expired" else f"was {status}"
            raise Stopped(status, f"Run {self.id} {words}. Nothing was begun.")

    def undo(
        self, name: str, do: Callable[..., Awaitable[Any]], *args: Any, changes: Iterable[DiffLine] = (), **kwargs: Any
    ) -> AbstractAsyncContextManager[None]:
        n = self._next(name, "undo", call_name(do), plan_words(args, kwargs))
        return self._undo(n, name, do, args, kwargs)

    async def judge(self, model: str, version: str, *, hold: str = "20m") -> Verdict:
        name = f"judge {version}"
        n = self._next(name, "judge", "")
        began = datetime.fromisoformat(await DBOS.run_step_async({"name": f"{name} begins"}, self._begin, n, name))
        end = began + timedelta(seconds=duration_s(hold))

        async def look() -> dict[str, Any]:
            verdict = await self._look(n, name, model, version, began, end)
            await self._keep_verdict(n, name, verdict)
            return verdict.model_dump(mode="json")

        return Verdict.model_validate(await self._watched(f"{name} verdict", look))

    async def wait(
        self, name: str, ready: Callable[[], Awaitable[tuple[bool, str]]], *, every: str = "1m", deadline: str = "4h"
    ) -> str:
        n = self._next(name, "wait", "")
        began = datetime.fromisoformat(await DBOS.run_step_async({"name": f"{name} begins"}, self._begin, n, name))
        last = began + timedelta(seconds=duration_s(deadline))

        async def look() -> dict[str, Any]:
            done, words = await ready()
            while not done and self.clock.now() < last:
                await self._show(n, name, "waiting", words)
                await self._sleep(min(self.clock.now() + timedelta(seconds=duration_s(every)), last))
                done, words = await ready()
            await self._show(n, name, "done" if done else "failed", words)
            return {"done": done, "words": words}

        kept = await self._watched(f"{name} ends", look)
        if not kept["done"]:
            raise Temporary(f"{name}: not ready after {deadline}.", kept["words"] + ".", "Try again later.")
        return str(kept["words"])

    async def notify(self, card: Card, *, conversation: str | None = None) -> None:
        name = f"post {card.title}"
        n = self._next(name, "step", "notify")
        await DBOS.run_step_async({"name": name}, self._post, n, name, card.model_dump_json(), conversation)

    # -- the plan ----------------------------------------------------------------------------------

    def _next(self, name: str, kind: str, call: str, words: tuple[str, ...] | None = None) -> int:
        """The place in the plan. Raises Conflict when the playbook wants something else than was approved."""
        planned = self._plan.steps[self._n] if self._n < len(self._plan.steps) else None
        require_planned(planned, self.id, name, kind, call, words)
        self._n += 1
        return self._n

    # -- doing things once -------------------------------------------------------------------------

    async def _do(
        self,
        n: int,
        name: str,
        do: Callable[..., Awaitable[T]],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        detail: Callable[[T], str] | None,
        timeout_s: float,
        *,
        done: str = "done",
    ) -> T:
        adapter = result_type(do)
        extra: dict[str, Any] = {}
        if wants(do, "key"):
            extra["key"] = f"{self.id}/{n}" + ("/undo" if done == "undone" else "")
        if wants(do, "progress"):
            extra["progress"] = lambda words: self._soon(self._show(n, name, "running", words))
        if wants(do, "actor") and "actor" not in kwargs:
            extra["actor"] = self.actor.id

        async def body() -> str:
            await self._show(n, name, "running", "")
            raw = await self._envelope(lambda: do(*args, **kwargs, **extra), adapter.dump_json, timeout_s)
            await self._finish(n, name, raw, adapter, detail, done, extra.get("key", ""))
            return raw

        return adapter.validate_python(opened(await DBOS.run_step_async({"name": name}, body)))

    async def _watched(self, name: str, look: Callable[[], Awaitable[dict[str, Any]]]) -> Any:
        """Looks until it has seen enough, once: what was seen, a cancel too, is not looked for again after a restart.

        A second look at another hour could see something else, and the run would leave the steps it has taken.
        """

        async def body() -> str:
            try:
                return json.dumps({"ok": await look()})
            except BotError as exc:
                return closed(exc)

        return opened(await DBOS.run_step_async({"name": name}, body))

    async def _envelope(self, call: Callable[[], Awaitable[T]], dump: Callable[[T], bytes], timeout_s: float) -> str:
        """{"ok": result} or {"error": ...}: errors are results too, so that a restart meets the same one."""
        for attempt in range(1, TRIES + 1):
            try:
                with self._core.working():
                    return json.dumps({"ok": json.loads(dump(await self._cancellable(call, timeout_s)))})
            except Temporary as exc:
                if attempt == TRIES:
                    return closed(exc)
                await asyncio.sleep(min(exc.after_s, 5.0))
            except BotError as exc:
                return closed(exc)
            except TimeoutError:
                return closed(
                    Permanent(
                        "It took too long.",
                        f"No answer in {spoken_duration(timeout_s)}.",
                        "State unknown; read it again.",
                    )
                )
            except Exception as exc:  # an adapter that breaks its promise must not take the run's undo with it
                log.exception("run %s: an unexpected error in a step", self.id)
                return closed(
                    Permanent("An unexpected error.", f"{type(exc).__name__}: {exc}", "The log has the details.")
                )
        raise AssertionError("unreachable")

    async def _cancellable(self, call: Callable[[], Awaitable[T]], timeout_s: float) -> T:
        """Lets a person's cancel stop a long step; undo steps are not stopped."""
        if self._undoing:
            return await asyncio.wait_for(call(), timeout_s)
        await self._check_cancel()
        work = asyncio.ensure_future(call())
        watch = asyncio.ensure_future(self._cancelled())
        try:
            await asyncio.wait({work, watch}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return await work
            if watch.done():
                await watch  # one that broke is no cancel
                raise Stopped("cancelled", f"Run {self.id} was cancelled.")
            raise TimeoutError
        finally:
            for task in (work, watch):
                if not task.done():
                    task.cancel()
            await asyncio.gather(work, watch, return_exceptions=True)

    async def _cancelled(self) -> None:
        while True:
            bell = self._core.bell(self.id)
            bell.clear()
            if await self._core.store.read(lambda conn: runs.cancel_asked(conn, self.id)):
                return
            await bell.wait()

    async def _check_cancel(self) -> None:
        if not self._undoing and await self._core.store.read(lambda conn: runs.cancel_asked(conn, self.id)):
            raise Stopped("cancelled", f"Run {self.id} was cancelled.")

    async def _finish(
        self, n: int, name: str, raw: str, adapter: Any, detail: Callable[[T], str] | None, done: str, key: str
    ) -> None:
        envelope = json.loads(raw)
        if "ok" in envelope:
            words = "" if detail is None else detail(adapter.validate_python(envelope["ok"]))
            status = done
        else:
            words, status = envelope["error"]["what"], "failed"
        move = self._core.step_state(self.id, n, name, status, words)

        def work(conn: sa.Connection) -> None:
            move(conn)
            self._core.note(
                conn,
                self.actor.id,
                "step",
                f"run {self.id}",
                step=name,
                status=status,
                key=key,
                result=str(envelope)[:2000],
            )

        await self._core.store.write(work)

    async def _show(self, n: int, name: str, status: str, words: str, *, waiting: bool | None = None) -> None:
        await self._core.store.write(self._core.step_state(self.id, n, name, status, words, waiting=waiting))

    def _soon(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._core.background.add(task)
        task.add_done_callback(self._core.background.discard)

    # -- waiting -----------------------------------------------------------------------------------

    async def _sleep(self, until: datetime) -> None:
        """Until the time is reached or the bell rings; raises Stopped for a cancel.

        The bell is cleared on waking, before anything is read again: a ring in between is never lost. A cancel may
        also be older than this process, which has heard no ring then.
        """
        bell = self._core.bell(self.id)
        await self._check_cancel()
        timer = asyncio.ensure_future(self.clock.sleep_until(until))
        ring = asyncio.ensure_future(bell.wait())
        try:
            with self._core.resting():
                await asyncio.wait({timer, ring}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (timer, ring):
                task.cancel()
            await asyncio.gather(timer, ring, return_exceptions=True)
        bell.clear()
        await self._check_cancel()

    async def _gate_state(self, name: str) -> str:
        return (await self._core.gate_state(self.id, name))[0]

    async def _open_gate(self, n: int, spec: GateSpec) -> str:
        now = self.clock.now()
        deadline = now + timedelta(seconds=duration_s(spec.expires))
        attended = True if self._unattended is None else None
        move = self._core.step_state(self.id, n, spec.name, "waiting", "", waiting=attended)

        def work(conn: sa.Connection) -> datetime:
            until = gates.open_gate(conn, self.id, spec, self._plan.hash, now=now, expires=deadline)
            if self._unattended is not None:
                gates.let_through(conn, self.id, spec.name, self._unattended, now=now)
            move(conn)
            return until

        return (await self._core.store.write(work)).isoformat()

    async def _gate_outcome(self, n: int, spec: GateSpec) -> str:
        state = await self._gate_state(spec.name)
        step = "done" if state == "approved" else "failed"

        def work(conn: sa.Connection) -> None:
            self._core.step_state(
                self.id, n, spec.name, step, gates.spoken(conn, self.id, spec.name) or state, waiting=False
            )(conn)

        await self._core.store.write(work)
        return state

    async def _begin(self, n: int, name: str) -> str:
        await self._show(n, name, "running", "")
        return self.clock.now().isoformat()

    # -- judging -----------------------------------------------------------------------------------

    async def _look(self, n: int, name: str, model: str, version: str, began: datetime, end: datetime) -> Verdict:
        limits: CanaryLimits = self._core.canary_limits
        while True:
            final = self.clock.now() >= end
            verdict = await assess(self.metrics, model, version, began, limits, final=final)
            if final or verdict.outcome is Outcome.FAILED:
                return verdict
            left = spoken_duration((end - self.clock.now()).total_seconds())
            await self._show(n, name, "running", f"{verdict.canary_requests} canary requests so far, {left} left")
            await self._sleep(min(self.clock.now() + timedelta(seconds=LOOK_EVERY_S), end))

    async def _keep_verdict(self, n: int, name: str, verdict: Verdict) -> None:
        move = self._core.step_state(
            self.id, n, name, "done" if verdict.ok else "failed", f"{verdict.outcome}: {verdict.reason}"
        )

        def work(conn: sa.Connection) -> None:
            move(conn)
            self._core.note(conn, self.actor.id, "verdict", f"run {self.id}", **verdict.model_dump(mode="json"))

        await self._core.store.write(work)

    async def _post(self, n: int, name: str, card: str, conversation: str | None) -> None:
        parsed = Card.model_validate_json(card)
        move = self._core.step_state(self.id, n, name, "done", "")

        def work(conn: sa.Connection) -> None:
            row = conn.execute(sa.select(t.runs.c.conversation, t.runs.c.thread).where(t.runs.c.id == self.id)).one()
            card_id = f"c-run{self.id}-{n}"
            where = (conversation, card_id) if conversation is not None else (row[0], row[1])
            outbox.put_card(
                conn, card_id, parsed, conversation=where[0], thread=where[1], reply_to=None, now=self.clock.now()
            )
            move(conn)

        await self._core.store.write(work)

    # -- undo --------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _undo(
        self, n: int, name: str, do: Callable[..., Awaitable[Any]], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> AsyncIterator[None]:
        # Only ordinary errors undo: when the process itself is told to stop, the run goes on after the restart.
        try:
            yield
        except Exception as cause:
            self._undoing = True
            try:
                await self._do(n, name, do, args, kwargs, _read_back, 600.0, done="undone")
            except BotError as exc:
                why = f"It was to be undone because: {cause}"
                raise Permanent(f"{name!r} failed: {exc}", why, "State unknown; say `status` to read it.") from cause
            finally:
                self._undoing = False
            raise


def _read_back(result: Any) -> str:
    spoken = getattr(result, "spoken", None)
    return f"now {spoken()}" if callable(spoken) else ""
