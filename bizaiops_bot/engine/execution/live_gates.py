"""The places where a live run waits for people. While it waits nobody holds it: it is parked, and goes on from its
journal when a decision, a cancel or the expiry comes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta

import sqlalchemy as sa

from bizaiops_bot.domain.environments import service_said
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.plan import GateSpec
from bizaiops_bot.domain.values import duration_s
from bizaiops_bot.engine.approvals import deciding, escalation, first, gates
from bizaiops_bot.engine.context.core import log
from bizaiops_bot.engine.execution.envelope import Stopped
from bizaiops_bot.engine.execution.halts import Parked
from bizaiops_bot.engine.execution.live_base import LiveBase, Work
from bizaiops_bot.engine.execution.taking_back import Undo
from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.store.failpoints import failpoint

OPEN = "open"
ASK_FOR = "24h"


class GatedRun(LiveBase):
    """Approvals of the plan, and questions to a person when the state is unknown."""

    async def approve(
        self,
        question: str,
        *,
        quorum: int = 1,
        role: str = "approver",
        people: Iterable[str] = (),
        expires: str = "24h",
        escalate: Mapping[str, str] | None = None,
        undo: str = "",
        foresight: str = "",
    ) -> None:
        if self._plan.quorum == 0:
            return
        self._gate += 1
        name = f"approval {self._gate}"
        n = self._next(name, "gate", "")
        spec = self._plan.gates[self._gate - 1]  # who must agree is what the approved plan says
        outcome = await self._outcome(n, spec, kind="approval")
        if outcome != "approved":
            raise Stopped(*_ended(self.id, outcome, self._so_far(n)))
        refused = self._refused_now(n) if self._held.unattended is None else None
        if refused is not None:
            raise Stopped("failed", refused)

    async def _agreed_to(self, question: str, undo: Undo, failed: BotError) -> bool:
        """Says that the state is unknown, reads the world again, and asks a person. No answer means to leave it."""
        words = f"{undo.name!r} failed: {failed.what} {await self._world()} Try it again, or leave it to you?"
        spec = GateSpec(name=question, question=words, expires=ASK_FOR)
        return await self._outcome(len(self._plan.steps) + self._asked, spec, kind="question") == "approved"

    async def _world(self) -> str:
        """What the world says of the model now, in words; never a guess."""
        service = service_said(self._plan.inputs)
        if service is None:
            return "State unknown."
        try:
            traffic = await self.serving.traffic(await self.records.service(service))
        except BotError as exc:
            return f"State unknown; it could not be read either: {exc.what}"
        except Exception as exc:  # an adapter that breaks its promise must not keep a person from being asked
            log.exception("run %s: the world could not be read", self.id)
            return f"State unknown; it could not be read either ({type(exc).__name__})."
        return f"State unknown; read again, the traffic of {service} is {traffic.spoken()}."

    def _so_far(self, n: int) -> str:
        """What was done by the time of the gate at place `n` of the plan, in words."""
        if any(step.kind == "step" for step in self._plan.steps[: n - 1]):
            return "What was done before is undone where the plan says so."
        return "Nothing was begun."

    def _refused_now(self, n: int) -> str | None:
        """Policy once more, right before what is approved: what was allowed when asked for may not be any more."""
        held, core = self._held, self._core
        model = held.plan.inputs.get("model")
        may = core.policy.may(
            core.current(held.actor), held.playbook, model=model, playbook=held.playbook, inputs=held.plan.inputs
        )
        if may.ok:
            return None
        return (
            f"Run {self.id} was approved, but {held.actor.id} may not do it any more: {may.why} "
            f"(policy rule {may.rule}). {self._so_far(n)}"
        )

    # -- waiting without being there ---------------------------------------------------------------

    async def _outcome(self, n: int, spec: GateSpec, *, kind: gates.Kind) -> str:
        """approved, rejected, expired, cancelled or void; recorded once. Raises Parked while it is open."""
        opened = self._journal.recall(spec.name)
        if opened is None:
            expires = self.clock.now() + timedelta(seconds=duration_s(spec.expires))
            self._journal.add(spec.name, json.dumps(expires.isoformat()))
        kept = f"{spec.name} outcome"
        known = self._journal.recall(kept)
        if known is not None:
            return str(json.loads(known))
        state = await self._write(lambda conn: self._open_or_park(conn, n, spec, kind))
        if state == OPEN:
            failpoint("run.parked")
            raise Parked(spec.name)

        async def body() -> tuple[str, Work]:
            return json.dumps(state), lambda conn: self._passed(conn, n, spec, state)

        return str(json.loads(await self._once(kept, body)))

    def _open_or_park(self, conn: sa.Connection, n: int, spec: GateSpec, kind: gates.Kind) -> str:
        """The state of the gate; while it is open the run is let go in the same transaction."""
        number, core, now = self.id, self._core, self.clock.now()
        expires = now + timedelta(seconds=duration_s(spec.expires))
        until = gates.open_gate(conn, number, spec, self._plan.hash, now=now, expires=expires, kind=kind)
        if self._held.unattended is not None and kind == "approval":
            gates.let_through(conn, number, spec.name, self._held.unattended, now=now)
        state: str = gates.state(conn, number, spec.name)
        if state == OPEN and runs.cancel_asked(conn, number) and not self._undoing:
            gates.close(conn, number, spec.name, "cancelled")
            state = "cancelled"
        if state == OPEN and kind == "question" and first.makes_way(conn, number):
            gates.close(conn, number, spec.name, "cancelled")  # what waits for its end does not wait for an answer
            state = "cancelled"
        if state == OPEN and now >= until:
            gates.close(conn, number, spec.name, "expired")
            state = "expired"
        if state == "approved" and self._held.unattended is None:
            state = self._recounted(conn, spec, kind)
        if state == OPEN:
            self._put_step(conn, n, spec.name, "waiting")
            runs.set_status(conn, number, "waiting", now=now)
            runs.park(conn, number, escalation.look_again(conn, number, until))
            core.cards.redraw(conn, number)
        return state

    def _recounted(self, conn: sa.Connection, spec: GateSpec, kind: gates.Kind) -> str:
        """Whether the approvals still count with what policy says now; "void" when they do not."""
        if kind == "question":
            return "approved"
        counts = deciding.who_counts(self._core, conn, self.id, spec.name)
        return "approved" if gates.still_approved(conn, self.id, spec.name, counts) else "void"

    def _passed(self, conn: sa.Connection, n: int, spec: GateSpec, state: str) -> None:
        step = "done" if state == "approved" else "failed"
        self._put_step(conn, n, spec.name, step, gates.spoken(conn, self.id, spec.name) or state)
        runs.set_status(conn, self.id, "running", now=self.clock.now())


def _ended(number: int, outcome: str, so_far: str) -> tuple[str, str]:
    """(status of the run, words)."""
    if outcome == "expired":
        return "expired", f"Run {number} expired: nobody approved it in time. {so_far}"
    if outcome == "rejected":
        return "rejected", f"Run {number} was rejected. {so_far}"
    if outcome == "void":
        why = "those who approved it may not do so any more"
        return "failed", f"Run {number} was approved, but {why}. {so_far} Ask for it again."
    return "cancelled", f"Run {number} was cancelled. {so_far}"
