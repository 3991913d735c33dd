"""One life of a bot: everything between the chat and the world, put together as the real one is, and its death."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import sqlalchemy as sa

from bizaiops_bot.adapters.clock import SystemClock
from bizaiops_bot.bot_api.reach import Ports
from bizaiops_bot.content import content_folder
from bizaiops_bot.conversation.front_desk import FrontDesk
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.routing import Command, Memory, Refusal
from bizaiops_bot.engine.api.controls import EngineControls
from bizaiops_bot.engine.api.records import EngineRecords
from bizaiops_bot.engine.approvals.run_cards import RunCards
from bizaiops_bot.engine.audit import pseudonyms
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.execution.runner import Runner
from bizaiops_bot.engine.orders.orders import Orders
from bizaiops_bot.engine.policy.policy import Policy
from bizaiops_bot.engine.posting import deliveries
from bizaiops_bot.engine.posting.poster import Poster
from bizaiops_bot.engine.runs.playbooks import Playbooks
from bizaiops_bot.engine.store import failpoints
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.store import Store
from bizaiops_bot.router.router import Router
from tests.e2e.faults.clocks import FastClock, chat_now, chat_sleep, chat_wall
from tests.e2e.faults.deeds import World, cancel_run, release, write_line
from tests.e2e.faults.people import People
from tests.support.chat_double import ChatDouble, Kind, mischief

PEOPLE = [
    Actor(id="engineer", name="Erin", roles=("engineer",)),
    Actor(id="lead", name="Lee", roles=("engineer", "approver")),
    Actor(id="chief", name="Chris", roles=("approver",)),
]
PLAYBOOKS = Playbooks({p.name: p for p in (release, cancel_run)})
POLICY = Policy.load(content_folder("policy"), PEOPLE, PLAYBOOKS)
CHAT_FAULTS: tuple[Kind, ...] = ("busy", "timeout", "accepted then timeout", "500", "accepted then 500")
AT_REST_AFTER_S = 60.0


@dataclass(frozen=True)
class Death:
    """Killed when `place` is reached for the `nth` time, or after `after_s` wherever it is; neither: it may live."""

    place: str | None = None
    nth: int = 1
    after_s: float | None = None


OUTSIDE = ("models", "serving", "warehouse", "registry", "pipelines")


class PlainRouter:
    """Understands "release MODEL ENDING"."""

    async def decide(self, text: str, *_args: Any, **_kwargs: Any) -> Command | Refusal:
        match text.split():
            case ["release", model, ending]:
                return Command(playbook="release", inputs={"model": model, "ending": ending})
        return Refusal(why="Hello.")

    def remember(self, _memory: Memory | None, _decision: Any, _catalogue: Any, now: Any) -> Memory:
        return Memory(at=now)


def arm(death: Death) -> None:
    """As the kernel does it: no handler runs, nothing is flushed."""
    if death.after_s is not None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, death.after_s)
    seen: Counter[str] = Counter()

    def reached(name: str) -> None:
        seen[name] += 1
        if name == death.place and seen[name] == death.nth:
            os.kill(os.getpid(), signal.SIGKILL)

    failpoints.reached = reached


class Bot:
    """One process's parts on a folder, or on a folder and a PostgreSQL."""

    def __init__(self, folder: Path, open_store: Callable[[], Store], *, started: float, skew_s: float = 0.0) -> None:
        self._folder, self._begun = folder, time.monotonic()
        clock = FastClock(started, skew_s)
        self.core = core = Core(
            open_store(), clock, POLICY, PLAYBOOKS, PEOPLE, cards=RunCards, home="slack:room-0", time_zone="UTC"
        )
        core.cards.draw_after_s = 0.01
        self.world, controls = World(folder / "effects.jsonl", clock), EngineControls(core)
        none = dict.fromkeys(("metrics", "predictions", "outcomes", "drift", "faults", "words", "handbook"))
        ports = {"clock": clock, "records": EngineRecords(core), "controls": controls, **none}
        core.ports = cast(Ports, SimpleNamespace(**dict.fromkeys(OUTSIDE, self.world), **ports))
        self.orders, self.runner = Orders(core), Runner(core)
        self.desk = FrontDesk(core, self.orders, controls, cast(Router, PlainRouter()), SystemClock())
        faults = mischief(os.getpid(), 0.04, CHAT_FAULTS)
        chat = ChatDouble(folder / "chat.jsonl", now=chat_now, sleep=chat_sleep, faults=faults)
        self._poster = Poster(
            core.store,
            [chat],
            leads=lambda: core.lead.leading,
            note=core.note,
            clock=clock,
            home=core.home,
            now=chat_now,
            sleep=chat_sleep,
            wall=lambda: chat_wall(started),
        )
        self._posting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Goes on with what the dead one left, and notes how long that took."""
        carry_on, taken = self.core.bells.begin, 0

        def begin(number: int, segment: int) -> None:
            nonlocal taken
            taken += 1
            carry_on(number, segment)

        self.core.bells.begin = self.runner.begin = begin  # type: ignore[method-assign]
        await self.core.store.read(lambda conn: pseudonyms.know(conn, self.core.people))
        await self.runner.launch(home="here")
        await self.desk.recover()
        self._posting = asyncio.create_task(self._poster.run())
        took = time.monotonic() - self._begun
        write_line(self._folder / "lives.jsonl", {"taken": taken, "recovered_s": took})

    async def at_rest(self) -> None:
        """Returns when nothing is left to be done or shown."""
        quiet, until = 0, time.monotonic() + AT_REST_AFTER_S
        while quiet < 3:
            left = await self.core.store.read(_left)
            quiet = 0 if left else quiet + 1
            assert time.monotonic() < until, f"still to be done: {left}"
            await asyncio.sleep(0.05)

    async def stop(self) -> None:
        if self._posting is not None:
            self._posting.cancel()
            await asyncio.gather(self._posting, return_exceptions=True)
        await self.desk.stop()
        await self.runner.stop()
        await self.core.store.aclose()


def _left(conn: sa.Connection) -> list[Any]:
    left: list[Any] = list(deliveries.due(conn, ["slack:"]))
    left += conn.execute(sa.select(t.messages.c.id).where(~t.messages.c.answered)).scalars()
    left += conn.execute(sa.select(t.runs.c.id).where(t.runs.c.ended.is_(None))).scalars()
    return left


def live(
    folder: Path, open_store: Callable[[], Store], death: Death, *, number: int, started: float, skew_s: float = 0.0
) -> None:
    """From start to death; a life without one takes no new orders and ends when all is at rest."""
    logging.basicConfig(filename=folder / "bot.log", level=logging.WARNING, force=True)
    arm(death)

    async def life() -> None:
        bot = Bot(folder, open_store, started=started, skew_s=skew_s)
        await bot.start()
        people = People(bot.core, bot.desk, bot.world, folder / "people.jsonl", life=number, dice=random.Random(number))
        async with asyncio.timeout(None if death != Death() else AT_REST_AFTER_S):
            await people.act(more=death != Death())
        await bot.at_rest()
        await bot.stop()

    asyncio.run(life())
