"""A serving system that needs minutes for a change, or never gets it done."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.late_serving import ByTheirNumbers, LateServing
from tests.support.talk import Talk

ASK = "deploy churn v2 as a 10% canary"


@pytest.fixture
def late(talk: Talk) -> LateServing:
    ports = talk.bot.core.ports
    ports.serving = LateServing(ports.serving, talk.clock)
    ports.metrics, ports.predictions = (ByTheirNumbers(p, ports.serving) for p in (ports.metrics, ports.predictions))
    return ports.serving


async def test_a_canary_is_judged_only_once_it_is_ready(talk: Talk, late: LateServing) -> None:
    # given serving that needs five minutes for a change
    late.takes = timedelta(minutes=5)
    plan = await talk.starts(ASK)
    await plan.click("Approve", by="lead")

    # while the new revision is not ready, the old one serves and nothing is judged
    await talk.until(lambda: _begun(talk, plan.run, "shift traffic"), what="the change")
    await talk.minutes(1)
    assert (await talk.traffic("churn")) == {"v1": 100}
    (await talk.says("status churn")).shows("v2 (churn-00002) is not ready")
    assert await _status(talk, plan.run, "judge v2") == "planned"

    # once it is, it is judged and promoted as ever
    record = await talk.finished(plan.run)
    assert record.status == "succeeded", record.error
    shifted, judged = (next(s for s in record.steps if s.name == name) for name in ("shift traffic", "judge v2"))
    assert shifted.started and shifted.ended and judged.started
    assert shifted.ended - shifted.started >= timedelta(minutes=4) and judged.started >= shifted.ended
    assert await talk.traffic("churn") == {"v2": 100}


async def test_a_revision_that_cannot_start_fails_the_rollout_at_once_with_its_problem(
    talk: Talk, late: LateServing
) -> None:
    # given a version that the cluster cannot load
    late.problems["v2"] = "storage-initializer: s3://models/churn/v2 is not there (404)"
    plan = await talk.starts(ASK)
    await plan.click("Approve", by="lead")

    # then the run ends with the cluster's own words, long before any deadline, and the traffic is as it was
    record = await talk.finished(plan.run, minutes=15)
    assert record.status == "failed"
    assert "v2 (churn-00002): storage-initializer: s3://models/churn/v2 is not there (404)" in record.error
    assert await _status(talk, plan.run, "judge v2") == "skipped"
    assert await talk.traffic("churn") == {"v1": 100}


async def test_what_never_gets_ready_is_named_at_the_deadline_and_taken_back(talk: Talk, late: LateServing) -> None:
    # given a cluster without room, that says nothing of it
    late.takes = timedelta(hours=3)
    plan = await talk.starts(ASK)
    await plan.click("Approve", by="lead")
    await talk.until(lambda: _begun(talk, plan.run, "shift traffic"), what="the change")
    late.takes = timedelta(minutes=1)

    # then after twenty minutes the run says what was not ready
    record = await talk.finished(plan.run, minutes=40)
    assert record.status == "failed"
    assert "was not ready after 20 min" in record.error and "v2 (churn-00002) is not ready" in record.error
    assert await talk.traffic("churn") == {"v1": 100}


async def test_a_rollout_that_waits_for_the_cluster_can_be_cancelled(talk: Talk, late: LateServing) -> None:
    late.takes = timedelta(minutes=15)
    plan = await talk.starts(ASK)
    await plan.click("Approve", by="lead")
    await talk.until(lambda: _begun(talk, plan.run, "shift traffic"), what="the change")
    late.takes = timedelta(0)

    await plan.click("Cancel", by="engineer")

    assert (await talk.finished(plan.run, minutes=5)).status == "cancelled"
    assert await talk.traffic("churn") == {"v1": 100}


async def test_a_model_that_is_being_changed_takes_no_rollout(talk: Talk, late: LateServing) -> None:
    # given a change by somebody else that is under way
    late.takes = timedelta(minutes=30)
    service = await talk.bot.core.ports.records.service("churn")
    guard = (await late.traffic(service)).generation
    await late.scale(service, 3, 3, guard=guard, key="by-hand")

    # then no plan is made on a state that will be another one
    (await talk.says(ASK)).shows("churn is being changed just now")


async def test_a_pause_succeeds_once_requests_are_off_however_ill_the_model_is(talk: Talk, late: LateServing) -> None:
    # given a model whose pods crash, which is why somebody pauses it
    late.problems["v1"] = "CrashLoopBackOff"
    late.takes = timedelta(minutes=1)
    plan = await talk.starts("pause churn")
    await plan.click("Approve", by="lead")

    # then the run says what is true: it is paused
    record = await talk.finished(plan.run, minutes=30)
    assert record.status == "succeeded", record.error
    service = await talk.bot.core.ports.records.service("churn")
    assert (await late.traffic(service)).paused


async def _begun(talk: Talk, run: int, step: str) -> bool:
    return await _status(talk, run, step) == "running"


async def _status(talk: Talk, run: int, step: str) -> str:
    return next((s.status for s in (await talk.run(run)).steps if s.name == step), "planned")
