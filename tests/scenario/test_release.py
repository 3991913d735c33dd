"""A model from request to canary to promotion, and what stops a bad one."""

from __future__ import annotations

from datetime import timedelta

from bizaiops_bot.domain.cards import Diff, Steps
from tests.support.talk import Talk

STEPS = ("order build", "build", "register", "shift traffic", "judge v2", "promote")


async def test_a_canary_is_planned_approved_by_another_person_judged_and_promoted(talk: Talk) -> None:
    # when the engineer asks for a canary, the plan says steps, changes, approvers, undo and its hash
    plan = await talk.says("deploy churn v2 as a 10% canary", by="engineer")
    assert {"Approve", "Reject", "Cancel"} <= set(plan.buttons())
    assert plan.has(Diff) and plan.has(Steps)
    assert "v1 100%" in plan.words and "v1 90%, v2 10%" in plan.words
    assert "plan " in plan.words and "lead" in plan.words
    plan.shows(
        "Must approve: 1 of: lead, sre",
        "Undo: by itself on failure or cancel",
        "restore traffic: churn v1 100%",
        "Expires: 5 Mar 08:00 UTC",
    )

    # then the requester cannot approve it
    own = await plan.click("Approve", by="engineer")
    assert not own.accepted and "requester cannot approve" in own.message

    # but another person can, and everything happens
    other = await plan.click("Approve", by="lead")
    assert other.accepted

    await talk.served("churn", {"v1": 90, "v2": 10})
    record = await talk.finished(plan.run)
    assert record.status == "succeeded", record.error
    assert await talk.traffic("churn") == {"v2": 100}
    done = await plan.now()
    assert done.posted.version > plan.posted.version
    for name in STEPS:
        assert any(s.name == name and s.status == "done" for s in record.steps), (name, record.steps)
    for check in ("error rate", "latency", "score", "net retained revenue"):
        assert check in done.words.lower()
    assert "engineer" in done.words and "lead" in done.words
    # and the registry and the history know it
    aliases = {v.version: v.aliases for v in await talk.bot.core.ports.registry.versions("churn")}
    assert "champion" in aliases["v2"] and "previous" in aliases["v1"]
    last = (await talk.bot.core.ports.records.releases("churn"))[0]
    assert (last.version, last.actor, last.approved_by) == ("v2", "engineer", ("lead",))


async def test_the_one_run_card_is_edited_in_place_while_the_run_goes_on(talk: Talk) -> None:
    # given a run that waits
    plan = await talk.starts("deploy churn v2 as a 10% canary")
    seen = [plan]
    # when it is approved and judged
    await plan.click("Approve", by="lead")
    await talk.minutes(5)
    seen.append(await plan.now())
    seen[-1].shows("running", "build done", "v1 90%, v2 10%", "canary requests so far")
    assert seen[-1].buttons() == ["Cancel"]
    await talk.finished(plan.run)
    seen.append(await plan.now())
    # then it was one card all the time, with a rising version and place in the feed
    assert {s.posted.id for s in seen} == {plan.posted.id}
    assert [s.posted.version for s in seen] == sorted({s.posted.version for s in seen})
    assert [s.posted.seq for s in seen] == sorted({s.posted.seq for s in seen})
    assert sum(c.card.run_id == plan.run for c in await talk.cards()) == 1
    assert "Approve" not in seen[-1].buttons() and "Roll back" in seen[-1].buttons()


async def test_the_numbers_of_the_verdict_are_those_of_the_traffic(talk: Talk) -> None:
    # given a canary of 25%
    plan = await talk.starts("deploy demand v2 with 25% of the traffic", by="sre")
    await plan.click("Approve", by="lead")
    await talk.served("demand", {"v1": 75, "v2": 25})
    # when it is judged and promoted
    record = await talk.finished(plan.run)
    assert record.status == "succeeded", record.error
    # then the canary got a quarter of the requests that both arms got
    verdict = next(e for e in await talk.bot.core.ports.records.audit(limit=100) if e.kind == "verdict")
    stable, canary = verdict.detail["stable_requests"], verdict.detail["canary_requests"]
    assert 0.2 < canary / (stable + canary) < 0.3
    (await plan.now()).shows(f"{stable:,} stable and {canary:,} canary requests", "margin")
    assert await talk.traffic("demand") == {"v2": 100}


async def test_the_bad_release_is_stopped_with_numbers_and_traffic_is_restored(talk: Talk) -> None:
    plan = await talk.says("deploy churn v3", by="engineer")
    await plan.click("Approve", by="sre")
    record = await talk.finished(plan.run)
    assert record.status == "failed"
    assert any(c.isdigit() for c in record.error)
    assert await talk.traffic("churn") == {"v1": 100}
    card = await plan.now()
    card.shows("v3", "limit", "v1 gets all traffic again", "undone now v1 100%")
    assert card.card.tone == "danger"
    # and nothing was promoted or noted as a release
    assert not any(s.name == "promote" and s.status == "done" for s in record.steps)
    assert (await talk.bot.core.ports.records.releases("churn"))[0].version == "v1"


async def test_a_bad_build_is_stopped_by_the_gate_and_no_traffic_moves(talk: Talk) -> None:
    # given that the next build will be a bad one
    await talk.inject("churn", "bad_release")
    plan = await talk.starts("deploy churn v2")
    await plan.click("Approve", by="lead")
    # when it is built and tested
    record = await talk.finished(plan.run)
    # then it fails with numbers, and the traffic is as it was
    assert record.status == "failed" and any(c.isdigit() for c in record.error)
    assert await talk.traffic("churn") == {"v1": 100}


async def test_everything_at_once_is_watched_and_undone_if_it_is_worse(talk: Talk) -> None:
    # given a move of all traffic
    plan = await talk.starts("deploy churn v2 at 100%")
    plan.shows("at once", "go back to v1 if it is worse")
    await plan.click("Approve", by="lead")
    assert await talk.traffic("churn") == {"v2": 100}
    # when it turns out to answer slowly
    await talk.inject("churn", "latency")
    record = await talk.finished(plan.run)
    # then everything is back
    assert record.status == "failed" and await talk.traffic("churn") == {"v1": 100}
    (await plan.now()).shows("p95", "limit x1.5", "v1 gets all traffic again", "failed after")
    assert record.ended is not None and record.ended - record.created <= timedelta(minutes=5)


async def test_a_version_that_failed_its_canary_is_remembered_wherever_it_is_offered(talk: Talk) -> None:
    # given that v3 has failed its canary, after a gate that was too good
    plan = await talk.starts("deploy churn v3")
    await plan.click("Approve", by="sre")
    assert (await talk.finished(plan.run)).status == "failed"
    failed = await plan.now()
    failed.shows("Leakage?", "canary requests")
    assert {"Compare v1 and v3", f"Show run {plan.run}"} <= set(failed.buttons())
    # then everybody who looks at it is told so
    told = ("v3 failed its canary", f"in run {plan.run}")
    compared = await talk.says("compare churn v1 and v3")
    compared.shows(*told, "Leakage?")
    assert not any("Deploy" in label for label in compared.buttons())
    for words in ("dry run: deploy churn v3", "what models do we have?", "status churn", "history of churn"):
        (await talk.says(words)).shows(*told)
    (await talk.says("why was v3 rejected?")).shows(
        "churn v3 failed on live traffic", f"run {plan.run}", "score distribution"
    )
    (await talk.says(f"show run {plan.run}")).shows("canary requests", "score distribution")
    # and who approves it the second time sees it before
    again = await talk.starts("deploy churn v3")
    again.shows(*told, "Deploy it again?", "Leakage?")
