"""Cards into Teams over its wire form: where they go, and what Teams' refusals mean for the outbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from bizaiops_bot.domain.cards import Card, Text
from bizaiops_bot.domain.errors import BotError, Permanent, Temporary, Unknown
from bizaiops_bot.domain.places import ChatPlace, PlaceKind
from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.surfaces.teams.app import open_app
from bizaiops_bot.surfaces.teams.calls import Calls
from bizaiops_bot.surfaces.teams.platform import TeamsPlatform
from bizaiops_bot.surfaces.teams.settings import TeamsSettings
from tests.support.fake_lobby import FakeLobby, fake_lobby
from tests.support.fake_ports import FakeClock

SETTINGS = TeamsSettings(client_id="bot", tenant_id="ours", unauthenticated=True)
Answer = tuple[int, dict[str, Any], dict[str, str]]


@dataclass
class Connector:
    """Teams' side. answers: one for each call, then all is well. calls: (method, path, body)."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.calls.append((request.method, request.path, await request.json()))
        if self.answers:
            status, body, headers = self.answers.pop(0)
            return web.json_response(body, status=status, headers=headers)
        return web.json_response({"id": f"m{len(self.calls)}"}, status=201)


@pytest.fixture
async def connector() -> AsyncIterator[Connector]:
    found = Connector()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", found.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = "http://{}:{}".format(*runner.addresses[0][:2])
    yield found
    await runner.cleanup()


@pytest.fixture
def lobby(connector: Connector) -> FakeLobby:
    made = fake_lobby()
    kinds: tuple[PlaceKind, ...] = ("channel", "group", "personal")
    for kind in kinds:
        address = {"id": f"19:{kind}", "service_url": connector.url}
        made.places.known[f"teams:{kind}"] = ChatPlace(conversation=f"teams:{kind}", kind=kind, reference=address)
    return made


@pytest.fixture
async def platform(lobby: FakeLobby) -> AsyncIterator[TeamsPlatform]:
    made, calls = TeamsPlatform(), Calls(open_app(SETTINGS), SETTINGS)
    made.connect(calls, lobby)
    yield made
    await calls.close()


def card(text: str = "It serves v1.") -> PostedCard:
    shown = Card(title="churn", blocks=(Text(text=text),))
    return PostedCard(
        seq=1,
        id="c1",
        version=1,
        conversation="teams:channel",
        thread="c1",
        reply_to=None,
        at=FakeClock().now(),
        card=shown,
        buttons=(),
    )


async def post(platform: TeamsPlatform, channel: str = "group", thread: str | None = None) -> str:
    return await platform.post(channel, thread, card(), outbox_id="c1", version=1)


async def test_a_card_goes_to_the_address_that_is_kept(platform: TeamsPlatform, connector: Connector) -> None:
    assert await post(platform, "personal", thread="something older") == "m1"
    method, path, body = connector.calls[0]
    assert (method, path) == ("POST", "/v3/conversations/19:personal/activities")
    assert body["attachments"][0]["content"]["type"] == "AdaptiveCard"
    assert body["summary"].startswith("churn") and "text" not in body


async def test_an_answer_in_a_channel_is_in_its_thread_and_edited_there(
    platform: TeamsPlatform, connector: Connector
) -> None:
    first = await post(platform, "channel")
    answer = await post(platform, "channel", thread="root7")
    under = await post(platform, "channel", thread=answer)
    for ref in (first, answer):
        await platform.edit("channel", ref, card(), outbox_id="c1", version=2)
    base = "/v3/conversations/19:channel"
    assert [call[:2] for call in connector.calls] == [
        ("POST", f"{base}/activities"),
        ("POST", f"{base};messageid=root7/activities"),
        ("POST", f"{base};messageid=root7/activities"),
        ("PUT", f"{base};messageid=m1/activities/m1"),
        ("PUT", f"{base};messageid=root7/activities/m2"),
    ]
    assert (first, answer, under) == ("m1", "m2;messageid=root7", "m3;messageid=root7")


@pytest.mark.parametrize(
    ("status", "headers", "kind", "after_s"),
    [
        (429, {"Retry-After": "7"}, Temporary, 7.0),
        (429, {}, Temporary, 1.0),
        (412, {}, Temporary, 1.0),
        (503, {"Retry-After": "3"}, Temporary, 3.0),
        (401, {}, Temporary, 30.0),
        (503, {}, Unknown, 2.0),
        (502, {}, Unknown, 2.0),
        (504, {}, Unknown, 2.0),
        (403, {}, Permanent, None),
        (404, {}, Permanent, None),
        (400, {}, Permanent, None),
    ],
)
async def test_what_teams_refuses_is_told_from_what_it_may_have_taken(
    platform: TeamsPlatform,
    connector: Connector,
    status: int,
    headers: dict[str, str],
    kind: type[BotError],
    after_s: float | None,
) -> None:
    connector.answers = [(status, {"error": {"code": "SomeCode", "message": "because"}}, headers)]
    with pytest.raises(kind, match=f"{status} SomeCode: because") as told:
        await post(platform)
    assert getattr(told.value, "after_s", None) == after_s
    assert len(connector.calls) == 1, "the SDK tried again"


async def test_a_card_that_is_too_large_comes_as_words(platform: TeamsPlatform, connector: Connector) -> None:
    connector.answers = [(413, {}, {})]
    assert await post(platform) == "m2"
    assert connector.calls[1][2]["text"].startswith("churn") and "attachments" not in connector.calls[1][2]


async def test_a_message_without_an_id_is_not_known_to_be_there(platform: TeamsPlatform, connector: Connector) -> None:
    connector.answers = [(202, {}, {})]
    with pytest.raises(Unknown):
        await post(platform)


async def test_a_service_that_nobody_answers_at_has_not_taken_it(platform: TeamsPlatform, lobby: FakeLobby) -> None:
    gone = {"id": "19:gone", "service_url": "http://127.0.0.1:1"}
    lobby.places.known["teams:gone"] = ChatPlace(conversation="teams:gone", reference=gone)
    with pytest.raises(Temporary, match="not reached"):
        await post(platform, "gone")


async def test_where_the_bot_never_was_it_says_what_to_do(platform: TeamsPlatform) -> None:
    with pytest.raises(Permanent, match="Mention the bot there once"):
        await post(platform, "unknown")
    with pytest.raises(Permanent, match="no bot read a conversation back"):
        await platform.find("group", "c1")
    with pytest.raises(Temporary, match="not connected"):
        await post(TeamsPlatform())


async def test_the_bots_token_is_not_sent_to_an_address_that_is_not_microsofts(
    connector: Connector, lobby: FakeLobby
) -> None:
    real = TeamsSettings(client_id="bot", tenant_id="ours")
    calls, platform = Calls(open_app(SETTINGS), real), TeamsPlatform()
    platform.connect(calls, lobby)
    with pytest.raises(Permanent, match="Nothing is sent"):
        await post(platform)
    assert not connector.calls
    await calls.close()
