"""The only place that joins settings, adapters, engine, router and surfaces."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import IO

from bizaiops_bot.adapters.clock import SystemClock
from bizaiops_bot.adapters.known_models import KnownModels
from bizaiops_bot.app import own_content
from bizaiops_bot.app.bot import Bot
from bizaiops_bot.app.chat_wiring import OpenSurfaces, chat_surfaces, open_directory, open_lobby
from bizaiops_bot.app.checkup import Checkup, parts
from bizaiops_bot.app.ports import Opened, Told, WiredPorts, bot_clock, open_ports, read_kpis
from bizaiops_bot.app.reloading import CompanyFolder, Parts
from bizaiops_bot.app.wiring import Content, lock_folder, open_core, open_language, read_content
from bizaiops_bot.bot_api.context import Context
from bizaiops_bot.conversation.front_desk import FrontDesk
from bizaiops_bot.engine.api.controls import EngineControls
from bizaiops_bot.engine.api.records import EngineRecords
from bizaiops_bot.engine.audit import redaction
from bizaiops_bot.engine.audit.guard import AuditGuard
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.execution.runner import Runner
from bizaiops_bot.engine.orders.orders import Orders
from bizaiops_bot.engine.posting.poster import Poster
from bizaiops_bot.engine.timing.retention import Keep, Retention
from bizaiops_bot.engine.watch.alerts import Watch
from bizaiops_bot.engine.watch.schedules import Scheduler
from bizaiops_bot.ports.chat_platform import ChatPlatform
from bizaiops_bot.ports.clock import Clock
from bizaiops_bot.settings import Settings
from bizaiops_bot.surfaces.chat import ChatSurface

__all__ = ["Bot", "build"]


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
    # The router learns its phrases on one core while the adapters are opened on the other.
    warming = asyncio.create_task(asyncio.to_thread(content.router.warm))
    kpis, untold = read_kpis(settings)
    context = Context(settings.data, clock or bot_clock(settings), kpis, content.environments)
    context.ends.callback(lock.close)
    models = KnownModels(())
    opening = asyncio.to_thread(open_ports, settings, context, models)
    try:
        opened, _ = await asyncio.gather(opening, warming)
        return await _joined(settings, content, context, models, opened, untold, platforms, surfaces)
    except BaseException:
        await context.ends.aclose()
        raise


async def _joined(
    settings: Settings,
    content: Content,
    context: Context,
    models: KnownModels,
    opened: Opened,
    untold: Told,
    platforms: Sequence[ChatPlatform],
    surfaces: OpenSurfaces,
) -> Bot:
    core = await open_core(settings, content, context.clock)
    context.listeners.append(lambda port: core.bells.changed(port))
    controls = EngineControls(core)
    specs = own_content.told(content.models, opened.specs, content.places, settings.environment)
    models.replace(specs)
    core.notices = own_content.notices(settings.notices, specs, content.environments)
    core.ports = WiredPorts(
        clock=core.clock,
        models=models,
        **opened.ports,
        records=EngineRecords(core),
        controls=controls,
        handbook=content.router.parts.handbook,
    )
    orders = Orders(core)
    desk = FrontDesk(core, orders, controls, content.router, SystemClock())
    watch = Watch(core, orders, content.rules)

    async def problems() -> dict[str, str]:
        return await watch.problems() | desk.problems() | surfaces.problems()

    directory = await open_directory(settings, core)
    lobby = open_lobby(settings, core, desk, directory, content.router, problems)
    language = open_language(settings, core, content.router)
    core.notices.check([model.name for model in await core.ports.models.specs()], core.people)
    if settings.company_dir is not None:
        changed = Parts(core, desk, directory, models, context.kpis, opened.specs)
        core.company = await CompanyFolder.open(settings, settings.company_dir, changed)
    return Bot(
        settings,
        core,
        orders,
        desk,
        lobby,
        surfaces,
        watch,
        Scheduler(core, orders),
        Runner(core),
        AuditGuard(core.store, settings.data, key=settings.audit_key),
        Retention(core, Keep(**settings.keep.model_dump())),
        _poster(core, [*platforms, *surfaces.platforms]),
        attached=context.attached,
        ends=context.ends,
        told=[*opened.told, *untold],
        checkup=Checkup(parts(settings, opened.ports, language)),
        language=language,
    )


def _poster(core: Core, platforms: Sequence[ChatPlatform]) -> Poster:
    def leads() -> bool:
        return core.lead.leading

    return Poster(core.store, platforms, leads=leads, note=core.note, clock=core.clock, home=core.home)
