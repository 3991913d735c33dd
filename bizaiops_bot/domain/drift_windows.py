"""Which of two windows tells of drift now: one rule for the watch that opens alerts and for all who show it."""

from __future__ import annotations

from bizaiops_bot.domain.monitoring import DriftReport
from bizaiops_bot.domain.values import NoData

FAST_MINUTES, SLOW_MINUTES = 1.0, 15.0
FAST_PSI = 0.25
"""One minute holds few rows, so only a strong shift counts there; a weak one is seen in the longer window."""


def strong(report: DriftReport | NoData) -> bool:
    """Whether a window of a minute tells of drift."""
    return isinstance(report, DriftReport) and any(f.psi >= FAST_PSI for f in report.drifted)


def telling(fast: DriftReport | NoData, slow: DriftReport | NoData) -> DriftReport | NoData:
    """The minute when something is wrong in it, which the longer window still waters down; else the longer window."""
    if isinstance(fast, DriftReport) and (strong(fast) or fast.missing or isinstance(slow, NoData)):
        return fast
    return slow
