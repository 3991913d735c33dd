"""A whole bot in one process: what it starts, serves and stops."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from bizaiops_bot.adapters.embedded.clock import WorldClock
from bizaiops_bot.adapters.embedded.company import Company
from bizaiops_bot.adapters.embedded.pace import Pace
from bizaiops_bot.chat_wiring import OpenSurfaces
from bizaiops_bot.conversation.front_desk import FrontDesk
from bizaiops_bot.conversation.lobby import Lobby
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.engine.alerts import Watch
from bizaiops_bot.engine.audit_guard import AuditGuard
from bizaiops_bot.engine.core import Core
from bizaiops_bot.engine.notice_board import NoticeBoard
from bizaiops_bot.engine.orders import Orders
from bizaiops_bot.engine.poster import Poster
from bizaiops_bot.engine.readiness import StoreProbe
from bizaiops_bot.engine.retention import Retention
from bizaiops_bot.engine.runner import Runner
from bizaiops_bot.engine.schedules import Scheduler
from bizaiops_bot.engine.timekeeper import Timekeeper
from bizaiops_bot.first_versions import FilledRegistry
from bizaiops_bot.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from bizaiops_bot.adapters.openai.client import LanguageClient

log = logging.getLogger("bizaiops")
LOOPS = ("world", "watch", "schedules", "audit", "retention", "posts", "notices", "timers")


@dataclass
class Bot:
    """A whole bot in one process. `start` begins its loops; `stop` leaves everything where the next start goes on."""

    settings: Settings
    company: Company
    core: Core
    orders: Orders
    desk: FrontDesk
    lobby: Lobby
    registry: FilledRegistry
    surfaces: OpenSurfaces
    watch: Watch
    scheduler: Scheduler
    runner: Runner
    guard: AuditGuard
    retention: Retention
    poster: Poster
    lock: IO[str]
    closers: list[Callable[[], Any]]
    loops: list[asyncio.Task[None]] = field(default_factory=list)
    language: LanguageClient | None = None

    def __post_init__(self) -> None:
        self.probe = StoreProbe(self.core.store)

    async def start(self) -> None:
        """Recovers what a dead process left, then watches, schedules and lives. Raises Permanent when a chat platform
        refuses the bot.
        """
        home = f"{socket.gethostname()}:{self.settings.data.resolve()}"
        await self.runner.launch(home=home, alone="The embedded company")
        await self._note_first_releases()
        if self.language is not None:
            self.language.start()
        await self.desk.recover()
        await self.surfaces.start(self.lobby)
        loops = (
            self.company.world.run(), self.watch.run(), self.scheduler.run(), self.guard.run(), self.retention.run(),
            self.poster.run(), NoticeBoard(self.core, self.watch.redraw).run(),
            Timekeeper(self.core, self.orders).run(),
        )  # fmt: skip
        for name, loop in zip(LOOPS, loops, strict=True):
            self.loops.append(asyncio.create_task(_guarded(name, loop), name=name))
        if (pace := self._pace()) is not None:
            self.loops.append(asyncio.create_task(_guarded("pace", pace.run()), name="pace"))

    def _pace(self) -> Pace | None:
        """What slows the world down while nothing is under way, if that is wanted."""
        company, clock, faults = self.settings.company, self.core.clock, self.core.ports.faults
        if company.calm_speed is None or faults is None or not isinstance(clock, WorldClock):
            return None
        return Pace(clock, self.core.ports.records, faults, fast=company.speed, calm=company.calm_speed)

    async def _note_first_releases(self) -> None:
        """What serves without the bot having released it is noted once, so that history and rollback know it."""
        for model in await self.core.ports.serving.models():
            known = await self.core.ports.records.releases(model.name, limit=1)
            state = await self.core.ports.serving.traffic(model.name)
            if not known and state.stable is not None:
                await self.core.ports.controls.record_release(model.name, state.stable, None, "initial", run=None)
            if state.stable is not None and (not known or known[0].kind == "initial"):
                self.registry.expect(model.name)
                task = _guarded(f"register {model.name}", self._register_first(model.name, state.stable))
                self.loops.append(asyncio.create_task(task))

    async def _register_first(self, model: str, version: str) -> None:
        """Looks before it acts, as the process may have been killed between the note and the registration."""
        pipelines = self.core.ports.pipelines
        async with self.registry.filling(model) as registry:
            if not any("champion" in known.aliases for known in await registry.versions(model)):
                build = await pipelines.build(model, version, key=f"setup/{model}", progress=log.info)
                package = await pipelines.package(build, key=f"setup/{model}/package")
                await registry.register(package, key=f"setup/{model}")
                await registry.set_alias(model, "champion", version, key=f"setup/{model}/champion")

    async def stop(self) -> None:
        await self.surfaces.stop()
        for task in self.loops:
            task.cancel()
        await asyncio.gather(*self.loops, return_exceptions=True)
        await self.desk.stop()
        if self.language is not None:
            await self.language.stop()
        await self.runner.stop()
        await self.guard.stop()
        await self.core.store.aclose()
        with ExitStack() as all_closed:  # one that fails, on a full disk say, does not leave the others open
            all_closed.callback(self.lock.close)
            for close in reversed(self.closers):
                all_closed.callback(close)

    def app(self, *, demo: bool) -> FastAPI:
        """The web application: console, REST, and what chat platforms call."""
        from bizaiops_bot.surfaces.console.app import create_app
        from bizaiops_bot.surfaces.tokens import by_token

        app = create_app(
            self.desk,
            demo=demo,
            time_zone=self.settings.time_zone,
            metrics=self._exposition,
            world_facts=self._world,
            verify_audit=self._verify_audit,
            ready=self.not_ready,
            identify=None if demo else by_token(self.settings.tokens),
            hosts=self.settings.hosts,
            open_paths=self.surfaces.paths,
        )
        self.surfaces.mount(app)
        return app

    def _exposition(self) -> str:
        return self.company.world.exposition() + (self.language.exposition() if self.language else "")

    async def not_ready(self) -> dict[str, str]:
        """What cannot be kept, the loops that have ended by an error, and why a chat platform is not reached."""
        ended = {task.get_name() for task in self.loops if task.done()}
        stopped = {name: "stopped by an error; the log has it" for name in LOOPS if name in ended}
        unkept = await self.probe.problem()
        return stopped | self.surfaces.problems() | ({"store": unkept} if unkept else {})

    async def _world(self) -> dict[str, Any]:
        company = self.settings.company
        speed = self.core.clock.speed if isinstance(self.core.clock, WorldClock) else 1.0
        return {"speed": speed, "seed": company.seed, "data": str(self.settings.data.absolute())}

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
