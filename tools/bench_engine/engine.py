"""The engine alone, put together as the bot does it, with playbooks and ports of the benchmark's own.

Nothing is switched off: policy is asked and answered in the audit, the plan is made, stored and hashed, each step is
one durable transaction with its journal row, its line on the run's card and its audit entry, and the card is drawn
into the outbox. There is no company behind the ports, no chat platform and no router.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.adapters.clock import SystemClock
from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.values import ModelName
from bizaiops_bot.engine.api.controls import EngineControls
from bizaiops_bot.engine.api.records import EngineRecords
from bizaiops_bot.engine.approvals import deciding
from bizaiops_bot.engine.approvals.deciding import Decision
from bizaiops_bot.engine.approvals.run_cards import RunCards
from bizaiops_bot.engine.audit import pseudonyms
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.execution.runner import Runner
from bizaiops_bot.engine.orders.order import Order, Place
from bizaiops_bot.engine.orders.orders import Orders
from bizaiops_bot.engine.policy.policy import Policy
from bizaiops_bot.engine.runs.playbooks import Playbooks
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.settings import SQLITE_FILE, PostgresSettings
from bizaiops_bot.engine.store.store import Store
from bizaiops_bot.playbook import Card, Inputs, Run, playbook

PEOPLE = [
    Actor(id="engineer", name="Erin", roles=("engineer",)),
    Actor(id="analyst", name="Ana", roles=("analyst",)),
    Actor(id="lead", name="Lee", roles=("engineer", "approver")),
    Actor(id="sre", name="Sam", roles=("sre", "approver")),
]
PORTS = (
    "pipelines",
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


class Ask(Inputs):
    """A change of a model that changes nothing."""

    model: ModelName


class NoWorld:
    """Stands behind `run.serving`."""

    def __init__(self) -> None:
        self.entered: dict[int, asyncio.Future[float]] = {}

    async def change(self, what: str) -> str:
        return what

    async def enter(self, what: str, *, key: str) -> str:
        """key: run/step."""
        self.entering(int(key.partition("/")[0])).set_result(time.perf_counter())
        return what

    def entering(self, number: int) -> asyncio.Future[float]:
        """When (perf_counter) the run came to its step after the gate."""
        return self.entered.setdefault(number, asyncio.get_running_loop().create_future())


@playbook(title="Five steps", risk="change")
async def five_steps(run: Run, ask: Ask) -> Card:
    world: Any = run.serving
    for step in ("one", "two", "three", "four", "five"):
        await run.step(step, world.change, step)
    return Card(title=f"{ask.model} is as it was")


@playbook(title="Gated", risk="change")
async def gated_steps(run: Run, ask: Ask) -> Card:
    world: Any = run.serving
    await run.step("before", world.change, "before")
    await run.approve("Go on?")
    await run.step("after", world.enter, "after")
    return Card(title=f"{ask.model} is as it was")


PLAYBOOKS = {p.name: p for p in (five_steps, gated_steps)}


class BenchEngine:
    """One worker."""

    def __init__(self, folder: Path, url: str | None) -> None:
        """url: of a PostgreSQL database; None for the SQLite file in `folder`."""
        store = Store.sqlite(folder / SQLITE_FILE) if url is None else _postgres(folder, url)
        policy = Policy.load(content_folder("policy"), PEOPLE, PLAYBOOKS.values())
        clock, self.world = SystemClock(), NoWorld()
        core = self.core = Core(
            store, clock, policy, Playbooks(PLAYBOOKS), PEOPLE, cards=RunCards, home="ml-ops", time_zone="UTC"
        )
        core.ports = SimpleNamespace(
            clock=clock,
            records=EngineRecords(core),
            controls=EngineControls(core),
            serving=self.world,
            **dict.fromkeys(PORTS),
        )
        self._orders, self._runner = Orders(core), Runner(core)
        self._ended: dict[int, asyncio.Event] = {}
        core.bells.tell_end = self._tell_end  # type: ignore[method-assign]  # nobody has to ask the database for it

    async def launch(self) -> None:
        """Begins, and goes on with what a dead process left."""
        await self.core.store.write(lambda conn: pseudonyms.know(conn, self.core.people))
        await self._runner.launch(home="bench")

    async def order(self, name: str, tag: str) -> int:
        """The number of the run that was begun. tag: unique, as a message's id is."""
        model = f"m{tag}"
        place = Place("ml-ops", f"t-{tag}")
        order = Order(name, {"model": model}, PEOPLE[0], place, f"m-{tag}", heard={"stage": "exact", "score": 1.0})
        number = await self._orders.carry_out(order)
        assert isinstance(number, int)
        return number

    async def ended(self, number: int) -> None:
        await self._ended.setdefault(number, asyncio.Event()).wait()
        del self._ended[number]

    def _tell_end(self, number: int) -> None:
        self._ended.setdefault(number, asyncio.Event()).set()

    async def parked(self, number: int) -> None:
        """Returns once nobody carries the run out: it waits for people."""
        while (task := self._runner._tasks.get(number)) is not None:
            await asyncio.wait({task})

    async def waiting(self) -> int:
        """Runs that wait for people, as the store has them."""
        query = sa.select(sa.func.count()).select_from(t.runs).where(t.runs.c.status == "waiting")
        return await self.core.store.read(lambda conn: int(conn.execute(query).scalar_one()))

    async def click(self, number: int) -> float:
        """An approver's click; milliseconds until the function of the next step is entered."""
        entering, began = self.world.entering(number), time.perf_counter()
        decision = Decision(number, "approved", "lead", gate="approval 1", event=f"click-{number}")
        told = await deciding.click(self.core, decision)
        assert told.accepted, told.message
        spent = (await entering - began) * 1000
        del self.world.entered[number]
        return spent


def _postgres(folder: Path, url: str) -> Store:
    return PostgresSettings.model_validate({"kind": "postgres", "url": url}).open(folder)
