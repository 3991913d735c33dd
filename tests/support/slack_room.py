"""A Slack workspace in memory, for tests of the listeners: payloads go in as Slack sends them, calls are kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bizaiops_bot.domain.identity import Identity
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.surfaces.slack.listeners import _errors, actions, agent, commands, home, reactions, shortcuts, views
from bizaiops_bot.surfaces.slack.room import Room
from bizaiops_bot.surfaces.slack.settings import SlackSettings
from tests.support.fake_lobby import fake_lobby

TEAM, CHANNEL, DM, BOT = "T0001", "C0123", "D0ENG", "UBOT"
USER = "UENG"
PATIENCE_S = 5.0
Payload = dict[str, Any]


class FakeWebClient(AsyncWebClient):
    """Keeps every call as (method, arguments). errors: method -> Slack's word for why it refuses."""

    def __init__(self) -> None:
        super().__init__(token="xoxb-test")
        self.calls: list[tuple[str, Payload]] = []
        self.errors: dict[str, str] = {}
        self.answers: dict[str, Payload] = {
            "conversations.open": {"channel": {"id": DM}},
            "conversations.info": {"channel": {"id": CHANNEL, "is_member": True}},
            "views.open": {"view": {"id": "V1"}},
            "chat.startStream": {"ts": "900.1"},
        }

    async def api_call(self, api_method: str, **kwargs: Any) -> Any:
        given = {**(kwargs.get("params") or {}), **(kwargs.get("json") or {}), **(kwargs.get("data") or {})}
        given = {name: value for name, value in given.items() if value is not None}
        self.calls.append((api_method, given))
        if api_method in self.errors:
            raise SlackApiError("refused", {"ok": False, "error": self.errors[api_method]})
        return {"ok": True, **self.answers.get(api_method, {})}

    def of(self, method: str) -> list[Payload]:
        return [given for name, given in self.calls if name == method]


class SlackStand:
    """All listeners on one AsyncApp, with fakes around them. standing: user -> other than "member"."""

    def __init__(self) -> None:
        self.client, self.lobby = FakeWebClient(), fake_lobby()
        self.standing: dict[str, Any] = {}
        self.room = Room(self.lobby, self.client, SlackSettings(), self._person, bot_user=BOT, team=TEAM)
        self.app = AsyncApp(client=self.client, authorize=_authorized, signing_secret="s", process_before_response=True)
        for listener in (_errors, actions, views, commands, shortcuts, home, agent, reactions):
            listener.register(self.app, lambda: self.room)

    async def _person(self, user: str, team: str) -> Actor:
        standing = self.standing.get(user, "member")
        return await self.lobby.people.recognise(
            Identity(platform="slack", workspace=team, user=user, standing=standing)
        )

    async def send(self, body: Payload) -> BoltResponse:
        """As over the socket; returns what Slack is answered. The work behind it has ended as well."""
        return await self.app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=body))

    async def until(self, look: Callable[[], object]) -> None:
        """Lets other tasks go on until `look` is true."""
        async with asyncio.timeout(PATIENCE_S):
            while not look():  # noqa: ASYNC110 (what is waited for are calls of tasks that know no event)
                await asyncio.sleep(0)

    @property
    def told(self) -> list[str]:
        """What only one person saw."""
        return [given["text"] for given in self.client.of("chat.postEphemeral")]


async def _authorized(**_given: Any) -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=None, team_id=TEAM, bot_user_id=BOT, bot_id="B1", bot_token="xoxb-test")


def click(
    card: str, action_id: str, *, user: str = USER, ts: str = "100.1", at: str = "1.5", **message: Any
) -> Payload:
    """block_actions of a button of a message."""
    return {
        "type": "block_actions",
        "team": {"id": TEAM, "domain": "acme"},
        "user": {"id": user, "username": user.lower(), "name": user.lower(), "team_id": TEAM},
        "api_app_id": "A1",
        "token": "x",
        "container": {"type": "message", "message_ts": ts, "channel_id": CHANNEL, "is_ephemeral": False},
        "trigger_id": "13345224609.738474920.8088930838d88f008e0",
        "channel": {"id": CHANNEL, "name": "ml-ops"},
        "message": {"type": "message", "bot_id": "B1", "user": BOT, "text": "card", "ts": ts, **message},
        "state": {"values": {}},
        "response_url": "http://127.0.0.1:9/none",
        "actions": [
            {
                "type": "button",
                "action_id": action_id,
                "block_id": "k1",
                "value": card,
                "action_ts": at,
                "text": {"type": "plain_text", "text": "Press", "emoji": True},
            }
        ],
    }


def submission(view: Payload, values: dict[str, Payload], *, user: str = USER, view_id: str = "V1") -> Payload:
    """view_submission of `view`, filled with block id -> state of its element."""
    state = {"values": {block: {"value": state} for block, state in values.items()}}
    return {
        "type": "view_submission",
        "team": {"id": TEAM, "domain": "acme"},
        "user": {"id": user, "username": user.lower(), "name": user.lower(), "team_id": TEAM},
        "api_app_id": "A1",
        "token": "x",
        "trigger_id": "134.7.8",
        "view": {**view, "id": view_id, "team_id": TEAM, "state": state, "hash": "156.abc", "bot_id": "B1"},
        "response_urls": [],
    }


def command(text: str, *, user: str = USER, trigger: str = "13345224609.738474920.abc") -> Payload:
    """A slash command."""
    return {
        "token": "x",
        "team_id": TEAM,
        "team_domain": "acme",
        "channel_id": CHANNEL,
        "channel_name": "ml-ops",
        "user_id": user,
        "user_name": user.lower(),
        "command": "/mlops",
        "text": text,
        "api_app_id": "A1",
        "response_url": "http://127.0.0.1:9/none",
        "trigger_id": trigger,
    }


def event(inner: Payload, event_id: str = "Ev1") -> Payload:
    """An Events API callback."""
    return {
        "token": "x",
        "team_id": TEAM,
        "api_app_id": "A1",
        "event": inner,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": 1,
        "authorizations": [{"team_id": TEAM, "user_id": BOT, "is_bot": True}],
    }


def opened(stand: SlackStand) -> Payload:
    """The view that was opened last."""
    view = stand.client.of("views.open")[-1]["view"]
    found: Payload = json.loads(view) if isinstance(view, str) else view
    return found
