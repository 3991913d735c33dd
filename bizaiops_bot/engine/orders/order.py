"""A typed order, and where its card goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bizaiops_bot.domain.people import Actor


@dataclass(frozen=True)
class Place:
    """Where a card goes. thread: "" begins one of its own."""

    conversation: str
    thread: str
    reply_to: str | None = None


@dataclass(frozen=True)
class Order:
    """A typed order with its author. `key` makes it happen once: the message or event it came from.

    instead_of: the author's own waiting run that it takes the place of.
    """

    playbook: str
    inputs: dict[str, Any]
    actor: Actor
    place: Place
    key: str
    heard: dict[str, Any]
    dry_run: bool = False
    instead_of: int | None = None
