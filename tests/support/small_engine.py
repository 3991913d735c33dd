"""The engine alone: real store, real durable runs, a playbook and ports of the test's own, no company and no training."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from bizaiops_bot.adapters.nothing import NoOutcomes, NoPredictions
from bizaiops_bot.adapters.template_words import TemplateWords
from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.models import ModelVersion
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.records import OpenGate, RunRecord
from bizaiops_bot.engine.api.controls import EngineControls
from bizaiops_bot.engine.api.records import EngineRecords
from bizaiops_bot.engine.approvals.run_cards import RunCards
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.execution.runner import Runner
from bizaiops_bot.engine.orders.order import Order, Place
from bizaiops_bot.engine.orders.orders import Orders
from bizaiops_bot.engine.policy.policy import Policy
from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.runs.playbooks import Playbooks
from bizaiops_bot.engine.store.store import Store
from bizaiops_bot.playbook import Playbook
from tests.support import stores
from tests.support.fake_company import FakeModels
from tests.support.virtual_clock import VirtualClock
from tests.support.watched_store import WatchedStore

START = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
PEOPLE = [
    Actor(id="engineer", name="Erin", roles=("engineer",)),
    Actor(id="lead", name="Lee", roles=("engineer", "approver")),
]
PORTS = (
    "pipelines",
    "serving",
    "registry",
    "metrics",
    "predictions",
    "outcomes",
    "drift",
    "warehouse",
    "faults",
    "words",
    "handbook",
)


class EmptyRegistry:
    """In which nobody has registered anything."""

    async def all_versions(self) -> dict[str, list[ModelVersion]]:
        return {}


class SmallEngine:
    """Runs the playbooks it is given. `ports`: those a playbook of the test reaches for."""

    def __init__(self, folder: Path, playbooks: list[Playbook], clock: VirtualClock, **ports: Any) -> None:
        self.folder, self.playbooks, self.clock, self._ports = folder, playbooks, clock, ports
        folder.mkdir(exist_ok=True)
        known = Playbooks({p.name: p for p in playbooks})
        policy = Policy.load(content_folder("policy"), PEOPLE, playbooks)
        store = WatchedStore(stores.open_store(folder))
        clock._settle = store.rested
        self.core = Core(
            cast(Store, store), clock, policy, known, PEOPLE, cards=RunCards, home="ml-ops", time_zone="UTC"
        )
        self.controls = EngineControls(self.core)
        given = {
            "models": FakeModels(),
            "words": TemplateWords(),
            "registry": EmptyRegistry(),
            "predictions": NoPredictions(),
            "outcomes": NoOutcomes(),
        }
        filled = dict.fromkeys(PORTS) | given | ports
        self.core.ports = SimpleNamespace(
            clock=clock, records=EngineRecords(self.core), controls=self.controls, **filled
        )
        self.orders = Orders(self.core)
        self.runner = Runner(self.core)

    async def start(self) -> None:
        """Begins, and goes on with what a dead process left."""
        await self.runner.launch()

    async def stop(self) -> None:
        await self.runner.stop()
        self.core.store.close()

    async def restarted(self) -> SmallEngine:
        """Another process on the same folder."""
        await self.stop()
        other = SmallEngine(self.folder, self.playbooks, self.clock, **self._ports)
        await other.start()
        return other

    def order(self, key: str = "m-1", **inputs: Any) -> Order:
        return Order(self.playbooks[0].name, inputs, PEOPLE[0], Place("ml-ops", "t"), key, heard={})

    async def begin(self, key: str = "m-1", **inputs: Any) -> int:
        number = await self.orders.carry_out(self.order(key, **inputs))
        assert isinstance(number, int)
        return number

    async def run(self, number: int) -> RunRecord:
        return await self.core.store.read(lambda conn: runs.get(conn, number))

    async def until(self, number: int, ready: Callable[[RunRecord], bool]) -> RunRecord:
        """Waits in real time, at most ten seconds, without moving the clock."""
        for _ in range(2000):
            record = await self.run(number)
            if ready(record):
                return record
            await asyncio.sleep(0.005)
        raise AssertionError(f"run {number} stayed {record.status}: {record.steps}")

    async def finished(self, number: int) -> RunRecord:
        return await self.until(number, lambda record: record.finished)

    async def asked(self, number: int) -> OpenGate:
        """What a person is asked, once they are: the step that asks is on the record a moment before its buttons are."""
        records = self.core.ports.records
        for _ in range(2000):
            if found := await records.approvals(number):
                (gate,) = found
                return cast(OpenGate, gate)
            await asyncio.sleep(0.005)
        raise AssertionError(f"nobody was asked anything in run {number}")


async def once_true(ready: Callable[[], Awaitable[bool]]) -> None:
    """Waits in real time, at most ten seconds."""
    for _ in range(2000):
        if await ready():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not happen")
