"""Where two must agree to a change, two must agree to what is asked on its way: one is enough for the careful answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from bizaiops_bot.domain.environments import Environments
from bizaiops_bot.domain.errors import Permanent
from tests.scenario.test_builds_outside import ASK, builds, late, phase
from tests.support.late_pipelines import LatePipelines
from tests.support.talk import Shown, Talk

__all__ = ["late"]


class BlindMetrics:
    """The company's, which say nothing of a canary."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def arms(self, service: object, revisions: object, since: datetime) -> Any:
        raise Permanent("The query is refused.", "422.")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@pytest.fixture(autouse=True)
def two_must_agree(talk: Talk) -> None:
    """The quorum of the environment's file."""
    core = talk.bot.core
    first, *others = core.environments.known
    core.environments = Environments([first.model_copy(update={"quorum": 2}), *others])


async def approved_by_both(talk: Talk) -> Shown:
    plan = await talk.starts(ASK)
    plan.shows("2 of: lead, sre")
    await plan.click("Approve", by="lead")
    await plan.click("Approve", by="sre")
    return plan


async def without_evidence(talk: Talk) -> Shown:
    """The card of a canary of which too little is known, as it asks."""
    talk.bot.core.ports.metrics = BlindMetrics(talk.bot.core.ports.metrics)  # type: ignore[misc, assignment]
    plan = await approved_by_both(talk)

    async def asked() -> bool:
        return any(gate.kind == "verdict" for gate in await talk.bot.core.ports.records.approvals(plan.run))

    await talk.until(asked, minutes=240, what="the question")
    return await plan.now()


async def test_one_person_alone_promotes_nothing_without_evidence(talk: Talk) -> None:
    card = await without_evidence(talk)
    card.shows("Promote it without that evidence", "May answer: 2 of: lead, sre")

    # when one would promote it, then nothing moves
    assert "1 of 2" in (await card.click("Promote", by="lead")).message
    await talk.minutes(10)
    (await card.now()).shows("1 of 2 (lead)", "May still decide: sre")
    assert await talk.traffic("churn") == {"v1": 90, "v2": 10}

    # when the second agrees, it does
    assert (await (await card.now()).click("Promote", by="sre")).accepted
    record = await talk.finished(card.run)
    assert record.status == "succeeded", record.error
    assert await talk.traffic("churn") == {"v2": 100}
    (await card.now()).shows("approved by lead", "approved by sre")


async def test_one_person_rolls_back_whoever_would_promote(talk: Talk) -> None:
    card = await without_evidence(talk)
    await card.click("Promote", by="lead")

    assert (await card.click("Roll back", by="sre")).accepted

    assert (await talk.finished(card.run, minutes=5)).status == "rejected"
    assert await talk.traffic("churn") == {"v1": 100}


async def test_a_build_that_asks_goes_on_by_two_and_ends_by_one(talk: Talk, late: LatePipelines) -> None:
    late.asks = True
    plan = await approved_by_both(talk)
    card = await builds(talk, plan, "asks")
    card.shows("May answer: 2 of: lead, sre")

    assert "1 of 2" in (await card.click("Proceed", by="sre")).message
    await talk.minutes(5)
    assert await phase(late) == "asking"

    assert (await (await card.now()).click("Abort", by="lead")).accepted
    assert (await talk.finished(plan.run)).status == "failed"
    assert await phase(late) == "stopped" and await talk.traffic("churn") == {"v1": 100}
