"""The same conversation over the console, Slack and Teams: surfaces differ in how they look and travel, in nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from tests.scenario.conftest import Saved
from tests.support import stores
from tests.support.demo_process import free_port
from tests.support.slack_stand import SlackStand, slack_stand
from tests.support.slack_talk import SlackTalk
from tests.support.surface_talk import ConsoleTalk, SurfaceTalk
from tests.support.teams_stand import TeamsStand, teams_stand
from tests.support.teams_talk import TeamsTalk
from tests.support.virtual_clock import VirtualClock

DEPLOY = "deploy churn v2 as a 10% canary"
SCHEDULE = "send the churn KPI digest here every Monday at 9:00 Berlin time"


@pytest.fixture(scope="module")
def stand() -> Iterator[SlackStand]:
    with slack_stand() as workspace:
        yield workspace


@dataclass(frozen=True)
class Tenant:
    """A playground that brings everything to a port of this machine."""

    stand: TeamsStand
    port: int


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    port = free_port()
    with teams_stand(f"http://127.0.0.1:{port}/api/messages", tmp_path_factory.mktemp("playground")) as stand:
        yield Tenant(stand, port)


@pytest.fixture(params=["console", "slack", "teams"])
async def chat(request: pytest.FixtureRequest, founded: Saved, tmp_path: Path) -> AsyncIterator[SurfaceTalk]:
    """A bot on its own copy of the new company, met on one surface."""
    folder = tmp_path / "data"
    if request.param == "console":
        console = ConsoleTalk(await founded.open(folder))
        yield console
        await console.end()
    elif request.param == "teams":
        found: Tenant = request.getfixturevalue("tenant")
        stores.copy_company(founded.folder, folder)
        async with TeamsTalk.begin(folder, VirtualClock(founded.at), found.stand, found.port) as teams:
            yield teams
    else:
        workspace: SlackStand = request.getfixturevalue("stand")
        stores.copy_company(founded.folder, folder)
        async with SlackTalk.begin(folder, VirtualClock(founded.at), workspace) as slack:
            yield slack
        assert not workspace.records.refused, workspace.records.refused
    stores.drop_company(folder)


async def test_a_release_is_planned_refused_to_its_requester_approved_and_told_on_one_card(chat: SurfaceTalk) -> None:
    plan = await chat.says(DEPLOY, by="engineer")
    plan.shows("v1 100%", "v1 90%, v2 10%", "Must approve: 1 of: lead, sre")
    assert {"Approve", "Reject", "Cancel"} <= set(plan.labels)

    await chat.clicks(plan, "Approve", by="engineer")
    await chat.told("engineer", "requester cannot approve")
    await chat.clicks(plan, "Approve", by="lead")
    await chat.talk.served("churn", {"v1": 90, "v2": 10})
    running = await chat.now(plan)
    running.shows("approved by lead")
    assert "Approve" not in running.labels
    await chat.clicks(plan, "Approve", by="sre")
    await chat.told("sre", "lead")

    record = await chat.talk.finished(plan.run)
    assert record.status == "succeeded", record.error
    done = await chat.now(plan)
    done.shows("promote", "v2 now gets all traffic", "engineer", "lead")
    assert "Roll back" in done.labels and done.posted.id == plan.posted.id


async def test_a_rejection_with_its_reason_ends_the_run_and_is_read_by_all(chat: SurfaceTalk) -> None:
    plan = await chat.says(DEPLOY, by="engineer")
    await chat.clicks(plan, "Reject", by="lead", reason="the sale is on this week")
    record = await chat.talk.finished(plan.run)
    assert (record.status, record.decisions[0].reason) == ("rejected", "the sale is on this week")
    card = await chat.now(plan)
    card.shows("rejected by lead", "the sale is on this week")
    assert not {"Approve", "Reject", "Cancel"} & set(card.labels)


async def test_a_question_back_is_answered_by_a_button(chat: SurfaceTalk) -> None:
    question = await chat.says("how is the model doing?", by="analyst")
    assert {"churn", "demand"} <= set(question.labels)
    await chat.clicks(question, "demand", by="analyst")
    (await chat.next(question)).shows("demand: v1 100%, healthy")


async def test_a_kpi_question_is_answered_with_its_numbers(chat: SurfaceTalk) -> None:
    card = await chat.says("how did churn do this week?", by="analyst")
    card.shows("Revenue at risk", "Target", "What happened")


async def test_a_digest_that_was_asked_for_comes_to_the_same_conversation(chat: SurfaceTalk) -> None:
    asked = await chat.says(SCHEDULE, by="analyst")
    asked.shows("every Monday at 9:00 Europe/Berlin", "The next three")
    await chat.clicks(asked, "Keep it", by="analyst")
    (await chat.next(asked)).shows("every Monday at 9:00 Europe/Berlin")
    (schedule,) = await chat.talk.schedules()
    await chat.talk.sleeps_until(schedule.next_at + timedelta(minutes=1))
    digest = await chat.shown("c-schedule-")
    digest.shows("churn KPI digest", "Value", "Target")


async def test_an_alert_comes_by_itself_and_its_proposal_can_be_approved_there(chat: SurfaceTalk) -> None:
    await chat.talk.minutes(5)
    await chat.talk.inject("churn", "covariate_drift")
    alert = await chat.talk.alert("churn", "drift_detected")
    told = await chat.shown(f"alert-{alert.id}-")
    told.shows("the requests have changed", "proposes: retrain model")
    (waiting,) = await chat.talk.runs("waiting")
    proposal = await chat.shown(f"run-{waiting.id}")
    await chat.clicks(proposal, "Approve", by="lead")
    assert (await chat.talk.finished(waiting.id)).status == "succeeded"
    (await chat.now(proposal)).shows("approved by lead")
