"""The bot's own memory as playbooks, pages and the API read it."""

from __future__ import annotations

import asyncio
import math
from datetime import date

import sqlalchemy as sa

from bizaiops_bot.domain.company_changes import CompanyChanges
from bizaiops_bot.domain.environments import Environment, parted
from bizaiops_bot.domain.errors import BotError
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
from bizaiops_bot.domain.services import ServiceRef, service_in
from bizaiops_bot.domain.timers import Freeze, Timer, TimerKind
from bizaiops_bot.engine.approvals import deciding, delegations
from bizaiops_bot.engine.audit import trail
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.execution.port_looks import build_of
from bizaiops_bot.engine.news import mutes
from bizaiops_bot.engine.runs import language_use, polls, runs, trials
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.rows import as_alert, as_release, as_schedule
from bizaiops_bot.engine.timing import frozen_now, timers

KEEP_S = 10.0
"""Which services there are, in real time."""


class EngineRecords:
    """Implements bot_api.Records on the store."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._services: list[ServiceRef] = []
        self._asked = -math.inf

    async def service(self, model: str) -> ServiceRef:
        """A serving system that does not answer has the services that it had: metrics of them can be asked for."""
        name, said = parted(model)
        environment = said or self._core.environments.default.name
        now = asyncio.get_running_loop().time()
        if now - self._asked > KEEP_S or all(
            (known.model, known.environment) != (name, environment) for known in self._services
        ):
            try:
                self._services = await self._core.ports.serving.services()
            except BotError:
                if not self._services:
                    raise
            self._asked = now
        return service_in(self._services, environment, name)

    async def environments(self) -> list[Environment]:
        return list(self._core.environments.known)

    async def company_changes(self) -> CompanyChanges:
        return await self._core.folder.changes()

    async def run(self, number: int) -> RunRecord:
        def work(conn: sa.Connection) -> RunRecord:
            poll = polls.of(conn, number)
            return runs.get(conn, number).model_copy(update={"build": None if poll is None else build_of(poll.look)})

        return await self._core.store.read(work)

    async def runs(self, *, model: str | None = None, limit: int = 20) -> list[RunRecord]:
        return await self._core.store.read(lambda conn: runs.find(conn, model=model, limit=limit))

    async def under_way(self, model: str) -> list[RunRecord]:
        return await self._core.store.read(lambda conn: runs.under_way(conn, model))

    async def releases(self, model: str, *, limit: int = 20) -> list[Release]:
        query = sa.select(t.releases).where(t.releases.c.model == model).order_by(t.releases.c.id.desc()).limit(limit)
        return await self._core.store.read(lambda conn: [as_release(row) for row in conn.execute(query).mappings()])

    async def latest_releases(self) -> dict[str, Release]:
        newest = sa.select(sa.func.max(t.releases.c.id)).group_by(t.releases.c.model)
        query = sa.select(t.releases).where(t.releases.c.id.in_(newest))
        found = await self._core.store.read(lambda conn: [as_release(row) for row in conn.execute(query).mappings()])
        return {release.model: release for release in found}

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
        return await self._core.store.read(lambda conn: [as_alert(row) for row in conn.execute(query).mappings()])

    async def alert(self, number: int) -> Alert:
        return await self._core.store.read(lambda conn: as_alert(mutes.alert_named(conn, number)))

    async def schedules(self, *, active_only: bool = True) -> list[Schedule]:
        query = sa.select(t.schedules).order_by(t.schedules.c.id)
        if active_only:
            query = query.where(t.schedules.c.active)
        return await self._core.store.read(lambda conn: [as_schedule(row) for row in conn.execute(query).mappings()])

    async def audit(
        self, *, limit: int = 50, before: int | None = None, subject: str | None = None
    ) -> list[AuditEntry]:
        return await self._core.store.read(lambda conn: trail.read(conn, limit=limit, before=before, subject=subject))

    async def approvals(self, number: int | None = None) -> list[OpenGate]:
        return await self._core.store.read(lambda conn: deciding.waiting(self._core, conn, number))

    async def delegations(self) -> list[Delegation]:
        now = self._core.clock.now()
        return await self._core.store.read(lambda conn: delegations.not_over(conn, now))

    async def mutes(self) -> list[Mute]:
        now = self._core.clock.now()
        return await self._core.store.read(lambda conn: mutes.active(conn, now))

    async def frozen(self, model: str | None = None) -> str | None:
        return await self._core.store.read(lambda conn: frozen_now.why(self._core, conn, model))

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
