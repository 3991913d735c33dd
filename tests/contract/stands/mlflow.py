"""MLflow's registry on a SQLite file, as the bot has it by itself."""

from __future__ import annotations

import functools
import sqlite3
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bizaiops_bot.adapters.mlflow import MlflowRegistry, MlflowSettings
from tests.contract.stands.stand import RegistryStand
from tests.support.contexts import context
from tests.support.virtual_clock import VirtualClock

NOW = datetime(2026, 11, 21, 14, tzinfo=UTC)
FILE = "mlflow.db"
TABLES = ("registered_models", "model_versions")


class MlflowSqliteStand(RegistryStand):
    """Broken, its tables are not where MLflow looks."""

    name = "mlflow-sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / FILE).write_bytes(_empty())
        self.port: MlflowRegistry = self.again()

    def again(self) -> MlflowRegistry:
        return MlflowSettings().build(context(self._folder, VirtualClock(NOW)))

    def now(self) -> datetime:
        return NOW

    async def by_others(self, model: str, source: str) -> None:
        await self.port.warm()
        client = self.port._client
        if not await self.port.versions(model):
            client.create_registered_model(model)
        client.create_model_version(model, source)

    def break_(self) -> None:
        self._rename("{table}", "gone_{table}")

    def mend(self) -> None:
        self._rename("gone_{table}", "{table}")

    def _rename(self, old: str, new: str) -> None:
        with sqlite3.connect(self._folder / FILE) as database:
            database.execute("pragma legacy_alter_table = on")  # keys of other tables keep pointing at the old names
            for table in TABLES:
                database.execute(f"alter table {old.format(table=table)} rename to {new.format(table=table)}")
        database.close()


@functools.cache
def _empty() -> bytes:
    """A registry as MLflow makes it, which takes it seconds."""
    with tempfile.TemporaryDirectory() as folder:
        made = MlflowSettings().build(context(Path(folder)))
        made._guarded(lambda client: client)
        made._client.store.engine.dispose()
        return (Path(folder) / FILE).read_bytes()
