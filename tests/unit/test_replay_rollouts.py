"""Rollouts in steps, blue-green and A/B tests are carried out again from their record."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bizaiops_bot.playbook import ArmSample, Playbook, RunRecord
from bizaiops_bot.testing import replay
from playbooks.ab_test_model import ab_test_model
from playbooks.deploy_model import deploy_model
from tests.support.fake_company import Company
from tests.unit.test_playbooks_release import arm
from tests.unit.test_replay import Site


class Split(Company):
    """Whose arms get what traffic gives them."""

    @property
    def arms(self) -> list[ArmSample]:  # type: ignore[override]
        shares = self.weights.items() if len(self.weights) > 1 else [("v1", 100), ("v2", 100)]
        return [arm(version, requests=200 * share, errors=share) for version, share in shares]

    @arms.setter
    def arms(self, _: object) -> None:
        """As they are set by the class."""


@pytest.fixture
async def sites(tmp_path: Path) -> AsyncIterator[list[Site]]:
    made: list[Site] = []
    yield made
    for site in made:
        await site.engine.stop()


async def begun(sites: list[Site], folder: Path, playbook: Playbook, **inputs: object) -> tuple[Site, int]:
    site = Site(folder / "data", playbook, Split())
    sites.append(site)
    await site.engine.start()
    number = await site.waits(model="churn", version="v2", **inputs)
    await site.decides(number, "approved")
    return site, number


async def ends(site: Site, number: int, answer: str = "approved") -> RunRecord:
    """Lets the time pass; what is asked on the way is answered so."""
    for _ in range(2000):
        record = await site.engine.run(number)
        if record.finished:
            return record
        if await site.engine.core.ports.records.approvals(number):
            await site.decides(number, answer)
        await site.engine.clock.advance(60)
        await site.engine.clock.rest()
    raise AssertionError("it did not end")


@pytest.mark.parametrize("strategy", ["steps 10, 50", "steps 10, 50, asked each", "blue-green"])
async def test_every_way_is_replayed_to_its_end(sites: list[Site], tmp_path: Path, strategy: str) -> None:
    site, number = await begun(sites, tmp_path, deploy_model, strategy=strategy)
    record = await ends(site, number)
    assert record.status == "succeeded", record.error
    found = await replay(deploy_model, await site.history(number))
    assert (found.status, found.output) == ("succeeded", record.output)
    assert list(found.steps) == [step.name for step in record.steps if step.status == "done"]


async def test_a_step_that_people_do_not_want_is_replayed_with_what_was_undone(
    sites: list[Site], tmp_path: Path
) -> None:
    site, number = await begun(sites, tmp_path, deploy_model, strategy="steps 10, 50, asked each")
    record = await ends(site, number, "rejected")
    assert record.status == "rejected" and site.world.weights == {"v1": 100}
    found = await replay(deploy_model, await site.history(number))
    assert found.status == "rejected"
    assert found.steps[-1] == "restore traffic: churn v1 100%"


async def test_an_ab_test_is_replayed_to_its_end(sites: list[Site], tmp_path: Path) -> None:
    site, number = await begun(
        sites, tmp_path, ab_test_model, share=10, until={"at": "2026-03-04T10:00:00Z", "label": "for 2 hours"}
    )
    record = await ends(site, number)
    found = await replay(ab_test_model, await site.history(number))
    assert found.status == record.status
