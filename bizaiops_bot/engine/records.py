"""The bot's own memory as playbooks, pages and the API read it."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

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
from bizaiops_bot.domain.timers import Freeze, Timer, TimerKind
from bizaiops_bot.engine import audit, deciding, delegations, language_use, mutes, runs, timers, trials
from bizaiops_bot.engine import tables as t
from bizaiops_bot.engine.core import Core


class EngineRecords:
    """Implements ports.Records on the store."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def run(self, number: int) -> RunRecord:
        return await self._core.store.read(lambda conn: runs.get(conn, number))

    async def runs(self, *, model: str | None = None, limit: int = 20) -> list[RunRecord]:
        return await self._core.store.read(lambda conn: runs.find(conn, model=model, limit=limit))

    async def releases(self, model: str, *, limit: int = 20) -> list[Release]:
        query = sa.select(t.releases).where(t.releases.c.model == model).order_by(t.releases.c.id.desc()).limit(limit)
        return await self._core.store.read(lambda conn: [release(row) for row in conn.execute(query).mappings()])

    async def trials(
        self, model: str | None = None, *, version: str | None = None, run: int | None = None, limit: int = 50
    ) -> list[Trial]:
        return await self._core.store.read(
            lambda conn: trials.find(conn, model=model, version=version, run=run, limit=limit)
        )

    async def alerts(self, *, model: str | None = None, open_only: bool = False, limit: int = 20) -> list[Alert]:
        query = sa.select(t.alerts).order_by(t.alerts.c.id.desc()).limit(limit)
        if model is not None:
            query = query.where(t.alerts.c.model == model)
        if open_only:
            query = query.where(t.alerts.c.closed.is_(None))
        return await self._core.store.read(lambda conn: [alert(row) for row in conn.execute(query).mappings()])

    async def alert(self, number: int) -> Alert:
        return await self._core.store.read(lambda conn: alert(mutes.alert_named(conn, number)))

    async def schedules(self, *, active_only: bool = True) -> list[Schedule]:
        query = sa.select(t.schedules).order_by(t.schedules.c.id)
        if active_only:
            query = query.where(t.schedules.c.active)
        return await self._core.store.read(lambda conn: [schedule(row) for row in conn.execute(query).mappings()])

    async def audit(
        self, *, limit: int = 50, before: int | None = None, subject: str | None = None
    ) -> list[AuditEntry]:
        return await self._core.store.read(lambda conn: audit.read(conn, limit=limit, before=before, subject=subject))

    async def approvals(self, number: int | None = None) -> list[OpenGate]:
        return await self._core.store.read(lambda conn: deciding.waiting(self._core, conn, number))

    async def delegations(self) -> list[Delegation]:
        now = self._core.clock.now()
        return await self._core.store.read(lambda conn: delegations.not_over(conn, now))

    async def mutes(self) -> list[Mute]:
        now = self._core.clock.now()
        return await self._core.store.read(lambda conn: mutes.active(conn, now))

    async def frozen(self, model: str | None = None) -> str | None:
        return await self._core.store.read(lambda conn: self._core.frozen(conn, model))

    async def freezes(self) -> list[Freeze]:
        now = self._core.clock.now()
        by_hand = await self._core.store.read(lambda conn: timers.freezes(conn, now))
        return sorted([*by_hand, *self._core.freezes.coming(now)], key=lambda freeze: (not freeze.holds, freeze.begins))

    async def timers(self, kind: TimerKind, model: str | None = None) -> list[Timer]:
        return await self._core.store.read(lambda conn: timers.not_over(conn, kind, model))

    async def language_spend(self) -> list[Spent]:
        return await self._core.store.read(language_use.all_spent)

    async def who_may(self, action: str, model: str | None = None) -> list[str]:
        return self._core.policy.who_may(action, model=model, playbook=action)

    async def rules(self) -> list[Rule]:
        return list(self._core.rules)

    async def language_use(self, first: date, last: date) -> dict[date, Use]:
        return await self._core.store.read(lambda conn: language_use.by_day(conn, first, last))


def release(row: sa.RowMapping) -> Release:
    fields = {k: row[k] for k in ("model", "version", "previous", "kind", "actor", "at")}
    return Release.model_validate({**fields, "run": row["run_id"], "approved_by": json.loads(row["approved_by"])})


def alert(row: sa.RowMapping) -> Alert:
    fields: dict[str, Any] = {
        k: row[k] for k in ("id", "model", "kind", "title", "onset", "detected", "closed", "repeats")
    }
    return Alert.model_validate({**fields, "detail": json.loads(row["detail"]), "run": row["run_id"]})


def schedule(row: sa.RowMapping) -> Schedule:
    fields = {k: row[k] for k in ("id", "title", "playbook", "cron", "time_zone", "conversation", "owner", "active")}
    times = {k: None if row[k] is None else datetime.fromisoformat(row[k]) for k in ("next_at", "last_at")}
    return Schedule.model_validate({**fields, **times, "inputs": json.loads(row["inputs"])})
