"""What a version answered before anybody depended on it."""

from __future__ import annotations

from bizaiops_bot.domain.canary_limits import CanaryLimits
from bizaiops_bot.domain.probability import binomial_tail
from bizaiops_bot.domain.values import Value

_SURE = 0.01
"""Chance that what answers as well as the limits allow is held for worse, in each of errors and latency."""


class Tried(Value):
    """Requests that a version was sent past the split. latencies_ms: of those that it answered. problem: the first
    error in its own words, "" for none.
    """

    requests: int
    failed: int
    latencies_ms: tuple[float, ...] = ()
    problem: str = ""

    def spoken(self) -> str:
        """ "100 of 100 requests answered, the slowest in 61 ms" """
        said = f"{self.requests - self.failed} of {self.requests} requests answered"
        return f"{said}, the slowest in {max(self.latencies_ms):.0f} ms" if self.latencies_ms else said

    def against(self, limits: CanaryLimits, *, asked: int) -> str:
        """Why it must not get all requests at once, "" for no reason: more errors, or slower, than its service level
        explains by chance; or what was tried is not known. asked: how many requests it was to be sent.
        """
        if self.requests < asked or len(self.latencies_ms) != self.requests - self.failed:
            return f"{self.requests} of {asked} requests are known to have been answered or to have failed"
        problem = f" ({self.problem})" if self.problem else ""
        if _more_than(self.failed, self.requests, limits.error_rate_slo):
            return f"{self.failed} of {self.requests} requests failed{problem}, and {limits.error_rate_slo:.1%} may"
        slow = sum(took > limits.latency_slo_ms for took in self.latencies_ms)
        if _more_than(slow, len(self.latencies_ms), 0.05):
            return f"{slow} of {len(self.latencies_ms)} answers took more than {limits.latency_slo_ms:g} ms, and 5% may"
        return ""


def _more_than(seen: int, of: int, share: float) -> bool:
    """Whether `seen` are more than a true `share` brings by chance."""
    return binomial_tail(seen, of, share) < _SURE
