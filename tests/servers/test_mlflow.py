"""MLflow as a company has it: its own server, versions of other people, and days on which it is not well."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from bizaiops_bot.domain.errors import NotFound, Permanent, Temporary
from tests.servers.mlflow import MlflowServerStand, Mood

pytestmark = pytest.mark.usefixtures("mlflow_session")


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[MlflowServerStand]:
    made = MlflowServerStand(tmp_path)
    yield made
    made.end()


async def names(stand: MlflowServerStand, model: str = "churn") -> list[str]:
    return [version.version for version in await stand.port.versions(model)]


async def test_versions_are_called_by_their_number_or_by_the_tag_that_names_them(stand: MlflowServerStand) -> None:
    theirs = stand.theirs
    theirs.create_registered_model("churn")
    for tags in ({}, {"version": "1.4.0-rc1"}, {"version": "<b>bold</b>"}, {"stage": "x"}, {"version": "1.4.0-rc1"}):
        theirs.create_model_version("churn", "s3://models/churn", tags=tags)

    assert await names(stand) == ["1", "1.4.0-rc1", "3", "4", "5"]
    assert {str(v.artifact) for v in await stand.port.versions("churn")} == {"s3://models/churn"}


async def test_aliases_that_others_set_are_read_and_can_be_moved(stand: MlflowServerStand) -> None:
    theirs = stand.theirs
    for _ in range(2):
        await stand.by_others("churn", "s3://models/churn")
    theirs.set_registered_model_alias("churn", "production", "1")
    theirs.set_registered_model_alias("churn", "champion", "1")

    assert (await stand.port.versions("churn"))[0].aliases == ("champion", "production")
    await stand.port.set_alias("churn", "champion", "2", key="run/1")

    assert str(theirs.get_model_version_by_alias("churn", "champion").version) == "2"
    assert str(theirs.get_model_version_by_alias("churn", "production").version) == "1"


async def test_the_metrics_of_a_version_are_those_of_the_run_that_made_it(stand: MlflowServerStand) -> None:
    theirs = stand.theirs
    experiment = theirs.create_experiment(f"churn trials {uuid.uuid4().hex[:8]}")
    run = theirs.create_run(experiment)
    theirs.log_metric(run.info.run_id, "auc", 0.875)
    theirs.create_registered_model("churn")
    theirs.create_model_version("churn", "s3://models/churn/7", run_id=run.info.run_id)

    found = await stand.port.version("churn", "1")

    assert (found.version, found.metrics, str(found.artifact)) == ("1", {"auc": 0.875}, "s3://models/churn/7")
    with pytest.raises(NotFound):
        await stand.port.version("churn", "2")


async def test_a_version_that_is_still_being_registered_says_so(stand: MlflowServerStand) -> None:
    stand.theirs.create_registered_model("churn")
    stand.theirs.create_model_version("churn", "s3://models/churn")
    stand.server.says("update model_versions set status = 'PENDING_REGISTRATION'")

    assert [version.state for version in await stand.port.versions("churn")] == ["pending"]


async def test_more_versions_than_a_page_are_all_there_oldest_first(stand: MlflowServerStand) -> None:
    stand.server.fill({"churn": 1_250, "demand": 3})

    assert await names(stand) == [str(n) for n in range(1, 1_251)]
    every = await stand.port.all_versions()
    assert {model: len(found) for model, found in every.items()} == {"churn": 1_250, "demand": 3}
    assert [v.version for v in every["churn"]] == [str(n) for n in range(1, 1_251)]


async def test_all_versions_of_a_thousand_models_take_few_requests(stand: MlflowServerStand) -> None:
    stand.server.fill({f"model-{n:04}": 2 for n in range(1_000)})
    await stand.port.warm()
    stand.server.door.asked.clear()

    every = await stand.port.all_versions()

    assert len(every) == 1_000
    assert len(stand.server.door.asked) <= 8


@pytest.mark.parametrize("mood", ["500", "429", "closed"])
async def test_a_server_that_is_not_well_is_waited_for_and_told(stand: MlflowServerStand, mood: Mood) -> None:
    await stand.port.register(stand.package("churn", "v1"), key="run/1")
    stand.server.door.mood = mood

    with pytest.raises(Temporary, match="did not answer"):
        await stand.port.versions("churn")

    stand.server.door.mood = "well"
    assert await names(stand) == ["v1"]


async def test_a_server_that_never_answers_is_given_up_on(
    stand: MlflowServerStand, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stand.port.warm()
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    stand.server.door.mood = "never"

    with pytest.raises(Temporary, match="did not answer"):
        await stand.port.versions("churn")


async def test_the_token_is_shown_and_without_it_the_bot_is_told_what_to_do(
    stand: MlflowServerStand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN", raising=False)
    stand.server.door.token = "s3cret-of-mlflow"

    with pytest.raises(Permanent, match="does not let the bot in") as told:
        await stand.port.versions("churn")
    assert "BIZAIOPS_REGISTRY__TOKEN" in str(told.value)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "")  # put back when the test ends
    assert await stand.again("s3cret-of-mlflow").versions("churn") == []


async def test_of_two_bots_that_register_at_once_one_has_the_name(stand: MlflowServerStand) -> None:
    bots = [stand.port, stand.again()]
    done = await asyncio.gather(
        *(
            bot.register(stand.package("churn", "v2", digit * 64), key=digit)
            for bot, digit in zip(bots, "ab", strict=True)
        ),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, Exception) for outcome in done) == 1
    assert await names(stand) == ["v2"]
