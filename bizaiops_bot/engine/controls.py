"""Changes of the bot's own state: decisions, cancel, freeze, schedules, releases. Each audited, none done twice."""

from __future__ import annotations

import json
from typing import Any, Literal, cast

import sqlalchemy as sa

from bizaiops_bot.domain.errors import BadInput, Conflict, NotFound, Refused
from bizaiops_bot.domain.records import Release, RunRecord, Schedule
from bizaiops_bot.engine import gates, runs
from bizaiops_bot.engine import tables as t
from bizaiops_bot.engine.core import Core
from bizaiops_bot.engine.cron import next_fire
from bizaiops_bot.engine.records import release, schedule


class EngineControls:
    """Implements ports.Controls on the store."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def cancel(self, number: int, *, actor: str) -> RunRecord:
        core = self._core

        def work(conn: sa.Connection) -> RunRecord:
            record = runs.get(conn, number)
            if record.finished:
                raise Conflict(f"Run {number} is {record.status} already; there is nothing to cancel.")
            runs.ask_cancel(conn, number)
            core.note(conn, actor, "cancel", f"run {number}")
            return record

        record = await core.store.write(work)
        core.ring(number)
        return record

    async def decide(
        self, number: int, decision: str, *, actor: str, reason: str = "", plan_hash: str | None = None
    ) -> RunRecord:
        await self.decide_words(number, decision, actor=actor, reason=reason, plan_hash=plan_hash)
        return await self._core.store.read(lambda conn: runs.get(conn, number))

    async def decide_words(
        self, number: int, decision: str, *, actor: str, reason: str = "", plan_hash: str | None = None
    ) -> str:
        """As `decide`, returning what the person is told. The click is audited whether it counts or not."""
        core = self._core
        if decision not in ("approved", "rejected"):
            raise BadInput(f"{decision!r} is no decision.", do="Say approve or reject.")
        row = await core.store.read(lambda conn: runs.get_row(conn, number))
        person = core.actor(actor)
        requester = runs.actor_of(row).id
        allowed = core.policy.may(person, "approve", model=row["model"], requester=requester, playbook=row["playbook"])

        def work(conn: sa.Connection) -> tuple[str, Exception | None]:
            answer, error = "", None
            try:
                if not allowed.ok:
                    who = core.policy.who_may("approve", model=row["model"], requester=requester)
                    raise Refused(
                        f"Your decision on run {number} does not count: {allowed.why}.",
                        f"Policy rule {allowed.rule}.",
                        f"Who can: {', '.join(who) or 'nobody'}.",
                    )
                with conn.begin_nested():  # a decision that does not count leaves nothing but its audit entry
                    answer = gates.decide(
                        conn, number, person, cast(Literal["approved", "rejected"], decision),
                        reason=reason, plan_hash=plan_hash, now=core.clock.now(),
                    )  # fmt: skip
            except (Refused, Conflict) as exc:
                error = exc
            told = answer or str(error)
            core.note(
                conn, actor, "decision", f"run {number}",
                decision=decision, counted=error is None, told=told, rule=allowed.rule, plan_hash=plan_hash or
                row["plan_hash"], reason=reason,
            )  # fmt: skip
            core.redraw(conn, number)
            return answer, error

        answer, error = await core.store.write(work)
        core.ring(number)
        if error is not None:
            raise error
        return answer

    async def freeze(self, *, actor: str, reason: str) -> str:
        core = self._core
        words = f"frozen by {actor} at {core.clock.now():%-d %b %H:%M} UTC{f' because of {reason}' if reason else ''}"

        def work(conn: sa.Connection) -> str:
            known = core.frozen(conn)
            if known is not None:
                return known
            conn.execute(sa.insert(t.flags).values(name="frozen", value=words))
            core.note(conn, actor, "freeze", "changes", reason=reason)
            return words

        return await core.store.write(work)

    async def unfreeze(self, *, actor: str) -> str:
        core = self._core

        def work(conn: sa.Connection) -> str:
            known = core.frozen(conn)
            if known is None:
                return "changes were not frozen"
            conn.execute(sa.delete(t.flags).where(t.flags.c.name == "frozen"))
            core.note(conn, actor, "unfreeze", "changes", was=known)
            return f"was {known}"

        return await core.store.write(work)

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
                t.schedules.c.active, t.schedules.c.playbook == playbook, t.schedules.c.inputs == body,
                t.schedules.c.cron == cron,
                t.schedules.c.time_zone == time_zone, t.schedules.c.conversation == conversation,
            )  # fmt: skip
            row = conn.execute(same).mappings().first()
            if row is not None:
                return schedule(row)
            key = conn.execute(
                sa.insert(t.schedules).values(
                    title=title, playbook=playbook, inputs=body, cron=cron, time_zone=time_zone,
                    conversation=conversation,
                    owner=actor, active=True, next_at=t.iso(first),
                )
            ).inserted_primary_key  # fmt: skip
            assert key is not None
            core.note(conn, actor, "schedule", f"schedule {key[0]}", title=title, cron=cron, time_zone=time_zone)
            return schedule(conn.execute(sa.select(t.schedules).where(t.schedules.c.id == key[0])).mappings().one())

        made = await core.store.write(work)
        core.schedules_changed.set()
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
            return schedule(conn.execute(sa.select(t.schedules).where(t.schedules.c.id == number)).mappings().one())

        return await core.store.write(work)

    async def record_release(
        self, model: str, version: str, previous: str | None, kind: str, *, run: int | None
    ) -> Release:
        core = self._core

        def work(conn: sa.Connection) -> Release:
            same = (t.releases.c.run_id == run, t.releases.c.version == version)
            known = None if run is None else conn.execute(sa.select(t.releases).where(*same)).mappings().first()
            if known is not None:
                return release(known)
            actor, approvers = "setup", []
            if run is not None:
                record = runs.get(conn, run)
                actor, approvers = record.actor, [d.actor for d in record.decisions if d.decision == "approved"]
            key = conn.execute(
                sa.insert(t.releases).values(
                    model=model, version=version, previous=previous, kind=kind, actor=actor,
                    approved_by=json.dumps(approvers), run_id=run, at=t.iso(core.clock.now()),
                )
            ).inserted_primary_key  # fmt: skip
            assert key is not None
            core.note(conn, actor, "release", model, version=version, previous=previous, change=kind, run=run)
            return release(conn.execute(sa.select(t.releases).where(t.releases.c.id == key[0])).mappings().one())

        return await core.store.write(work)
