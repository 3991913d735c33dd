"""Outcomes: what became of a request is known when its time has come, and counted once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bizaiops_bot.domain.errors import NotFound
from bizaiops_bot.domain.monitoring import ValueArm
from bizaiops_bot.domain.values import NoData
from tests.contract.stands import STANDS
from tests.contract.stands.stand import OutcomesStand, over, told_in_our_words

stand = over(STANDS["outcomes"])


async def values(stand: OutcomesStand, versions: list[str]) -> list[ValueArm]:
    found = await stand.port.value(stand.service, versions, stand.now() - timedelta(minutes=30))
    assert not isinstance(found, NoData)
    return found


async def test_labels_are_counted_when_they_have_come(stand: OutcomesStand) -> None:
    start = stand.now()
    await stand.traffic(stand.late)
    asked = stand.answered()
    assert await stand.port.labels(stand.model, start) == 0

    await stand.traffic(stand.late)

    assert await stand.port.labels(stand.model, start) == asked > 0


async def test_labels_are_those_of_requests_made_since(stand: OutcomesStand) -> None:
    await stand.traffic(5)
    before, since = stand.answered(), stand.now()
    await stand.traffic(5)
    asked = stand.answered()

    await stand.traffic(stand.late)

    assert await stand.port.labels(stand.model, since) == asked - before


async def test_a_version_is_as_good_as_at_its_gate_while_nothing_changes(stand: OutcomesStand) -> None:
    await stand.traffic(30)

    found = await stand.port.quality(stand.service, stand.first, minutes=20)

    assert not isinstance(found, NoData)
    assert found.low < found.current < found.high
    assert (found.drifted, found.onset) == (False, None)
    assert 0 < found.labelled < stand.answered()


async def test_quality_that_is_lost_is_told_when_the_labels_have_come(stand: OutcomesStand) -> None:
    await stand.traffic(20)
    await stand.worsen()
    begin = stand.now()
    await stand.traffic(30)

    found = await stand.port.quality(stand.service, stand.first, minutes=20)

    assert not isinstance(found, NoData)
    assert found.drifted
    assert found.onset is None or abs(found.onset - begin) <= timedelta(minutes=10)


async def test_too_few_labels_are_no_data_and_never_good(stand: OutcomesStand) -> None:
    await stand.traffic(stand.late)
    answers = [await stand.port.quality(stand.service, v, minutes=60) for v in (stand.first, stand.second)]

    for empty in answers:
        assert isinstance(empty, NoData)
        assert stand.model in empty.query and empty.window and empty.searched


async def test_requests_have_a_value_only_as_far_as_labels_have_arrived(stand: OutcomesStand) -> None:
    await stand.traffic(30)
    asked = stand.answered()

    found = await values(stand, [stand.first])

    (arm,) = found
    assert arm.version == stand.first
    assert 0 < arm.n < asked, "what was answered just now cannot be known to have been right"
    assert arm.sumsq >= arm.total**2 / arm.n
    assert arm.name and arm.unit


async def test_each_version_has_the_value_of_its_own_requests(stand: OutcomesStand) -> None:
    await stand.canary(50)
    await stand.traffic(30)

    both = {arm.version: arm.n for arm in await values(stand, [stand.first, stand.second])}
    alone = await values(stand, [stand.second])

    assert set(both) == {stand.first, stand.second}
    assert [(arm.version, arm.n) for arm in alone] == [(stand.second, both[stand.second])]
    assert 0.4 < both[stand.second] / sum(both.values()) < 0.6


async def test_values_begin_when_asked_to(stand: OutcomesStand) -> None:
    await stand.traffic(10)
    before, since = stand.answered(), stand.now()
    await stand.traffic(5)
    asked = stand.answered()
    await stand.traffic(stand.late)

    arms = await stand.port.value(stand.service, [stand.first], since)

    assert not isinstance(arms, NoData)
    assert sum(arm.n for arm in arms) <= asked - before
    assert sum(arm.n for arm in arms) > 0.5 * (asked - before)


async def test_an_unknown_model_is_named_with_the_nearest_known(stand: OutcomesStand) -> None:
    with pytest.raises(NotFound, match=f"Did you mean {stand.model}"):
        await stand.port.labels(stand.model[:-1], stand.now())
    wrong = stand.service.model_copy(update={"model": stand.model[:-1]})
    for ask in (
        lambda: stand.port.quality(wrong, stand.first, minutes=60),
        lambda: stand.port.value(wrong, [stand.first], stand.now()),
    ):
        with pytest.raises(NotFound, match=f"Did you mean {stand.model}"):
            await ask()


async def test_asking_changes_nothing(stand: OutcomesStand) -> None:
    await stand.traffic(10)
    since = stand.now() - timedelta(minutes=10)

    both = await asyncio.gather(*[stand.port.labels(stand.model, since) for _ in range(2)])

    assert both[0] == both[1] == await stand.port.labels(stand.model, since)


async def test_a_system_that_does_not_answer_is_told_in_our_words(stand: OutcomesStand) -> None:
    await stand.traffic(5)

    await told_in_our_words(lambda: stand.port.labels(stand.model, stand.now()), stand)
