"""From what emulate tells of a workspace to the events that Slack sends to an app."""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection, Iterator
from typing import Any

from tests.support.slack_stand import workspace
from tests.support.slack_stand.limits import JSON

NEEDED = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "user_change": "users:read",
}
"""Event -> the scope without which it is not sent."""
KINDS = {"D": "im", "C": "channel", "G": "group"}


def for_the_bot(told: JSON, scopes: Collection[str], *, inside: Collection[str]) -> Iterator[JSON]:
    """The envelopes Slack would send for what happened. inside: channels the bot is a member of."""
    event = told["event"]
    if event["type"] not in (*NEEDED, "message"):
        return
    for name, seen in _seen(event, inside):
        if name in workspace.subscriptions() and NEEDED.get(name, "") in ("", *scopes):
            yield envelope(seen)


def envelope(event: JSON, *, event_id: str | None = None) -> JSON:
    """An event_callback around an event."""
    user = {"enterprise_id": None, "team_id": workspace.TEAM, "user_id": workspace.BOT_USER}
    return {
        "token": "verification-token",
        "team_id": workspace.TEAM,
        "api_app_id": workspace.APP,
        "event": event,
        "type": "event_callback",
        "event_id": event_id or f"Ev{uuid.uuid4().hex[:11].upper()}",
        "event_time": int(float(event["event_ts"])),
        "is_ext_shared_channel": False,
        "event_context": uuid.uuid4().hex,
        "authorizations": [{**user, "is_bot": True, "is_enterprise_install": False}],
    }


def _seen(event: JSON, inside: Collection[str]) -> Iterator[tuple[str, JSON]]:
    """(name in the manifest, event) for each subscription that tells of it."""
    at = event.get("event_ts") or event.get("ts") or _now()
    event = {**event, "event_ts": at}
    channel = event.get("channel") or event.get("item", {}).get("channel")
    if event["type"] != "message":
        if channel is None or channel in inside or event.get("user") == workspace.BOT_USER:
            yield event["type"], event
        return
    kind = KINDS[str(channel)[0]]
    if kind != "im" and channel not in inside:
        return
    event = {**event, "channel_type": kind, "team": workspace.TEAM, **_by_bot(event), **_by_stranger(event)}
    yield {"im": "message.im", "channel": "message.channels", "group": "message.groups"}[kind], event
    if f"<@{workspace.BOT_USER}>" in event.get("text", "") and kind != "im" and "subtype" not in event:
        yield "app_mention", {k: v for k, v in event.items() if k != "channel_type"} | {"type": "app_mention"}


def _by_bot(event: JSON) -> JSON:
    if event.get("user") == workspace.BOT_USER:
        return {"bot_id": workspace.BOT_ID, "app_id": workspace.APP}
    other = next((m for m in workspace.PEOPLE if m.bot and m.id == event.get("user")), None)
    return {"bot_id": "B0OTHERBOT1", "app_id": "A0OTHERBOT1"} if other else {}


def _by_stranger(event: JSON) -> dict[str, Any]:
    other = next((m for m in workspace.PEOPLE if m.team != workspace.TEAM and m.id == event.get("user")), None)
    return {"user_team": other.team, "source_team": other.team, "team": other.team} if other else {}


def _now() -> str:
    return f"{time.time():.6f}"
