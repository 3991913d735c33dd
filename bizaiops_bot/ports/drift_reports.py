"""How live rows differ from what a version was trained on."""

from __future__ import annotations

from typing import Protocol

from bizaiops_bot.domain.monitoring import DriftReport
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.ports.adapter import Adapter


class DriftReports(Adapter, Protocol):
    """Compares live rows with what the serving version was trained on."""

    async def report(self, model: str, *, minutes: float) -> DriftReport | NoData:
        """The stable version's rows of the last `minutes`; NoData under 200 rows."""
