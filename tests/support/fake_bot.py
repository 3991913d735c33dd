"""The bot's own side of the fake company: faults, records and controls, in memory."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from bizaiops_bot.domain.errors import Conflict, NotFound, Refused
from bizaiops_bot.domain.language_use import Spent, Use
from bizaiops_bot.domain.records import (
    Alert,
    AuditEntry,
    Delegation,
    Mute,
    OpenGate,
    Release,
    RunRecord,
    Schedule,
    Trial,
)
from bizaiops_bot.domain.rule import Rule
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.domain.timers import Freeze, Timer, TimerKind
from bizaiops_bot.domain.values import Period, duration_s
from tests.support.fake_company import Company, release, served


class FakeFaults:
    def __init__(self, world: Company) -> None:
        self.world = world

    async def kinds(self) -> list[str]:
        return ["covariate_drift", "latency"]

    async def inject(self, model: str, fault: str) -> str:
        self.world.active_faults.append(fault)
        return f"{model} has {fault} now."

    async def clear(self, model: str | None = None) -> list[str]:
        ended, self.world.active_faults = self.world.active_faults, []
        return ended

    async def active(self) -> list[tuple[str, str, datetime]]:
        return [("churn", fault, self.world.now) for fault in self.world.active_faults]


class FakeRecords:
    def __init__(self, world: Company) -> None:
        self.world = world

    async def service(self, model: str) -> ServiceRef:
        return served(model)

    async def run(self, number: int) -> RunRecord:
        return next(r for r in self.world.runs if r.id == number)

    async def runs(self, *, model: str | None = None, limit: int = 20) -> list[RunRecord]:
        return [r for r in reversed(self.world.runs) if model in (None, r.inputs.get("model"))][:limit]

    async def under_way(self, model: str) -> list[RunRecord]:
        return [r for r in self.world.runs if r.inputs.get("model") == model and not r.finished]

    async def releases(self, model: str, *, limit: int = 20) -> list[Release]:
        return [r for r in reversed(self.world.releases) if r.model == model][:limit]

    async def trials(
        self, model: str | None = None, *, version: str | None = None, run: int | None = None, limit: int = 50
    ) -> list[Trial]:
        return [
            t
            for t in reversed(self.world.trials)
            if model in (None, t.model) and version in (None, t.version) and run in (None, t.run)
        ][:limit]

    async def alerts(self, *, model: str | None = None, open_only: bool = False, limit: int = 20) -> list[Alert]:
        found = [a for a in reversed(self.world.alerts) if model in (None, a.model)]
        return [a for a in found if not (open_only and a.closed)][:limit]

    async def alert(self, number: int) -> Alert:
        found = next((a for a in self.world.alerts if a.id == number), None)
        if found is None:
            raise NotFound("alert", str(number), [str(a.id) for a in self.world.alerts])
        return found

    async def mutes(self) -> list[Mute]:
        return [m for m in self.world.mutes if m.until > self.world.now]

    async def schedules(self, *, active_only: bool = True) -> list[Schedule]:
        return [s for s in self.world.schedules if s.active or not active_only]

    async def audit(
        self, *, limit: int = 50, before: int | None = None, subject: str | None = None
    ) -> list[AuditEntry]:
        return list(reversed(self.world.audit))[:limit]

    async def approvals(self, number: int | None = None) -> list[OpenGate]:
        """One approval of the approvers for each waiting run."""
        return [
            OpenGate(
                run=r.id,
                name="approval 1",
                question="Go?",
                kind="approval",
                quorum=1,
                role="approver",
                people=(),
                plan_hash=r.plan.hash,
                opened=r.created,
                expires=r.created + timedelta(hours=24),
                voices=(),
                may=("lead", "sre"),
            )
            for r in self.world.runs
            if r.status == "waiting" and number in (None, r.id)
        ]

    async def delegations(self) -> list[Delegation]:
        return [d for d in self.world.delegations if d.until > self.world.now]

    async def frozen(self, model: str | None = None) -> str | None:
        return self.world.frozen

    async def freezes(self) -> list[Freeze]:
        return self.world.freezes

    async def timers(self, kind: TimerKind, model: str | None = None) -> list[Timer]:
        return [timer for timer in self.world.timers if timer.kind == kind and model in (None, timer.model)]

    async def language_spend(self) -> list[Spent]:
        return []

    async def who_may(self, action: str, model: str | None = None) -> list[str]:
        return {"approve": ["lead", "sre"], "show_status": ["analyst", "engineer"]}.get(action, ["engineer"])

    async def rules(self) -> list[Rule]:
        return list(self.world.rules)

    async def language_use(self, first: date, last: date) -> dict[date, Use]:
        return {day: use for day, use in self.world.language_use.items() if first <= day <= last}


class FakeControls:
    def __init__(self, world: Company) -> None:
        self.world = world

    def _replace(self, number: int, **update: Any) -> RunRecord:
        at = next(i for i, r in enumerate(self.world.runs) if r.id == number)
        self.world.runs[at] = self.world.runs[at].model_copy(update=update)
        return self.world.runs[at]

    async def cancel(self, number: int, *, actor: str) -> RunRecord:
        return self._replace(number, status="cancelled", ended=self.world.now)

    async def decide(
        self, number: int, decision: str, *, actor: str, reason: str = "", plan_hash: str | None = None
    ) -> RunRecord:
        record = next(r for r in self.world.runs if r.id == number)
        if record.actor == actor:
            raise Refused("The requester cannot approve.", do="Ask lead.")
        return self._replace(number, status="running" if decision == "approved" else "rejected")

    async def decide_words(
        self,
        number: int,
        decision: str,
        *,
        actor: str,
        reason: str = "",
        plan_hash: str | None = None,
        gate: str | None = None,
        event: str | None = None,
    ) -> str:
        await self.decide(number, decision, actor=actor, reason=reason, plan_hash=plan_hash)
        return f"Run {number} is {decision}{f': {reason}' if reason else ''}."

    async def delegate(
        self, to: str, *, actor: str, until: datetime | None = None, begins: datetime | None = None
    ) -> Delegation:
        end = until or self.world.now + timedelta(hours=24)
        number = len(self.world.delegations) + 1
        made = Delegation(id=number, owner=actor, delegate=to, at=self.world.now, until=end, begins=begins)
        self.world.delegations.append(made)
        return made

    async def end_delegation(self, to: str | None, *, actor: str) -> list[Delegation]:
        ended = [d for d in self.world.delegations if d.owner == actor and to in (None, d.delegate)]
        if not ended:
            raise Conflict("You have delegated nothing.")
        self.world.delegations = [d for d in self.world.delegations if d not in ended]
        return ended

    async def mute(self, model: str, *, actor: str, conversation: str, until: datetime | None = None) -> Mute:
        return self._mute(model, None, actor, until)

    async def snooze(self, alert: int, *, actor: str, conversation: str, until: datetime | None = None) -> Mute:
        found = next(a for a in self.world.alerts if a.id == alert)
        return self._mute(found.model, alert, actor, until)

    def _mute(self, model: str, alert: int | None, who: str, until: datetime | None) -> Mute:
        end = until or self.world.now + timedelta(hours=8)
        number = len(self.world.mutes) + 1
        made = Mute(id=number, model=model, alert=alert, who=who, at=self.world.now, until=end)
        self.world.mutes.append(made)
        return made

    async def unmute(self, model: str | None, alert: int | None, *, actor: str) -> list[Mute]:
        ended = [m for m in self.world.mutes if model in (None, m.model) and alert in (None, m.alert)]
        if not ended:
            raise Conflict("No alert is muted.")
        self.world.mutes = [m for m in self.world.mutes if m not in ended]
        return ended

    async def freeze(
        self, period: Period, *, actor: str, reason: str, conversation: str, key: str, model: str | None = None
    ) -> Freeze:
        begins = period.begin or self.world.now
        made = Freeze(
            timer=1,
            by=actor,
            why=reason,
            model=model,
            begins=begins,
            ends=period.end,
            weekly=" to ".join(period.weekly or ()),
            time_zone="UTC",
            holds=begins <= self.world.now,
        )
        self.world.freezes = [*self.world.freezes, made]
        self.world.frozen = made.frozen if made.holds else None
        return made

    async def unfreeze(self, *, actor: str, model: str | None = None) -> list[Freeze]:
        if not self.world.freezes:
            raise Conflict("Changes are not frozen.")
        ended, self.world.freezes, self.world.frozen = self.world.freezes, [], None
        return ended

    async def extend_freeze(self, until: datetime, *, actor: str, model: str | None = None) -> Freeze:
        self.world.freezes[0] = self.world.freezes[0].model_copy(update={"ends": until})
        return self.world.freezes[0]

    async def end_pause(
        self, model: str, until: datetime, *, run: int, actor: str, conversation: str, key: str
    ) -> Timer:
        return self._timer("resume", actor, model=model, ends=until, run=run, conversation=conversation)

    async def look_at_effect(
        self, model: str, after: str, *, run: int, actor: str, conversation: str, key: str
    ) -> Timer:
        at = self.world.now + timedelta(seconds=duration_s(after))
        return self._timer("effect", actor, model=model, begins=at, run=run, conversation=conversation)

    async def remind(self, at: datetime, text: str, *, person: str, actor: str, conversation: str, key: str) -> Timer:
        return self._timer("reminder", actor, begins=at, text=text, person=person, conversation=conversation)

    def _timer(self, kind: TimerKind, owner: str, **fields: Any) -> Timer:
        values = {"model": None, "begins": self.world.now, "ends": None, "text": "", "person": "", "run": None} | fields
        made = Timer(
            id=len(self.world.timers) + 1,
            kind=kind,
            owner=owner,
            weekly=None,
            time_zone="UTC",
            at=self.world.now,
            **values,
        )
        self.world.timers.append(made)
        return made

    async def cancel_reminder(self, number: int, *, actor: str) -> Timer:
        found = next(timer for timer in self.world.timers if timer.id == number)
        self.world.timers.remove(found)
        return found

    async def add_schedule(
        self,
        title: str,
        playbook: str,
        inputs: dict[str, Any],
        cron: str,
        time_zone: str,
        *,
        actor: str,
        conversation: str,
    ) -> Schedule:
        made = Schedule(
            id=len(self.world.schedules) + 1,
            title=title,
            playbook=playbook,
            inputs=inputs,
            cron=cron,
            time_zone=time_zone,
            conversation=conversation,
            owner=actor,
            active=True,
            next_at=datetime(2026, 11, 23, 8, 0, tzinfo=UTC),
            last_at=None,
        )
        self.world.schedules.append(made)
        return made

    async def stop_schedule(self, number: int, *, actor: str) -> Schedule:
        found = next(s for s in self.world.schedules if s.id == number)
        stopped = found.model_copy(update={"active": False})
        self.world.schedules = [stopped if s is found else s for s in self.world.schedules]
        return stopped

    async def record_release(
        self, model: str, version: str, previous: str | None, kind: str, *, run: int | None
    ) -> Release:
        made = release(version, previous, kind, at=self.world.now, run=run)
        self.world.releases.append(made)
        return made
