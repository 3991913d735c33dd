"""Chat surfaces joined with the bot: which are built, how they start and end, and what the web server lets through."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any, cast

import pytest
from fastapi import FastAPI, Request

from bizaiops_bot.app import chat_wiring
from bizaiops_bot.app.chat_wiring import OpenSurfaces, chat_surfaces
from bizaiops_bot.conversation.lobby import Lobby
from bizaiops_bot.domain.errors import BadInput, BotError, Permanent, Temporary
from bizaiops_bot.ports.chat_platform import ChatPlatform
from bizaiops_bot.settings import Settings, load_settings
from bizaiops_bot.surfaces.console.app import create_app
from bizaiops_bot.surfaces.guards import MAX_BODY
from tests.support.chat_double import ChatDouble
from tests.support.fake_desk import FakeDesk
from tests.support.fake_lobby import fake_lobby
from tests.support.small_engine import once_true

LOBBY: Lobby = fake_lobby()
OFF = """
import sys
from bizaiops_bot.app.bootstrap import build
from bizaiops_bot.app.chat_wiring import chat_surfaces
from bizaiops_bot.settings import Settings
assert chat_surfaces(Settings()) == []
print([name for name in ("slack_bolt", "slack_sdk", "aiohttp", "microsoft_teams", "msal") if name in sys.modules])
"""


class FakeSurface:
    """Fails its starts as it is told to, one by one, then starts."""

    def __init__(self, name: str = "slack", *fails: BotError, path: str = "/slack/events") -> None:
        self.name, self.paths = name, (path,)
        self.platform = cast(ChatPlatform, ChatDouble(prefix=f"{name}:"))
        self.fails, self.did, self.trouble = list(fails), list[str](), ""

    def mount(self, app: FastAPI) -> None:
        @app.post(self.paths[0])
        async def take(request: Request) -> dict[str, int]:
            return {"bytes": len(await request.body())}

    async def start(self, lobby: Lobby) -> None:
        assert lobby is LOBBY
        self.did.append("start")
        if self.fails:
            raise self.fails.pop(0)

    async def stop(self) -> None:
        self.did.append("stop")

    def problem(self) -> str:
        return self.trouble


# -- building ----------------------------------------------------------------------------------------------------------


def test_a_bot_without_slack_and_teams_imports_neither_library() -> None:
    done = subprocess.run([sys.executable, "-c", OFF], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_what_the_settings_turn_on_is_built() -> None:
    slack = {"bot_token": "xoxb-1", "app_token": "xapp-1"}
    teams = {"client_id": "local", "unauthenticated": True}
    found = chat_surfaces(Settings(slack=slack, teams=teams))  # type: ignore[arg-type]
    assert [(s.name, s.platform.prefix) for s in found] == [("slack", "slack:"), ("teams", "teams:")]


# -- starting and ending -----------------------------------------------------------------------------------------------


async def test_every_surface_is_started_with_the_lobby_and_stopped_again() -> None:
    one, two = FakeSurface(), FakeSurface("teams", path="/api/messages")
    surfaces = OpenSurfaces([one, two])
    assert [p.prefix for p in surfaces.platforms] == ["slack:", "teams:"]
    assert surfaces.paths == ("/slack/events", "/api/messages")
    await surfaces.start(LOBBY)
    await surfaces.stop()
    assert one.did == two.did == ["start", "stop"]


async def test_a_platform_that_refuses_the_bot_keeps_it_from_starting_and_only_what_began_is_stopped() -> None:
    one = FakeSurface("slack", Permanent("Slack refuses the bot's token.", "invalid_auth."))
    two = FakeSurface("teams")
    surfaces = OpenSurfaces([one, two])
    with pytest.raises(Permanent, match="refuses"):
        await surfaces.start(LOBBY)
    await surfaces.stop()
    assert one.did == ["start", "stop"] and two.did == []


async def test_a_platform_that_is_not_reached_is_tried_again_and_told_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chat_wiring, "AGAIN_S", 0.01)
    one = FakeSurface("slack", Temporary("No route to Slack."), Temporary("Still no route to Slack."))
    surfaces = OpenSurfaces([one])
    await surfaces.start(LOBBY)
    assert surfaces.problems() == {"slack": "No route to Slack."}

    async def reached() -> bool:
        return not surfaces.problems()

    await once_true(reached)
    assert one.did == ["start"] * 3
    one.trouble = "The socket is closed."
    assert surfaces.problems() == {"slack": "The socket is closed."}
    await surfaces.stop()


async def test_a_platform_that_refuses_later_is_told_and_not_tried_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_wiring, "AGAIN_S", 0.01)
    one = FakeSurface("slack", Temporary("No route to Slack."), Permanent("Slack refuses the bot's token."))
    surfaces = OpenSurfaces([one])
    await surfaces.start(LOBBY)

    async def refused() -> bool:
        return "refuses" in surfaces.problems()["slack"]

    await once_true(refused)
    await surfaces.stop()
    assert one.did == ["start", "start", "stop"]


async def test_one_that_fails_to_stop_does_not_keep_the_others_up(caplog: pytest.LogCaptureFixture) -> None:
    class Stuck(FakeSurface):
        async def stop(self) -> None:
            raise RuntimeError("stuck")

    one, two = Stuck(), FakeSurface("teams")
    surfaces = OpenSurfaces([one, two])
    await surfaces.start(LOBBY)
    await surfaces.stop()
    assert two.did == ["start", "stop"] and "slack did not end well" in caplog.text


async def test_stopping_ends_the_attempts_to_start() -> None:
    one = FakeSurface("slack", Temporary("No route to Slack."))
    surfaces = OpenSurfaces([one])
    await surfaces.start(LOBBY)
    await surfaces.stop()
    await asyncio.sleep(0)
    assert one.did == ["start", "stop"]


# -- the web server ----------------------------------------------------------------------------------------------------


def client(**options: Any) -> Any:
    import httpx

    surface = FakeSurface()
    app = create_app(FakeDesk(), demo=False, identify=lambda _: None, open_paths=surface.paths, **options)
    surface.mount(app)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://bot.corp.example")


async def test_a_platform_reaches_its_path_from_outside_without_signing_in() -> None:
    async with client() as web:
        answer = await web.post("/slack/events", content=b"{}", headers={"origin": "https://slack.example"})
        assert answer.status_code == 200 and answer.json() == {"bytes": 2}
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_size_limit_is_a_platforms_too() -> None:
    async with client() as web:
        assert (await web.post("/slack/events", content=b"x" * (MAX_BODY + 1))).status_code == 413


@pytest.mark.parametrize("path", ["/slack/events/", "/slack/eventsx", "/slack", "/api/v1/people", "//slack/events"])
async def test_no_other_path_is_opened_by_it(path: str) -> None:
    async with client(hosts=["bot.corp.example"]) as web:
        assert (await web.post(path, content=b"{}")).status_code in (401, 403, 404)
    async with client() as web:
        assert (await web.post(path, content=b"{}")).status_code == 400  # not reached by this name


# -- people in the settings --------------------------------------------------------------------------------------------


def test_an_email_counts_in_lower_case() -> None:
    person = {"id": "kim", "name": "Kim", "roles": ["sre"], "email": " Kim@Corp.Example "}
    assert Settings(people=[person]).people[0].email == "kim@corp.example"  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("one", "two", "said"),
    [
        ({"email": "kim@corp.example"}, {"email": "KIM@corp.example"}, "email of two people"),
        ({"subject": "oid-1"}, {"subject": "oid-1"}, "subject of two people"),
        ({"id": "kim"}, {"id": "kim"}, "id of two people"),
        ({"email": "kim"}, {}, "no e-mail address"),
    ],
)
def test_two_people_are_never_one_and_an_email_is_one(
    one: dict[str, str], two: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    people = [{"id": f"p{n}", "name": "P", "roles": ["sre"], **more} for n, more in enumerate((one, two))]
    monkeypatch.setenv("BIZAIOPS_PEOPLE", json.dumps(people))
    with pytest.raises(BadInput, match=said):
        load_settings()
