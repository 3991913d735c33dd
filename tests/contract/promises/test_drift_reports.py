"""Drift reports: the stable version's own rows against its own training, and nothing from too few of them."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bizaiops_bot.domain.errors import NotFound
from bizaiops_bot.domain.monitoring import DriftReport
from bizaiops_bot.domain.values import NoData
from tests.contract.stands import STANDS
from tests.contract.stands.stand import DriftStand, over, told_in_our_words

stand = over(STANDS["drift_reports"])


async def report(stand: DriftStand, minutes: float = 10) -> DriftReport:
    found = await stand.port.report(stand.model, minutes=minutes)
    assert isinstance(found, DriftReport), found
    return found


async def test_a_calm_window_has_its_columns_and_no_drift(stand: DriftStand) -> None:
    await stand.traffic(20)

    found = await report(stand)

    assert (found.model, found.version) == (stand.model, stand.first)
    assert (found.end, found.end - found.start) == (stand.now(), timedelta(minutes=10))
    assert found.rows >= 200
    assert found.features and found.score.kind == "score"
    assert (found.drifted, found.missing, found.onset) == ((), (), None)


async def test_other_inputs_than_at_training_are_named_and_dated(stand: DriftStand) -> None:
    await stand.traffic(20)
    begin = stand.now()
    column = await stand.shift()
    await stand.traffic(11)

    found = await report(stand)

    assert [feature.name for feature in found.drifted] == [column]
    assert found.onset is not None
    assert abs(found.onset - begin) <= timedelta(minutes=1)


@pytest.mark.parametrize("some", [False, True], ids=["none", "few"])
async def test_too_few_rows_are_no_data_and_never_calm(stand: DriftStand, some: bool) -> None:
    if some:
        await stand.few()

    empty = await stand.port.report(stand.model, minutes=10)

    assert isinstance(empty, NoData)
    assert stand.model in empty.query and empty.window and empty.searched


async def test_a_new_version_is_not_judged_by_the_rows_of_the_old_one(stand: DriftStand) -> None:
    await stand.traffic(10)
    await stand.promote()

    assert isinstance(await stand.port.report(stand.model, minutes=10), NoData)
    await stand.traffic(5)
    found = await report(stand)
    assert found.version == stand.second
    assert found.start >= stand.now() - timedelta(minutes=5)


async def test_an_unknown_model_is_named_with_the_nearest_known(stand: DriftStand) -> None:
    with pytest.raises(NotFound, match=f"Did you mean {stand.model}"):
        await stand.port.report(stand.model[:-1], minutes=10)


async def test_asking_changes_nothing(stand: DriftStand) -> None:
    await stand.traffic(10)

    both = await asyncio.gather(report(stand), report(stand))

    assert both[0] == both[1] == await report(stand)


async def test_a_system_that_does_not_answer_is_told_in_our_words(stand: DriftStand) -> None:
    await stand.traffic(10)

    await told_in_our_words(lambda: stand.port.report(stand.model, minutes=10), stand)
