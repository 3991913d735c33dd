"""What every ModelRegistry keeps: versions with their numbers, aliases, and no change of what is registered."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bizaiops_bot.adapters.mlflow import MlflowRegistry, MlflowSettings
from bizaiops_bot.domain.errors import Conflict, NotFound
from bizaiops_bot.domain.models import Package

NOW = datetime(2026, 11, 21, 14, tzinfo=UTC)


class StandingClock:
    def now(self) -> datetime:
        return NOW

    async def sleep_until(self, when: datetime) -> None:
        raise AssertionError("the registry never waits")


def package(model: str, version: str, digest: str = "a" * 64) -> Package:
    return Package(
        model=model,
        version=version,
        artifact=f"somewhere/{version}",
        digest=digest,
        size_bytes=1234,
        metrics={"auc": 0.8612345678901234, "brier": 0.1},
        summary="gradient boosting on the same 20 features",
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("registry")


@pytest.fixture(scope="module", params=["mlflow"])
def registry(request: pytest.FixtureRequest, folder: Path) -> MlflowRegistry:
    """One file for the module: every test uses a model of its own."""
    return {"mlflow": MlflowSettings().build(folder, StandingClock())}[request.param]


async def test_a_model_that_was_never_registered_has_no_versions(registry: MlflowRegistry) -> None:
    assert await registry.versions("nothing") == []


async def test_a_registered_version_is_read_back_as_it_was_given(registry: MlflowRegistry) -> None:
    made = await registry.register(package("one", "v1"), key="run/1")
    assert (made.model, made.version, made.digest, made.summary) == (
        "one",
        "v1",
        "a" * 64,
        package("one", "v1").summary,
    )
    assert made.metrics == {"auc": 0.8612345678901234, "brier": 0.1}
    assert made.created == NOW
    assert await registry.versions("one") == [made]


async def test_registering_the_same_content_twice_changes_nothing(registry: MlflowRegistry) -> None:
    first = await registry.register(package("twice", "v1"), key="run/1")
    assert await registry.register(package("twice", "v1"), key="run/1") == first
    assert await registry.register(package("twice", "v1"), key="run/2") == first
    assert len(await registry.versions("twice")) == 1


async def test_other_content_under_a_known_version_is_a_conflict(registry: MlflowRegistry) -> None:
    await registry.register(package("clash", "v1"), key="run/1")
    with pytest.raises(Conflict, match="registered version never changes"):
        await registry.register(package("clash", "v1", "b" * 64), key="run/2")
    assert [version.digest for version in await registry.versions("clash")] == ["a" * 64]


async def test_versions_keep_our_names_whatever_order_they_came_in(registry: MlflowRegistry) -> None:
    for version in ("v1", "v3", "v12"):
        await registry.register(package("order", version), key=f"run/{version}")
    assert [version.version for version in await registry.versions("order")] == ["v1", "v3", "v12"]


async def test_an_alias_moves_from_one_version_to_another(registry: MlflowRegistry) -> None:
    for version in ("v1", "v2"):
        await registry.register(package("alias", version), key=f"run/{version}")
    assert (await registry.set_alias("alias", "champion", "v1", key="run/3")).aliases == ("champion",)
    await registry.set_alias("alias", "champion", "v2", key="run/4")
    moved = await registry.set_alias("alias", "previous", "v1", key="run/5")
    again = await registry.set_alias("alias", "previous", "v1", key="run/5")
    assert moved == again
    assert {v.version: v.aliases for v in await registry.versions("alias")} == {
        "v1": ("previous",),
        "v2": ("champion",),
    }


async def test_an_alias_for_an_unknown_version_names_the_known_ones(registry: MlflowRegistry) -> None:
    await registry.register(package("unknown", "v1"), key="run/1")
    with pytest.raises(NotFound, match="v1"):
        await registry.set_alias("unknown", "champion", "v7", key="run/2")
    with pytest.raises(NotFound):
        await registry.set_alias("no_such_model", "champion", "v1", key="run/2")


async def test_what_was_registered_is_there_after_a_restart(registry: MlflowRegistry, folder: Path) -> None:
    made = await registry.register(package("restart", "v1"), key="run/1")
    reopened = MlflowSettings().build(folder)
    await reopened.warm()
    assert await reopened.versions("restart") == [made]


async def test_nothing_is_written_outside_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere, home = tmp_path / "elsewhere", tmp_path / "data"
    elsewhere.mkdir()
    home.mkdir()
    monkeypatch.chdir(elsewhere)
    registry = MlflowSettings().build(home)
    await registry.register(package("inside", "v1"), key="run/1")
    assert list(elsewhere.iterdir()) == []
    assert {path.name for path in home.iterdir()} == {"mlflow.db"}


OPENS = """
import asyncio, sys
from pathlib import Path
from bizaiops_bot.adapters.mlflow import MlflowSettings
asyncio.run(MlflowSettings().build(Path(sys.argv[1])).warm())
"""


def size_of(file: Path) -> int:
    """0 for a journal that was there a moment ago."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def half_made(folder: Path) -> None:
    """A folder in which a process was killed while MLflow's migrations ran: some tables are there, others not."""
    with subprocess.Popen([sys.executable, "-c", OPENS, str(folder)]) as maker:
        end = time.monotonic() + 60
        while not any(size_of(file) > 40_000 for file in folder.iterdir()):
            assert maker.poll() is None and time.monotonic() < end, "it could not be killed in the middle"
        maker.kill()


async def test_a_registry_whose_making_was_killed_is_made_anew(tmp_path: Path) -> None:
    await asyncio.to_thread(half_made, tmp_path)
    assert not (tmp_path / "mlflow.db").exists()
    registry = MlflowSettings().build(tmp_path)
    assert (await registry.register(package("one", "v1"), key="run/1")).version == "v1"
