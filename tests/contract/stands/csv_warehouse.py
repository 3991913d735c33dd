"""The sample adapter of docs/how-to/add-an-adapter.md."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from bizaiops_bot.bot_api.context import Context
from bizaiops_bot.domain.kpi import Kpi
from examples.csv_warehouse.csv_warehouse import CsvWarehouseSettings
from tests.contract.stands.stand import WarehouseStand
from tests.support.virtual_clock import VirtualClock


class CsvWarehouseStand(WarehouseStand):
    """Broken, the file is away."""

    name = "csv"
    cannot: ClassVar = {
        "test_a_day_whose_data_stopped_at_noon_is_not_complete": "the sample does not learn when a day's data usually end"
    }

    def __init__(self, folder: Path) -> None:
        self._file = folder / "kpis.csv"
        self._file.write_text("at,kpi,version,numerator,denominator,n\n", encoding="utf-8")
        clock = VirtualClock(datetime(2026, 3, 31, 12, tzinfo=UTC))
        self.port = CsvWarehouseSettings(path=self._file).build(Context(folder, clock, [self.kpi, self.other]))

    def count(
        self, at: datetime, above: float, below: float, *, version: str = "v1", kpi: Kpi = WarehouseStand.kpi
    ) -> None:
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{at.isoformat()},{kpi.id},{version},{above},{below},{below}\n")

    def break_(self) -> None:
        self._file.rename(self._file.with_suffix(".away"))

    def mend(self) -> None:
        self._file.with_suffix(".away").rename(self._file)
