"""Daily work with models that serve: roll back, pause, scale, compare, look back, freeze."""

from __future__ import annotations

from tests.support.talk import Talk


async def test_a_rollback_shows_its_plan_and_brings_the_old_version_back(after_release: Talk) -> None:
    talk = after_release
    plan = await talk.starts("roll back churn", by="engineer")
    plan.shows("v2 100% -> v1 100%", "Must approve: 1 of: lead, sre")
    await plan.click("Approve", by="lead")
    record = await talk.finished(plan.run)
    assert record.status == "succeeded", record.error
    assert await talk.traffic("churn") == {"v1": 100}
    (await plan.now()).shows("churn is back on v1")


async def test_rolling_back_twice_does_not_go_forward_again_unasked(after_release: Talk) -> None:
    talk = after_release
    plan = await talk.starts("roll back churn")
    await plan.click("Approve", by="lead")
    await talk.finished(plan.run)
    again = await talk.says("roll back churn")
    # a person must say which way: v2 is the release before, and going there is a plan like any other
    assert await talk.traffic("churn") == {"v1": 100}
    again.shows("v1")


async def test_without_an_earlier_release_there_is_nothing_to_go_back_to(talk: Talk) -> None:
    (await talk.says("roll back churn")).shows("no release before churn v1")
    assert not await talk.runs()


async def test_pausing_turns_requests_away_and_resuming_serves_again(talk: Talk) -> None:
    # given an approved pause
    plan = await talk.starts("pause churn")
    plan.shows("v1 100% -> paused")
    await plan.click("Approve", by="lead")
    await talk.finished(plan.run)
    # then nothing is served, and the status says so
    assert await talk.traffic("churn") == {}
    (await talk.says("status churn")).shows("paused")
    # and a deploy is not begun
    (await talk.says("deploy churn v2")).shows("churn is paused", "resume churn")
    # when it is resumed
    plan = await talk.says("resume churn")
    if "Approve" in plan.buttons():
        await plan.click("Approve", by="lead")
    await talk.finished(plan.run)
    assert await talk.traffic("churn") == {"v1": 100}


async def test_scaling_changes_the_replicas_after_approval(talk: Talk) -> None:
    plan = await talk.starts("scale demand to 3")
    plan.shows("replicas of demand: 1 -> 3")
    assert (await talk.state("demand")).replicas.ready == 1
    await plan.click("Approve", by="sre")
    await talk.finished(plan.run)
    assert (await talk.state("demand")).replicas.ready == 3
    (await talk.says("status demand")).shows("Replicas: 3")


async def test_two_versions_are_compared_with_gate_and_live_numbers(after_release: Talk) -> None:
    card = await after_release.says("compare churn v1 and v2", by="analyst")
    assert card.table().columns[1:] == ("v1", "v2")
    rows = {row[0]: row[1:] for row in card.table().rows}
    auc = [float(cell) for cell in rows["auc at the gate"]]
    assert 0.5 < auc[0] < auc[1] < 1
    assert rows["traffic now"] == ("0%", "100%")
    assert "engineer" in rows["last released by"][1]


async def test_a_version_that_was_never_built_cannot_be_compared(talk: Talk) -> None:
    (await talk.says("compare churn v1 and v2")).shows("v2 was never built", "deploy churn v2")


async def test_who_deployed_last_names_the_person_the_approver_and_the_run(after_release: Talk) -> None:
    card = await after_release.says("who deployed churn last?", by="analyst")
    card.shows("engineer deployed v2, approved by lead")
    assert card.table().rows[0][1:] == ("deploy", "v1", "v2", "engineer", "lead", "1")


async def test_a_run_can_be_shown_by_its_number(after_release: Talk) -> None:
    card = await after_release.says("show run 1", by="analyst")
    card.shows("deploy model churn v2", "done", "engineer", "lead", "approved", "judge v2", "Plan ")
    assert card.card.run_id == 1


async def test_cancel_it_means_the_run_spoken_of_last(talk: Talk) -> None:
    first = await talk.starts("scale demand to 3")
    second = await talk.starts("pause churn")
    (await talk.says("cancel it")).shows(f"run {second.run}")
    assert (await talk.finished(second.run)).status == "cancelled"
    assert (await talk.run(first.run)).status == "waiting"


async def test_while_frozen_deploys_are_refused_and_a_rollback_is_possible(after_release: Talk) -> None:
    # given a freeze by the lead; the engineer may not freeze
    talk = after_release
    (await talk.says("freeze deploys", by="engineer")).shows("engineer may not freeze deploys", "lead, sre")
    (await talk.says("freeze deploys because of the audit", by="lead")).shows("frozen", "the audit")
    # then a deploy is refused with the reason and the way out
    refused = await talk.says("deploy churn v3", by="engineer")
    refused.shows("frozen by lead", "the audit", "unfreeze deploys")
    assert not await talk.runs("waiting")
    # but going back is possible
    plan = await talk.starts("roll back churn", by="engineer")
    await plan.click("Approve", by="sre")
    assert (await talk.finished(plan.run)).status == "succeeded"
    assert await talk.traffic("churn") == {"v1": 100}
    # and after the freeze one can deploy again
    (await talk.says("unfreeze deploys", by="lead")).shows("over")
    await talk.starts("deploy churn v2", by="engineer")


async def test_a_freeze_stops_a_run_that_was_approved_too_late(talk: Talk) -> None:
    plan = await talk.starts("deploy churn v2")
    await talk.says("freeze deploys", by="sre")
    await plan.click("Approve", by="lead")
    record = await talk.finished(plan.run)
    assert record.status == "failed" and "frozen" in record.error
    assert not any(s.name == "build" and s.status == "done" for s in record.steps)


async def test_the_analyst_may_not_deploy_and_is_told_who_may(talk: Talk) -> None:
    card = await talk.says("deploy churn v2", by="analyst")
    card.shows("analyst may not deploy", "Policy rule", "engineer, lead, sre")
    assert not await talk.runs()
    refused = [e for e in await talk.bot.core.ports.records.audit(limit=20) if e.kind == "request"]
    assert refused[0].actor == "analyst" and refused[0].detail["policy"] == "refuse"


async def test_everyone_can_see_who_may_do_what(talk: Talk) -> None:
    card = await talk.says("who may deploy churn?", by="analyst")
    rows = {row[0]: row[1] for row in card.table().rows}
    assert rows["deploy a version"] == "engineer, lead, sre"
    assert rows["approve somebody's run"] == "lead, sre"
