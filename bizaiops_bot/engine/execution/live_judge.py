"""Judging a canary in a live run: look by look until the hold ends, once more as long while there is not enough
evidence, then a person is asked, under whose question the looks go on.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.approval import HELD, NEXT_STEP
from bizaiops_bot.domain.foresight import EXTENDED
from bizaiops_bot.domain.judge import JudgeSpec, Stage
from bizaiops_bot.domain.monitoring import ArmSample, Outcome, Verdict
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.domain.values import duration_s, spoken_duration
from bizaiops_bot.engine.approvals import gates
from bizaiops_bot.engine.execution import planned
from bizaiops_bot.engine.execution.envelope import Stopped
from bizaiops_bot.engine.execution.judging import Comparison, look_at
from bizaiops_bot.engine.execution.live_base import LiveBase, Work
from bizaiops_bot.engine.runs import runs, trials

LOOK_EVERY = timedelta(minutes=1)
LOOK_WHILE_ASKING = timedelta(minutes=10)
WAITED_OUT = timedelta(hours=1)
"""So long what does not answer at the end of a hold is waited for, before a person is asked."""
FAILED = "failed"


@dataclass(frozen=True)
class _Judged:
    """The step under way. ends: how many ends share the chance to be wrong, 2 where the hold may be extended."""

    n: int
    name: str
    compared: Comparison
    hold: timedelta
    ends: int
    stage: Stage | None = None

    @property
    def on_the_way(self) -> bool:
        return self.stage is not None and self.stage.on_the_way

    def passed(self, verdict: Verdict) -> Verdict:
        """The verdict at an end. On the way to more requests, evidence without harm is enough to go on."""
        stage = self.stage
        if stage is None or not stage.on_the_way or not stage.suffices(verdict, self.compared.judge):
            return verdict
        return verdict.model_copy(update={"decided": "goes on, as no harm was seen", "accepted": True})


class JudgingRun(LiveBase):
    """What is seen is recorded when it decides, so that a restart goes on from there and looks at nothing twice."""

    async def judge(
        self,
        service: ServiceRef,
        version: str,
        *,
        by: JudgeSpec | None = None,
        hold: str | None = None,
        share: int | None = None,
        value_must: bool | None = None,
        before: ArmSample | None = None,
        stage: Stage | None = None,
    ) -> Verdict:
        judge, name = by or JudgeSpec(), planned.judgement_name(version, stage)
        judge = judge if stage is None else stage.shared(judge)
        n = self._next(name, "judge", "")
        began = await self._begin(n, name)
        compared = Comparison(service, version, began, judge, share, value_must, before)
        asks = planned.asks(self._plan.steps[n - 1])
        judged = _Judged(n, name, compared, timedelta(seconds=duration_s(hold or judge.hold)), 2 if asks else 1, stage)
        verdict = await self._phase(judged, "verdict", began + judged.hold)
        if asks and planned.is_held_longer(verdict):
            verdict = await self._phase(judged, "extended verdict", began + EXTENDED * judged.hold)
        if asks and (planned.is_open(verdict) or planned.is_asked(stage, verdict)):
            verdict = await self._ask(judged, verdict)
        return verdict

    async def _phase(self, judged: _Judged, what: str, end: datetime) -> Verdict:
        async def look() -> tuple[dict[str, Any], Work]:
            verdict = await self._look_until(judged, end, judged.ends)
            asked = planned.is_open(verdict) or planned.is_asked(judged.stage, verdict)
            goes_on = judged.ends > 1 and asked
            return verdict.model_dump(mode="json"), lambda conn: self._keep(conn, judged, verdict, goes_on=goes_on)

        return Verdict.model_validate(await self._watched(judged.n, judged.name, f"{judged.name} {what}", look))

    async def _look_until(self, judged: _Judged, end: datetime, ends: int) -> Verdict:
        """The verdict at `end`, or earlier for clear harm; an outage there is waited out, with an eye on harm."""
        last = end + WAITED_OUT
        while True:
            now = self.clock.now()
            sight = await look_at(self, judged.compared)
            verdict, by_now = (sight.verdict(final=final, ends=ends) for final in (False, True))
            if verdict.outcome is Outcome.FAILED:
                return verdict
            if now >= end and (now >= last or not by_now.away):
                return judged.passed(by_now)
            await self._show(judged.n, judged.name, "running", _progress(judged, by_now, now, end))
            await self._sleep(min(self.clock.now() + LOOK_EVERY, end if now < end else last))

    def _keep(self, conn: sa.Connection, judged: _Judged, verdict: Verdict, *, goes_on: bool = False) -> None:
        status = "running" if goes_on else "done" if verdict.ok else "failed"
        decided = f"; {verdict.decided}" if verdict.decided else ""
        after = ""
        if verdict.outcome is Outcome.FAILED:
            after = f" after {spoken_duration((self.clock.now() - judged.compared.began).total_seconds())}"
        self._put_step(conn, judged.n, judged.name, status, f"{verdict.outcome}{after}: {verdict.reason}{decided}")
        people = judged.stage is not None and judged.stage.further is not None  # what they decide is no finding
        found = verdict.outcome is Outcome.FAILED or not (people or (judged.on_the_way and verdict.ok))
        if not goes_on and found:
            of = judged.compared
            trials.add(conn, of.service.model, of.version, "canary", verdict, run=self.id, now=self._core.clock.now())
        self._core.note(conn, self.actor.id, "verdict", f"run {self.id}", **verdict.model_dump(mode="json"))

    # -- a person is asked -------------------------------------------------------------------------

    async def _ask(self, judged: _Judged, verdict: Verdict) -> Verdict:
        """Until a person says promote or roll back, nobody answers in time, or the evidence decides after all."""

        async def look() -> tuple[dict[str, Any], Work]:
            seen, k, answered = verdict, 1, False
            while not answered and (planned.is_open(seen) or planned.is_asked(judged.stage, seen)):
                answered, seen = await self._ask_once(judged, k, seen)
                k += 1
            return seen.model_dump(mode="json"), lambda conn: self._keep(conn, judged, seen)

        return Verdict.model_validate(await self._watched(judged.n, judged.name, f"{judged.name} decision", look))

    async def _ask_once(self, judged: _Judged, k: int, verdict: Verdict) -> tuple[bool, Verdict]:
        """(whether it was answered, the verdict with what was made of it, or the next one when it was to be held
        longer).
        """
        why = NEXT_STEP if planned.is_asked(judged.stage, verdict) else ", not enough evidence "
        name = f"{judged.name}{why}{k}"
        until = await self._write(lambda conn: self._open(conn, judged, name, verdict), keep=False)
        state, seen = await self._answer(judged, name, verdict, until)
        if state != HELD:
            return True, seen
        since = await self._core.store.read(lambda conn: gates.decided_at(conn, self.id, name))
        # Every further end, which a person asked for, gets half of the chance to be wrong of the one before it.
        return False, await self._look_until(judged, since + judged.hold, judged.ends * 2**k)

    def _open(self, conn: sa.Connection, judged: _Judged, name: str, verdict: Verdict) -> datetime:
        """Asks, once; when the answer has to be there."""
        number, compared, now = self.id, judged.compared, self.clock.now()
        longer = spoken_duration(judged.hold.total_seconds())
        what = f"{compared.service.model} {compared.version}"
        further = "Give it more requests" if judged.on_the_way else "Promote it"
        ask = f"Whether {what} does harm is not known yet. {further} without that evidence"
        if (stage := judged.stage) is not None and planned.is_asked(stage, verdict):
            ask = f"{what} has had {stage.share}%, and no harm was seen. Give it {stage.further}%"
        question = (
            f"{ask}, roll back, or hold {longer} longer? Without an answer it is rolled back. Now: {verdict.reason}."
        )
        spec = self._plan.question(name, question, expires=planned.ANSWER_WITHIN)
        expires = now + timedelta(seconds=duration_s(spec.expires))
        until = gates.open_gate(conn, number, spec, self._plan.hash, now=now, expires=expires, kind="verdict")
        if gates.state(conn, number, name) == "open":
            self._put_step(conn, judged.n, judged.name, "waiting", f"{verdict.outcome}: {verdict.reason}")
            runs.set_status(conn, number, "waiting", now=now)
            self._core.cards.redraw(conn, number)
        return until

    async def _answer(self, judged: _Judged, name: str, seen: Verdict, until: datetime) -> tuple[str, Verdict]:
        """(how the question ended, the verdict with who decided). Clear harm meanwhile ends it too."""
        early = seen
        while (found := await self._standing(name, early, until))[0] == "open":
            try:
                await self._rest(min(self.clock.now() + LOOK_WHILE_ASKING, until))
            except Stopped:
                await self._write(lambda conn: gates.close(conn, self.id, name, "cancelled"), keep=False)
                raise
            early = (await look_at(self, judged.compared)).verdict(final=False, ends=judged.ends)
        state, said = found
        if state in (FAILED, HELD):
            return state, early
        yes = "goes on" if judged.on_the_way else "promoted without it"
        words = {"approved": f"{yes}: {said}", "rejected": f"rolled back: {said}"}
        decided = words.get(state, f"nobody answered within {planned.ANSWER_WITHIN}")
        if state != "approved":  # whatever was seen, it does not go on
            seen = seen.model_copy(update={"outcome": Outcome.INCONCLUSIVE})
        return state, seen.model_copy(update={"decided": decided, "accepted": state == "approved"})

    async def _standing(self, name: str, early: Verdict, until: datetime) -> tuple[str, str]:
        return await self._write(lambda conn: self._stands(conn, name, early, until), keep=False)

    def _stands(self, conn: sa.Connection, name: str, early: Verdict, until: datetime) -> tuple[str, str]:
        """(state of the question, who decided it), closed when its time or its sense is over."""
        number, now = self.id, self.clock.now()
        state: str = gates.state(conn, number, name)
        if state == "open" and early.outcome is Outcome.FAILED:
            gates.close(conn, number, name, "cancelled")
            state = FAILED
        elif state == "open" and now >= until:
            gates.close(conn, number, name, "expired")
            state = "expired"
        if state != "open":
            runs.set_status(conn, number, "running", now=now)
        return state, gates.spoken(conn, number, name)

    async def _rest(self, until: datetime) -> None:
        """Until the time is reached or somebody rings; raises Stopped for a cancel."""
        self._check_cancel()
        bell = self._core.bells.of(self.id)
        waits = [asyncio.ensure_future(self._core.clock.sleep_until(until)), asyncio.ensure_future(bell.wait())]
        try:
            with self._core.activity.resting():
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        bell.clear()
        self._cancel = await self._core.store.read(lambda conn: runs.cancel_asked(conn, self.id))
        self._check_cancel()


_BY_NOW = {
    Outcome.SUCCESSFUL: "would pass now",
    Outcome.FAILED: "would fail now",
    Outcome.INCONCLUSIVE: "cannot tell yet",
    Outcome.ERROR: "cannot tell yet",
}
"""What the end would be. Nothing is decided by it, so that looking often makes nobody wrong more often."""


def _by_now(verdict: Verdict) -> str:
    return "no harm seen" if verdict.accepted else _BY_NOW[verdict.outcome]


def _progress(judged: _Judged, by_now: Verdict, now: datetime, end: datetime) -> str:
    """ "312 canary requests so far, would pass now, 12 min left" """
    if now >= end:
        left = spoken_duration((end + WAITED_OUT - now).total_seconds())
        return f"the hold is over and not decided, as it cannot be seen: {by_now.away}; waited for {left} more"
    left = f"{spoken_duration((end - now).total_seconds())} left"
    by_now = judged.passed(by_now)
    longer = "; held longer, as there was not enough evidence" if end > judged.compared.began + judged.hold else ""
    counted = f"{by_now.canary_requests:,} canary requests so far, {_by_now(by_now)}"
    return f"{f'not seen now ({by_now.away})' if by_now.away else counted}, {left}{longer}"
