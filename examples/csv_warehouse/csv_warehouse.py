"""KPIs from a CSV file that others write, a row an hour: at (with its zone),kpi,version,numerator,denominator,n."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, Field

from bizaiops_bot.bot_api.context import Context
from bizaiops_bot.domain.errors import BadInput, NotFound, Permanent, Temporary
from bizaiops_bot.domain.kpi import Kpi, KpiDay, pooled
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.ports.clock import Clock


class CsvWarehouseSettings(BaseModel, extra="forbid"):
    kind: Literal["csv"] = "csv"
    path: Path = Field(description="The file; read anew for each answer.")

    def build(self, context: Context) -> CsvWarehouse:
        return CsvWarehouse(context.data / self.path, context.kpis, context.clock)


class Row(BaseModel):
    at: AwareDatetime
    kpi: str
    version: str
    numerator: float
    denominator: float
    n: int


class CsvWarehouse:
    """See `ports.Warehouse`."""

    def __init__(self, path: Path, kpis: Sequence[Kpi], clock: Clock) -> None:
        self._path, self._kpis, self._clock = path, {kpi.id: kpi for kpi in kpis}, clock

    async def ready(self) -> Readiness:
        rows = [await asyncio.to_thread(self._rows, kpi) for kpi in self._kpis]
        return Readiness(ok=True, says=f"csv: {self._path}, {sum(map(len, rows))} rows")

    async def kpis(self) -> list[Kpi]:
        return list(self._kpis.values())

    async def daily(self, kpi: str, start: date, end: date, *, time_zone: str) -> list[KpiDay]:
        rows, now = await asyncio.to_thread(self._rows, kpi), self._clock.now()
        if end < start:
            raise BadInput(f"{start} to {end} is no span of days.")
        try:
            zone = ZoneInfo(time_zone)
        except (KeyError, ValueError, OSError) as unknown:
            raise BadInput(f"{time_zone!r} is not a time zone.") from unknown
        days = [start + timedelta(days=place) for place in range((end - start).days + 1)]
        of_day = {day: [row for row in rows if row.at.astimezone(zone).date() == day] for day in days}
        return [self._day(kpi, day, own, over=day < now.astimezone(zone).date()) for day, own in of_day.items()]

    async def fresh(self, kpi: str) -> datetime | NoData:
        at = [row.at for row in await asyncio.to_thread(self._rows, kpi)]
        return max(at) + timedelta(hours=1) if at else NoData(query=kpi, window="all time", searched=str(self._path))

    async def by_version(self, kpi: str, since: datetime) -> dict[str, KpiDay]:
        rows = [row for row in await asyncio.to_thread(self._rows, kpi) if row.at >= since]
        day, versions = since.astimezone(UTC).date(), sorted({row.version for row in rows})
        return {v: self._day(kpi, day, [row for row in rows if row.version == v], over=False) for v in versions}

    def _day(self, kpi: str, day: date, rows: list[Row], *, over: bool) -> KpiDay:
        found = KpiDay(kpi=kpi, day=day, value=None, n=sum(row.n for row in rows), complete=over, updated=None)
        if rows:
            sums = {name: sum(getattr(row, name) for row in rows) for name in ("numerator", "denominator")}
            found = found.model_copy(update={**sums, "updated": max(row.at for row in rows) + timedelta(hours=1)})
        return found.model_copy(update={"value": pooled(self._kpis[kpi], [found])})

    def _rows(self, kpi: str) -> list[Row]:
        if kpi not in self._kpis:
            raise NotFound("KPI", kpi, self._kpis)
        try:
            with self._path.open(encoding="utf-8", newline="") as file:
                return [row for line in csv.DictReader(file) if (row := Row.model_validate(line)).kpi == kpi]
        except OSError as error:
            raise Temporary("The KPI file cannot be read.", f"{error.strerror}: {self._path}.", after_s=5) from error
        except ValueError as error:
            raise Permanent("The KPI file is not one.", f"{self._path}: {error}.") from error
