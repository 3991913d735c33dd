"""Who may send to Teams' address: Microsoft, with a token for this bot, and nobody else."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI
from pydantic import SecretStr

from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.surfaces.teams import checkup
from bizaiops_bot.surfaces.teams.auth import is_trusted
from bizaiops_bot.surfaces.teams.sdk import PUBLIC, CloudEnvironment, own_settings_only
from bizaiops_bot.surfaces.teams.settings import TeamsSettings
from bizaiops_bot.surfaces.teams.surface import TeamsSurface
from tests.support.fake_lobby import FakeLobby, fake_lobby

SERVICE = "https://smba.trafficmanager.net/emea/tenant-1"
REAL = TeamsSettings(client_id="bot-1", client_secret=SecretStr("secret"), tenant_id="tenant-1")
STAND = TeamsSettings(client_id="bot-1", tenant_id="tenant-1", unauthenticated=True)
KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
BODY = {
    "type": "typing",
    "id": "1",
    "serviceUrl": SERVICE,
    "channelId": "msteams",
    "from": {"id": "29:erin"},
    "conversation": {"id": "a:1"},
    "recipient": {"id": "28:bot-1"},
}


def token(key: rsa.RSAPrivateKey = KEY, **claims: Any) -> str:
    """As the Bot Connector signs it."""
    now = int(time.time())
    told = {"iss": "https://api.botframework.com", "aud": "bot-1", "serviceurl": SERVICE, "iat": now, "exp": now + 600}
    return jwt.encode(told | claims, key, algorithm="RS256", headers={"kid": "k1"})


@pytest.fixture
async def cloud() -> AsyncIterator[CloudEnvironment]:
    """Microsoft's cloud, with the keys served here."""
    keys = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key())) | {"kid": "k1", "use": "sig"}

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"keys": [keys]})

    app = web.Application()
    app.router.add_get("/keys", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield replace(
        PUBLIC, openid_metadata_url=f"http://{host}:{port}/openidconfiguration", login_endpoint="http://127.0.0.1:1"
    )
    await runner.cleanup()


@pytest.fixture
async def site(cloud: CloudEnvironment) -> AsyncIterator[httpx.AsyncClient]:
    """The bot's web server with the real check of tokens."""
    surface, app = TeamsSurface(REAL, host="0.0.0.0", cloud=cloud), FastAPI()
    surface.mount(app)
    lobby: FakeLobby = fake_lobby()
    await surface.start(lobby)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bot") as client:
        yield client
    await surface.stop()


async def post(site: httpx.AsyncClient, authorization: str, **body: Any) -> int:
    headers = {"authorization": authorization} if authorization else {}
    return (await site.post("/api/messages", json=BODY | body, headers=headers)).status_code


async def test_a_request_with_microsofts_token_for_this_bot_is_taken(site: httpx.AsyncClient) -> None:
    assert await post(site, f"Bearer {token()}") == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer ",
        "Bearer not-a-token",
        f"Basic {token()}",
        f"Bearer {token(OTHER_KEY)}",
        f"Bearer {token(aud='another-bot')}",
        f"Bearer {token(iss='https://evil.example')}",
        f"Bearer {token(exp=int(time.time()) - 3600)}",
        f"Bearer {token(serviceurl='https://evil.example')}",
        f"Bearer {jwt.encode({'aud': 'bot-1', 'iss': 'https://api.botframework.com'}, '', algorithm='none')}",
        f"Bearer {'x' * 20_000}",
    ],
    ids=["none", "empty", "nonsense", "basic", "key", "audience", "issuer", "expired", "service", "unsigned", "huge"],
)
async def test_a_request_without_such_a_token_is_refused(site: httpx.AsyncClient, authorization: str) -> None:
    assert await post(site, authorization) == 401


async def test_a_token_does_not_open_another_service_url(site: httpx.AsyncClient) -> None:
    evil = "https://evil.trafficmanager.net/emea"
    assert await post(site, f"Bearer {token()}", serviceUrl=evil) == 401
    assert await post(site, f"Bearer {token(serviceurl=evil)}", serviceUrl=evil) == 403


async def test_what_is_no_activity_is_refused_and_unknown_ones_are_let_be(site: httpx.AsyncClient) -> None:
    headers = {"authorization": f"Bearer {token()}"}
    assert (await site.post("/api/messages", content=b"[1]", headers=headers)).status_code == 400
    assert (await site.post("/api/messages", content=b"{", headers=headers)).status_code == 400
    assert await post(site, headers["authorization"], type="somethingNew") == 200
    assert await post(site, headers["authorization"], type="invoke", name="something/new") == 501


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "bot.example.com"])
def test_without_tokens_it_listens_on_this_machine_only(host: str) -> None:
    with pytest.raises(Permanent, match="test stand"):
        TeamsSurface(STAND, host=host)
    for own in ("127.0.0.1", "::1", "localhost"):
        TeamsSurface(STAND, host=own)


async def test_no_page_in_a_browser_gives_orders_to_a_test_stand() -> None:
    surface, app = TeamsSurface(STAND, host="127.0.0.1"), FastAPI()
    surface.mount(app)
    await surface.start(fake_lobby())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        assert (await client.post("/api/messages", json=BODY)).status_code == 200
        page = {"origin": "https://evil.example", "content-type": "text/plain"}
        assert (await client.post("/api/messages", content=json.dumps(BODY), headers=page)).status_code == 403
    await surface.stop()


def test_a_bot_that_would_believe_every_company_does_not_start() -> None:
    with pytest.raises(Permanent, match="TENANT_ID"):
        TeamsSurface(REAL.model_copy(update={"tenant_id": None}), host="127.0.0.1")


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        (SERVICE, True),
        ("https://smba.infra.gcc.teams.microsoft.com/teams", True),
        ("http://smba.trafficmanager.net/emea", False),
        ("https://evil.trafficmanager.net", False),
        ("https://smba.trafficmanager.net.evil.example", False),
        ("https://smba.trafficmanager.net@evil.example/", False),
        ("https://teams.microsoft.com.evil.example", False),
        ("", False),
        ("https://[", False),
    ],
)
def test_the_bots_token_goes_to_microsoft_alone(url: str, trusted: bool) -> None:
    assert is_trusted(url, REAL) is trusted
    own = REAL.model_copy(update={"service_url": "https://gateway.example/teams"})
    assert is_trusted("https://gateway.example/teams/", own)


def test_the_sdk_sees_nothing_of_the_environment_and_leaves_nothing_there(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.setenv("DANGEROUSLY_ALLOW_UNAUTHENTICATED_REQUESTS", "true")
    with own_settings_only():
        assert "DANGEROUSLY_ALLOW_UNAUTHENTICATED_REQUESTS" not in os.environ
        os.environ["FROM_A_DOTENV_FILE"] = "1"
    assert "FROM_A_DOTENV_FILE" not in os.environ
    assert os.environ["DANGEROUSLY_ALLOW_UNAUTHENTICATED_REQUESTS"] == "true"


async def test_doctor_tells_a_stand_a_bot_without_a_tenant_and_one_that_gets_no_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def refused(_: object) -> str:
        return "Microsoft Entra gave no token: AADSTS7000215"

    monkeypatch.setattr(checkup, "token_problem", refused)
    assert (await checkup.examine_teams(STAND, "127.0.0.1"))[0]
    assert "TENANT_ID" in (await checkup.examine_teams(REAL.model_copy(update={"tenant_id": None}), "127.0.0.1"))[1]
    ok, says, do = await checkup.examine_teams(REAL, "0.0.0.0")
    assert not ok and "AADSTS7000215" in says and "CLIENT_SECRET" in do
