"""A version comes to all traffic in steps, or blue-green: each share is judged, and what is not well goes back."""

from __future__ import annotations

from typing import Any

from bizaiops_bot.domain.errors import Temporary
from bizaiops_bot.domain.tried import Tried
from tests.support.talk import Shown, Talk


async def goes(talk: Talk, words: str) -> Shown:
    plan = await talk.starts(words)
    assert (await plan.click("Approve", by="lead")).accepted
    return plan


async def at(talk: Talk, share: int) -> None:
    await talk.served("churn", {"v1": 100 - share, "v2": share}, minutes=120)


class Instead:
    """A port of the company with another method in the place of one."""

    def __init__(self, inner: Any, **methods: Any) -> None:
        self._inner, self._methods = inner, methods

    def __getattr__(self, name: str) -> Any:
        return self._methods.get(name) or getattr(self._inner, name)


async def test_in_steps_it_gets_more_while_no_harm_is_seen_and_everything_when_harm_is_ruled_out(talk: Talk) -> None:
    plan = await talk.starts("deploy churn v2 in steps")
    plan.shows(
        "Send 5% of churn to v2 (v1 keeps the rest), then 25% and 50% when no harm is seen in 30 min",
        "v1 95%, v2 5%",
        "v1 75%, v2 25%",
        "v1 50%, v2 50%",
        "v2 100%",
    )
    await plan.click("Approve", by="lead")

    for share in (5, 25, 50):
        await at(talk, share)
        await talk.minutes(3)
        (await plan.now()).shows("canary requests so far", "left")
    record = await talk.finished(plan.run)

    assert record.status == "succeeded", record.error
    assert await talk.traffic("churn") == {"v2": 100}
    judged = {s.name: s.detail for s in record.steps if s.name.startswith("judge")}
    assert list(judged) == [f"judge v2 at {s}%, step {n} of 3" for n, s in ((1, 5), (2, 25), (3, 50))]
    assert "holds on" in judged["judge v2 at 50%, step 3 of 3"]
    assert [r.version for r in await talk.bot.core.ports.records.releases("churn")] == ["v2", "v1"]


async def test_too_few_requests_to_rule_harm_out_are_enough_for_the_next_step(talk: Talk) -> None:
    plan = await goes(talk, "deploy churn v2 in steps of 2%, 3%")
    await at(talk, 3)
    record = await talk.run(plan.run)
    first = next(s for s in record.steps if s.name == "judge v2 at 2%, step 1 of 2")
    assert "not enough evidence" in first.detail and "goes on, as no harm was seen" in first.detail


async def test_harm_at_a_step_goes_back_to_what_was_before_the_first(talk: Talk) -> None:
    plan = await goes(talk, "deploy churn v2 at 5% then 25% then 50%")
    await at(talk, 25)
    await talk.inject("churn", "errors")
    record = await talk.finished(plan.run)
    assert record.status == "failed"
    assert await talk.traffic("churn") == {"v1": 100}
    (await plan.now()).shows("harm in error rate", "v1 gets all traffic again")
    # and it is remembered as one that has failed its canary
    (await talk.starts("deploy churn v2 as a 10% canary", by="sre")).shows("failed its canary")


EACH = "deploy churn v2 in steps of 10% and 50%, asking before each step"


async def asked(talk: Talk) -> Shown:
    """Where people are asked about the second step."""
    plan = await goes(talk, EACH)

    async def asks() -> bool:
        return any("next step" in g.name for g in await talk.bot.core.ports.records.approvals(plan.run))

    await talk.until(asks, what="the question before the second step")
    return await plan.now()


async def test_who_is_asked_before_each_step_decides_on_what_was_seen(talk: Talk) -> None:
    card = await asked(talk)
    card.shows("no harm seen, shall it get more?", "churn v2 has had 10%, and no harm was seen. Give it 50%")
    assert "Go on" in card.buttons() and "Roll back" in card.buttons()
    assert not (await card.click("Go on", by="engineer")).accepted
    assert (await card.click("Roll back", by="lead")).accepted
    record = await talk.finished(card.run)
    assert record.status == "rejected" and "rolled back: " in record.error.lower()
    assert await talk.traffic("churn") == {"v1": 100}
    # and as nothing was found of it, nothing is held against it
    assert await talk.bot.core.ports.records.trials("churn", version="v2", run=card.run) == [
        trial for trial in await talk.bot.core.ports.records.trials("churn") if trial.kind == "gate"
    ]


async def test_a_step_that_people_agree_to_goes_on(talk: Talk) -> None:
    card = await asked(talk)
    assert (await card.click("Go on", by="lead")).accepted
    await at(talk, 50)
    assert (await talk.finished(card.run)).status == "succeeded"


async def test_harm_while_people_are_asked_about_the_next_step_takes_it_back(talk: Talk) -> None:
    card = await asked(talk)
    await talk.inject("churn", "errors")
    record = await talk.finished(card.run, minutes=60)
    assert record.status == "failed" and await talk.traffic("churn") == {"v1": 100}
    assert not (await card.click("Go on", by="lead")).accepted


