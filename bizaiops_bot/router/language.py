"""Stage 3: the hook for a language model. Nothing here calls one; an adapter that does keeps this promise.

A language model proposes, types dispose: whatever it returns goes through the same slots, bands and policy as
anyone's words.
"""

from __future__ import annotations

from typing import Any, Protocol

from bizaiops_bot.domain.routing import Catalogue, Memory, PlaybookSpec
from bizaiops_bot.domain.values import Value


class Proposal(Value):
    """A guess: `playbook` is one of those offered, or "" for none of them; `inputs` are words, not yet resolved."""

    playbook: str
    inputs: dict[str, Any]
    heard: dict[str, Any]


class Language(Protocol):
    """Reads a request the local stages are unsure about."""

    def propose(
        self, text: str, offered: tuple[PlaybookSpec, ...], catalogue: Catalogue, memory: Memory | None
    ) -> Proposal | None:
        """At most one call and one repair within 8 s; None when it cannot tell or does not answer."""
