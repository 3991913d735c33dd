"""A CI takes the order of a build and does not answer: whatever happens to the run then, one build is made or none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bizaiops_bot.engine.runs import runs
from bizaiops_bot.testing import replay
from playbooks.deploy_model import deploy_model
from tests.support.fake_company import Company
from tests.support.small_engine import once_true
from tests.unit.test_playbooks_release import arm
from tests.unit.test_replay import STABLE, Site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(tmp_path / "data", deploy_model, Company(arms=[STABLE, arm("v2")]))
    made.world.answers.clear()
    await made.engine.start()
    yield made
    await made.engine.stop()


async def ordering(site: Site) -> int:
    """A run whose build has arrived at the CI, which has not said so."""
    number = await site.waits(model="churn", version="v2")
    await site.decides(number, "approved")

    async def arrived() -> bool:
        return bool(site.world.builds)

    await once_true(arrived)
    return number


def phases(site: Site) -> list[str]:
    return [build.phase for build in site.world.builds.values()]


async def test_a_cancel_while_an_order_is_unanswered_stops_the_build_outside(site: Site) -> None:
    number = await ordering(site)
    await site.engine.controls.cancel(number, actor="engineer")
    await site.engine.until(number, lambda r: ("order build", "failed") in [(s.name, s.status) for s in r.steps])
    site.world.answers.set()

    record = await site.engine.finished(number)

    assert record.status == "cancelled" and phases(site) == ["stopped"]
    assert ("stop build", "undone") in [(step.name, step.status) for step in record.steps]
    found = await replay(deploy_model, await site.history(number))
    assert (found.status, found.steps[-2:]) == ("cancelled", ("order build", "stop build"))


async def test_an_order_that_a_dead_bot_gave_is_found_by_the_next_one(site: Site) -> None:
    number = await ordering(site)

    site.engine = await site.engine.restarted()
    site.world.answers.set()

    assert await site.ends(number) == "succeeded"
    assert len(site.world.orders) == 1 and site.world.weights == {"v2": 100}
    assert (await replay(deploy_model, await site.history(number))).status == "succeeded"


async def test_a_bot_that_dies_between_an_order_and_its_record_leaves_no_build_behind_a_cancel(site: Site) -> None:
    # given a cancel that the bot did not live to hear
    number = await ordering(site)
    await site.engine.core.store.write(lambda conn: runs.ask_cancel(conn, number))
    assert phases(site) == ["queued"]

    # when the next one takes the run up
    site.engine = await site.engine.restarted()
    site.world.answers.set()

    # then the build that nobody had heard of is stopped
    record = await site.engine.finished(number)
    assert record.status == "cancelled" and phases(site) == ["stopped"] and len(site.world.orders) == 1
    assert (await replay(deploy_model, await site.history(number))).status == "cancelled"


async def test_an_order_that_the_ci_refused_leaves_nothing_to_stop(site: Site) -> None:
    site.world.answers.set()
    site.world.refuses_orders = True
    number = await site.waits(model="churn", version="v2")
    await site.decides(number, "approved")

    record = await site.engine.finished(number)

    assert record.status == "failed" and "There is no job for it." in record.error
    (undone,) = [step for step in record.steps if step.name == "stop build"]
    assert undone.status == "undone" and "no data for a build of churn v2" in undone.detail
    assert site.world.builds == {}
    assert (await replay(deploy_model, await site.history(number))).status == "failed"
