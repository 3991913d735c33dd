"""A bot process in the workspace, and how it is told of it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.demo_process import DemoProcess, free_port
from tests.support.slack_stand.stand import SlackStand

PEOPLE = (
    {"id": "engineer", "name": "Erin, ML engineer", "roles": ["engineer"], "email": "erin@example.com"},
    {"id": "lead", "name": "Lee, ML lead", "roles": ["engineer", "approver"], "email": "lee@example.com"},
    {"id": "analyst", "name": "Ana, business analyst", "roles": ["analyst"], "email": "ana@example.com"},
    {"id": "sre", "name": "Sam, SRE on call", "roles": ["sre", "approver"], "email": "sam@example.com"},
)
"""The demo's people. gina, dora and stan are named too: what keeps them out is what Slack says of them."""
KEPT_OUT = ("gina", "dora", "stan")


def people() -> list[dict[str, object]]:
    """The setting `people`."""
    outside = {"stan": "stan@elsewhere.example"}
    named = [
        {"id": name, "name": name, "roles": ["engineer"], "email": outside.get(name, f"{name}@example.com")}
        for name in KEPT_OUT
    ]
    return [*PEOPLE, *named]


def variables(stand: SlackStand, *, socket: bool = False, token: str | None = None) -> dict[str, str]:
    """What leads a bot into the workspace. socket: over Socket Mode."""
    way = ("APP_TOKEN", stand.app_token) if socket else ("SIGNING_SECRET", stand.signing_secret)
    slack = {"BOT_TOKEN": token or stand.bot_token, "BASE_URL": stand.base_url, way[0]: way[1]}
    slack |= {"GROUPS": json.dumps({"ml-leads": ["approver"], "newcomers": ["analyst"]})}
    return {f"BIZAIOPS_SLACK__{k}": v for k, v in slack.items()} | {"BIZAIOPS_PEOPLE": json.dumps(people())}


def bot_in(stand: SlackStand, folder: Path, *, socket: bool = False, speed: float = 240) -> DemoProcess:
    """A bot on a data folder, not started yet; over HTTP the workspace sends it what happens there."""
    port = free_port()
    stand.serves(None if socket else f"http://127.0.0.1:{port}/slack/events")
    return DemoProcess(folder, port=port, speed=speed, settings=variables(stand, socket=socket))
