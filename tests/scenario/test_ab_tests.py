"""Two versions side by side for days: what their requests bring decides, and who asks is told how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bizaiops_bot.domain.monitoring import ValueArm
from bizaiops_bot.domain.values import NoData
from tests.scenario.test_strategies import Instead, goes
from tests.support.talk import Shown, Talk

BOTH = {"v1": 80, "v2": 20}


async def begun(talk: Talk, words: str = "start an ab test of churn v2 with 20% for 2 hours") -> Shown:
    """Where the split is measured, after the first half hour."""
    plan = await goes(talk, words)

    async def measured() -> bool:
        return any(s.name == "A/B test" and s.detail for s in (await talk.run(plan.run)).steps)

    await talk.until(measured, minutes=60, what="the test")
    assert await talk.traffic("churn") == BOTH
    return plan


def worth(talk: Talk, times: float) -> None:
    """From now on v2's requests bring so many times what they bring, and all of them surely."""
    real = talk.bot.core.ports.outcomes

    async def value(service: Any, versions: Sequence[str], since: datetime) -> list[ValueArm] | NoData:
        found = await real.value(service, versions, since)
        assert not isinstance(found, NoData)
        return [
            arm.model_copy(update={"total": arm.n * mean, "sumsq": arm.n * mean * mean * 2})
            for arm in found
            for mean in (10.0 * (times if arm.version == "v2" else 1.0),)
        ]

    talk.bot.core.ports.outcomes = Instead(real, value=value)  # type: ignore[misc, assignment]


async def test_the_plan_says_what_decides_and_what_a_test_of_that_length_can_show(talk: Talk) -> None:
    plan = await talk.starts("start an ab test of churn v2 with 20% for 3 days")
    plan.shows(
        "send 20% of churn to v2 (v1 keeps 80%) for 3 days",
        "everything when its net retained revenue a request is shown to be more",
        "20% for 3 days shows a difference of",
        "v1 80%, v2 20%",
    )


async def test_the_version_that_brings_more_gets_everything_at_the_end(talk: Talk) -> None:
    # v2 was learned from more, and its customers stay for more: nothing is made up here
    plan = await begun(talk, "start an ab test of churn v2 with 20% for 6 hours")
    await talk.minutes(60)
    (await talk.says("how is the ab test doing")).shows("left", "labelled requests", "v1", "80%", "v2", "20%")
    record = await talk.finished(plan.run, minutes=500)
    assert record.status == "succeeded", record.error
    assert await talk.traffic("churn") == {"v2": 100}
    (await plan.now()).shows("A/B test churn v2: done", "v2 brings more: net retained revenue")
    assert (record.ended - record.created).total_seconds() >= 6 * 3600  # type: ignore[operator]


async def test_the_version_that_brings_less_ends_it_early(talk: Talk) -> None:
    plan = await begun(talk)
    worth(talk, 0.5)
    record = await talk.finished(plan.run, minutes=200)
    assert record.status == "failed" and "v2 brings less than v1" in record.error
    assert await talk.traffic("churn") == {"v1": 100}
    # and it is told to whoever wants it again
    (await talk.starts("deploy churn v2")).shows("brought less in its A/B test")


async def test_where_nothing_is_shown_the_old_version_stays_and_it_is_said_so(talk: Talk) -> None:
    worth(talk, 1.0)
    plan = await begun(talk)
    record = await talk.finished(plan.run, minutes=500)
    assert "was not shown to be better" in record.error and "nothing is known against it" in record.error
    assert await talk.traffic("churn") == {"v1": 100}
    (await talk.says("how is the ab test doing")).shows("No A/B test is under way", "The last one, of churn v2")


