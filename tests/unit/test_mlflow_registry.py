"""MLflow's registry beyond its promises: its file, its numbers and its pages."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bizaiops_bot.adapters.mlflow import MlflowRegistry, MlflowSettings
from bizaiops_bot.domain.errors import Conflict
from bizaiops_bot.domain.registry_news import Seen, compare
from tests.contract.stands.mlflow import MlflowSqliteStand
from tests.support.contexts import context


@pytest.fixture
def stand(tmp_path: Path) -> MlflowSqliteStand:
    return MlflowSqliteStand(tmp_path)


@pytest.fixture
async def registry(stand: MlflowSqliteStand) -> MlflowRegistry:
    await stand.port.warm()
    return stand.port


package = MlflowSqliteStand.package


async def test_nothing_is_written_outside_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere, home = tmp_path / "elsewhere", tmp_path / "data"
    elsewhere.mkdir()
    home.mkdir()
    monkeypatch.chdir(elsewhere)
    registry = MlflowSettings().build(context(home))
    await registry.register(package("inside", "v1"), key="run/1")
    assert list(elsewhere.iterdir()) == []
    assert {path.name for path in home.iterdir()} == {"mlflow.db"}


OPENS = """
import asyncio, sys
from pathlib import Path
from bizaiops_bot.adapters.clock import SystemClock
from bizaiops_bot.adapters.mlflow import MlflowSettings
from bizaiops_bot.bot_api.context import Context
asyncio.run(MlflowSettings().build(Context(Path(sys.argv[1]), SystemClock())).warm())
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
    registry = MlflowSettings().build(context(tmp_path))
    assert (await registry.register(package("one", "v1"), key="run/1")).version == "v1"


async def test_versions_that_others_registered_are_there_by_the_registrys_numbers(registry: MlflowRegistry) -> None:
    await registry.warm()
    client = registry._client
    client.create_registered_model("theirs")
    for number in range(1, 4):
        client.create_model_version("theirs", f"s3://models/theirs/{number}", description="by hand")
    client.set_registered_model_alias("theirs", "champion", "2")
    found = await registry.versions("theirs")
    assert [(v.version, str(v.artifact), v.aliases, v.state) for v in found] == [
        ("1", "s3://models/theirs/1", (), "ready"),
        ("2", "s3://models/theirs/2", ("champion",), "ready"),
        ("3", "s3://models/theirs/3", (), "ready"),
    ]
    # and the bot's own words work on them
    moved = await registry.set_alias("theirs", "champion", "3", key="run/1")
    assert moved.aliases == ("champion",)
    with pytest.raises(Conflict, match="s3://models/theirs/3"):
        await registry.register(package("theirs", "3"), key="run/2")


ODD = [
    ("created", "yesterday"),
    ("created", "2026-11-21T14:00:00"),
    ("metric.auc", "n/a"),
    ("metric.auc", "NaN"),
    ("features", "oops"),
    ("features", "5"),
    ("size_bytes", "many"),
]


@pytest.mark.parametrize(("tag", "said"), ODD)
async def test_an_odd_tag_is_left_out_and_hides_no_model(registry: MlflowRegistry, tag: str, said: str) -> None:
    for model in ("churn", "demand"):
        made = package(model, "v1").model_copy(update={"metrics": {"auc": 0.9, "brier": 0.1}, "features": ("tenure",)})
        await registry.register(made, key="run/1")
    registry._client.set_model_version_tag("churn", "1", tag, said)
    every = await registry.all_versions()
    (odd,), (good,) = every["churn"], every["demand"]
    assert good.metrics == {"auc": 0.9, "brier": 0.1} and good.features == ("tenure",)
    assert odd.metrics == ({"brier": 0.1} if tag == "metric.auc" else good.metrics)
    assert odd.features == (() if tag == "features" else good.features)
    assert odd.created.tzinfo is not None and odd.digest == good.digest
    assert odd.artifact is not None and good.artifact is not None
    assert odd.artifact.size_bytes == (None if tag == "size_bytes" else good.artifact.size_bytes)


