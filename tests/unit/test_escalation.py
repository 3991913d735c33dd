"""Those who have not decided are told again at the times a gate names, once each, and the quorum stays what it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.engine.approvals import gates
from bizaiops_bot.engine.audit import trail
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.playbook import Card, Inputs, Run, playbook
from tests.support.gate_room import words
from tests.support.small_engine import START, SmallEngine, once_true
from tests.support.virtual_clock import VirtualClock


@playbook(title="Release", risk="change")
async def deploy_model(run: Run, ask: Inputs) -> Card:
    await run.approve("Go?", quorum=2, escalate={"2h": "approver", "20h": "sre", "5h": "lead"}, expires="24h")
    return Card(title="done")


class Office:
    """A run that waits for two of three approvers, and everything that was posted since."""

    def __init__(self, engine: SmallEngine) -> None:
        self.engine = engine
        for name in ("sre", "kim"):
            engine.core.people[name] = Actor(id=name, name=name, roles=("approver",))
        self.number = 0

    async def begins(self) -> None:
        await self.engine.start()
        self.number = await self.engine.begin()
        await self.rests()

    async def restarts(self) -> None:
        people = self.engine.core.people
        self.engine = await self.engine.restarted()
        self.engine.core.people.update(people)
        await self.rests()

    async def rests(self) -> None:
        """The run has been looked at for the time it is, and nobody carries it out."""
        core, number = self.engine.core, self.number

        async def at_rest() -> bool:
            row = await core.store.read(lambda conn: runs.get_row(conn, number))
            waits = row["worker"] is None and row["wake_at"] not in (None, runs.AT_ONCE)
            return row["ended"] is not None or (waits and datetime.fromisoformat(row["wake_at"]) > core.clock.now())

        await once_true(at_rest)

    async def at(self, hours: float) -> None:
        """That many hours after the request, with every timer on the way."""
        await self.engine.clock.advance_to(START + timedelta(hours=hours))
        await self.rests()

    async def says(self, who: str, word: str = "approved") -> str:
        told = await self.engine.controls.decide_words(self.number, word, actor=who)
        await self.rests()
        return told

    async def reminders(self) -> list[PostedCard]:
        cards = await self.engine.core.store.read(lambda conn: outbox.read_cards(conn, None, 0, 500))
        return [card for card in cards if card.id.startswith("escalation-")]

    async def audited(self) -> list[tuple[str, list[str]]]:
        """(whom the gate names, who was told), oldest first."""
        found = await self.engine.core.store.read(lambda conn: trail.read(conn, limit=500, kind="escalation"))
        return [(entry.detail["whom"], entry.detail["told"]) for entry in reversed(found)]

    async def gate(self) -> sa.RowMapping:
        seen = await self.engine.core.store.read(lambda conn: gates.look(conn, self.number))
        assert seen is not None
        return seen.gates[0]


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    made = Office(SmallEngine(tmp_path / "data", [deploy_model], VirtualClock(START)))
    await made.begins()
    yield made
    await made.engine.stop()


async def test_each_reminder_comes_at_its_time_and_in_the_order_of_time(office: Office) -> None:
    for hours, expected in ((1.9, 0), (2, 1), (4.9, 1), (5, 2), (19.9, 2), (20, 3), (23.9, 3)):
        await office.at(hours)
        assert len(await office.reminders()) == expected, f"after {hours} h"
    assert [whom for whom, _ in await office.audited()] == ["approver", "lead", "sre"]


async def test_only_those_are_told_who_have_not_decided_and_may(office: Office) -> None:
    await office.says("lead")
    office.engine.core.people["kim"] = Actor(id="kim", name="Kim", roles=("analyst",))
    await office.at(2)
    (card,) = await office.reminders()
    assert card.card.title == f"Run {office.number} has waited 2 h for approval; sre: please decide"
    assert "1 of 2 approvals (lead)" in words(card.card)
    await office.at(5)
    assert await office.audited() == [("approver", ["sre"]), ("lead", [])]
    assert "nobody else of lead may decide; still may: sre" in (await office.reminders())[-1].card.title


async def test_a_reminder_stands_in_the_runs_thread_and_says_when_it_is_too_late(office: Office) -> None:
    await office.at(2)
    (card,) = await office.reminders()
    assert (card.conversation, card.thread) == ("ml-ops", "t")
    assert "Without a decision it expires 5 Mar 08:00 UTC, and nothing is done." in words(card.card)
    assert [button.command for button in card.card.buttons] == [f"show run {office.number}"]


async def test_every_reminder_comes_once_however_often_the_bot_starts_anew(office: Office) -> None:
    for half_hours in range(1, 48):
        await office.at(half_hours / 2)
        if half_hours % 3 != 1:
            await office.restarts()
    assert [whom for whom, _ in await office.audited()] == ["approver", "lead", "sre"]
    assert [card.version for card in await office.reminders()] == [1, 1, 1]


async def test_what_fell_due_while_the_bot_was_down_is_told_at_its_start(office: Office) -> None:
    engine = office.engine
    await engine.stop()
    engine.clock._now = START + timedelta(hours=6)
    office.engine = SmallEngine(engine.folder, engine.playbooks, engine.clock)
    office.engine.core.people.update(engine.core.people)
    await office.engine.start()
    await office.rests()
    assert [whom for whom, _ in await office.audited()] == ["approver", "lead"]


async def test_a_clock_that_is_set_back_reminds_nobody_twice(office: Office) -> None:
    await office.at(3)
    office.engine.clock._now = START + timedelta(hours=1)
    await office.restarts()
    await office.at(4)
    assert len(await office.reminders()) == 1


async def test_no_reminder_lowers_the_quorum(office: Office) -> None:
    await office.at(23)
    gate = await office.gate()
    assert (gate["quorum"], gate["escalated"], gate["state"]) == (2, 3, "open")
    assert await office.says("sre") == f"Counted: 1 of 2 approvals for run {office.number}."
    assert (await office.engine.run(office.number)).status == "waiting"
    assert "goes on" in await office.says("kim")
    assert (await office.engine.finished(office.number)).status == "succeeded"


@pytest.mark.parametrize("word", ["approved", "rejected"])
async def test_what_is_decided_reminds_nobody(office: Office, word: str) -> None:
    for who in ("lead", "sre")[: 2 if word == "approved" else 1]:
        await office.says(who, word)
    await office.engine.finished(office.number)
    await office.engine.clock.advance_to(START + timedelta(hours=30))
    assert await office.reminders() == []


async def test_what_has_expired_reminds_nobody_even_when_the_bot_slept_over_it(office: Office) -> None:
    await office.engine.clock.leap_to(START + timedelta(hours=25))
    assert (await office.engine.finished(office.number)).status == "expired"
    assert await office.reminders() == [] and (await office.gate())["escalated"] == 0


async def test_a_cancelled_run_reminds_nobody(office: Office) -> None:
    await office.engine.controls.cancel(office.number, actor="engineer")
    await office.engine.finished(office.number)
    await office.engine.clock.advance_to(START + timedelta(hours=30))
    assert await office.reminders() == []


async def test_the_card_says_who_has_been_reminded_and_who_will_be(office: Office) -> None:
    await office.at(2)
    body = sa.select(t.cards.c.card).where(t.cards.c.run_id == office.number)
    found = await office.engine.core.store.read(lambda conn: conn.execute(body).scalars().all())
    shown = words(Card.model_validate_json(found[0]))
    assert "Reminded: approver" in shown and "Will be reminded: lead at 4 Mar 13:00 UTC; sre at 5 Mar 04:00" in shown
