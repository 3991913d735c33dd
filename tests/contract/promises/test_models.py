"""Models: the catalogue names each model once, always in the same order, by the name that other ports take."""

from __future__ import annotations

import asyncio
import re

from tests.contract.stands import STANDS
from tests.contract.stands.stand import ModelsStand, over

stand = over(STANDS["models"])


async def test_every_model_is_there_once_and_in_the_same_order_each_time(stand: ModelsStand) -> None:
    first, again = await stand.port.specs(), await stand.port.specs()

    assert [spec.name for spec in first] == list(stand.names) == [spec.name for spec in again]


async def test_a_name_is_one_that_people_and_other_ports_can_say(stand: ModelsStand) -> None:
    for spec in await stand.port.specs():
        assert re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", spec.name) and spec.title


async def test_who_changes_the_answer_changes_nothing(stand: ModelsStand) -> None:
    (await stand.port.specs()).clear()

    assert len(await stand.port.specs()) == len(stand.names)


async def test_many_may_ask_at_once(stand: ModelsStand) -> None:
    answers = await asyncio.gather(*(stand.port.specs() for _ in range(20)))

    assert all(answer == answers[0] for answer in answers)


async def test_a_system_that_is_away_hides_no_model(stand: ModelsStand) -> None:
    stand.break_()

    assert [spec.name for spec in await stand.port.specs()] == list(stand.names)