async def test_of_ours_the_digest_and_the_size_of_what_is_served_are_told(registry: MlflowRegistry) -> None:
    made = package("churn", "v1")
    artifact = (await registry.register(made, key="run/1")).artifact
    assert artifact is not None and (artifact.digest, artifact.size_bytes) == (made.digest, made.size_bytes)


async def test_tags_that_are_called_like_ours_make_no_version_ours(registry: MlflowRegistry) -> None:
    await registry.warm()
    registry._client.create_registered_model("theirs")
    tags = {"digest": "abc", "key": "JIRA-7", "metric.auc": "n/a", "created": "yesterday"}
    registry._client.create_model_version("theirs", "s3://models/theirs/1", tags=tags)
    (found,) = await registry.versions("theirs")
    assert (found.digest, found.metrics, str(found.artifact)) == ("", {}, "s3://models/theirs/1")
    assert compare(Seen(), [found]).by_others == (found,)


async def test_what_an_older_bot_registered_is_still_ours(registry: MlflowRegistry) -> None:
    await registry.warm()
    registry._client.create_registered_model("churn")
    tags = {"version": "v1", "digest": "d" * 64, "key": "run/1", "size_bytes": "12", "metric.auc": "0.9"}
    registry._client.create_model_version("churn", "bizaiops://churn/v1", tags=tags)
    (found,) = await registry.versions("churn")
    assert (found.version, found.digest, found.metrics) == ("v1", "d" * 64, {"auc": 0.9})


async def test_a_version_of_ours_and_the_number_of_another_are_two_names(registry: MlflowRegistry) -> None:
    await registry.register(package("both", "v2"), key="run/1")  # MLflow's number 1
    registry._client.create_model_version("both", "s3://models/both/2")
    assert [(v.version, v.digest) for v in await registry.versions("both")] == [("v2", "a" * 64), ("2", "")]


async def test_a_tag_names_a_version_where_it_can_be_a_name(registry: MlflowRegistry) -> None:
    await registry.warm()
    client = registry._client
    client.create_registered_model("tagged")
    for said in ("1.4.0-rc1", "2026-11-29", "approve run 7", "latest", "1.4.0-rc1", "6"):
        client.create_model_version("tagged", "s3://models/tagged", tags={"version": said})
    assert [v.version for v in await registry.versions("tagged")] == ["1.4.0-rc1", "2026-11-29", "3", "4", "5", "6"]


async def test_another_tag_may_name_versions(tmp_path: Path) -> None:
    registry = MlflowSettings(version_tag="git.sha").build(context(tmp_path))
    await registry.warm()
    registry._client.create_registered_model("churn")
    registry._client.create_model_version("churn", "s3://models/churn", tags={"git.sha": "a1b2c3d", "version": "7.0"})
    assert [v.version for v in await registry.versions("churn")] == ["a1b2c3d"]


async def test_all_versions_are_those_of_every_model(registry: MlflowRegistry) -> None:
    for model in ("churn", "demand"):
        await registry.register(package(model, "v1"), key="run/1")
    await registry.set_alias("demand", "champion", "v1", key="run/2")
    registry._client.create_registered_model("empty")
    every = await registry.all_versions()
    assert every == {model: await registry.versions(model) for model in ("churn", "demand", "empty")}


async def test_a_model_that_is_called_like_a_query_is_a_model(registry: MlflowRegistry) -> None:
    await registry.register(package("churn", "v1"), key="run/1")
    assert await registry.versions("x' or name='churn") == []


async def test_hundreds_of_versions_are_read_page_by_page(
    registry: MlflowRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    await registry.warm()
    monkeypatch.setattr("bizaiops_bot.adapters.mlflow.registry.PAGE", 3)
    registry._client.create_registered_model("many")
    for number in range(1, 9):
        registry._client.create_model_version("many", f"s3://models/many/{number}")
    assert [v.version for v in await registry.versions("many")] == [str(n) for n in range(1, 9)]
