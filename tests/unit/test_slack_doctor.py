"""What `bizaiops doctor` says of Slack: asked of Slack itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest

from bizaiops_bot.surfaces.slack.checkup import Line, examine_slack
from bizaiops_bot.surfaces.slack.manifest import SCOPES
from tests.support.demo_process import free_port
from tests.support.slack_web_api import WebApi, web_api

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
WHO = {"ok": True, "user_id": "UBOT", "user": "bizaiops", "team_id": "T1", "team": "Acme"}


@pytest.fixture
async def api() -> AsyncIterator[WebApi]:
    async with web_api() as running:
        running.says("auth.test", WHO)
        running.says("users.conversations", {"ok": True, "channels": [{"id": "C1", "name": "ml-ops"}]})
        running.headers = {"x-oauth-scopes": ",".join(SCOPES), "Date": format_datetime(NOW, usegmt=True)}
        yield running


async def looked(api: WebApi, *, ahead_s: float = 0, places: tuple[str, ...] = ("ml-ops",), **more: Any) -> list[Line]:
    settings = api.settings(**{"signing_secret": "s", **more})
    return await examine_slack(settings, places, wall=lambda: NOW.timestamp() + ahead_s)


def bad(lines: list[Line]) -> list[str]:
    return [f"{says} -> {do}" for ok, says, do in lines if not ok]


async def test_all_is_well_with_a_good_token_all_scopes_and_the_bot_in_its_channels(api: WebApi) -> None:
    lines = await looked(api, places=("slack:#ml-ops", "slack:C1", "slack:@lead", "teams:x", "ml-ops"))
    assert bad(lines) == []
    said = " ".join(says for _, says, _ in lines)
    assert "bizaiops (UBOT) in Acme (T1)" in said and f"all {len(SCOPES)} scopes" in said
    assert "is in #ml-ops" in said and "is in C1" in said and "HTTP" in said


async def test_a_token_that_is_not_taken_is_told_with_what_to_do(api: WebApi) -> None:
    api.says("auth.test", {"ok": False, "error": "invalid_auth"})
    (line,) = bad(await looked(api))
    assert "invalid_auth" in line and "BIZAIOPS_SLACK__BOT_TOKEN" in line


async def test_a_slack_that_is_not_reached_is_told(api: WebApi) -> None:
    api.url = f"http://127.0.0.1:{free_port()}"
    (line,) = bad(await looked(api))
    assert "not reached" in line


async def test_a_missing_scope_is_named_with_what_it_is_for(api: WebApi) -> None:
    api.headers["x-oauth-scopes"] = ",".join(scope for scope in SCOPES if scope != "users:read.email")
    (line,) = bad(await looked(api))
    assert "users:read.email" in line and "e-mail" in line and "install it again" in line


async def test_scopes_that_nobody_needs_are_mentioned_and_no_fault(api: WebApi) -> None:
    api.headers["x-oauth-scopes"] += ",admin.users:write"
    lines = await looked(api)
    assert bad(lines) == [] and any("not needed: admin.users:write" in says for _, says, _ in lines)


@pytest.mark.parametrize(("ahead_s", "told"), [(90, "90 s ahead of"), (-400, "400 s behind"), (30, ""), (-30, "")])
async def test_a_clock_that_is_wrong_is_told_before_requests_are_refused(
    api: WebApi, ahead_s: float, told: str
) -> None:
    lines = bad(await looked(api, ahead_s=ahead_s))
    assert (told in lines[0] and "NTP" in lines[0]) if told else lines == []


async def test_a_channel_that_the_bot_is_not_in_is_named(api: WebApi) -> None:
    (line,) = bad(await looked(api, places=("slack:#ml-ops", "slack:#business")))
    assert "#business" in line and "/invite" in line


async def test_the_way_in_is_tried(api: WebApi) -> None:
    (line,) = bad(await looked(api, signing_secret=None))
    assert "nothing comes in" in line and "APP_TOKEN" in line
    api.says("apps.connections.open", {"ok": True, "url": "wss://x"})
    assert bad(await looked(api, app_token="xapp-1")) == []
    assert api.of("apps.connections.open")
    api.says("apps.connections.open", {"ok": False, "error": "not_allowed_token_type"})
    (line,) = bad(await looked(api, app_token="xoxb-wrong"))
    assert "xapp-" in line and "connections:write" in line


async def test_nothing_is_changed_in_slack(api: WebApi) -> None:
    await looked(api, places=("slack:#ml-ops",))
    assert {method for method, _ in api.calls} == {"auth.test", "users.conversations"}