async def test_a_freeze_lets_no_further_step_begin(talk: Talk) -> None:
    card = await asked(talk)
    await talk.says("freeze deploys for 2 days", by="lead")
    await card.click("Go on", by="lead")
    record = await talk.finished(card.run)
    assert "No release can begin now" in record.error and await talk.traffic("churn") == {"v1": 100}


async def test_a_rollback_while_people_are_asked_about_the_next_step_waits_for_nobody(talk: Talk) -> None:
    card = await asked(talk)
    await talk.bot.desk.post("ml-ops", "sre", "roll back churn")
    await talk.finished(card.run)
    assert await talk.traffic("churn") == {"v1": 100}


async def test_who_is_asked_before_each_step_is_asked_after_a_restart_too(talk: Talk) -> None:
    card = await asked(talk)
    await talk.restart()
    assert (await (await card.now()).click("Go on", by="lead")).accepted
    await at(talk, 50)


async def test_no_data_at_a_step_is_not_no_harm(talk: Talk) -> None:
    ports, away = talk.bot.core.ports, False
    metrics = ports.metrics

    async def arms(*asked: Any) -> Any:
        if away:
            raise Temporary("Prometheus does not answer.", "503.")
        return await metrics.arms(*asked)

    ports.metrics = Instead(metrics, arms=arms)  # type: ignore[misc, assignment]
    plan = await goes(talk, "deploy churn v2 in steps")
    await at(talk, 5)
    away = True
    await talk.minutes(95)
    record = await talk.run(plan.run)
    assert record.status == "waiting" and await talk.traffic("churn") == {"v1": 95, "v2": 5}
    (await plan.now()).shows("Give it more requests without that evidence", "Prometheus does not answer")


async def test_a_step_that_was_being_judged_goes_on_after_a_restart(talk: Talk) -> None:
    plan = await goes(talk, "deploy churn v2 in steps of 10% and 50%")
    await at(talk, 50)
    await talk.minutes(5)
    await talk.restart()
    record = await talk.finished(plan.run)
    assert record.status == "succeeded", record.error
    assert sum(s.name.startswith("shift traffic") for s in record.steps) == 2


async def test_what_a_colleague_changes_between_two_steps_ends_the_rollout(talk: Talk) -> None:
    plan = await goes(talk, "deploy churn v2 in steps of 10% and 50%")
    await at(talk, 10)
    serving = talk.bot.core.ports.serving
    service = next(s for s in await serving.services() if s.model == "churn")
    now = await serving.traffic(service)
    await serving.scale(service, 4, 4, guard=now.generation, key="by hand")
    record = await talk.finished(plan.run)
    assert record.status == "failed" and "has changed since this was planned" in record.error
    assert await talk.traffic("churn") == {"v1": 100}


async def test_blue_green_is_tried_out_before_anybody_gets_its_answers_and_watched_after_the_switch(
    talk: Talk,
) -> None:
    plan = await talk.starts("deploy churn v2 blue-green")
    plan.shows(
        "start v2 without requests and try it out, then move all traffic of churn from v1 to v2 at once",
        "go back to v1 if it is worse",
    )
    await plan.click("Approve", by="lead")
    await talk.served("churn", {"v2": 100})
    (await plan.now()).shows("requests answered, the slowest in")
    record = await talk.finished(plan.run)
    assert record.status == "succeeded", record.error
    assert [r.version for r in await talk.bot.core.ports.records.releases("churn")] == ["v2", "v1"]


async def test_blue_green_that_does_not_answer_well_never_gets_a_request(talk: Talk) -> None:
    real = talk.bot.core.ports.serving
    served: list[dict[str, int]] = []

    async def fails(service: Any, version: str, requests: int) -> Tried:
        served.append((await real.traffic(service)).weights)
        await talk.inject("churn", "latency")
        tried: Tried = await real.try_out(service, version, requests)
        return tried

    talk.bot.core.ports.serving = Instead(real, try_out=fails)  # type: ignore[misc, assignment]
    plan = await goes(talk, "deploy churn v2 blue-green")
    record = await talk.finished(plan.run)
    assert record.status == "failed" and served == [{"v1": 100}]
    assert await talk.traffic("churn") == {"v1": 100}
    (await plan.now()).shows("did not answer well before it had any requests", "took more than 150 ms")


async def test_the_way_is_said_anew_while_the_plan_waits(talk: Talk) -> None:
    plan = await talk.starts("deploy churn v2 as a 10% canary")
    (await talk.says("in steps instead")).shows("has another plan")
    (await plan.now()).shows("5% of churn to v2", "then 25% and 50%")
    await talk.says("make it blue-green")
    (await plan.now()).shows("start v2 without requests and try it out")
    await talk.says("no, 20%")
    (await plan.now()).shows("v1 80%, v2 20%")
