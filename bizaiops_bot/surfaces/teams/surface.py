"""The Teams surface: activities in, cards out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from bizaiops_bot.conversation.lobby import Lobby
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.surfaces.teams import clicks, dialogs, messages
from bizaiops_bot.surfaces.teams.app import open_app, token_problem
from bizaiops_bot.surfaces.teams.auth import Tokens, check_settings
from bizaiops_bot.surfaces.teams.calls import Calls
from bizaiops_bot.surfaces.teams.checkup import examine_teams
from bizaiops_bot.surfaces.teams.door import Door
from bizaiops_bot.surfaces.teams.hall import Hall, log
from bizaiops_bot.surfaces.teams.inbox import Inbox
from bizaiops_bot.surfaces.teams.people import TeamsPeople
from bizaiops_bot.surfaces.teams.places import TeamsPlaces
from bizaiops_bot.surfaces.teams.platform import TeamsPlatform
from bizaiops_bot.surfaces.teams.sdk import (
    PUBLIC,
    Activity,
    ActivityContext,
    AdaptiveCardInvokeActivity,
    App,
    CloudEnvironment,
    ConversationUpdateActivity,
    InstalledActivity,
    MessageActivity,
    TaskFetchInvokeActivity,
    TaskSubmitInvokeActivity,
    UninstalledActivity,
)
from bizaiops_bot.surfaces.teams.settings import TeamsSettings

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response

PATH = "/api/messages"


def open_surface(settings: TeamsSettings, *, host: str, **_: object) -> TeamsSurface:
    """For the bot's wiring. Raises Permanent where anybody could give orders."""
    return TeamsSurface(settings, host=host)


class TeamsSurface:
    """Implements surfaces.chat.ChatSurface."""

    name = "teams"
    paths = (PATH,)

    def __init__(self, settings: TeamsSettings, *, host: str, cloud: CloudEnvironment = PUBLIC) -> None:
        """host: where the web server listens. Raises Permanent where anybody could give orders."""
        check_settings(settings, host)
        self.platform = TeamsPlatform()
        self._settings, self._host, self._cloud = settings, host, cloud
        self._open: _Open | None = None

    def mount(self, app: FastAPI) -> None:
        app.add_route(PATH, self._enter, methods=["POST"], include_in_schema=False)

    async def start(self, lobby: Lobby) -> None:
        opened = _Open(self._settings, self._cloud, lobby)
        await opened.app.initialize()
        self.platform.connect(opened.calls, lobby)
        self._open = opened
        await opened.inbox.resume()
        opened.upkeep = asyncio.create_task(opened.inbox.run(), name="teams")
        if not self._settings.unauthenticated:
            opened.calls.problem = await token_problem(opened.app)
            if opened.calls.problem:
                log.error("%s", opened.calls.problem)

    async def stop(self) -> None:
        if self._open is not None:
            opened, self._open = self._open, None
            if opened.upkeep is not None:
                opened.upkeep.cancel()
            await opened.inbox.stop()
            opened.tokens.close()
            await opened.calls.close()

    async def checkup(self, places: Iterable[str]) -> list[Readiness]:
        ok, says, do = await examine_teams(self._settings, self._host)
        return [Readiness(ok=ok, says=says, do=do)]

    def problem(self) -> str:
        return "It was not started." if self._open is None else self._open.calls.problem

    async def _enter(self, request: Request) -> Response:
        if self._open is None:
            from starlette.responses import Response

            return Response(status_code=503)
        return await self._open.door.enter(request)


class _Open:
    """What stands while the surface is started. upkeep: takes up what dead workers leave."""

    upkeep: asyncio.Task[None] | None = None

    def __init__(self, settings: TeamsSettings, cloud: CloudEnvironment, lobby: Lobby) -> None:
        self.app = open_app(settings, cloud=cloud)
        self.tokens = Tokens(settings, cloud=cloud)
        self.calls = Calls(self.app, settings)
        self.door = Door(self.app, self.tokens, settings)
        people = TeamsPeople(lobby.people, self.calls, settings.tenant_id)
        self.hall = Hall(lobby, self.calls, people, TeamsPlaces(lobby.places, self.calls))
        self.inbox = Inbox(lobby.events, self._deal)
        _register(self.app, self.hall, self.inbox)

    async def _deal(self, activity: Activity, event: str) -> None:
        await messages.deal(self.hall, activity, event)


def _register(app: App, hall: Hall, inbox: Inbox) -> None:
    """What needs no answer is kept first; a click or a form is answered in the same request."""

    @app.on_message
    async def _message(ctx: ActivityContext[MessageActivity]) -> None:
        await inbox.take(ctx.activity)

    @app.on_conversation_update
    async def _update(ctx: ActivityContext[ConversationUpdateActivity]) -> None:
        await inbox.take(ctx.activity)

    @app.on_install_add
    async def _installed(ctx: ActivityContext[InstalledActivity]) -> None:
        await inbox.take(ctx.activity)

    @app.on_install_remove
    async def _removed(ctx: ActivityContext[UninstalledActivity]) -> None:
        await inbox.take(ctx.activity)

    @app.on_card_action
    async def _card(ctx: ActivityContext[AdaptiveCardInvokeActivity]) -> Any:
        return await clicks.invoked(hall, ctx.activity)

    @app.on_dialog_open
    async def _dialog(ctx: ActivityContext[TaskFetchInvokeActivity]) -> Any:
        return await dialogs.opened(hall, ctx.activity)

    @app.on_dialog_submit
    async def _form(ctx: ActivityContext[TaskSubmitInvokeActivity]) -> Any:
        return await dialogs.sent(hall, ctx.activity)
