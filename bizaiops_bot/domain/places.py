"""Where a chat platform's conversation is: what has to be known to write into it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bizaiops_bot.domain.values import Value

PlaceKind = Literal["channel", "group", "personal"]


class ChatPlace(Value):
    """One conversation of a platform.

    conversation: the bot's name for it, at most 80 of A-Z a-z 0-9 _ . : # @ -, such as "slack:C0123". title: as people
    call it, "#ml-ops"; "@lead" for the personal conversation with the person `lead`; "" when not known. reference: what
    the platform wants for a message there (Teams: conversation id, service URL, tenant).
    """

    conversation: str
    kind: PlaceKind = "channel"
    title: str = ""
    reference: dict[str, str] = Field(default_factory=dict)
