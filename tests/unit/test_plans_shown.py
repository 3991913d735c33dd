"""What is approved is what was seen: every decision counts for the plan and gate that this person was shown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bizaiops_bot.domain.cards import Button, Card
from bizaiops_bot.domain.plan import GateSpec
from bizaiops_bot.engine.approvals import shown
from tests.support.gate_room import GateRoom, plan_of

FIRST = GateSpec(name="approval 1", question="Build it?")
SECOND = GateSpec(name="approval 2", question="Send it everything?")


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[GateRoom]:
    made = GateRoom(tmp_path / "data")
    yield made
    made.close()


async def _look(room: GateRoom, person: str, number: int) -> None:
    """The bot answers the person with a card that offers the decision."""
    gate = await room.open_gate(number)
    bind = {"run": str(number), "plan_hash": gate.plan_hash, "gate": gate.name}
    card = Card(title="Run", buttons=(Button(label="Approve", command=f"approve run {number}", bind=bind),))
    await room.write(lambda conn: shown.note(conn, person, card))


async def test_words_count_for_the_plan_that_a_run_began_with(room: GateRoom) -> None:
    number = await room.begin()
    assert (await room.decides("lead", number)).accepted


@pytest.mark.parametrize("word", ["approved", "rejected"])
async def test_an_edit_that_a_person_was_not_shown_is_not_decided_on(room: GateRoom, word: str) -> None:
    number = await room.begin()
    await _look(room, "lead", number)
    await room.change_plan(number, FIRST, version="v9")
    told = await room.decides("lead", number, word)
    assert not told.accepted and "another plan now than you were shown" in told.message
    assert await room.state(number) == "open"


async def test_once_it_was_shown_it_is_decided_on(room: GateRoom) -> None:
    number = await room.begin()
    await room.change_plan(number, FIRST, version="v9")
    await _look(room, "lead", number)
    assert (await room.decides("lead", number)).accepted


async def test_what_one_person_was_shown_says_nothing_of_another(room: GateRoom) -> None:
    number = await room.begin()
    await room.change_plan(number, FIRST, version="v9")
    await _look(room, "lead", number)
    assert not (await room.decides("sre", number)).accepted


async def test_a_plan_changed_and_changed_back_is_the_one_that_was_seen(room: GateRoom) -> None:
    number = await room.begin(FIRST)
    await room.change_plan(number, FIRST, version="v9")
    await room.change_plan(number, FIRST, version="v2")
    first = await room.decides("lead", number)
    assert first.accepted, first.message


async def test_a_second_question_of_the_same_plan_is_shown_before_words_answer_it(room: GateRoom) -> None:
    number = await room.begin(FIRST, SECOND)
    assert (await room.decides("lead", number)).accepted
    await room.write(lambda conn: room.open(conn, number, plan_of(FIRST, SECOND), which=1))
    told = await room.decides("lead", number)
    assert not told.accepted and "Send it everything?" in told.message
    await _look(room, "lead", number)
    assert (await room.decides("lead", number)).accepted
