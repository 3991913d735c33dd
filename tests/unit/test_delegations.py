"""A lent voice: one approver and his delegate count once, it ends when it should, and never helps the requester."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bizaiops_bot.domain.errors import BadInput, Conflict, NotFound, Refused
from bizaiops_bot.domain.plan import GateSpec
from tests.support.gate_room import AT, GateRoom, approver, words

TWO = GateSpec(name="approval 1", question="Go?", quorum=2)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[GateRoom]:
    room = GateRoom(tmp_path / "room")
    yield room
    room.close()


async def test_a_delegate_decides_and_the_card_names_both(room: GateRoom) -> None:
    number = await room.begin(TWO)
    await room.delegates("lead", "ana")
    assert "ana for lead" in words(await room.card(await room.begin(TWO, model="demand")))
    assert (await room.decides("ana", number)).message == f"Counted: 1 of 2 approvals for run {number}."
    assert (await room.open_gate(number)).voices == ("ana for lead",)
    (entry,) = await room.audited("decision", number)
    assert (entry.detail["rule"], entry.detail["behalf"]) == ("delegates_approve", ["lead"])


@pytest.mark.parametrize("order", [("lead", "ana"), ("ana", "lead")])
async def test_an_approver_and_his_delegate_are_one_voice(room: GateRoom, order: tuple[str, str]) -> None:
    number = await room.begin(TWO)
    await room.delegates("lead", "ana")
    first, second = order
    assert (await room.decides(first, number)).accepted
    again = await room.decides(second, number)
    assert not again.accepted and f"was approved by {first} with the same voice" in again.message
    assert await room.state(number) == "open"


async def test_who_decides_for_two_is_still_one_person(room: GateRoom) -> None:
    number = await room.begin(TWO)
    await room.delegates("lead", "ana")
    await room.delegates("sre", "ana")
    assert (await room.decides("ana", number)).accepted
    assert "already" in (await room.decides("ana", number)).message
    assert await room.state(number) == "open"


async def test_a_delegates_veto_rejects_at_once(room: GateRoom) -> None:
    number = await room.begin(TWO)
    await room.delegates("lead", "ana")
    assert (await room.decides("lead", number)).accepted
    assert (await room.decides("ana", number, "rejected", reason="too early")).accepted
    assert await room.state(number) == "rejected"


async def test_nobody_decides_for_the_requester_nor_the_requester_for_another(room: GateRoom) -> None:
    number = await room.begin(by=approver("lead"))
    await room.delegates("lead", "ana")
    await room.delegates("sre", "lead")
    for who in ("ana", "lead"):
        assert not (await room.decides(who, number)).accepted
    assert await room.state(number) == "open"


async def test_a_voice_is_not_passed_on(room: GateRoom) -> None:
    number = await room.begin()
    await room.delegates("lead", "bob")
    await room.delegates("bob", "ana")
    assert not (await room.decides("ana", number)).accepted
    assert (await room.decides("bob", number)).accepted


async def test_at_its_end_to_the_second_a_delegation_holds_no_more(room: GateRoom) -> None:
    number = await room.begin()
    await room.delegates("lead", "ana", hours=2)
    await room.clock.leap_to(AT + timedelta(hours=2))
    assert not (await room.decides("ana", number)).accepted
    room.clock._now = AT + timedelta(hours=2, seconds=-1)
    assert (await room.decides("ana", number)).accepted


async def test_taken_back_the_delegates_word_counts_no_more_and_the_owners_voice_is_free(room: GateRoom) -> None:
    number = await room.begin(TWO)
    await room.delegates("lead", "ana")
    await room.decides("ana", number)
    await room.controls.end_delegation("ana", actor="lead")
    assert (await room.open_gate(number)).voices == ()
    assert "1 of 2" in (await room.decides("lead", number)).message
    assert "goes on" in (await room.decides("sre", number)).message


async def test_an_owner_who_loses_the_role_takes_his_delegates_word_with_him(room: GateRoom) -> None:
    number = await room.begin(TWO)
    await room.delegates("lead", "ana")
    await room.decides("ana", number)
    room.give("lead", "engineer")
    assert "1 of 2" in (await room.decides("sre", number)).message


async def test_after_a_restart_a_delegation_still_holds(room: GateRoom) -> None:
    number = await room.begin()
    await room.delegates("lead", "ana", hours=48)
    other = room.reopened()
    assert (await other.decides("ana", number)).accepted
    other.close()


async def test_one_that_holds_already_gets_the_new_end(room: GateRoom) -> None:
    first = await room.controls.delegate("ana", actor="lead", until=AT + timedelta(hours=1))
    again = await room.controls.delegate("ana", actor="lead", until=AT + timedelta(hours=9))
    assert (again.id, again.until) == (first.id, AT + timedelta(hours=9))
    assert len(await room.records.delegations()) == 1


async def test_who_may_not_approve_has_nothing_to_delegate(room: GateRoom) -> None:
    with pytest.raises(Refused, match="may not delegate"):
        await room.controls.delegate("ana", actor="bob")
    with pytest.raises(NotFound):
        await room.controls.delegate("nobody", actor="lead")
    assert await room.records.delegations() == []


@pytest.mark.parametrize(
    ("to", "hours", "told"), [("lead", 1, "to yourself"), ("ana", -1, "has passed"), ("ana", 31 * 24, "At most 30")]
)
async def test_what_cannot_be_delegated_is_told(room: GateRoom, to: str, hours: float, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        await room.controls.delegate(to, actor="lead", until=AT + timedelta(hours=hours))


async def test_giving_and_taking_back_are_audited_once_each(room: GateRoom) -> None:
    made = await room.controls.delegate("ana", actor="lead")
    await room.controls.end_delegation(None, actor="lead")
    with pytest.raises(Conflict, match="delegated nothing"):
        await room.controls.end_delegation(None, actor="lead")
    given, ended = await room.audited("delegate"), await room.audited("end_delegation")
    assert [(e.actor, e.subject, e.detail["to"]) for e in given + ended] == 2 * [
        ("lead", f"delegation {made.id}", "ana")
    ]
