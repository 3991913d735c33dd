"""Changes of the bot's own state: decisions, cancel, freeze, schedules, releases. Each audited, none done twice."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.company_changes import CompanyChanges
from bizaiops_bot.domain.errors import Conflict, NotFound, Refused
from bizaiops_bot.domain.records import Delegation, Mute, Release, RunRecord, Schedule
from bizaiops_bot.domain.timers import Freeze, Timer
from bizaiops_bot.domain.values import Period
from bizaiops_bot.engine.approvals import deciding, delegations, gates
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.news import muting
from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.rows import as_release, as_schedule
from bizaiops_bot.engine.timing import freezing, reminding
from bizaiops_bot.engine.timing.cron import next_fire


class EngineControls:
    """Implements bot_api.Controls on the store."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def reload_company(self, seen: str, *, actor: str) -> CompanyChanges:
        return await self._core.folder.reload(seen, actor=actor)

    async def cancel(self, number: int, *, actor: str) -> RunRecord:
        core = self._core

        def work(conn: sa.Connection) -> RunRecord:
            record = runs.get(conn, number)
            if record.finished:
                raise Conflict(f"Run {number} is {record.status} already; there is nothing to cancel.")
            for gate in gates.open_gates(conn, number):
                if gate["kind"] == "question":  # its undo failed: it is tried again
                    gates.close(conn, number, gate["name"], "approved")
            runs.ask_cancel(conn, number)
            core.note(conn, actor, "cancel", f"run {number}")
            return record

        record = await core.store.write(work)
        core.bells.wake(number)
        return record

    async def decide(
        self,
        number: int,
        decision: str,
        *,
        actor: str,
        reason: str = "",
        plan_hash: str | None = None,
        gate: str | None = None,
    ) -> RunRecord:
        await self.decide_words(number, decision, actor=actor, reason=reason, plan_hash=plan_hash, gate=gate)
        return await self._core.store.read(lambda conn: runs.get(conn, number))

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
        mine = None if event is None else json.dumps(["decision", actor, event])
        made = deciding.Decision(number, decision, actor, reason=reason, plan_hash=plan_hash, gate=gate, event=mine)
        return await deciding.decide_words(self._core, made)

    async def delegate(
        self, to: str, *, actor: str, until: datetime | None = None, begins: datetime | None = None
    ) -> Delegation:
        core = self._core
        if to not in core.people:
            raise NotFound("person", to, core.people)
        allowed = core.policy.may(core.actor(actor), "delegate")
        if not allowed.ok:
            who = ", ".join(core.policy.who_may("delegate")) or "nobody"
            raise Refused(
                f"{actor} may not delegate approvals: {allowed.why}.",
                f"Policy rule {allowed.rule}.",
                f"Who can: {who}.",
            )

        def work(conn: sa.Connection) -> Delegation:
            made = delegations.add(conn, actor, to, now=core.clock.now(), until=until, begins=begins)
            core.note(
                conn,
                actor,
                "delegate",
                f"delegation {made.id}",
                to=to,
                until=t.iso(made.until),
                begins=t.iso(made.begins or made.at),
                rule=allowed.rule,
            )
            return made

        return await core.store.write(work)

    async def end_delegation(self, to: str | None, *, actor: str) -> list[Delegation]:
        core = self._core

        def work(conn: sa.Connection) -> list[Delegation]:
            ended = delegations.end(conn, actor, to, now=core.clock.now())
            for one in ended:
                core.note(conn, actor, "end_delegation", f"delegation {one.id}", to=one.delegate)
            return ended

        return await core.store.write(work)

    async def mute(self, model: str, *, actor: str, conversation: str, until: datetime | None = None) -> Mute:
        core = self._core
        return await core.store.write(lambda conn: muting.mute(core, conn, model, actor, conversation, until))

    async def snooze(self, alert: int, *, actor: str, conversation: str, until: datetime | None = None) -> Mute:
        core = self._core
        return await core.store.write(lambda conn: muting.snooze(core, conn, alert, actor, conversation, until))

    async def unmute(self, model: str | None, alert: int | None, *, actor: str) -> list[Mute]:
        core = self._core
        return await core.store.write(lambda conn: muting.unmute(core, conn, model, alert, actor))

    async def freeze(
        self, period: Period, *, actor: str, reason: str, conversation: str, key: str, model: str | None = None
    ) -> Freeze:
        core, where = self._core, conversation
        return await core.store.write(
            lambda conn: freezing.freeze(core, conn, period, model, reason, actor, where, f"freeze-{key}")
        )

    async def unfreeze(self, *, actor: str, model: str | None = None) -> list[Freeze]:
        core = self._core
        return await core.store.write(lambda conn: freezing.unfreeze(core, conn, model, actor))

    async def extend_freeze(self, until: datetime, *, actor: str, model: str | None = None) -> Freeze:
        core = self._core
        return await core.store.write(lambda conn: freezing.extend(core, conn, until, model, actor))

    async def end_pause(
        self, model: str, until: datetime, *, run: int, actor: str, conversation: str, key: str
    ) -> Timer:
        core, where = self._core, conversation
        return await core.store.write(
            lambda conn: reminding.end_pause(core, conn, model, until, run, actor, where, f"pause-{key}")
        )

    async def look_at_effect(
        self, model: str, after: str, *, run: int, actor: str, conversation: str, key: str
    ) -> Timer:
        core, where = self._core, conversation
        return await core.store.write(
            lambda conn: reminding.look_at_effect(core, conn, model, after, run, actor, where, f"effect-{key}")
        )

    async def remind(self, at: datetime, text: str, *, person: str, actor: str, conversation: str, key: str) -> Timer:
        core, where = self._core, conversation
        return await core.store.write(
            lambda conn: reminding.remind(core, conn, at, text, person, actor, where, f"remind-{key}")
        )

    async def cancel_reminder(self, number: int, *, actor: str) -> Timer:
        core = self._core
        return await core.store.write(lambda conn: reminding.cancel(core, conn, number, actor))

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
        core = self._core
        self._core.playbooks.check(core.playbooks.get(playbook), inputs)
        first = next_fire(cron, time_zone, core.clock.now())
        body = json.dumps(inputs, sort_keys=True)

        def work(conn: sa.Connection) -> Schedule:
            same = sa.select(t.schedules).where(
                t.schedules.c.active,
                t.schedules.c.playbook == playbook,
                t.schedules.c.inputs == body,
                t.schedules.c.cron == cron,
                t.schedules.c.time_zone == time_zone,
                t.schedules.c.conversation == conversation,
            )
            row = conn.execute(same).mappings().first()
            if row is not None:
                return as_schedule(row)
            key = conn.execute(
                sa.insert(t.schedules).values(
                    title=title,
                    playbook=playbook,
                    inputs=body,
                    cron=cron,
                    time_zone=time_zone,
                    conversation=conversation,
                    owner=actor,
                    active=True,
                    next_at=t.iso(first),
                )
            ).inserted_primary_key
            assert key is not None
            core.note(conn, actor, "schedule", f"schedule {key[0]}", title=title, cron=cron, time_zone=time_zone)
            return as_schedule(conn.execute(sa.select(t.schedules).where(t.schedules.c.id == key[0])).mappings().one())

        made = await core.store.write(work)
        core.bells.schedules.set()
        return made

    async def stop_schedule(self, number: int, *, actor: str) -> Schedule:
        core = self._core

        def work(conn: sa.Connection) -> Schedule:
            row = conn.execute(sa.select(t.schedules).where(t.schedules.c.id == number)).mappings().first()
            if row is None:
                known = conn.execute(sa.select(t.schedules.c.id).where(t.schedules.c.active)).scalars()
                raise NotFound("schedule", str(number), [str(n) for n in known])
            if row["active"]:
                conn.execute(
                    sa.update(t.schedules).where(t.schedules.c.id == number).values(active=False, next_at=None)
                )
                core.note(conn, actor, "stop_schedule", f"schedule {number}")
            return as_schedule(conn.execute(sa.select(t.schedules).where(t.schedules.c.id == number)).mappings().one())

        return await core.store.write(work)

    async def record_release(
        self, model: str, version: str, previous: str | None, kind: str, *, run: int | None
    ) -> Release:
        core = self._core

        def work(conn: sa.Connection) -> Release:
            first = (t.releases.c.model == model,)  # that of no run is noted once, however many bots find it
            same = first if run is None else (t.releases.c.run_id == run, t.releases.c.version == version)
            known = conn.execute(sa.select(t.releases).where(*same)).mappings().first()
            if known is not None:
                return as_release(known)
            actor, approvers = "setup", []
            if run is not None:
                record = runs.get(conn, run)
                actor, approvers = record.actor, [d.actor for d in record.decisions if d.decision == "approved"]
            key = conn.execute(
                sa.insert(t.releases).values(
                    model=model,
                    version=version,
                    previous=previous,
                    kind=kind,
                    actor=actor,
                    approved_by=json.dumps(approvers),
                    run_id=run,
                    at=t.iso(core.clock.now()),
                )
            ).inserted_primary_key
            assert key is not None
            core.note(conn, actor, "release", model, version=version, previous=previous, change=kind, run=run)
            return as_release(conn.execute(sa.select(t.releases).where(t.releases.c.id == key[0])).mappings().one())

        return await core.store.write(work)
