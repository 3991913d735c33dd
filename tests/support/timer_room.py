"""Timers on a small engine: a model whose pause a test can see, the timekeeper's loop, and a clock the test moves."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.domain.records import AuditEntry, RunRecord
from bizaiops_bot.domain.services import Revision, ServiceRef, TrafficState
from bizaiops_bot.domain.timers import Freeze, Timer
from bizaiops_bot.domain.values import Period
from bizaiops_bot.engine.audit import trail
from bizaiops_bot.engine.orders.order import Order, Place
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.watch.timekeeper import Timekeeper
from playbooks.pause_model import pause_model
from playbooks.resume_model import resume_model
from playbooks.scale_model import scale_model
from tests.support.services import service, traffic
from tests.support.small_engine import PEOPLE, START, SmallEngine
from tests.support.virtual_clock import VirtualClock

HERE = "slack:C1"


class PausableServing:
    """One model, churn, that serves or is paused; `calls` holds what was done to it with its key."""

    def __init__(self) -> None:
        self.paused = False
        self.calls: list[tuple[str, str]] = []

    async def services(self) -> list[ServiceRef]:
        return [service()]

    async def traffic(self, service: ServiceRef) -> TrafficState:
        stable = Revision(name="churn-1", version="v1", weight=0 if self.paused else 100, role="stable")
        return traffic(START, stable, of=service, paused=self.paused, generation=str(self.paused))

    async def pause(self, service: ServiceRef, *, key: str) -> TrafficState:
        return await self._do("pause", service, key, paused=True)

    async def resume(self, service: ServiceRef, *, guard: str, key: str) -> TrafficState:
        return await self._do("resume", service, key, paused=False)

    async def scale(self, service: ServiceRef, least: int, most: int, *, guard: str, key: str) -> TrafficState:
        return await self._do(f"scale to {most}", service, key, paused=self.paused)

    async def _do(self, what: str, service: ServiceRef, key: str, *, paused: bool) -> TrafficState:
        self.calls.append((what, key))
        self.paused = paused
        return await self.traffic(service)


class TimerRoom:
    """A bot that can freeze, pause and remind; the loop runs as in the real one."""

    def __init__(self, engine: SmallEngine, serving: PausableServing) -> None:
        self.engine, self.core, self.clock, self.serving = engine, engine.core, engine.clock, serving
        self.controls, self.records = engine.controls, engine.core.ports.records
        self.keeper = Timekeeper(engine.core, engine.orders)
        self._loop: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls, folder: Path, clock: VirtualClock | None = None, serving: PausableServing | None = None
    ) -> TimerRoom:
        serving = serving or PausableServing()
        engine = SmallEngine(
            folder, [pause_model, resume_model, scale_model], clock or VirtualClock(START), serving=serving
        )
        await engine.start()
        room = cls(engine, serving)
        engine.clock._settle = room._settle
        room._loop = asyncio.create_task(room.keeper.run())
        await engine.clock.rest()
        return room

    async def close(self) -> None:
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
        await self.engine.stop()

    async def reopened(self, *, later: timedelta = timedelta(0)) -> TimerRoom:
        """Another process on the same folder, after the bot was down for a while."""
        await self.close()
        return await TimerRoom.open(self.engine.folder, VirtualClock(self.clock.now() + later), self.serving)

    async def _settle(self) -> None:
        quiet = 0
        while quiet < 5:
            await asyncio.sleep(0.002)
            quiet = 0 if self.core.activity.busy else quiet + 1

    # -- what people do ----------------------------------------------------------------------------

    async def freezes(self, key: str = "m-1", *, by: str = "lead", model: str | None = None, **period: Any) -> Freeze:
        """At once and without an end, unless the period says so."""
        made = await self.controls.freeze(
            Period(label="so", **period), actor=by, reason="the sale", conversation=HERE, key=key, model=model
        )
        await self.clock.rest()
        return made

    async def reminds(self, at: datetime, key: str = "m-1", *, person: str = "engineer") -> Timer:
        made = await self.controls.remind(
            at, "check churn", person=person, actor="engineer", conversation=HERE, key=key
        )
        await self.clock.rest()
        return made

    async def orders(self, playbook: str, key: str, **inputs: Any) -> int:
        """By the engineer; the run waits for its approval."""
        order = Order(playbook, {"model": "churn"} | inputs, PEOPLE[0], Place(HERE, "t"), key, heard={})
        made = await self.engine.orders.carry_out(order)
        assert isinstance(made, int), made
        return made

    async def approved(self, playbook: str, key: str, **inputs: Any) -> RunRecord:
        """Ordered by the engineer, approved by the lead and carried out."""
        number = await self.orders(playbook, key, **inputs)
        await self.engine.until(number, lambda record: record.status == "waiting")
        await self.controls.decide_words(number, "approved", actor="lead")
        record = await self.engine.finished(number)
        await self.clock.rest()
        return record

    async def pauses(self, hours: float = 2, key: str = "m-pause") -> RunRecord:
        at = self.clock.now() + timedelta(hours=hours)
        return await self.approved("pause_model", key, until={"at": at.isoformat(), "label": "a while"})

    async def hours(self, count: float) -> None:
        """Lets time pass, and what is due be carried out."""
        await self.clock.advance(3600 * count)
        for _ in range(200):
            open_runs = [r for r in await self.records.runs() if r.status == "running"]
            if not open_runs:
                break
            await asyncio.sleep(0.01)
        await self.clock.rest()

    # -- what is seen ------------------------------------------------------------------------------

    async def frozen(self, model: str | None = None) -> str | None:
        found = await self.records.frozen(model)
        return cast("str | None", found)

    async def cards(self, conversation: str = HERE) -> list[Card]:
        query = sa.select(t.cards).where(t.cards.c.conversation == conversation).order_by(t.cards.c.born)
        rows = await self.core.store.read(lambda conn: list(conn.execute(query).mappings()))
        posted: list[PostedCard] = [outbox.posted_card(dict(row)) for row in rows]
        return [one.card for one in posted]

    async def titles(self, conversation: str = HERE) -> list[str]:
        return [card.title for card in await self.cards(conversation)]

    async def audited(self, kind: str) -> list[AuditEntry]:
        found = await self.core.store.read(lambda conn: trail.read(conn, limit=1000, before=None, subject=None))
        return [entry for entry in reversed(found) if entry.kind == kind]

    async def runs(self, playbook: str) -> list[RunRecord]:
        return [run for run in await self.records.runs(limit=100) if run.playbook == playbook]
