"""Policies of a test's own: files in a folder with the schema of the bot."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.engine.policy.policy import Policy
from bizaiops_bot.engine.policy.schema import FILE
from bizaiops_bot.engine.runs.playbooks import Playbooks

ENGINEER = Actor(id="engineer", name="Erin", roles=("engineer",))
LEAD = Actor(id="lead", name="Lee", roles=("engineer", "approver"))
ANALYST = Actor(id="analyst", name="Ana", roles=("analyst",))
STAFF = (ENGINEER, LEAD, ANALYST)
RULE = Actor(id="rule:latency_rolls_back", name="latency_rolls_back", kind="rule")


def written(folder: Path, *policies: str, name: str = "own.cedar") -> Path:
    """A folder with the bot's schema and one file of these policies, a blank line between two."""
    folder.mkdir(exist_ok=True)
    shutil.copy(content_folder("policy") / FILE, folder / FILE)
    (folder / name).write_text("\n\n".join(policies) + "\n", encoding="utf-8")
    return folder


def policy(text: str, *, name: str = "own", why: str = "a test says so") -> str:
    """A policy of three lines: @id, @why and `text`, which begins in the first of them."""
    return f'@id("{name}")\n@why("{why}")\n{text}'


def checked(folder: Path, people: Collection[Actor] = STAFF, *, environment: str = "demo") -> Policy:
    """As the start reads it, with all playbooks of the bot."""
    return Policy.checked(folder, people, Playbooks.load(content_folder("playbooks")), environment=environment)


def shipped(people: Collection[Actor] = STAFF, *, environment: str = "demo") -> Policy:
    """The policy of the repository."""
    return checked(content_folder("policy"), people, environment=environment)
