"""One bot acts in production and in a small staging, and never takes one for the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.scenario.conftest import Saved
from tests.support import stores
from tests.support.late_pipelines import LatePipelines
from tests.support.talk import Talk
from tests.support.virtual_clock import VirtualClock

ALL_V1 = {"v1": 100}


@pytest.fixture
async def talk(founded: Saved, tmp_path: Path) -> AsyncIterator[Talk]:
    """A bot with both environments of the demo."""
    stores.copy_company(founded.folder, tmp_path / "data")
    bot = await Talk.begin(
        tmp_path / "data", VirtualClock(founded.at), more={"environment": "production"}, staging=True
    )
    await bot.minutes(20)  # what serves in staging gets some requests first
    yield bot
    await bot.end()
    stores.drop_company(tmp_path / "data")


async def in_staging(talk: Talk) -> int:
    """Deploys churn v2 to staging, where nobody has to agree; the run's number."""
    shown = await talk.says("deploy churn v2 to staging")
    record = await talk.finished(shown.run)
    assert record.status == "succeeded", record.error
    return record.id


async def test_a_version_is_tried_in_staging_and_promoted_to_production(talk: Talk) -> None:
    shown = await talk.says("deploy churn v2 to staging")
    shown.shows("Deploy churn v2 in staging")
    assert "Approve" not in shown.buttons()
    record = await talk.finished(shown.run)
    assert record.status == "succeeded", record.error
    assert (await talk.traffic("churn"), await talk.traffic("churn in staging")) == (ALL_V1, {"v2": 100})
    (await talk.card(shown.posted.id)).shows("Deploy churn v2 in staging: done", "now gets all traffic in staging")
    assert "Effect on KPIs" not in (await talk.card(shown.posted.id)).buttons()

    await talk.minutes(60)
    plan = await talk.starts("promote churn from staging to production")
    plan.shows("v2 has been stable in staging for", f"run {record.id}", "send 10% of churn to v2")
    assert (await talk.run(plan.run)).inputs["environment"] is None
    await plan.click("Approve", by="lead")
    assert (await talk.finished(plan.run)).status == "succeeded"
    assert await talk.traffic("churn") == {"v2": 100}


async def test_the_registrys_aliases_and_kpis_tell_of_production_alone(talk: Talk) -> None:
    await in_staging(talk)
    versions = {v.version: v.aliases for v in await talk.bot.core.ports.registry.versions("churn")}
    assert versions["v1"] == ("champion",) and versions["v2"] == ()
    (await talk.says("history of churn")).shows("started with v1")
    (await talk.says("history of churn in staging")).shows("deployed v2")
    refused = await talk.says("what is the churn rate in staging")
    assert "v2" not in refused.words and "staging" in refused.words


async def test_status_and_list_are_of_the_environment_that_is_named(talk: Talk) -> None:
    await in_staging(talk)
    (await talk.says("status churn in staging")).shows("churn in staging", "v2 100%", "read")
    here = await talk.says("status churn")
    here.shows("v1 100%")
    assert "staging" not in here.words and "production" not in here.words
    (await talk.says("what models do we have in staging")).shows("2 models in staging", "v2 100%")
    (await talk.says("what models do we have?")).shows("2 models", "v1 100%")


async def test_a_service_locks_for_itself_alone(talk: Talk) -> None:
    production = await talk.starts("deploy churn v2 as a 10% canary")
    staging = await talk.says("deploy churn v2 to staging")
    assert staging.card.run_id is not None and staging.run != production.run
    again = await talk.says("scale churn to 3 in staging", by="sre")
    again.shows("is running for churn in staging", "One change of a model runs at a time")
    assert (await talk.finished(staging.run)).status == "succeeded"
    assert (await talk.run(production.run)).status == "waiting"
    assert await talk.traffic("churn") == ALL_V1


async def test_going_back_pausing_and_scaling_stay_in_staging(talk: Talk) -> None:
    await in_staging(talk)
    back = await talk.says("roll back churn in staging")
    assert (await talk.finished(back.run)).status == "succeeded"
    (await talk.card(back.posted.id)).shows("churn in staging is back on v1")
    paused = await talk.says("pause churn in staging for 30 minutes")
    assert (await talk.finished(paused.run)).status == "succeeded"
    assert ((await talk.state("churn in staging")).paused, (await talk.state("churn")).paused) == (True, False)
    await talk.minutes(32)
    assert not (await talk.state("churn in staging")).paused
    scaled = await talk.says("scale churn to 2 replicas in staging")
    assert (await talk.finished(scaled.run)).status == "succeeded"
    assert (await talk.state("churn in staging")).replicas.desired == 2
    assert (await talk.state("churn")).replicas.desired == 1


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("deploy churn v2 to stagign", "Did you mean staging?"),
        ("deploy churn v2 to qa", "There is no environment 'qa'"),
        ("deploy churn v2 in the acceptance environment", "There is no environment 'acceptance'"),
        ("deploy churn v2 to staging and production", "one environment at a time"),
        ("deploy churn v2 to staging, not production", "one environment at a time"),
    ],
)
async def test_an_environment_that_is_not_there_is_told_and_nothing_begins(talk: Talk, said: str, told: str) -> None:
    (await talk.says(said)).shows(told)
    assert await talk.runs() == []


