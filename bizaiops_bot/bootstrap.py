"""The only place that joins settings, adapters, engine, router and surfaces."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from bizaiops_bot.adapters.clock import SystemClock
from bizaiops_bot.adapters.embedded.company import first_start, open_clock, open_company, own_models
from bizaiops_bot.adapters.kpi_files import load_kpis
from bizaiops_bot.bot import Bot
from bizaiops_bot.chat_wiring import OpenSurfaces, chat_surfaces, open_lobby
from bizaiops_bot.conversation.front_desk import FrontDesk
from bizaiops_bot.domain.kpi import Kpi
from bizaiops_bot.engine import redaction
from bizaiops_bot.engine.alerts import Watch
from bizaiops_bot.engine.audit_guard import AuditGuard
from bizaiops_bot.engine.controls import EngineControls
from bizaiops_bot.engine.orders import Orders
from bizaiops_bot.engine.poster import Poster
from bizaiops_bot.engine.records import EngineRecords
from bizaiops_bot.engine.retention import Keep, Retention
from bizaiops_bot.engine.runner import Runner
from bizaiops_bot.engine.schedules import Scheduler
from bizaiops_bot.first_versions import FilledRegistry
from bizaiops_bot.ports import ChatPlatform, Clock
from bizaiops_bot.settings import Settings
from bizaiops_bot.surfaces.chat import ChatSurface
from bizaiops_bot.wiring import WiredPorts, lock_folder, open_core, open_language, read_content

__all__ = ["EMBEDDED_KPIS", "Bot", "build"]

EMBEDDED_KPIS = Path(__file__).parent / "adapters" / "embedded" / "kpis"


async def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    platforms: Sequence[ChatPlatform] = (),
    surfaces: Sequence[ChatSurface] | None = None,
) -> Bot:
    """Opens the data folder and builds every part. Raises BotError with what to do when something cannot be used.

    platforms: more chats outside that show the bot's cards. surfaces: None for those that the settings turn on.
    """
    lock = lock_folder(settings.data)
    try:
        chats = chat_surfaces(settings) if surfaces is None else surfaces
        return await _build(settings, clock, platforms, OpenSurfaces(chats), lock)
    except BaseException:
        lock.close()
        raise


async def _build(
    settings: Settings, clock: Clock | None, platforms: Sequence[ChatPlatform], surfaces: OpenSurfaces, lock: IO[str]
) -> Bot:
    redaction.know(redaction.secrets_in(settings))
    content = read_content(settings)
    home = settings.data / "world"
    home.mkdir(exist_ok=True)
    clock = clock or open_clock(settings.company, home, first_start(datetime.now(UTC)))
    kpis, untold = read_kpis(settings)
    warehouse = settings.warehouse.build(kpis, clock, settings.data)
    registry = FilledRegistry(settings.registry.build(settings.data, clock))
    # The router learns its phrases on one core while the company trains its models on the other.
    company, _ = await asyncio.gather(
        asyncio.to_thread(open_company, settings.company, home, clock, warehouse),
        asyncio.to_thread(content.router.warm),
    )
    company.mapping.extend(untold)
    core = await open_core(settings, content, clock)
    controls = EngineControls(core)
    core.ports = WiredPorts(
        clock=clock, pipelines=company.pipelines, serving=company.serving, registry=registry, metrics=company.metrics,
        drift=company.drift, warehouse=warehouse, faults=company.faults, records=EngineRecords(core), controls=controls,
        handbook=content.router.parts.handbook,
    )  # fmt: skip
    orders = Orders(core)
    desk = FrontDesk(core, orders, controls, content.router, SystemClock())
    lobby = await open_lobby(settings, core, desk, content.router, surfaces.problems)
    settings.notices.check([model.name for model in await company.serving.models()], core.people)
    poster = Poster(
        core.store, [*platforms, *surfaces.platforms], leads=lambda: core.leading, note=core.note, clock=clock,
        home=settings.home,
    )  # fmt: skip
    return Bot(
        settings, company, core, orders, desk, lobby, registry, surfaces, Watch(core, orders, content.rules),
        Scheduler(core, orders), Runner(core), AuditGuard(core.store, settings.data),
        Retention(core, Keep(**settings.keep.model_dump())), poster, lock,
        closers=[company.world.close, warehouse.close],
        language=open_language(settings, core, content.router),
    )  # fmt: skip


def read_kpis(settings: Settings) -> tuple[list[Kpi], list[tuple[str, str]]]:
    """The KPIs, and what is told at the start: the generated company's targets do not fit people's own data."""
    if settings.kpis is not None:
        return load_kpis(settings.kpis), []
    own = own_models(settings.company)
    kpis = [kpi.model_copy(update={"target": None}) if kpi.model in own else kpi for kpi in load_kpis(EMBEDDED_KPIS)]
    told = "none: what the generated company aims at does not fit your data; define your own with BIZAIOPS_KPIS"
    return kpis, [(f"{model} targets", told) for model in sorted(own)]
