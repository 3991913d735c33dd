"""Each example of a company's folder starts a bot that speaks and judges as its files say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from bizaiops_bot.settings import load_settings
from tests.scenario.conftest import Saved
from tests.support import stores
from tests.support.talk import Talk
from tests.support.virtual_clock import VirtualClock

EXAMPLES = Path(__file__).parents[2] / "examples"
Starts = Callable[[str], AbstractAsyncContextManager[Talk]]


@pytest.fixture
def starts(founded: Saved, tmp_path: Path) -> Starts:
    """A bot on an example's folder, and on the data of the founded company."""

    @asynccontextmanager
    async def start(name: str) -> AsyncIterator[Talk]:
        settings = load_settings(company=EXAMPLES / name)
        own = {field: value for field, value in settings if field not in ("data", "store", "language", "embedded")}
        stores.copy_company(founded.folder, tmp_path / "data")
        talk = await Talk.begin(tmp_path / "data", VirtualClock(founded.at), more=own)
        yield talk
        await talk.end()
        stores.drop_company(tmp_path / "data")

    return start


async def test_production_asks_two_people_and_a_plan_has_the_models_own_hold(starts: Starts) -> None:
    async with starts("two-environments") as talk:
        assert talk.bot.core.policy.environment == "production"
        plan = await talk.says("deploy churn v2 as a 10% canary", by="ada")
        plan.shows("2 of: grace, alan")
        plan.shows("everything after 60 min", "10% for 60 min is about", "can rule out errors +0.5 points", "p95 x1.3")
        card = await talk.says("status demand", by="ada")
        card.shows("supply chain")


async def test_one_bot_acts_in_both_environments(starts: Starts) -> None:
    async with starts("two-environments") as talk:
        plan = await talk.starts("deploy churn v2", by="ada")
        shown = await talk.says("deploy churn v2 to pre-prod", by="ada")
        shown.shows("Deploy churn v2 in staging")
        assert "Approve" not in shown.buttons() and shown.run != plan.run
        (await talk.says("status churn in staging", by="ada")).shows("churn in staging")


async def test_one_cluster_says_what_a_prometheus_cannot_judge_and_that_nobody_waits_for_it(starts: Starts) -> None:
    async with starts("one-cluster") as talk:
        plan = await talk.says("deploy churn v2 as a 10% canary", by="sam")
        plan.shows(
            "can rule out errors +1.0 points",
            "; advisory, not judged where it cannot be told: score distribution, business value",
            "look at the effect later",
        )
        card = await talk.says("what features does churn use?", by="sam")
        card.shows("after 30d, from the contracts that ended", "customer-churn", "train-churn", "data-science")
