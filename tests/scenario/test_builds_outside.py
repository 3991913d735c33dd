"""A CI outside: its builds queue, take minutes, ask, fail, register by themselves, and are away for a while."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bizaiops_bot.domain.builds import BuildState
from tests.support.late_pipelines import ASKED, LatePipelines
from tests.support.talk import Shown, Talk

ASK = "deploy churn v2 as a 10% canary"


@pytest.fixture
def late(talk: Talk) -> LatePipelines:
    ports = talk.bot.core.ports
    ports.pipelines = LatePipelines(ports.pipelines, talk.clock, waiting=talk.bot.core.activity.resting)
    return ports.pipelines


async def approved(talk: Talk, text: str = ASK) -> Shown:
    plan = await talk.starts(text)
    await plan.click("Approve", by="lead")
    return plan


async def builds(talk: Talk, plan: Shown, *words: str, minutes: int = 30) -> Shown:
    """The run's card, once it says so of its build."""

    async def says() -> bool:
        steps = (await talk.run(plan.run)).steps
        return any(step.name == "build" and all(word in step.detail for word in words) for step in steps)

    await talk.until(says, minutes=minutes, what=f"a build that is {words}")
    return await plan.now()


async def phase(late: LatePipelines) -> str:
    (job,) = late.jobs.values()
    state = await late.state(job.ref)
    assert isinstance(state, BuildState)
    return state.phase


async def test_the_card_says_where_the_build_is_and_the_version_is_rolled_out_when_it_is_done(
    talk: Talk, late: LatePipelines
) -> None:
    # given a CI in which two builds of others are ahead
    late.holds = 2
    plan = await talk.starts(ASK)
    plan.shows("order build", "stop build")
    await plan.click("Approve", by="lead")
    (await builds(talk, plan, "queued, 2 before it")).shows("https://ci.example/ml/churn/1")

    # when it has its turn, the card says the stage and where people see it
    late.holds = 0
    (await builds(talk, plan, "train, 2 of 3")).shows("https://ci.example/ml/churn/1/train")
    assert await talk.traffic("churn") == {"v1": 100}

    # then it is registered and rolled out, from one build
    record = await talk.finished(plan.run)
    assert record.status == "succeeded", record.error
    assert await talk.traffic("churn") == {"v2": 100}
    assert [str(order) for order in late.started] == ["churn v2, against v1"]
    built = next(step for step in record.steps if step.name == "build")
    assert built.started and built.ended and built.ended - built.started >= timedelta(minutes=6)
    assert "held-out rows" in built.detail and "AUC 0." in built.detail


async def test_what_the_build_is_doing_and_its_log_are_a_question_away(talk: Talk, late: LatePipelines) -> None:
    plan = await approved(talk)
    await builds(talk, plan, "train, 2 of 3")

    (await talk.says(f"show run {plan.run}")).shows(
        "train, 2 of 3", "Last lines of the log", "train begins", "ml/churn/1"
    )


async def test_a_build_that_fails_is_told_with_its_stage_its_log_and_where_more_is(
    talk: Talk, late: LatePipelines
) -> None:
    late.fails["train"] = "OSError: s3://rows/churn is not there (404)"
    plan = await approved(talk)

    record = await talk.finished(plan.run)

    assert record.status == "failed"
    assert "churn v2 was not built: failed at 'train': OSError: s3://rows/churn is not there (404)" in record.error
    card = await plan.now()
    card.shows("Last lines of train", "train begins", "https://ci.example/ml/churn/1/train", "No traffic was moved")
    assert await talk.traffic("churn") == {"v1": 100}
    assert [v.version for v in await talk.bot.core.ports.registry.versions("churn")] == ["v1"]


async def test_a_cancel_stops_the_build_where_it_runs(talk: Talk, late: LatePipelines) -> None:
    plan = await approved(talk)
    await builds(talk, plan, "train, 2 of 3")

    await plan.click("Cancel", by="engineer")

    assert (await talk.finished(plan.run, minutes=5)).status == "cancelled"
    assert await phase(late) == "stopped"
    (await plan.now()).shows("stop build undone now stopped at 'train'")


async def ordering(talk: Talk) -> Shown:
    """A run that has ordered its build, and has no answer."""
    plan = await approved(talk)

    async def at_it() -> bool:
        return any(s.name == "order build" and s.status == "running" for s in (await talk.run(plan.run)).steps)

    await talk.until(at_it, minutes=5, what="the order")
    return plan


async def test_a_cancel_while_the_ci_has_not_answered_stops_the_build_that_it_made(
    talk: Talk, late: LatePipelines
) -> None:
    # given a CI that takes the order and says nothing
    late.silent = True
    plan = await ordering(talk)
    assert len(late.jobs) == 1

    # when the run is cancelled, and the CI answers a while later
    await plan.click("Cancel", by="engineer")
    await talk.minutes(3)
    late.silent = False

    # then no build runs outside
    assert (await talk.finished(plan.run, minutes=5)).status == "cancelled"
    assert await phase(late) == "stopped" and len(late.started) == 1
    (await plan.now()).shows("stop build undone now stopped")


