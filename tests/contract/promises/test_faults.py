"""Faults on purpose: one fault of a kind a model, since the first time, until it is cleared."""

from __future__ import annotations

import asyncio

import pytest

from bizaiops_bot.domain.errors import NotFound
from tests.contract.stands import STANDS
from tests.contract.stands.stand import FaultsStand, over, told_in_our_words

stand = over(STANDS["faults"])


async def test_every_kind_can_be_injected_is_told_and_cleared(stand: FaultsStand) -> None:
    kinds = await stand.port.kinds()
    assert kinds
    for kind in kinds:
        said = await stand.port.inject(stand.model, kind)

        assert stand.model in said and kind in said
        assert await stand.port.active() == [(stand.model, kind, stand.now())]
        assert await stand.port.clear(stand.model) == [kind]
        assert await stand.port.active() == []


async def test_a_fault_injected_twice_is_one_since_the_first_time(stand: FaultsStand) -> None:
    kind, begin = (await stand.port.kinds())[0], stand.now()
    said = await stand.port.inject(stand.model, kind)
    await stand.traffic(3)

    assert await stand.port.inject(stand.model, kind) == said
    assert await stand.port.active() == [(stand.model, kind, begin)]


async def test_two_callers_at_once_make_one_fault(stand: FaultsStand) -> None:
    kind = (await stand.port.kinds())[0]
    first, second = await asyncio.gather(*[stand.port.inject(stand.model, kind) for _ in range(2)])

    assert first == second
    assert len(await stand.port.active()) == 1


async def test_clearing_one_model_leaves_the_other_and_clearing_all_leaves_none(stand: FaultsStand) -> None:
    kind = (await stand.port.kinds())[0]
    for model in (stand.model, stand.other):
        await stand.port.inject(model, kind)

    assert await stand.port.clear(stand.model) == [kind]
    assert [model for model, _, _ in await stand.port.active()] == [stand.other]
    assert await stand.port.clear() == [kind]
    assert await stand.port.active() == []


async def test_clearing_what_is_not_there_ends_nothing(stand: FaultsStand) -> None:
    assert await stand.port.clear() == []
    assert await stand.port.clear(stand.model) == []


async def test_an_unknown_name_is_not_found_and_told_with_those_near(stand: FaultsStand) -> None:
    kind = (await stand.port.kinds())[0]
    with pytest.raises(NotFound, match=f"Did you mean {kind}"):
        await stand.port.inject(stand.model, kind[:-1])
    with pytest.raises(NotFound, match=f"Did you mean {stand.model}"):
        await stand.port.inject(stand.model[:-1], kind)
    with pytest.raises(NotFound, match=f"Did you mean {stand.model}"):
        await stand.port.clear(stand.model[:-1])

    assert await stand.port.active() == []


async def test_a_system_that_does_not_answer_is_told_in_our_words(stand: FaultsStand) -> None:
    kind = (await stand.port.kinds())[0]

    await told_in_our_words(lambda: stand.port.inject(stand.model, kind), stand, write=True)
