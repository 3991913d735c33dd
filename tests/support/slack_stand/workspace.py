"""Who and what is in the workspace of the tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

TEAM, OTHER_TEAM, ENTERPRISE = "T000000001", "T0STRANGER1", "E0BIZ000001"
APP, BOT_ID, BOT_USER = "A000000001", "B0BIZAIOPS1", "U0BIZAIOPS1"
BOT_TOKEN, APP_TOKEN, SECRET = "xoxb-bizaiops", "xapp-bizaiops", "a-signing-secret-of-the-tests"
MANIFEST = Path(__file__).resolve().parents[3] / "deploy" / "slack" / "manifest.yaml"


@dataclass(frozen=True)
class Member:
    """Someone with an account. more: fields of users.info that emulate does not keep."""

    name: str
    id: str
    real_name: str
    team: str = TEAM
    deleted: bool = False
    bot: bool = False
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def email(self) -> str:
        return f"{self.name}@example.com" if self.team == TEAM else f"{self.name}@elsewhere.example"

    @property
    def token(self) -> str:
        return f"xoxp-{self.name}"

    def seed(self) -> dict[str, Any]:
        """As the launcher wants it."""
        known = {"id": self.id, "team": self.team, "name": self.name, "real_name": self.real_name}
        return {**known, "email": self.email, "bot": self.bot, "deleted": self.deleted}

    def info(self) -> dict[str, Any]:
        """What users.info adds to emulate's answer."""
        usual = {"is_restricted": False, "is_ultra_restricted": False, "is_stranger": False, "is_app_user": False}
        return {**usual, **self.more}


GRID = {"id": "W0SAM000001", "enterprise_id": ENTERPRISE, "enterprise_name": "Biz", "teams": [TEAM]}
PEOPLE = (
    Member("erin", "U0ERIN00001", "Erin Engineer"),
    Member("lee", "U0LEE000001", "Lee Lead"),
    Member("ana", "U0ANA000001", "Ana Analyst"),
    Member("sam", "W0SAM000001", "Sam Sre", more={"enterprise_user": GRID}),
    Member("gina", "U0GINA00001", "Gina Guest", more={"is_restricted": True}),
    Member("dora", "U0DORA00001", "Dora Departed", deleted=True),
    Member("stan", "U0STAN00001", "Stan Stranger", team=OTHER_TEAM, more={"is_stranger": True}),
    Member("otherbot", "U0OTHERBOT1", "Another Bot", bot=True, more={"is_app_user": True}),
    Member("nora", "U0NORA00001", "Nora Newcomer"),
    Member("olaf", "U0OLAF00001", "Olaf Onlooker"),
)
"""sam has the id of an Enterprise Grid account; nora is named by a user group alone, olaf by nothing."""

SCOPES = [
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "mpim:read",
    "reactions:read",
    "reactions:write",
    "team:read",
    "usergroups:read",
    "users:read",
    "users:read.email",
]
EVENTS = [
    "app_home_opened",
    "app_mention",
    "member_joined_channel",
    "member_left_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "reaction_added",
    "user_change",
]


def scopes() -> list[str]:
    """The bot scopes that the manifest asks for."""
    return list(_manifest()["oauth_config"]["scopes"]["bot"]) if MANIFEST.exists() else SCOPES


def subscriptions() -> list[str]:
    """The events that the manifest subscribes to."""
    return list(_manifest()["settings"]["event_subscriptions"]["bot_events"]) if MANIFEST.exists() else EVENTS


def _manifest() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(MANIFEST.read_text())
    return found
