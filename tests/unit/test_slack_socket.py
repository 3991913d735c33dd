"""Socket Mode: envelopes are kept before they are answered, a line that breaks is opened again, and told while it is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from bizaiops_bot.domain.errors import Permanent, Temporary
from bizaiops_bot.engine.store.store import StoreDown
from bizaiops_bot.surfaces.render.blockkit import form_view
from bizaiops_bot.surfaces.slack import socket as line
from bizaiops_bot.surfaces.slack.surface import SlackSurface
from tests.support.demo_process import free_port
from tests.support.fake_lobby import DEPLOY, FakeLobby, fake_lobby
from tests.support.slack_room import TEAM, submission
from tests.support.slack_web_api import WebApi, until, web_api

WHO = {"ok": True, "user_id": "UBOT", "team_id": TEAM, "bot_id": "B1"}


class Gateway:
    """Slack's end of the line. open: whether it lets anybody in."""

    def __init__(self, api: WebApi) -> None:
        self.api, self.open, self.lines = api, True, 0
        self.acks: list[dict[str, Any]] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.url = ""

    async def link(self, request: web.Request) -> web.StreamResponse:
        if not self.open:
            return web.Response(status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.lines += 1
        self.sockets.append(socket)
        await socket.send_json({"type": "hello", "num_connections": 1})
        async for message in socket:
            if message.type == WSMsgType.TEXT and message.data.startswith("{"):
                self.acks.append(json.loads(message.data))
        self.sockets.remove(socket)
        return socket

    async def send(self, kind: str, payload: dict[str, Any], envelope: str = "e1") -> None:
        await self.sockets[-1].send_json({"type": kind, "envelope_id": envelope, "payload": payload})

    async def breaks(self) -> None:
        for socket in list(self.sockets):
            await socket.close()


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with web_api() as api:
        gate = Gateway(api)
        app = web.Application()
        app.router.add_get("/link", gate.link)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        gate.url = f"ws://127.0.0.1:{runner.addresses[0][1]}/link"
        api.says("auth.test", WHO)
        api.says("apps.connections.open", {"ok": True, "url": gate.url})
        api.says("users.conversations", {"ok": True, "channels": []})
        api.says("conversations.open", {"ok": True, "channel": {"id": "D1"}})
        api.says("users.info", lambda args: {"ok": True, "user": {"id": args["user"], "team_id": TEAM, "profile": {}}})
        yield gate
        await gate.breaks()
        await runner.cleanup()


@pytest.fixture
async def bot(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[SlackSurface, FakeLobby]]:
    monkeypatch.setattr(line, "PING_S", 0.2)
    monkeypatch.setattr(line, "LOOK_S", 0.02)
    surface, lobby = surface_of(gateway), fake_lobby()
    await surface.start(lobby)
    yield surface, lobby
    await surface.stop()


def surface_of(gateway: Gateway) -> SlackSurface:
    return SlackSurface(gateway.api.settings(app_token="xapp-1", signing_secret="s"), Path())


def mention(event_id: str = "Ev1", ts: str = "1.5") -> dict[str, Any]:
    event = {"type": "app_mention", "user": "UENG", "team": TEAM, "channel": "C1", "text": "<@UBOT> help", "ts": ts}
    return {"type": "event_callback", "team_id": TEAM, "event_id": event_id, "event": event}


Bot = tuple[SlackSurface, FakeLobby]


async def test_over_a_socket_no_address_of_the_web_server_is_open(bot: Bot) -> None:
    assert bot[0].paths == () and bot[0].problem() == ""


async def test_an_event_is_kept_then_answered_and_heard_once_however_often_it_comes(gateway: Gateway, bot: Bot) -> None:
    for number in range(3):
        await gateway.send("events_api", mention(), f"e{number}")
    await until(lambda: len(gateway.acks) == 3)
    await until(lambda: not bot[1].events.bodies)
    assert {ack["envelope_id"] for ack in gateway.acks} == {"e0", "e1", "e2"}
    assert len(bot[1].desk.said) == 1 and bot[1].events.known == {"slack/Ev1"}


async def test_an_event_that_cannot_be_kept_is_not_answered_so_that_it_comes_again(gateway: Gateway, bot: Bot) -> None:
    take, tried = bot[1].events.take, asyncio.Event()

    async def down(event: str, platform: Any, body: str) -> bool:
        tried.set()
        raise StoreDown("The database does not answer.")

    bot[1].events.take = down  # type: ignore[method-assign]
    await gateway.send("events_api", mention(), "e1")
    await asyncio.wait_for(tried.wait(), 10)
    bot[1].events.take = take  # type: ignore[method-assign]
    await gateway.send("events_api", mention(), "e2")
    await until(lambda: gateway.acks)
    assert [ack["envelope_id"] for ack in gateway.acks] == ["e2"]


async def test_a_submission_is_answered_with_what_is_wrong_at_its_field(gateway: Gateway, bot: Bot) -> None:
    gateway.api.says("conversations.info", {"ok": True, "channel": {"id": "C1", "is_member": True}})
    view = form_view(DEPLOY, channel="C1", thread="")
    empty = {field.name: {"type": "plain_text_input", "value": None} for field in DEPLOY.fields}
    body = submission(view, empty)
    await gateway.send("interactive", body, "e1")
    await until(lambda: gateway.acks)
    payload = gateway.acks[0]["payload"]
    assert payload["response_action"] == "errors" and "version" in payload["errors"]
    assert not bot[1].events.known


async def test_a_line_that_breaks_is_opened_again_and_goes_on(gateway: Gateway, bot: Bot) -> None:
    await gateway.breaks()
    await until(lambda: gateway.lines == 2 and gateway.sockets)
    await gateway.send("events_api", mention(), "e1")
    await until(lambda: gateway.acks)


async def test_while_the_line_is_down_it_is_told_since_when(gateway: Gateway, bot: Bot) -> None:
    gateway.open = False
    await gateway.breaks()
    await until(bot[0].problem)
    assert "down since 20" in bot[0].problem()
    gateway.open = True
    await until(lambda: not bot[0].problem())


async def test_a_refused_app_token_ends_the_start_with_what_to_do(gateway: Gateway) -> None:
    gateway.api.says("apps.connections.open", {"ok": False, "error": "invalid_auth"})
    with pytest.raises(Permanent, match=r"BIZAIOPS_SLACK__APP_TOKEN.*connections:write"):
        await surface_of(gateway).start(fake_lobby())


async def test_a_refused_bot_token_ends_the_start_and_a_slack_that_is_not_there_puts_it_off(gateway: Gateway) -> None:
    gateway.api.says("auth.test", {"ok": False, "error": "invalid_auth"})
    with pytest.raises(Permanent, match=r"invalid_auth.*BIZAIOPS_SLACK__BOT_TOKEN"):
        await surface_of(gateway).start(fake_lobby())
    gateway.api.says("auth.test", 503)
    surface = surface_of(gateway)
    with pytest.raises(Temporary):
        await surface.start(fake_lobby())
    assert surface.problem()
    gateway.api.says("auth.test", WHO)
    await surface.start(fake_lobby())
    assert surface.problem() == ""
    await surface.stop()
    gateway.api.url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(Temporary, match="not reached"):
        await surface_of(gateway).start(fake_lobby())


async def test_without_any_way_in_the_start_says_what_to_set(gateway: Gateway) -> None:
    surface = SlackSurface(gateway.api.settings(), Path())
    with pytest.raises(Permanent, match=r"APP_TOKEN.*SIGNING_SECRET"):
        await surface.start(fake_lobby())
