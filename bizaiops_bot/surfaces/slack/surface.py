"""Slack as a surface of the bot: started, reached over a socket or over HTTP, kept up to date, stopped."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
from starlette.routing import Route

from bizaiops_bot.conversation.lobby import Lobby
from bizaiops_bot.domain.errors import BotError, Permanent, Temporary
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.surfaces.slack.bolt import Dispatch
from bizaiops_bot.surfaces.slack.calls import TIMEOUT_S, read, web_client
from bizaiops_bot.surfaces.slack.checkup import examine_slack
from bizaiops_bot.surfaces.slack.door import PATH, Door
from bizaiops_bot.surfaces.slack.inbox import Inbox
from bizaiops_bot.surfaces.slack.people import Home, People
from bizaiops_bot.surfaces.slack.platform import SlackPlatform
from bizaiops_bot.surfaces.slack.room import Room
from bizaiops_bot.surfaces.slack.settings import SlackSettings
from bizaiops_bot.surfaces.slack.socket import Socket
from bizaiops_bot.surfaces.slack.upkeep import Upkeep

if TYPE_CHECKING:
    from fastapi import FastAPI

log = logging.getLogger("bizaiops.slack")
NO_WAY = (
    "Slack cannot reach the bot.",
    "There is a bot token, but neither an app token nor a signing secret.",
    "Set BIZAIOPS_SLACK__APP_TOKEN for Socket Mode, or BIZAIOPS_SLACK__SIGNING_SECRET for HTTP.",
)


def open_surface(settings: SlackSettings, *, data: Path, **_: object) -> SlackSurface:
    """For the bot's wiring."""
    return SlackSurface(settings, data)


class SlackSurface:
    """Implements ChatSurface. With an app token over Socket Mode, else over HTTP."""

    name = "slack"

    def __init__(self, settings: SlackSettings, data: Path) -> None:
        """data: nothing is kept there; all is in the bot's database, for all workers."""
        self._settings = settings
        self.paths: tuple[str, ...] = () if settings.app_token or not settings.signing_secret else (PATH,)
        self._client, self._reader = web_client(settings), web_client(settings, patient=True)
        self.platform = SlackPlatform(self._client, self._reader, native=settings.native_blocks)
        self._dispatch = Dispatch(settings, self._room_now)
        self._session: aiohttp.ClientSession | None = None
        self._room: Room | None = None
        self._inbox: Inbox | None = None
        self._socket: Socket | None = None
        self._loops: list[asyncio.Task[None]] = []

    def mount(self, app: FastAPI) -> None:
        secret = self._settings.signing_secret
        if self.paths and secret is not None:
            door = Door(secret.get_secret_value(), lambda: self._inbox)
            app.router.routes.insert(0, Route(PATH, door.__call__, methods=["POST"]))  # first: it is asked for most

    async def start(self, lobby: Lobby) -> None:
        if not (self._settings.app_token or self._settings.signing_secret):
            raise Permanent(*NO_WAY)
        self.platform.knows(lobby.people, lobby.forms, lobby.site)
        self._open_session()
        try:
            await self._begin(lobby)
        except BotError:
            await self.stop()
            raise

    async def stop(self) -> None:
        if self._socket is not None:
            await self._socket.stop()
        inbox, self._inbox, self._socket = self._inbox, None, None
        if inbox is not None:
            await inbox.stop()
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        self._loops.clear()
        await self.platform.pictures.stop()
        if self._session is not None:
            await self._session.close()
        self._room = None

    async def checkup(self, places: Iterable[str]) -> list[Readiness]:
        lines = await examine_slack(self._settings, places)
        return [Readiness(ok=ok, says=says, do=do) for ok, says, do in lines]

    def problem(self) -> str:
        if self._room is None:
            return "Slack is not reached yet."
        ended = [task for task in self._loops if task.done()]
        if ended:
            return "A part of it was stopped by an error; the log has it."
        return self._socket.problem() if self._socket is not None else ""

    # -- starting ------------------------------------------------------------------------------------

    def _open_session(self) -> None:
        """One session for all calls; the SDK would open a connection for each."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        self._client.session = self._reader.session = self._session

    async def _begin(self, lobby: Lobby) -> None:
        me = await self._who_am_i()
        home = Home(str(me.get("team_id") or ""), str(me.get("enterprise_id") or ""))
        people = People(self._reader, lobby.people, home, keep_s=self._settings.refresh_minutes * 60)
        room = Room(
            lobby,
            self._client,
            self._settings,
            people.person,
            bot_user=str(me["user_id"]),
            team=home.team,
            bot_id=str(me.get("bot_id") or ""),
            called=people.name,
        )
        self._room, inbox = room, Inbox(self._dispatch, lobby.events)
        upkeep = Upkeep(room, self._reader, people, inbox)
        await upkeep.first()
        if self._settings.app_token is not None:
            self._socket = Socket(self._client, self._settings.app_token.get_secret_value(), inbox)
            await self._socket.start()
        self._inbox = inbox
        for work in (room.progress.run(room), upkeep.run()):
            self._loops.append(asyncio.create_task(_told(work), name="slack"))
        await inbox.go_on()

    async def _who_am_i(self) -> Any:
        what = "Slack refuses the bot."
        try:
            return await read(what, self._client.auth_test())
        except Temporary as exc:
            raise Temporary("Slack is not reached.", exc.why, exc.do, after_s=exc.after_s) from exc

    def _room_now(self) -> Room:
        if self._room is None:
            raise Temporary("Slack is not reached yet.", do="Say it again in a minute.")
        return self._room


async def _told(work: Any) -> None:
    """A loop that ends by an error says so in the log."""
    try:
        await work
    except Exception:
        log.exception("a part of Slack stopped")
