"""The waits of a live run for something outside. Between two looks it is parked, like a run that waits for people."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar

import sqlalchemy as sa

from bizaiops_bot.domain.errors import BotError, Permanent, Temporary
from bizaiops_bot.domain.monitoring import Verdict
from bizaiops_bot.domain.records import TrialKind
from bizaiops_bot.domain.values import duration_s, spoken_duration
from bizaiops_bot.engine.approvals import gates
from bizaiops_bot.engine.context.core import log
from bizaiops_bot.engine.execution.base import result_type, wants
from bizaiops_bot.engine.execution.halts import Parked
from bizaiops_bot.engine.execution.live_base import Work
from bizaiops_bot.engine.execution.live_calls import CallingRun
from bizaiops_bot.engine.execution.port_looks import LOOK_TIMEOUT_S, port_look, sight
from bizaiops_bot.engine.runs import polls, runs, trials
from bizaiops_bot.engine.store.failpoints import failpoint
from bizaiops_bot.engine.store.store import StoreDown
from bizaiops_bot.playbook.run import Question

T = TypeVar("T")


@dataclass(frozen=True)
class Awaited:
    """What is waited for; last: when it has to be there."""

    n: int
    name: str
    look: Callable[..., Awaitable[Any]]
    args: tuple[Any, ...]
    every_s: float
    last: datetime


@dataclass(frozen=True)
class _Glance:
    """What one look saw, or why the outside could not be reached."""

    value: Any = None
    raw: bytes = b""
    away: str | None = None


class WatchingRun(CallingRun):
    """Every wait has a deadline, counted from a beginning that is recorded."""

    async def note_trial(self, model: str, version: str, kind: TrialKind, verdict: Verdict) -> None:
        def work(conn: sa.Connection) -> None:
            if trials.add(conn, model, version, kind, verdict, run=self.id, now=self._core.clock.now()):
                told = verdict.model_dump(mode="json")
                self._core.note(conn, self.actor.id, "verdict", f"run {self.id}", version=version, trial=kind, **told)

        await self._write(work, keep=False)

    async def until(
        self,
        name: str,
        look: Callable[..., Awaitable[T]],
        *args: Any,
        done: Callable[[T], bool],
        failed: Callable[[T], str | None] | None = None,
        every: str = "30s",
        deadline: str = "2h",
        detail: Callable[[T], str] | None = None,
        assume: T | None = None,
        asks: Callable[[T], Question | None] | None = None,
        answer: Callable[..., Awaitable[Any]] | None = None,
    ) -> T:
        n = self._next(name, "wait", "")
        if wants(look, "key"):
            raise Permanent(f"{name!r} would change what it waits for.", "`until` only looks.", "Use a `step` first.")
        began = await self._begin(n, name)
        wait = Awaited(n, name, look, args, duration_s(every), began + timedelta(seconds=duration_s(deadline)))

        answered: set[str] = set()

        async def seen() -> tuple[Any, Work]:
            glance = await self._glance(wait)
            if glance.away is not None:
                await self._park(wait, glance, "", deadline)
            if failed is not None and (why := failed(glance.value)) is not None:
                raise Permanent(why)
            words = "" if detail is None else detail(glance.value)
            if done(glance.value):
                found = json.loads(glance.raw)
                return found if asks is None else {"seen": found}, lambda conn: self._saw(conn, wait, words)
            question = None if asks is None else asks(glance.value)
            if question is not None and question.id in answered:  # the outside has not taken it in yet
                question = None
            if question is None or not await self._decided(wait, question):
                await self._park(wait, glance, words, deadline, question)
            assert question is not None  # or it was parked
            return await self._said(wait, question)

        for k in count(1):
            found = await self._watched(n, name, f"{name} seen", seen)
            if asks is None:
                break
            if "seen" in found:
                found = found["seen"]
                break
            assert answer is not None  # who asks takes an answer
            await self._pass_on(wait, k, answer, found["asked"])
            answered.add(found["asked"][0])
        return result_type(look).validate_python(found)

    async def _glance(self, wait: Awaited) -> _Glance:
        """One look. What cannot be reached for a while is no failure."""
        await self._store_reads()
        try:
            with self._core.activity.working():
                value = await self._cancellable(lambda: wait.look(*wait.args), LOOK_TIMEOUT_S)
        except StoreDown:
            raise
        except Temporary as exc:
            return _Glance(away=exc.what)
        except BotError:
            raise
        except TimeoutError:
            return _Glance(away=f"No answer in {spoken_duration(LOOK_TIMEOUT_S)}.")
        except Exception as exc:  # an adapter that breaks its promise must not take the run's undo with it
            log.exception("run %s: an unexpected error in a look", self.id)
            broke = f"{type(exc).__name__}: {exc}."
            raise Permanent("An unexpected error.", broke, "The log has the details.") from exc
        return _Glance(value, result_type(wait.look).dump_json(value))

    async def _park(
        self, wait: Awaited, glance: _Glance, words: str, deadline: str, question: Question | None = None
    ) -> None:
        """Raises Parked: the run goes on when there is something new. Raises Temporary at the deadline."""
        as_data = port_look(self._core.ports, wait.look, wait.args)
        now = self.clock.now()

        def work(conn: sa.Connection) -> str | None:
            if runs.cancel_asked(conn, self.id):
                return None
            before = polls.of(conn, self.id)
            away = None if glance.away is None else (before.away if before and before.away else now)
            said = words if away is None else f"not reached since {away:%H:%M} UTC: {glance.away}"
            if now >= wait.last:
                return said
            seen = sight(glance.raw) if away is None else before.seen if before else ""
            look = "" if as_data is None else as_data.model_dump_json()
            polls.keep(conn, polls.Poll(self.id, self._held.segment, look, wait.every_s, now, seen, away))
            self._put_step(conn, wait.n, wait.name, "waiting", said)
            if away is None:
                self._put_question(conn, wait, question)
            runs.park(conn, self.id, wait.last if as_data else min(now + timedelta(seconds=wait.every_s), wait.last))
            return said

        said = await self._write(work)
        self._check_cancel()
        if now >= wait.last:
            raise Temporary(f"{wait.name}: not done within {deadline}.", f"Last: {said}." if said else "")
        failpoint("run.parked")
        self._core.bells.parked(self.id)
        raise Parked(wait.name)

    def _saw(self, conn: sa.Connection, wait: Awaited, words: str) -> None:
        self._put_question(conn, wait, None)
        polls.forget(conn, self.id)
        self._put_step(conn, wait.n, wait.name, "done", words)

    # -- what the outside asks -----------------------------------------------------------------------

    def _put_question(self, conn: sa.Connection, wait: Awaited, question: Question | None) -> None:
        """Approvers are asked exactly what the outside asks now; what it does not ask any more they are not asked."""
        name = "" if question is None else _gate(wait, question)
        for gate in gates.open_gates(conn, self.id):
            if gate["kind"] == "outside" and gate["name"] != name:
                gates.close(conn, self.id, gate["name"], "cancelled")
                runs.set_status(conn, self.id, "running", now=self.clock.now())
        if question is None:
            return
        spec = self._plan.question(name, question.text)
        gates.open_gate(conn, self.id, spec, self._plan.hash, now=self.clock.now(), expires=wait.last, kind="outside")
        runs.set_status(conn, self.id, "waiting", now=self.clock.now())

    async def _decided(self, wait: Awaited, question: Question) -> bool:
        """Whether people have said what is to be answered."""
        name = _gate(wait, question)
        state = await self._core.store.read(lambda conn: gates.state(conn, self.id, name))
        return state in ("approved", "rejected")

    async def _said(self, wait: Awaited, question: Question) -> tuple[Any, Work]:
        name = _gate(wait, question)
        state = await self._core.store.read(lambda conn: gates.state(conn, self.id, name))

        def work(conn: sa.Connection) -> None:
            polls.forget(conn, self.id)
            runs.set_status(conn, self.id, "running", now=self.clock.now())
            words = gates.spoken(conn, self.id, name)
            self._put_step(conn, wait.n, wait.name, "running", f"{question.text} {words}")

        return {"asked": [question.id, state == "approved"]}, work

    async def _pass_on(
        self, wait: Awaited, k: int, answer: Callable[..., Awaitable[Any]], said: tuple[str, bool]
    ) -> None:
        """What people have said goes out, once, with a key."""
        raise NotImplementedError


def _gate(wait: Awaited, question: Question) -> str:
    """A question has one gate, however often it is seen."""
    return f"{wait.name} asks {question.id}"[:120]
