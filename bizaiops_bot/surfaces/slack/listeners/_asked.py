"""Who did something in Slack, and where: read from any kind of payload, and told there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.webhook.async_client import AsyncWebhookClient

from bizaiops_bot.surfaces.render.blockkit import escape
from bizaiops_bot.surfaces.slack.failures import FAILURES, log, reason
from bizaiops_bot.surfaces.slack.room import Room

Payload = Mapping[str, Any]
RESPOND_S = 5


@dataclass(frozen=True)
class Asked:
    """One deed of a user. thread: of the message it was done to, when that stands inside one; trigger: opens a modal
    within 3 s; channel and the rest are empty where the payload has none, as on the Home tab.
    """

    user: str
    team: str
    channel: str = ""
    thread: str | None = None
    message: str = ""
    trigger: str = ""
    response_url: str = ""


def asked_in(body: Payload) -> Asked:
    """From block actions, submissions, shortcuts, slash commands and events alike."""
    event = body.get("event") or {}
    user = body.get("user") or {}
    said = body.get("message") or {}
    item = event.get("item") or {}
    channel = body.get("channel") or {}
    at, under = str(said.get("ts", "")), said.get("thread_ts") or event.get("thread_ts")
    return Asked(
        user=str(user.get("id") or body.get("user_id") or event.get("user") or ""),
        team=_team(body),
        channel=str(channel.get("id") or body.get("channel_id") or event.get("channel") or item.get("channel") or ""),
        thread=str(under) if under and under != at else None,
        message=at,
        trigger=str(body.get("trigger_id") or ""),
        response_url=str(body.get("response_url") or ""),
    )


def _team(body: Payload) -> str:
    """Of the user, where Slack says so: over Slack Connect it is not the one that the app is installed in."""
    user, team = body.get("user") or {}, body.get("team") or {}
    event, enterprise = body.get("event") or {}, body.get("enterprise") or {}
    known = (user.get("team_id"), event.get("user_team"), team.get("id"), body.get("team_id"), enterprise.get("id"))
    return str(next((one for one in known if one), ""))


async def tell(room: Room, asked: Asked, text: str) -> bool:
    """Says it to that user alone: in the channel, else in answer to the payload, else in person. Never raises; False
    when Slack took it nowhere.
    """
    if asked.channel and await room.tell(asked.channel, asked.user, text, thread=asked.thread):
        return True
    if asked.response_url and await _respond(asked.response_url, text):
        return True
    try:
        opened = await room.client.conversations_open(users=asked.user)
        await room.client.chat_postMessage(channel=opened["channel"]["id"], text=escape(text), link_names=False)
    except FAILURES as exc:
        log.warning("%s could not be told anything: %s", asked.user, reason(exc))
        return False
    return True


async def _respond(url: str, text: str) -> bool:
    try:
        hook = AsyncWebhookClient(url, timeout=RESPOND_S)
        answer = await hook.send(text=escape(text), response_type="ephemeral", replace_original=False)
    except FAILURES as exc:
        log.info("a response URL did not take it: %s", reason(exc))
        return False
    return bool(answer.status_code == 200)
