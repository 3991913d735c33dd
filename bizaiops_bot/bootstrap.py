"""The only place that joins settings, adapters, engine, router and surfaces."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from bizaiops_bot.adapters.clock import SystemClock
from bizaiops_bot.adapters.embedded.company import Company, first_start, open_clock, open_company
from bizaiops_bot.adapters.embedded.words import TemplateWords
from bizaiops_bot.adapters.kpi_files import load_kpis
from bizaiops_bot.adapters.openai.settings import OpenAiSettings
from bizaiops_bot.content import content_folder
from bizaiops_bot.conversation.front_desk import FrontDesk
from bizaiops_bot.domain.errors import BotError, Permanent
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.rules import Rule
from bizaiops_bot.engine import pseudonyms, redaction
from bizaiops_bot.engine.alerts import Watch
from bizaiops_bot.engine.audit_guard import AuditGuard
from bizaiops_bot.engine.budgets import Budgets
from bizaiops_bot.engine.controls import EngineControls
from bizaiops_bot.engine.core import Core
from bizaiops_bot.engine.freezes import FreezeWindows
from bizaiops_bot.engine.language_use import LanguageUse
from bizaiops_bot.engine.orders import Orders
from bizaiops_bot.engine.policy import Policy
from bizaiops_bot.engine.poster import Poster
from bizaiops_bot.engine.records import EngineRecords
from bizaiops_bot.engine.registry import Playbooks
from bizaiops_bot.engine.retention import Keep, Retention
from bizaiops_bot.engine.rule_book import load_rule_book
from bizaiops_bot.engine.runner import Runner
from bizaiops_bot.engine.schedules import Scheduler
from bizaiops_bot.ports import (
    ChatPlatform,
    Clock,
    Controls,
    DriftReports,
    Faults,
    Metrics,
    ModelRegistry,
    Pipelines,
    Records,
    Serving,
    Warehouse,
    Words,
)
from bizaiops_bot.router.intents import load_intents
from bizaiops_bot.router.router import Router
from bizaiops_bot.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from bizaiops_bot.adapters.openai.client import LanguageClient

log = logging.getLogger("bizaiops")
LOOPS = ("world", "watch", "schedules", "audit", "retention", "posts")
EMBEDDED_KPIS = Path(__file__).parent / "adapters" / "embedded" / "kpis"


@dataclass
class WiredPorts:
    """Implements ports.Ports."""

    clock: Clock
    pipelines: Pipelines
    serving: Serving
    registry: ModelRegistry
    metrics: Metrics
    drift: DriftReports
    warehouse: Warehouse
    faults: Faults | None
    records: Records
    controls: Controls
    words: Words = field(default_factory=TemplateWords)


@dataclass
class Bot:
    """A whole bot in one process. `start` begins its loops; `stop` leaves everything where the next start goes on."""

    settings: Settings
    company: Company
    core: Core
    orders: Orders
    desk: FrontDesk
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

    async def start(self) -> None:
        """Recovers what a dead process left, then watches, schedules and lives."""
        home = f"{socket.gethostname()}:{self.settings.data.resolve()}"
        await self.runner.launch(home=home, alone="The embedded company")
        await self._note_first_releases()
        if self.language is not None:
            self.language.start()
        await self.desk.recover()
        loops = (
            self.company.world.run(), self.watch.run(), self.scheduler.run(), self.guard.run(), self.retention.run(),
            self.poster.run(),
        )  # fmt: skip
        for name, loop in zip(LOOPS, loops, strict=True):
            self.loops.append(asyncio.create_task(_guarded(name, loop), name=name))

    async def _note_first_releases(self) -> None:
        """What serves without the bot having released it is noted once, so that history and rollback know it."""
        for model in await self.core.ports.serving.models():
            known = await self.core.ports.records.releases(model.name, limit=1)
            state = await self.core.ports.serving.traffic(model.name)
            if not known and state.stable is not None:
                await self.core.ports.controls.record_release(model.name, state.stable, None, "initial", run=None)
            if state.stable is not None and (not known or known[0].kind == "initial"):
                task = _guarded(f"register {model.name}", self._register_first(model.name, state.stable))
                self.loops.append(asyncio.create_task(task))

    async def _register_first(self, model: str, version: str) -> None:
        """Looks before it acts, as the process may have been killed between the note and the registration."""
        pipelines, registry = self.core.ports.pipelines, self.core.ports.registry
        if not any("champion" in known.aliases for known in await registry.versions(model)):
            build = await pipelines.build(model, version, key=f"setup/{model}", progress=log.info)
            package = await pipelines.package(build, key=f"setup/{model}/package")
            await registry.register(package, key=f"setup/{model}")
            await registry.set_alias(model, "champion", version, key=f"setup/{model}/champion")

    async def stop(self) -> None:
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
        """The web application: console and REST."""
        from bizaiops_bot.surfaces.console.app import create_app
        from bizaiops_bot.surfaces.tokens import by_token

        return create_app(
            self.desk,
            demo=demo,
            time_zone=self.settings.time_zone,
            metrics=self._exposition,
            world_facts=self._world,
            verify_audit=self._verify_audit,
            ready=self._not_ready,
            identify=None if demo else by_token(self.settings.tokens),
            hosts=self.settings.hosts,
        )

    def _exposition(self) -> str:
        return self.company.world.exposition() + (self.language.exposition() if self.language else "")

    async def _not_ready(self) -> dict[str, str]:
        """The loops that have ended; they do so only by an error, which the log has."""
        ended = {task.get_name() for task in self.loops if task.done()}
        return {name: "stopped by an error; the log has it" for name in LOOPS if name in ended}

    async def _world(self) -> dict[str, Any]:
        return {"speed": self.settings.company.speed, "seed": self.settings.company.seed}

    async def _verify_audit(self) -> tuple[bool, str]:
        return await self.guard.verdict()


@dataclass(frozen=True)
class Content:
    """What people wrote: playbooks, policy, rules and intents, checked before anything is trained."""

    people: list[Actor]
    playbooks: Playbooks
    policy: Policy
    budgets: Budgets
    freezes: FreezeWindows
    rules: list[Rule]
    router: Router


async def build(settings: Settings, *, clock: Clock | None = None, platforms: Sequence[ChatPlatform] = ()) -> Bot:
    """Opens the data folder and builds every part. Raises BotError with what to do when something cannot be used.

    platforms: the chats outside that show the bot's cards.
    """
    lock = _lock_folder(settings.data)
    try:
        return await _build(settings, clock, platforms, lock)
    except BaseException:
        lock.close()
        raise


async def _build(settings: Settings, clock: Clock | None, platforms: Sequence[ChatPlatform], lock: IO[str]) -> Bot:
    redaction.know(redaction.secrets_in(settings))
    content = read_content(settings)
    home = settings.data / "world"
    home.mkdir(exist_ok=True)
    clock = clock or open_clock(settings.company, home, first_start(datetime.now(UTC)))
    warehouse = settings.warehouse.build(load_kpis(settings.kpis or EMBEDDED_KPIS), clock, settings.data)
    registry = settings.registry.build(settings.data, clock)
    # The router learns its phrases on one core while the company trains its models on the other.
    company, _ = await asyncio.gather(
        asyncio.to_thread(open_company, settings.company, home, clock, warehouse),
        asyncio.to_thread(content.router.warm),
    )
    core = await _open_core(settings, content, clock)
    controls = EngineControls(core)
    core.ports = WiredPorts(
        clock=clock, pipelines=company.pipelines, serving=company.serving, registry=registry, metrics=company.metrics,
        drift=company.drift, warehouse=warehouse, faults=company.faults, records=EngineRecords(core), controls=controls,
    )  # fmt: skip
    orders = Orders(core)
    desk = FrontDesk(core, orders, controls, content.router, SystemClock())
    poster = Poster(
        core.store, platforms, leads=lambda: core.leading, note=core.note, clock=clock, home=settings.home
    )  # fmt: skip
    return Bot(
        settings, company, core, orders, desk, Watch(core, orders, content.rules), Scheduler(core, orders),
        Runner(core), AuditGuard(core.store, settings.data), Retention(core, Keep(**settings.keep.model_dump())),
        poster, lock, closers=[company.world.close, warehouse.close],
        language=_open_language(settings, core, content.router),
    )  # fmt: skip


def _open_language(settings: Settings, core: Core, router: Router) -> LanguageClient | None:
    """The language model that the settings choose, made known to the router; nothing is asked before it is started."""
    if not isinstance(settings.language, OpenAiSettings):
        return None
    from bizaiops_bot.adapters.openai.client import LanguageClient
    from bizaiops_bot.adapters.openai.route import OpenAiLanguage
    from bizaiops_bot.adapters.openai.words import OpenAiWords

    client = LanguageClient(settings.language, LanguageUse(core.store), settings.data)
    router.ask_also(OpenAiLanguage(client))
    core.ports.words = OpenAiWords(client, core.ports, partial(_note_words, core))
    return client


async def _note_words(core: Core, about: str, detail: dict[str, Any]) -> None:
    """What a language model was asked to word, and what came of it, for the audit."""
    try:
        await core.store.write(lambda conn: core.note(conn, "words", "worded", about, **detail))
    except BotError as exc:
        log.warning("the audit has nothing of a text: %s", exc)


async def _open_core(settings: Settings, content: Content, clock: Clock) -> Core:
    """The engine's middle on the store that the settings choose. Raises Permanent when that cannot be used."""
    store = await asyncio.to_thread(settings.store.open, settings.data, settings.cache.build())
    core = Core(
        store, clock, content.policy, content.playbooks, content.people, home=settings.home,
        time_zone=settings.time_zone, budgets=content.budgets, freezes=content.freezes,
    )  # fmt: skip
    await store.read(lambda conn: pseudonyms.know(conn, core.people))
    return core


def read_content(settings: Settings) -> Content:
    """Raises BotError naming file and line of the first mistake."""
    people = [person.actor() for person in settings.people]
    playbooks = Playbooks.load(content_folder("playbooks"))
    folder = content_folder("policy")
    policy = Policy.checked(folder, people, playbooks, environment=settings.environment)
    budgets, freezes = Budgets.load(folder), FreezeWindows.load(folder)
    rules = load_rule_book(content_folder("playbooks") / "rules")
    router = Router(load_intents(content_folder("intents")), [p.spec() for p in playbooks], settings.data / "router")
    return Content(people, playbooks, policy, budgets, freezes, rules, router)


def _lock_folder(folder: Path) -> IO[str]:
    """One bot a folder. Raises Permanent when another one holds it or it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / "lock").open("w")
    except OSError as exc:
        raise Permanent(
            f"The data folder {str(folder)!r} cannot be written.", f"{exc.strerror}.", "Give another one: --data DIR"
        ) from exc
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        handle.close()
        raise Permanent(
            f"Another bot is running on the data folder {str(folder)!r}.",
            do="Stop it, or give another folder: --data DIR",
        ) from exc
    return handle


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
