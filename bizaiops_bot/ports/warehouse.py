"""KPIs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol

from bizaiops_bot.domain.kpi import Kpi, KpiDay
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.ports.adapter import Adapter


class Warehouse(Adapter, Protocol):
    """KPIs from what the models predicted and what then happened."""

    async def kpis(self) -> list[Kpi]: ...

    async def daily(self, kpi: str, start: date, end: date, *, time_zone: str) -> list[KpiDay]:
        """One entry per local day, `end` inclusive; days without data are there with value None.

        A day whose data stop hours before that source's usually do is not complete.
        """

    async def fresh(self, kpi: str) -> datetime | NoData:
        """Up to when data of the KPI have come; NoData before any have. Raises NotFound."""

    async def by_version(self, kpi: str, since: datetime) -> dict[str, KpiDay]:
        """The KPI per serving version since `since`."""
