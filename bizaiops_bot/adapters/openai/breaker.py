"""A circuit breaker: after failures in a row a server is left alone for a while, then tried once."""

from __future__ import annotations

import time
from collections.abc import Callable

LONGEST_REST_S = 600.0


class Breaker:
    """Closed: calls go through. Open: none. Half open, after the rest: one call tries; it closes or opens again."""

    def __init__(self, failures: int, rest_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._rest_s, self._clock = failures, rest_s, clock
        self._failures = 0
        self._open_until: float | None = None
        self._trying = False

    @property
    def is_open(self) -> bool:
        """Whether calls are held back now."""
        return self._open_until is not None and (self._trying or self._clock() < self._open_until)

    def lets_through(self) -> bool:
        """Whether a call may be made. In the half-open state that is one call: its outcome must be told."""
        if self.is_open:
            return False
        self._trying = self._open_until is not None
        return True

    def succeeded(self) -> None:
        self._failures, self._open_until, self._trying = 0, None, False

    def failed(self, rest_s: float | None = None) -> None:
        """rest_s: how long the server wants to be left alone (Retry-After): it is, at once."""
        self._failures += 1
        half_open, self._trying = self._trying, False
        if rest_s is not None or half_open or self._failures >= self._most:
            rest = max(self._rest_s if rest_s is None else rest_s, 0.0)
            self._open_until = self._clock() + min(rest, LONGEST_REST_S)

    def untold(self) -> None:
        """The call ended without telling anything about the server: it was called off."""
        self._trying = False
