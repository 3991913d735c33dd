"""What the app is in Slack: pasted once by an administrator, with no more scopes than the bot uses."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import yaml

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.surfaces.slack.door import PATH

NEW_APP = "https://api.slack.com/apps?new_app=1&manifest_json="
SCOPES: dict[str, str] = {
    "app_mentions:read": "Hears what people say to it in channels.",
    "assistant:write": "Shows what it is doing in its direct messages, and suggests what to say.",
    "channels:history": "Reads a channel back when Slack did not confirm a card, so that no card comes twice.",
    "channels:read": "Knows public channels by name, and when it is invited or put out.",
    "chat:write": "Posts cards and edits them in place.",
    "commands": "Offers /mlops and the shortcuts.",
    "files:write": "Uploads charts as pictures where a workspace does not draw them.",
    "groups:history": "The same as channels:history, for private channels it was invited to.",
    "groups:read": "The same as channels:read, for private channels it was invited to.",
    "im:history": "Hears what people write to it in direct messages.",
    "im:read": "Sees whether a channel is its direct messages with somebody.",
    "im:write": "Opens direct messages, for digests and alerts to one person.",
    "mpim:history": "Hears mentions in the direct messages of a group, and reads them back as channels:history.",
    "mpim:read": "Knows the direct messages of groups that it is in.",
    "reactions:read": "Takes a thumb on an answer as a verdict on how it was understood.",
    "reactions:write": "Shows with an emoji how far it is with a message.",
    "usergroups:read": "Gives the roles of BIZAIOPS_SLACK__GROUPS to the members of user groups.",
    "users:read": "Sees whether somebody is a member, a guest, a bot, deactivated or of another company.",
    "users:read.email": "Knows people by the e-mail that BIZAIOPS_PEOPLE names.",
}
"""Scope -> what the bot does with it."""
EVENTS = (
    "app_home_opened",
    "app_mention",
    "channel_left",
    "channel_rename",
    "group_left",
    "group_rename",
    "member_joined_channel",
    "message.im",
    "message.mpim",
    "reaction_added",
    "reaction_removed",
)
PROMPTS = (
    ("What models do we have?", "what models do we have?"),
    ("What waits for my approval?", "what waits for my approval?"),
    ("What is wrong right now?", "list alerts"),
    ("What can you do?", "help"),
)


def manifest(url: str | None = None) -> dict[str, Any]:
    """url: where Slack reaches the bot over HTTP, "https://bot.example.com"; None: Socket Mode. Raises BadInput."""
    request = None if url is None else _request_url(url)
    at = {} if request is None else {"request_url": request}
    return {
        "display_information": {
            "name": "BizAIOps",
            "description": "Runs the company's machine-learning models: plans, approvals, canaries, health, KPIs.",
            "background_color": "#1d3557",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "bizaiops", "always_online": True},
            "shortcuts": [
                {"name": "Ask the bot", "type": "global", "callback_id": "ask", "description": "Ask BizAIOps or order"},
                {
                    "name": "Ask about this",
                    "type": "message",
                    "callback_id": "ask_about",
                    "description": "Ask BizAIOps about this message",
                },
            ],
            "slash_commands": [
                {
                    "command": "/mlops",
                    "description": "Say something to the bot",
                    "usage_hint": "status churn | deploy churn v8 as a 10% canary | form",
                    "should_escape": False,
                    **({} if request is None else {"url": request}),
                }
            ],
            "agent_view": {
                "agent_description": "Deploys, watches and explains the company's machine-learning models.",
                "suggested_prompts": [{"title": title, "message": message} for title, message in PROMPTS],
            },
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**at, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **at},
            "org_deploy_enabled": True,
            "socket_mode_enabled": request is None,
            "token_rotation_enabled": False,
        },
    }


def as_yaml(given: dict[str, Any]) -> str:
    return str(yaml.safe_dump(given, sort_keys=False, allow_unicode=True, width=110))


def link(given: dict[str, Any]) -> str:
    """Opens Slack's page for a new app with the manifest filled in."""
    return NEW_APP + quote(json.dumps(given, separators=(",", ":")), safe="")


def _request_url(url: str) -> str:
    if not url.startswith("https://") or " " in url or not url.removeprefix("https://").strip("/"):
        raise BadInput(f"{url!r} is no address that Slack takes.", do="Give one like https://bot.example.com.")
    return url.rstrip("/").removesuffix(PATH) + PATH
