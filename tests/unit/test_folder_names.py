"""A data folder may have any name that a file system allows: what is put into an address is written so that it is read back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from bizaiops_bot.adapters.duckdb import UNREADABLE, DuckDbSettings
from bizaiops_bot.adapters.mlflow import MlflowSettings
from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.models import Package
from bizaiops_bot.engine.store.settings import SQLITE_FILE, SqliteSettings
from tests.support.contexts import context

NAMES = (
    "per%20cent",
    "job%2Fbranch",
    "100%",
    "%%s",
    "que?ry",
    "?mode=ro",
    "ha#sh",
    "two words",
    "größe 大",
    "a&b=c",
    "semi;colon",
    "quo'te",
    'dou"ble',
    "[brackets]",
    "back\\slash",
    "a:b@c",
    "$HOME",
    "star*",
)


@pytest.fixture(params=NAMES)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    made: Path = tmp_path / request.param
    made.mkdir()
    return made


def everything(folder: Path) -> set[str]:
    """What is there, beside the folder too: nothing may be written to a folder that was only named alike."""
    return {str(path.relative_to(folder.parent)) for path in folder.parent.rglob("*")}


async def test_runs_and_audit_are_kept_in_the_folder(folder: Path) -> None:
    store = SqliteSettings().open(folder)
    try:
        assert await store.read(lambda conn: conn.execute(sa.text("select 1")).scalar_one()) == 1
    finally:
        await store.aclose()
    assert (folder / SQLITE_FILE).is_file()
    assert {name.split("/")[0] for name in everything(folder)} == {folder.name}


def test_the_warehouse_is_kept_in_the_folder(folder: Path) -> None:
    if set(folder.name) & UNREADABLE:
        with pytest.raises(BadInput, match="--data DIR"):
            DuckDbSettings().build(context(folder))
        assert everything(folder) == {folder.name}
        return
    rows = [(datetime(2026, 3, 1, tzinfo=UTC), "churn", "v1", {"requests": 3.0})]
    for _ in range(2):  # made, then opened again
        warehouse = DuckDbSettings().build(context(folder))
        warehouse.append(rows)
        warehouse.flush()
        warehouse.close()
    assert everything(folder) == {folder.name, f"{folder.name}/warehouse.duckdb"}


@pytest.mark.parametrize("name", ["per%20cent", "que?ry", "größe 大 #", "100%"])
async def test_the_registry_is_kept_in_the_folder(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir()
    package = Package(model="m", version="v1", digest="d" * 64, size_bytes=1, artifact="x", metrics={}, summary="")
    await MlflowSettings().build(context(folder)).register(package, key="run/1")
    assert [one.version for one in await MlflowSettings().build(context(folder)).versions("m")] == ["v1"]
    assert everything(folder) == {folder.name, f"{folder.name}/mlflow.db"}