async def test_an_order_that_reaches_the_ci_after_the_run_was_cancelled_builds_nothing(
    talk: Talk, late: LatePipelines
) -> None:
    # given an order that is ten minutes on its way
    late.slow = timedelta(minutes=10)
    plan = await ordering(talk)
    assert late.jobs == {}

    # when the run is cancelled before it arrives
    late.slow = timedelta(0)
    await plan.click("Cancel", by="engineer")
    assert (await talk.finished(plan.run, minutes=5)).status == "cancelled"
    await talk.minutes(15)

    # then it finds its key taken by a build that was stopped
    assert all(journey.done() for journey in late.on_their_way)
    assert await phase(late) == "stopped" and len(late.started) == 1


async def test_a_ci_that_is_away_for_ten_minutes_is_waited_for(talk: Talk, late: LatePipelines) -> None:
    plan = await approved(talk)
    await builds(talk, plan, "queued")
    late.away = True
    await builds(talk, plan, "not reached since", "Jenkins does not answer")
    await talk.minutes(10)
    late.away = False

    record = await talk.finished(plan.run)
    assert record.status == "succeeded", record.error
    assert len(late.started) == 1


async def test_what_the_build_asks_is_asked_here_and_the_answer_goes_out_once(talk: Talk, late: LatePipelines) -> None:
    # given a pipeline that asks before it publishes
    late.asks = True
    plan = await approved(talk)
    card = await builds(talk, plan, "publish, 3 of 3 asks")
    card.shows("Publish churn v2, against v1?", "May answer: 1 of: lead, sre")
    assert {"Proceed", "Abort", "Cancel"} <= set(card.buttons())

    # then who has asked for the release may not answer it
    assert not (await card.click("Proceed", by="engineer")).accepted
    assert await phase(late) == "asking"

    # but another person may, and it goes on there
    assert (await card.click("Proceed", by="sre")).accepted
    record = await talk.finished(plan.run)
    assert record.status == "succeeded", record.error
    (job,) = late.jobs.values()
    (key,) = [words.removeprefix("allowed by ") for _, words in job.lines if words.startswith("allowed by ")]
    assert key.startswith(f"{plan.run}/")
    assert "Proceed" not in (await plan.now()).buttons()


async def test_what_is_not_allowed_is_not_released(talk: Talk, late: LatePipelines) -> None:
    late.asks = True
    plan = await approved(talk)
    card = await builds(talk, plan, "asks")

    assert (await card.click("Abort", by="lead")).accepted

    record = await talk.finished(plan.run)
    assert record.status == "failed" and "it was not allowed to publish" in record.error
    assert await phase(late) == "stopped"
    assert await talk.traffic("churn") == {"v1": 100}


async def test_a_question_that_is_answered_in_the_ci_is_not_asked_any_more(talk: Talk, late: LatePipelines) -> None:
    late.asks = True
    plan = await approved(talk)
    card = await builds(talk, plan, "asks")
    (job,) = late.jobs.values()

    await late.answer(job.ref, ASKED, True, key="somebody in Jenkins")

    record = await talk.finished(plan.run)
    assert record.status == "succeeded", record.error
    assert not (await card.click("Proceed", by="lead")).accepted


async def test_a_cancel_while_it_is_asked_stops_the_build_too(talk: Talk, late: LatePipelines) -> None:
    late.asks = True
    plan = await approved(talk)
    card = await builds(talk, plan, "asks")

    await card.click("Cancel", by="engineer")

    assert (await talk.finished(plan.run, minutes=5)).status == "cancelled"
    assert await phase(late) == "stopped"
    assert not {"Proceed", "Abort", "Cancel"} & set((await plan.now()).buttons())


async def test_a_pipeline_that_registers_by_itself_is_gated_by_what_the_registry_has(
    talk: Talk, late: LatePipelines
) -> None:
    # given a pipeline that measures nothing here and registers what it builds
    late.registry = talk.bot.core.ports.registry
    plan = await approved(talk)

    record = await talk.finished(plan.run)

    assert record.status == "succeeded", record.error
    assert next(s for s in record.steps if s.name == "register").detail == "v2 registered by the pipeline"
    trials = await talk.bot.core.ports.records.trials("churn")
    gate = next(trial for trial in trials if trial.kind == "gate")
    assert gate.ok and "auc" in gate.reason and "brier" in gate.reason
    assert await talk.traffic("churn") == {"v2": 100}


async def test_a_retraining_is_built_outside_and_carries_the_name_that_was_approved(
    talk: Talk, late: LatePipelines
) -> None:
    plan = await approved(talk, "retrain churn")

    record = await talk.finished(plan.run, minutes=36 * 60)

    assert record.status == "succeeded", record.error
    (order,) = late.started
    assert order.version == "v4" and order.since is not None and order.against == "v1"
    assert await talk.traffic("churn") == {"v4": 100}
