"""A whole bot in one process: what it starts, serves and stops."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from bizaiops_bot.app.chat_wiring import OpenSurfaces
from bizaiops_bot.app.checkup import Checkup
from bizaiops_bot.app.first_releases import FirstReleases
from bizaiops_bot.app.reloading import reload_by_signal
from bizaiops_bot.bot_api.attached import Attached
from bizaiops_bot.content import content_folder
from bizaiops_bot.conversation.front_desk import FrontDesk
from bizaiops_bot.conversation.lobby import Lobby
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.readiness import Readiness, Report
from bizaiops_bot.engine.audit.guard import AuditGuard
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.execution.runner import Runner
from bizaiops_bot.engine.news.notice_board import NoticeBoard
from bizaiops_bot.engine.orders.orders import Orders
from bizaiops_bot.engine.posting.poster import Poster
from bizaiops_bot.engine.runs.playbooks import warn
from bizaiops_bot.engine.store.readiness import StoreProbe
from bizaiops_bot.engine.timing.retention import Retention
from bizaiops_bot.engine.watch.alerts import Watch
from bizaiops_bot.engine.watch.schedules import Scheduler
from bizaiops_bot.engine.watch.timekeeper import Timekeeper
from bizaiops_bot.settings import Settings
from bizaiops_bot.surfaces.console.app import create_app
from bizaiops_bot.surfaces.tokens import by_token

if TYPE_CHECKING:
    from bizaiops_bot.adapters.openai.client import LanguageClient

log = logging.getLogger("bizaiops")
LOOPS = ("watch", "schedules", "audit", "retention", "posts", "notices", "timers")
COMPANY = "company"


@dataclass
class Bot:
    """A whole bot in one process. `start` begins its loops; `stop` leaves everything where the next start goes on.

    checkup: of what stands behind its ports. attached: what lives beside it. ends: closed at the stop. told: (about
    what, in words), for who starts it.
    """

    settings: Settings
    core: Core
    orders: Orders
    desk: FrontDesk
    lobby: Lobby
    surfaces: OpenSurfaces
    watch: Watch
    scheduler: Scheduler
    runner: Runner
    guard: AuditGuard
    retention: Retention
    poster: Poster
    attached: Sequence[Attached]
    ends: AsyncExitStack
    told: Sequence[tuple[str, str]]
    checkup: Checkup
    loops: list[asyncio.Task[None]] = field(default_factory=list)
    language: LanguageClient | None = None

    def __post_init__(self) -> None:
        self.probe = StoreProbe(self.core.store)

    async def start(self) -> None:
        """Recovers what a dead process left, then watches, schedules and lives. Raises Permanent when a chat platform
        refuses the bot.
        """
        home = f"{socket.gethostname()}:{self.settings.data.resolve()}"
        alone = next((beside.name for beside in self.attached if beside.alone), None)
        await self.runner.launch(home=home, alone=alone)
        releases = FirstReleases(self.core)
        noted = await releases.note()
        if self.language is not None:
            self.language.start()
        await self.desk.recover()
        await self.surfaces.start(self.lobby)
        loops = (
            self.watch.run(),
            self.scheduler.run(),
            self.guard.run(),
            self.retention.run(),
            self.poster.run(),
            NoticeBoard(self.core, self.watch.redraw).run(),
            Timekeeper(self.core, self.orders).run(),
        )
        for name, loop in zip(LOOPS, loops, strict=True):
            self._begin(name, loop)
        if self.core.company is not None and self.core.store.database.shared:
            self._begin(COMPANY, self.core.company.follow())
        for beside in self.attached:
            self._begin(beside.name, beside.run(self.core.ports))
        self._begin("lint of the playbooks", asyncio.to_thread(warn, content_folder("playbooks")))
        self.checkup.latest()
        if not noted:
            self._begin("first releases", releases.run())

    def _begin(self, name: str, loop: Awaitable[None]) -> None:
        self.loops.append(asyncio.create_task(_guarded(name, loop), name=name))

    def reload_soon(self) -> None:
        """Reads the company's folder again, as SIGHUP asks for it."""
        self._begin("reload", reload_by_signal(self.core))

    async def stop(self) -> None:
        await self.surfaces.stop()
        await self.checkup.stop()
        for task in self.loops:
            task.cancel()
        await asyncio.gather(*self.loops, return_exceptions=True)
        await self.desk.stop()
        if self.language is not None:
            await self.language.stop()
        await self.runner.stop()
        await self.guard.stop()
        await self.core.store.aclose()
        await self.ends.aclose()  # one that fails, on a full disk say, does not leave the others open

    def app(self, *, demo: bool) -> FastAPI:
        """The web application: console, REST, and what chat platforms call."""
        app = create_app(
            self.desk,
            demo=demo,
            faults=self.core.ports.faults,
            time_zone=self.settings.time_zone,
            metrics=self._exposition,
            world_facts=self._world,
            verify_audit=self._verify_audit,
            ready=self.report,
            identify=None if demo else by_token(self.settings.tokens),
            hosts=self.settings.hosts,
            open_paths=self.surfaces.paths,
        )
        self.surfaces.mount(app)
        return app

    def _exposition(self) -> str:
        beside = "".join(one.exposition() for one in self.attached)
        return beside + (self.language.exposition() if self.language else "")

    async def report(self) -> Report:
        """Not ready is a bot that keeps nothing, or one of whose loops has ended by an error: requests should go to
        another. A vendor or a chat platform that is away is told beside.
        """
        forever = {*LOOPS, COMPANY, *(beside.name for beside in self.attached)}
        ended = [task.get_name() for task in self.loops if task.done() and task.get_name() in forever]
        problems = dict.fromkeys([*ended, *self.runner.ended], "stopped by an error; the log has it")
        unkept = await self.probe.problem()
        store = f"{self.settings.store.kind}: {self.settings.store.place(self.settings.data)}"
        ports = {"store": Readiness(ok=not unkept, says=f"{store}; {unkept}" if unkept else f"{store}, answers")}
        silent = {name: Readiness(ok=False, says=why) for name, why in self.surfaces.problems().items()}
        if unkept:
            problems["store"] = unkept
        return Report(problems=problems, ports=self.checkup.latest() | ports | silent)

    async def _world(self) -> dict[str, Any]:
        speed = getattr(self.core.clock, "speed", 1.0)
        return {"speed": speed, "seed": self.settings.embedded.seed, "data": str(self.settings.data.absolute())}

    async def _verify_audit(self) -> tuple[bool, str]:
        return await self.guard.verdict()


async def _guarded(name: str, loop: Awaitable[None]) -> None:
    """A loop that ends by an error says so in the log instead of dying unseen."""
    try:
        await loop
    except asyncio.CancelledError:
        raise
    except BotError as exc:
        log.error("%s stopped: %s", name, exc)
    except Exception:
        log.exception("%s stopped", name)