async def test_it_is_ended_by_a_word_and_everything_goes_back(talk: Talk) -> None:
    worth(talk, 1.0)
    plan = await begun(talk)
    await talk.minutes(45)
    (await talk.says("how is the ab test doing")).shows("no difference is shown", "v1 would get everything again")
    (await talk.says("end the ab test", by="sre")).shows("ends the A/B test of churn v2", "everything again")
    record = await talk.finished(plan.run)
    assert record.status == "cancelled"
    assert await talk.traffic("churn") == {"v1": 100}


async def test_it_goes_on_after_a_restart(talk: Talk) -> None:
    plan = await begun(talk)
    await talk.minutes(30)
    await talk.restart()
    record = await talk.finished(plan.run, minutes=500)
    step = next(s for s in record.steps if s.name == "A/B test")
    assert step.started is not None and step.ended is not None
    assert timedelta(hours=2) <= step.ended - step.started <= timedelta(hours=2, minutes=11), "it was begun anew"
    assert sum(s.name == "shift traffic" and s.status in ("done", "undone") for s in record.steps) == 1


async def test_a_split_that_a_colleague_changes_cannot_be_compared_any_more(talk: Talk) -> None:
    plan = await begun(talk)
    serving = talk.bot.core.ports.serving
    service = next(s for s in await serving.services() if s.model == "churn")
    guard = (await serving.traffic(service)).generation
    await serving.set_canary(service, "v2", 40, guard=guard, key="by hand")
    record = await talk.finished(plan.run)
    assert "traffic was changed meanwhile" in record.error
    assert await talk.traffic("churn") == {"v1": 100}


async def test_without_values_no_test_begins(talk: Talk) -> None:
    ports = talk.bot.core.ports

    async def value(*_asked: Any) -> NoData:
        return NoData(query="value of churn", window="an hour", searched="nothing")

    ports.outcomes = Instead(ports.outcomes, value=value)  # type: ignore[misc, assignment]
    said = await talk.says("start an ab test of churn v2 with 20% for 6 hours")
    said.shows("Nothing can decide an A/B test of churn", "not known")
    assert said.card.run_id is None


async def test_too_short_and_too_long_are_told(talk: Talk) -> None:
    for span in ("10 minutes", "40 days"):
        (await talk.says(f"ab test churn v2 for {span}")).shows("An A/B test lasts from an hour to 14 days")


async def test_another_number_than_what_requests_bring_cannot_decide(talk: Talk) -> None:
    (await talk.says("ab test churn v2 on churn rate")).shows("known day by day and not request by request")


async def test_what_fails_requests_is_taken_back_though_the_others_bring_more(talk: Talk) -> None:
    plan = await begun(talk)
    await talk.inject("churn", "errors")
    record = await talk.finished(plan.run, minutes=90)
    assert record.status == "failed" and "v2 does harm" in record.error
    assert await talk.traffic("churn") == {"v1": 100}


async def test_it_lasts_as_long_as_was_said_whenever_it_was_approved(talk: Talk) -> None:
    plan = await talk.starts("ab test churn v2 with 20% for 2 hours")
    await talk.minutes(180)
    assert (await plan.click("Approve", by="lead")).accepted
    await talk.finished(plan.run, minutes=400)
    step = next(s for s in (await talk.run(plan.run)).steps if s.name == "A/B test")
    assert step.started is not None and step.ended is not None
    assert timedelta(hours=2) <= step.ended - step.started <= timedelta(hours=2, minutes=11)


async def test_which_of_two_tests_is_to_end_has_to_be_said(talk: Talk) -> None:
    first = await begun(talk)
    other = await goes(talk, "ab test demand v2 with 20% for 6 hours")
    (await talk.says("end the ab test")).shows("2 A/B tests are under way", "demand", "churn")
    assert not (await talk.run(first.run)).finished
    await talk.says("end the ab test of demand")
    assert (await talk.finished(other.run)).status == "cancelled"
    assert not (await talk.run(first.run)).finished


async def test_half_of_the_requests_at_most(talk: Talk) -> None:
    (await talk.says("ab test churn v2 with 80% for 6 hours")).shows("gets half at most")
