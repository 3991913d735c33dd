"""Slack and Teams joined with the bot: which are on, what they are given, their start and their end."""

from __future__ import annotations

import asyncio
import logging
import pkgutil
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from bizaiops_bot.conversation.directory import EngineDirectory
from bizaiops_bot.conversation.events import EngineEvents
from bizaiops_bot.conversation.forms import EngineForms
from bizaiops_bot.conversation.front_desk import FrontDesk
from bizaiops_bot.conversation.home_pages import EngineHomePages
from bizaiops_bot.conversation.lobby import Lobby
from bizaiops_bot.conversation.places import EnginePlaces
from bizaiops_bot.domain.errors import BotError, Temporary
from bizaiops_bot.domain.recognition import Named
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.ports.chat_platform import ChatPlatform
from bizaiops_bot.router.naming import COMMON, VERBS
from bizaiops_bot.router.router import Router
from bizaiops_bot.settings import RESERVED, Settings
from bizaiops_bot.surfaces.chat import ChatSurface

if TYPE_CHECKING:
    from fastapi import FastAPI

log = logging.getLogger("bizaiops")
SURFACES = ("slack", "teams")
"""Chat platforms: a setting, and a folder of surfaces/, whose `surface.py` has `open_surface`."""
AGAIN_S, AGAIN_AT_LAST_S = 1.0, 60.0
NAMED_BY_POLICY = re.compile(r'Actor::"([^"]+)"')


def chat_surfaces(settings: Settings) -> list[ChatSurface]:
    """The chat platforms that the settings turn on; the library of one that is off is not imported."""
    return [open_surface(name, settings) for name in SURFACES if getattr(settings, name).on]


def open_surface(name: str, settings: Settings) -> ChatSurface:
    """One of SURFACES. Raises Permanent where its settings would let anybody in."""
    opens = pkgutil.resolve_name(f"bizaiops_bot.surfaces.{name}.surface:open_surface")
    found: ChatSurface = opens(getattr(settings, name), data=settings.data, host=settings.host)
    return found


async def open_directory(settings: Settings, core: Core) -> EngineDirectory:
    """Everybody is known who was known before."""
    named = [Named(actor=p.actor(), email=p.email, subject=p.subject) for p in settings.people]
    reserved = {*RESERVED, *COMMON, *VERBS, *(m.name for m in await core.ports.models.specs())}
    reserved.update(chain.from_iterable(NAMED_BY_POLICY.findall(rule.text) for rule in core.policy.policies))
    directory = EngineDirectory(core, named, {"slack": settings.slack.groups}, reserved=reserved)
    await directory.open()
    return directory


def open_lobby(
    settings: Settings,
    core: Core,
    desk: FrontDesk,
    directory: EngineDirectory,
    router: Router,
    problems: Callable[[], Awaitable[dict[str, str]]],
) -> Lobby:
    """What chat surfaces stand on. problems: see EngineHomePages."""
    return Lobby(
        desk,
        directory,
        EngineEvents(core),
        EnginePlaces(core.store),
        EngineForms(core, desk, router),
        EngineHomePages(core, desk, problems),
        site=settings.address,
    )


class OpenSurfaces:
    """The chat surfaces of one bot."""

    def __init__(self, surfaces: Iterable[ChatSurface]) -> None:
        self._surfaces = tuple(surfaces)
        self._begun: list[ChatSurface] = []
        self._late: dict[str, str] = {}
        self._retries: set[asyncio.Task[None]] = set()

    @property
    def platforms(self) -> Sequence[ChatPlatform]:
        return [surface.platform for surface in self._surfaces]

    @property
    def paths(self) -> tuple[str, ...]:
        """Of the web server, open to whoever the surface itself finds to be the platform."""
        return tuple(path for surface in self._surfaces for path in surface.paths)

    def mount(self, app: FastAPI) -> None:
        for surface in self._surfaces:
            surface.mount(app)

    async def start(self, lobby: Lobby) -> None:
        """Raises Permanent when a platform refuses the bot; one that cannot be reached now is tried again."""
        for surface in self._surfaces:
            self._begun.append(surface)
            try:
                await surface.start(lobby)
            except Temporary as exc:
                self._put_off(surface, exc)
                self._retries.add(asyncio.create_task(self._start_later(surface, lobby), name=surface.name))

    async def stop(self) -> None:
        for task in self._retries:
            task.cancel()
        await asyncio.gather(*self._retries, return_exceptions=True)
        ended = await asyncio.gather(*(surface.stop() for surface in self._begun), return_exceptions=True)
        for surface, error in zip(self._begun, ended, strict=True):
            if isinstance(error, Exception):
                log.error("%s did not end well", surface.name, exc_info=error)

    def problems(self) -> dict[str, str]:
        """Why a platform is not reached, by its name; those that are reached are left out."""
        found = {surface.name: self._late.get(surface.name) or surface.problem() for surface in self._surfaces}
        return {name: why for name, why in found.items() if why}

    def _put_off(self, surface: ChatSurface, error: BotError) -> None:
        self._late[surface.name] = str(error)
        log.warning("%s is not reached: %s", surface.name, error)

    async def _start_later(self, surface: ChatSurface, lobby: Lobby) -> None:
        pause = AGAIN_S
        while True:
            await asyncio.sleep(pause)
            try:
                await surface.start(lobby)
            except Temporary as exc:
                self._put_off(surface, exc)
                pause = min(pause * 2, AGAIN_AT_LAST_S)
            except BotError as exc:
                self._put_off(surface, exc)
                return
            except Exception as exc:
                self._late[surface.name] = f"It could not be started: {type(exc).__name__}. The log has it."
                log.exception("%s could not be started", surface.name)
                return
            else:
                self._late.pop(surface.name)
                log.info("%s is reached now", surface.name)
                return
