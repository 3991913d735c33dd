"""Where intents, playbooks and policies are: in the installed package, else in the checkout."""

from __future__ import annotations

from pathlib import Path

from bizaiops_bot.domain.errors import Permanent

_HERE = Path(__file__).parent
_CHECKOUT = {
    "intents": "intents",
    "playbooks": "playbooks",
    "policy": "deploy/policy",
    "slack": "deploy/slack",
    "teams": "deploy/teams",
    "docs": "docs",
}


def content_folder(name: str) -> Path:
    """The folder of one of the names above. Raises Permanent when it is nowhere."""
    for place in (_HERE / "content" / name, _HERE.parent / _CHECKOUT[name]):
        if place.is_dir():
            return place
    raise Permanent(f"The folder of {name} is missing.", do="Install the bot again.")
