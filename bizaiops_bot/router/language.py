"""Stage 3: the hook for a language model. Nothing here calls one; an adapter that does keeps this promise.

A language model proposes, types dispose: whatever it returns is weighed against the person's own words
(`second_opinion`) and goes through the same slots, bands and policy as they do.
"""

from __future__ import annotations

from typing import Any, Protocol

from bizaiops_bot.domain.routing import Catalogue, Memory, PlaybookSpec
from bizaiops_bot.domain.values import Value


class Proposal(Value):
    """A guess: `playbook` is one of those offered, or "" for none of them; `inputs` are words, not yet resolved.

    among: what it wavers between, of those offered, when it cannot choose.
    heard: how it came about, for the audit: model, prompt, tokens, cost, milliseconds; never a secret.
    """

    playbook: str
    inputs: dict[str, Any]
    heard: dict[str, Any]
    among: tuple[str, ...] = ()


class Language(Protocol):
    """Reads a request the local stages are unsure about."""

    async def propose(
        self,
        text: str,
        offered: tuple[PlaybookSpec, ...],
        catalogue: Catalogue,
        memory: Memory | None,
        *,
        channel: str,
    ) -> Proposal | None:
        """At most one call and one repair within 8 s; None when it cannot tell or does not answer.

        channel: the conversation that pays for it.
        """
