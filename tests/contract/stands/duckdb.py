"""The warehouse on a DuckDB file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bizaiops_bot.adapters.duckdb import DuckDbSettings
from bizaiops_bot.domain.kpi import Kpi
from tests.contract.stands.stand import WarehouseStand
from tests.support.contexts import context
from tests.support.virtual_clock import VirtualClock

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)


class DuckDbStand(WarehouseStand):
    """Broken, the file is closed."""

    name = "duckdb"

    def __init__(self, folder: Path) -> None:
        self.port = DuckDbSettings().build(context(folder, VirtualClock(NOON), [self.kpi, self.other]))
        self.port.flush()

    def count(
        self, at: datetime, above: float, below: float, *, version: str = "v1", kpi: Kpi = WarehouseStand.kpi
    ) -> None:
        self.port.append([(at, kpi.model, version, {kpi.numerator: above, kpi.denominator: below})])

    def break_(self) -> None:
        self.port._worker.submit(self.port._db.close).result()

    def mend(self) -> None:
        self.port._db = self.port._worker.submit(self.port._open).result()

    def end(self) -> None:
        self.mend()
        self.port.close()
