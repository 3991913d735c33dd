"""A model from request to canary to promotion, and what stops a bad one."""

from __future__ import annotations

from bizaiops_bot.domain.cards import Diff, Steps
from tests.support.talk import Talk


async def test_a_canary_is_planned_approved_by_another_person_judged_and_promoted(talk: Talk) -> None:
    plan = await talk.says("deploy churn v2 as a 10% canary", by="engineer")
    assert {"Approve", "Reject", "Cancel"} <= set(plan.buttons())
    assert plan.has(Diff) and plan.has(Steps)
    assert "v1 100%" in plan.words and "v1 90%, v2 10%" in plan.words
    assert "plan " in plan.words and "lead" in plan.words

    own = await plan.click("Approve", by="engineer")
    assert not own.accepted and "requester cannot approve" in own.message

    other = await plan.click("Approve", by="lead")
    assert other.accepted

    async def canary() -> bool:
        return await talk.traffic("churn") == {"v1": 90, "v2": 10}

    await talk.until(canary, what="the canary")
    record = await talk.finished(plan.run)
    assert record.status == "succeeded", record.error
    assert await talk.traffic("churn") == {"v2": 100}
    done = await plan.now()
    assert done.posted.version > plan.posted.version
    for name in ("build", "test", "package", "register", "shift traffic", "judge v2", "promote"):
        assert any(s.name == name and s.status == "done" for s in record.steps), (name, record.steps)
    for check in ("error rate", "latency", "score", "net retained revenue"):
        assert check in done.words.lower()
    assert "engineer" in done.words and "lead" in done.words


async def test_the_bad_release_is_stopped_with_numbers_and_traffic_is_restored(talk: Talk) -> None:
    plan = await talk.says("deploy churn v3", by="engineer")
    await plan.click("Approve", by="sre")
    record = await talk.finished(plan.run)
    assert record.status == "failed"
    assert any(c.isdigit() for c in record.error)
    assert await talk.traffic("churn") == {"v1": 100}
    assert "v3" in (await plan.now()).words
