"""Whether Slack works as it is set up, for `bizaiops doctor`: asked of Slack, nothing is changed there."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable
from email.utils import parsedate_to_datetime
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.surfaces.slack.calls import read, web_client
from bizaiops_bot.surfaces.slack.door import SKEW_S
from bizaiops_bot.surfaces.slack.manifest import SCOPES
from bizaiops_bot.surfaces.slack.settings import SlackSettings
from bizaiops_bot.surfaces.slack.workspace import PREFIX

WORTH_TELLING_S = 60
PAGE = 200
Line = tuple[bool, str, str]
"""(whether it is well, what is so, what to do): a Readiness."""


async def examine_slack(
    settings: SlackSettings, places: Iterable[str], wall: Callable[[], float] = time.time
) -> list[Line]:
    """places: conversations that news go to, of any platform. wall: UTC seconds."""
    client = web_client(settings)
    return [line async for line in _lines(client, settings, places, wall)]


async def _lines(
    client: AsyncWebClient, settings: SlackSettings, places: Iterable[str], wall: Callable[[], float]
) -> AsyncIterator[Line]:
    try:
        me = await read("The bot token is not taken.", client.auth_test())
    except BotError as exc:
        yield False, f"{exc.what} {exc.why}", exc.do or "Check BIZAIOPS_SLACK__BOT_TOKEN and the way to Slack."
        return
    yield True, f"token of {me['user']} ({me['user_id']}) in {me['team']} ({me['team_id']})", ""
    headers = {name.lower(): value for name, value in me.headers.items()}
    yield _scopes(headers.get("x-oauth-scopes", ""))
    if "date" in headers:
        yield _clock(wall() - parsedate_to_datetime(headers["date"]).timestamp())
    yield await _way_in(client, settings)
    async for line in _places(client, places):
        yield line


def _scopes(told: str) -> Line:
    granted = {scope.strip() for scope in told.split(",")} - {""}
    if not granted:
        return True, "Slack does not tell the token's scopes", ""
    missing, extra = [s for s in SCOPES if s not in granted], sorted(granted - set(SCOPES))
    if missing:
        lost = "; ".join(f"{scope}: {SCOPES[scope]}" for scope in missing)
        return False, f"{len(missing)} scopes are missing. {lost}", _REINSTALL
    more = f"; not needed: {', '.join(extra)}" if extra else ""
    return True, f"all {len(SCOPES)} scopes{more}", ""


def _clock(ahead_s: float) -> Line:
    how = f"this machine's clock is {abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'behind'} Slack's"
    if abs(ahead_s) < WORTH_TELLING_S:
        return True, f"clock: {how}", ""
    worse = (
        f"; at {SKEW_S} s no request of Slack is taken" if abs(ahead_s) < SKEW_S else "; no request of Slack is taken"
    )
    return False, f"clock: {how}{worse}", "Set the clock (NTP)."


async def _way_in(client: AsyncWebClient, settings: SlackSettings) -> Line:
    if settings.app_token is None:
        if settings.signing_secret is None:
            do = "Set BIZAIOPS_SLACK__APP_TOKEN for Socket Mode, or BIZAIOPS_SLACK__SIGNING_SECRET for HTTP."
            return False, "neither an app token nor a signing secret: nothing comes in", do
        return True, "events come over HTTP to /slack/events", ""
    token = settings.app_token.get_secret_value()
    try:
        await read("Socket Mode is not open.", client.apps_connections_open(app_token=token))
    except BotError as exc:
        return False, f"{exc.what} {exc.why}", "Check BIZAIOPS_SLACK__APP_TOKEN: xapp-…, with connections:write."
    return True, "events come over Socket Mode", ""


async def _places(client: AsyncWebClient, places: Iterable[str]) -> AsyncIterator[Line]:
    """Channels by name are found among those the bot is in; people ("@lead") are found when they speak to it."""
    names = sorted({place.removeprefix(PREFIX) for place in places if place.startswith(PREFIX)})
    try:
        inside = await _inside(client) if names else []
    except BotError as exc:
        yield False, f"{exc.what} {exc.why}", exc.do
        return
    known = {f"#{channel.get('name')}" for channel in inside} | {str(channel["id"]) for channel in inside}
    for name in names:
        if name.startswith("@"):
            continue
        if name in known:
            yield True, f"is in {name}", ""
        else:
            yield False, f"is not in {name}, so news for it go home", f"In Slack: /invite @bizaiops in {name}."


async def _inside(client: AsyncWebClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        call = client.users_conversations(
            types="public_channel,private_channel,mpim,im", limit=PAGE, cursor=cursor or None
        )
        answer = await read("The bot's channels were not read.", call)
        found += answer["channels"]
        cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            return found


_REINSTALL = "Update the app's manifest from `bizaiops slack manifest`, then install it again."
