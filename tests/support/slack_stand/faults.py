"""What can go wrong between the bot and Slack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FaultKind = Literal["ratelimited", "error", "down", "lost", "late"]


@dataclass
class Fault:
    """Befalls the next `times` calls of a method.

    ratelimited: 429 with Retry-After `amount`, nothing is done. error: answered {"ok": false, "error": name}. down: 503,
    nothing is done. lost: done, and the connection breaks before the answer. late: done, answered `amount` seconds later.
    """

    method: str
    kind: FaultKind
    times: int = 1
    amount: float = 1.0
    name: str = "fatal_error"
    channel: str | None = None

    def befalls(self, method: str, channel: str | None) -> bool:
        """Whether this call is one of them."""
        return self.times > 0 and self.method == method and self.channel in (None, channel)