async def test_it_in_a_thread_about_staging_is_in_staging(talk: Talk) -> None:
    await in_staging(talk)
    shown = await talk.says("status churn in staging", by="sre")
    back = await talk.says("roll it back", by="sre")
    del shown
    assert (await talk.run(back.run)).inputs["environment"] == "staging"
    assert (await talk.finished(back.run)).status == "succeeded"
    assert await talk.traffic("churn") == ALL_V1


async def test_the_name_of_the_model_in_a_thread_about_staging_is_asked_back(talk: Talk) -> None:
    await talk.says("status churn in staging")
    asked = await talk.says("deploy churn v2")
    asked.shows("In staging or in production?")
    await asked.click("In staging", by="engineer")
    record = (await talk.runs())[0]
    assert record.inputs["environment"] == "staging"


async def test_a_missing_version_is_asked_for_and_the_environment_is_kept(talk: Talk) -> None:
    asked = await talk.says("deploy churn to staging")
    asked.shows("Which version of churn")
    await talk.says("v2")
    record = (await talk.runs())[0]
    assert (record.inputs["version"], record.inputs["environment"]) == ("v2", "staging")


async def test_staging_is_watched_and_pages_nobody(talk: Talk) -> None:
    await in_staging(talk)
    number = len(await talk.runs())
    faults = talk.bot.core.ports.faults
    assert faults is not None
    await faults.inject("churn in staging", "errors")

    async def raised() -> bool:
        return bool(await talk.alerts("churn in staging", open_only=True))

    await talk.until(raised, minutes=30, what="an alert of staging")
    (alert,) = await talk.alerts("churn in staging")
    assert alert.run is None and await talk.alerts("churn") == []
    assert len(await talk.runs()) == number
    (await talk.says("list alerts")).shows("churn in staging")
    cards = [c for c in await talk.cards() if "churn in staging" in c.card.title]
    assert not any("is asked to look" in card.words for card in cards)


async def test_promoting_what_staging_does_not_have_is_refused(talk: Talk) -> None:
    (await talk.says("promote churn v2 from staging to production")).shows("is not what is stable in staging", "v1")
    (await talk.says("promote churn from staging to production")).shows("already serves 100% of the traffic")
    assert await talk.runs() == []


# -- builds ------------------------------------------------------------------------------------------


@pytest.fixture
async def late(talk: Talk) -> LatePipelines:
    ports = talk.bot.core.ports
    ports.pipelines = LatePipelines(ports.pipelines, talk.clock)
    return ports.pipelines


async def test_a_version_that_is_built_for_production_is_not_built_for_staging_too(
    talk: Talk, late: LatePipelines
) -> None:
    # given a build of v2 for production
    plan = await talk.starts("deploy churn v2 as a 10% canary")
    await plan.click("Approve", by="lead")
    await talk.until(lambda: _ordered(late), minutes=5, what="the order")

    # when it is wanted in staging
    told = await talk.says("deploy churn v2 to staging")

    # then the run that builds it is told, and nothing else begins
    told.shows(f"Run {plan.run} (Deploy churn v2) builds churn v2 already", f"show run {plan.run}")
    assert len(late.started) == 1
    assert (await talk.finished(plan.run)).status == "succeeded"
    shown = await talk.says("deploy churn v2 to staging")
    assert (await talk.finished(shown.run)).status == "succeeded"
    assert len(late.started) == 1 and await talk.traffic("churn in staging") == {"v2": 100}


async def test_a_release_that_was_approved_while_staging_builds_its_version_is_sent_away_with_that_run(
    talk: Talk, late: LatePipelines
) -> None:
    # given a plan for production that waits for people, and the same version on its way to staging
    plan = await talk.starts("deploy churn v2 as a 10% canary")
    staging = await talk.says("deploy churn v2 to staging")
    await talk.until(lambda: _ordered(late), minutes=5, what="the order")

    # when production is approved
    await plan.click("Approve", by="lead")

    # then it builds nothing of its own and says who does
    record = await talk.finished(plan.run, minutes=5)
    assert record.status == "failed"
    (await plan.now()).shows(f"Run {staging.run} (Deploy churn v2 in staging) builds churn v2 already", "A version is")
    assert (await talk.finished(staging.run)).status == "succeeded" and len(late.started) == 1


async def _ordered(late: LatePipelines) -> bool:
    return bool(late.jobs)
