"""One worker process on a shared PostgreSQL: `python -m tests.e2e.faults.worker URL FOLDER STARTED [REDIS]`.

It reads lines from its standard input: "begin FIRST COUNT" makes that many runs, half of which wait for approval.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from bizaiops_bot.adapters.redis import RedisSettings
from bizaiops_bot.bot_api.reach import Ports
from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.engine.api.controls import EngineControls
from bizaiops_bot.engine.api.records import EngineRecords
from bizaiops_bot.engine.approvals.run_cards import RunCards
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.execution.runner import Runner
from bizaiops_bot.engine.orders.order import Order, Place
from bizaiops_bot.engine.orders.orders import Orders
from bizaiops_bot.engine.policy.policy import Policy
from bizaiops_bot.engine.runs.playbooks import Playbooks
from bizaiops_bot.engine.store.settings import PostgresSettings
from bizaiops_bot.engine.watch.schedules import Scheduler
from bizaiops_bot.playbook import Card, Inputs, Run, playbook

SPEED = 60.0  # a minute of the bot's clock in a second
STEPS = 5
TAKES_S = 1.0
PEOPLE = [
    Actor(id="engineer", name="Erin", roles=("engineer",)),
    Actor(id="lead", name="Lee", roles=("engineer", "approver")),
]


class FastClock:
    """The same time in every process: it counts from a moment all of them are told."""

    def __init__(self, started: float) -> None:
        self._started = started

    def now(self) -> datetime:
        begun = datetime(2026, 3, 4, 8, tzinfo=UTC)
        return begun + timedelta(seconds=(time.time() - self._started) * SPEED)

    async def sleep_until(self, when: datetime) -> None:
        await asyncio.sleep(max(0.0, (when - self.now()).total_seconds() / SPEED))


class World:
    """Keeps what adapters promise: the same key changes nothing twice. Its file is shared by all workers."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "effects.jsonl"

    async def change(self, model: str, what: str, *, key: str) -> str:
        await asyncio.sleep(TAKES_S)
        with self._file.open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            repeated = any(json.loads(line)["key"] == key for line in file)
            entry = {"key": key, "model": model, "what": what, "pid": os.getpid(), "repeated": repeated}
            file.write(json.dumps(entry) + "\n")
        return what


class Ask(Inputs):
    """A change of a model."""

    model: str
    gated: bool = False


class Nothing(Inputs):
    """No inputs."""


@playbook(title="Deploy in five steps", risk="change")
async def deploy_model(run: Run, ask: Ask) -> Card:
    if ask.gated:
        await run.approve("Go?", expires="30d")
    change = cast(Any, run.serving).change
    for n in range(1, STEPS + 1):
        await run.step(f"step {n}", change, ask.model, f"step {n}")
    return Card(title=f"{ask.model} done")


@playbook(title="Tick", risk="read")
async def send_digest(run: Run, ask: Nothing) -> Card:
    return Card(title="tick")


def open_core(url: str, folder: Path, clock: FastClock, redis: str | None = None) -> Core:
    """The engine's middle on the shared database."""
    playbooks = [deploy_model, send_digest]
    store = PostgresSettings.model_validate({"kind": "postgres", "url": url}).open(
        folder, None if redis is None else RedisSettings.model_validate({"kind": "redis", "url": redis}).build()
    )
    policy = Policy.load(content_folder("policy"), PEOPLE, playbooks)
    known = Playbooks({p.name: p for p in playbooks})
    core = Core(store, clock, policy, known, PEOPLE, cards=RunCards, home="ml-ops", time_zone="UTC")
    others = dict.fromkeys(
        (
            "models",
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
    )
    core.ports = cast(
        Ports,
        SimpleNamespace(
            clock=clock, records=EngineRecords(core), controls=EngineControls(core), serving=World(folder), **others
        ),
    )
    return core


async def begin(orders: Orders, core: Core, first: int, count: int) -> None:
    """All at once; every other one waits for approval."""

    async def one(n: int) -> None:
        inputs = {"model": f"m{n}", "gated": n % 2 == 0}
        order = Order("deploy_model", inputs, PEOPLE[0], Place("ml-ops", f"t{n}"), f"order-{n}", heard={})
        ask = core.playbooks.check(deploy_model, inputs)
        await orders.begin(order, await orders.plan(order, deploy_model, ask), copies=[])

    await asyncio.gather(*(one(n) for n in range(first, first + count)))


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


async def main(url: str, folder: str, started: str, redis: str | None = None) -> None:
    core = open_core(url, Path(folder), FastClock(float(started)), redis)
    orders, runner = Orders(core), Runner(core)
    await runner.launch(home=f"worker {os.getpid()}")
    schedules = asyncio.create_task(Scheduler(core, orders).run())
    say(core.lead.worker)
    while line := (await asyncio.to_thread(sys.stdin.readline)).split():
        await begin(orders, core, int(line[1]), int(line[2]))
        say("begun")
    schedules.cancel()
    await runner.stop()
    await core.store.aclose()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
