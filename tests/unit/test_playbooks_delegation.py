"""Letting somebody approve in one's place: what the cards say, and what takes it back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.errors import Conflict
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.playbook import spoken_end
from playbooks.delegate_approvals import delegate_approvals
from playbooks.end_delegation import end_delegation
from playbooks.list_approvals import list_approvals
from tests.support.fake_company import START, Company
from tests.support.router_company import does
from tests.support.run_double import RunDouble, play
from tests.unit.test_playbooks_operate import waiting_run

LEAD = Actor(id="lead", name="Lee", roles=("engineer", "approver"))
FRIDAY = {"at": "2026-11-27T17:00:00+00:00", "label": "until friday 17:00"}


def words(card: Card) -> str:
    return " ".join(getattr(block, "text", "") for block in card.blocks)


async def test_the_card_says_who_decides_for_whom_until_when_and_what_it_means() -> None:
    world = Company()
    card = await play(delegate_approvals, RunDouble(world, actor=LEAD), to="analyst", until=FRIDAY)
    assert card.summary == "analyst decides for Lee until Fri 27 Nov 17:00 (UTC)."
    assert "It does not hold for runs that you or analyst asked for." in words(card)
    assert "may approve anyway" not in words(card)
    assert [(d.owner, d.delegate) for d in world.delegations] == [("lead", "analyst")]


async def test_the_card_says_when_the_delegate_may_approve_anyway() -> None:
    card = await play(delegate_approvals, RunDouble(Company(), actor=LEAD), to="sre")
    assert "sre may approve anyway, with a voice of their own." in words(card)


async def test_without_an_end_it_is_for_a_day() -> None:
    world = Company()
    await play(delegate_approvals, RunDouble(world, actor=LEAD), to="sre")
    assert world.delegations[0].until == START + timedelta(hours=24)


async def test_the_button_on_the_card_takes_it_back() -> None:
    world = Company()
    card = await play(delegate_approvals, RunDouble(world, actor=LEAD), to="sre")
    assert does(card.buttons[0].command) == ("end_delegation", {"to": "sre"})
    ended = await play(end_delegation, RunDouble(world, actor=LEAD), to="sre")
    assert ended.summary == "sre no longer decides for Lee."
    assert world.delegations == []
    assert does(ended.buttons[0].command) == ("delegate_approvals", {"to": "sre"})
    with pytest.raises(Conflict, match="You have delegated nothing"):
        await play(end_delegation, RunDouble(world, actor=LEAD))


async def test_all_is_taken_back_when_nobody_is_named() -> None:
    world = Company()
    for person in ("sre", "analyst"):
        await play(delegate_approvals, RunDouble(world, actor=LEAD), to=person)
    ended = await play(end_delegation, RunDouble(world, actor=LEAD))
    assert ended.summary == "sre and analyst no longer decide for Lee."


async def test_the_list_of_approvals_says_who_may_still_decide_and_who_decides_for_whom() -> None:
    world = Company(runs=[waiting_run()])
    await play(delegate_approvals, RunDouble(world, actor=LEAD), to="analyst", until=FRIDAY)
    card = await play(list_approvals, RunDouble(world, actor=LEAD))
    assert "asked by engineer, one approval needed from lead or sre" in card.summary
    assert "analyst decides for lead until Fri 27 Nov 17:00 (UTC)" in card.summary
    assert card.buttons[-1].command == "stop delegating to analyst"
    others = await play(list_approvals, RunDouble(world))
    assert not any("delegating" in button.command for button in others.buttons)


async def test_delegations_are_told_also_when_nothing_waits() -> None:
    world = Company()
    await play(delegate_approvals, RunDouble(world, actor=LEAD), to="sre", until=FRIDAY)
    card = await play(list_approvals, RunDouble(world))
    assert card.summary == "No run waits for an approval. sre decides for lead until Fri 27 Nov 17:00 (UTC)."


def test_midnight_is_told_as_the_end_of_the_day() -> None:
    assert (
        spoken_end(datetime(2026, 11, 27, 23, tzinfo=UTC), "Europe/Berlin") == "the end of Fri 27 Nov (Europe/Berlin)"
    )
    assert spoken_end(datetime(2026, 11, 27, 22, tzinfo=UTC), "Europe/Berlin") == "Fri 27 Nov 23:00 (Europe/Berlin)"
