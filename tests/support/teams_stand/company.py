"""The tenant: who is in it, and its conversations, in the playground's words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TENANT = "00000000-0000-0000-0000-0000000000001"
BOT = {"id": "28:bizaiops", "name": "BizAIOps"}
PERSONAL, GROUP, TEAM, CHANNEL = "a:personal-erin", "19:release-chat", "19:team-data", "19:channel-ml-ops"
GENERAL = TEAM
"""The General channel has its team's id."""


@dataclass(frozen=True)
class Member:
    """Somebody in the tenant. person: who the bot's settings say that is; None: nobody."""

    id: str
    name: str
    mail: str
    person: str | None = None

    @property
    def aad(self) -> str:
        return f"00000000-0000-0000-0000-00000000{self.id.rsplit('-', 1)[1]:0>4}"

    def entry(self) -> dict[str, str]:
        """As the playground's file wants it; the misspelt key is the playground's."""
        first, _, last = self.name.partition(" ")
        return {
            "id": self.id,
            "name": self.name,
            "userPrincipleName": self.mail,
            "aadObjectId": self.aad,
            "givenName": first,
            "surname": last,
            "email": self.mail,
        }

    def sender(self) -> dict[str, str]:
        return {"id": self.id, "name": self.name, "aadObjectId": self.aad}


MEMBERS = (
    Member("29:user-0", "Erin Engel", "erin@example.com", "engineer"),
    Member("29:user-1", "Lee Lang", "Lee@example.com", "lead"),
    Member("29:user-2", "Ana Arnold", "ana@example.com", "analyst"),
    Member("29:user-3", "Sam Stone", "sam@example.com", "sre"),
    Member("29:user-4", "Gus Gast", "gus_partner.example#EXT#@example.com", "guest"),
    Member("29:user-5", "Zoe Zander", "zoe@example.com"),
)
"""The first one sits at the playground. It wants five others, no more and no fewer."""
ROLES = {
    "engineer": ["engineer"],
    "lead": ["engineer", "approver"],
    "analyst": ["analyst"],
    "sre": ["sre", "approver"],
    "guest": ["engineer"],
}


def write_config(folder: Path) -> None:
    """The playground reads it from the folder it is started in."""
    config: dict[str, Any] = {
        "version": "0.1.1",
        "tenantId": TENANT,
        "bot": BOT,
        "currentUser": MEMBERS[0].entry(),
        "users": [member.entry() for member in MEMBERS[1:]],
        "personalChat": {"id": PERSONAL},
        "groupChat": {"id": GROUP, "name": "Release chat"},
        "team": {
            "id": TEAM,
            "name": "Data",
            "aadGroupId": "00000000-0000-0000-0000-000000000031",
            "channels": [{"id": CHANNEL, "name": "ml-ops"}],
        },
    }
    (folder / ".m365agentsplayground.yml").write_text(yaml.safe_dump(config))


def variables() -> dict[str, str]:
    """What leads a bot into the tenant."""
    people = [
        {"id": m.person, "name": m.name, "roles": ROLES[m.person], "email": m.mail.lower()} for m in MEMBERS if m.person
    ]
    teams = {"CLIENT_ID": "bizaiops", "TENANT_ID": TENANT, "UNAUTHENTICATED": "true"}
    return {f"BIZAIOPS_TEAMS__{k}": v for k, v in teams.items()} | {"BIZAIOPS_PEOPLE": json.dumps(people)}
