"""Every click is answered truthfully and audited once: on a new card, an old one, after a restart, on a deleted one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bizaiops_bot.conversation.clicks import Clicks
from bizaiops_bot.domain.cards import Button, Card
from bizaiops_bot.domain.plan import GateSpec
from bizaiops_bot.domain.posts import ClickAnswer, PostedMessage
from bizaiops_bot.engine.audit import trail
from bizaiops_bot.engine.orders.orders import Orders
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.runs import runs, workers
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.timing.retention import Keep, Retention
from tests.support.gate_room import AT, GateRoom, words

KINDS = ("decision", "click", "stale_click")
TWO = GateSpec(name="approval 1", question="Go?", quorum=2)


@dataclass
class Screen:
    """What people have before their eyes, and may click on long after it has changed."""

    room: GateRoom
    said: list[PostedMessage] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._clicks = Clicks(self.room.core, Orders(self.room.core), lambda message, _bind: self.said.append(message))

    def restarted(self) -> Screen:
        self.room = self.room.reopened()
        self.__post_init__()
        return self

    async def buttons(self, card: str) -> dict[str, str]:
        """Label -> id, as they are now."""
        found = await self.room.core.store.read(lambda conn: outbox.read_cards(conn, None, 0, 100))
        return {b.label: b.id for one in found if one.id == card for b in one.buttons}

    async def click(self, who: str, card: str, button: str, reason: str = "", event: str | None = None) -> ClickAnswer:
        return await self._clicks.click(who, card, button, reason, event)

    async def entries(self) -> list[tuple[str, str, str]]:
        """(kind, who, what he was told) of everything a click can leave in the audit, oldest first."""
        found = await self.room.core.store.read(lambda conn: trail.read(conn, limit=1000))
        return [(e.kind, e.actor, str(e.detail["told"])) for e in reversed(found) if e.kind in KINDS]

    async def run_ends(self, number: int, status: str) -> None:
        """As the engine does it once the gate is closed."""
        now = self.room.clock.now()

        def work(conn: sa.Connection) -> None:
            runs.set_status(conn, number, status, now=now)
            self.room.core.cards.redraw(conn, number)

        await self.room.write(work)

    async def tidy(self, days: int) -> None:
        await self.room.clock.leap_to(AT + timedelta(days=days))
        core = self.room.core
        core.lead.worker = workers.new_id()  # of several workers the one that leads tidies up
        await workers.register(core.store, core.lead.worker, "here")
        await Retention(core, Keep()).tidy()


@pytest.fixture
async def screen(tmp_path: Path) -> AsyncIterator[Screen]:
    screen = Screen(GateRoom(tmp_path / "room"))
    yield screen
    screen.room.close()


async def test_each_click_has_its_answer_and_one_entry_with_the_same_words(screen: Screen) -> None:
    number = await screen.room.begin()
    card = f"run-{number}"
    seen = await screen.buttons(card)
    told = []
    for who, on, button in (
        ("engineer", card, seen["Approve"]),  # asked for it
        ("ana", card, seen["Reject"]),  # has no right to
        ("stranger", card, seen["Approve"]),
        ("lead", "c-nothing", seen["Approve"]),
        ("lead", card, "b-nothing"),
        ("lead", card, seen["Approve"]),
        ("sre", card, seen["Approve"]),  # too late
    ):
        told.append((who, await screen.click(who, on, button)))
    assert [answer.accepted for _, answer in told] == [False] * 5 + [True, False]
    assert [(who, words) for _, who, words in await screen.entries()] == [(who, a.message) for who, a in told]


@pytest.mark.parametrize("reason", ["the AUC is too low", "  the AUC\n is   too low "])
async def test_the_reason_of_a_rejection_stands_on_the_card_and_in_the_audit(screen: Screen, reason: str) -> None:
    number = await screen.room.begin()
    seen = await screen.buttons(f"run-{number}")
    assert (await screen.click("sre", f"run-{number}", seen["Reject"], reason)).accepted
    await screen.run_ends(number, "rejected")
    assert "rejected by sre (the AUC is too low)" in words(await screen.room.card(number))
    (entry,) = await screen.room.audited("decision", number)
    assert "the AUC" in entry.detail["reason"]


async def test_a_rejection_without_words_counts_and_the_card_says_that_it_had_none(screen: Screen) -> None:
    number = await screen.room.begin()
    seen = await screen.buttons(f"run-{number}")
    assert (await screen.click("sre", f"run-{number}", seen["Reject"])).accepted
    await screen.run_ends(number, "rejected")
    assert "rejected by sre (no reason given)" in words(await screen.room.card(number))


async def test_between_the_decision_and_the_run_going_on_nobody_is_told_that_it_waits(screen: Screen) -> None:
    number = await screen.room.begin()
    seen = await screen.buttons(f"run-{number}")
    await screen.click("lead", f"run-{number}", seen["Reject"])
    late = await screen.click("sre", f"run-{number}", seen["Approve"])
    assert not late.accepted and f"Run {number} was rejected by lead at 4 Mar 08:00 UTC." in late.message
    assert (await screen.room.card(number)).title.endswith("rejected by lead")


async def test_a_button_of_an_old_plan_decides_nothing_and_says_how_it_is_now(screen: Screen) -> None:
    number = await screen.room.begin()
    old = await screen.buttons(f"run-{number}")
    await screen.room.change_plan(number, TWO, version="v3")
    answer = await screen.click("lead", f"run-{number}", old["Approve"])
    assert not answer.accepted and "The card has changed. Now: Deploy churn" in answer.message
    assert (await screen.room.open_gate(number)).voices == ()


async def test_a_button_of_the_gate_before_does_not_open_the_next_one(screen: Screen) -> None:
    number = await screen.room.begin(
        GateSpec(name="approval 1", question="Canary?"), GateSpec(name="approval 2", question="All?")
    )
    old = await screen.buttons(f"run-{number}")
    await screen.click("lead", f"run-{number}", old["Approve"])
    plan = (await screen.room.records.run(number)).plan
    await screen.room.write(lambda conn: screen.room.open(conn, number, plan, which=1))
    assert not (await screen.click("sre", f"run-{number}", old["Approve"])).accepted
    assert await screen.room.state(number, "approval 2") == "open"
    fresh = await screen.buttons(f"run-{number}")
    assert (await screen.click("sre", f"run-{number}", fresh["Approve"])).accepted


async def test_a_button_outlives_a_restart(screen: Screen) -> None:
    number = await screen.room.begin(TWO)
    seen = await screen.buttons(f"run-{number}")
    assert (await screen.click("lead", f"run-{number}", seen["Approve"])).accepted
    other = screen.restarted()
    assert "goes on" in (await other.click("sre", f"run-{number}", seen["Approve"])).message


@pytest.mark.parametrize("button", ["Approve", "gone"])
async def test_the_same_click_is_answered_as_before_also_after_a_restart_and_does_nothing_more(
    screen: Screen, button: str
) -> None:
    number = await screen.room.begin(TWO)
    seen = (await screen.buttons(f"run-{number}")).get(button, "b-gone")
    first = await screen.click("lead", f"run-{number}", seen, event="e-1")
    before = await screen.entries()
    assert await screen.click("lead", f"run-{number}", seen, event="e-1") == first
    assert await screen.restarted().click("lead", f"run-{number}", seen, event="e-1") == first
    assert await screen.entries() == before and len(before) == 1


async def test_nobody_uses_up_the_id_of_another_persons_click(screen: Screen) -> None:
    number = await screen.room.begin(TWO)
    seen = await screen.buttons(f"run-{number}")
    assert (await screen.click("ana", f"run-{number}", seen["Approve"], event="e-1")).accepted is False
    assert (await screen.click("lead", f"run-{number}", seen["Approve"], event="e-1")).accepted


async def test_the_same_click_delivered_many_times_at_once_counts_once(screen: Screen) -> None:
    number = await screen.room.begin(TWO)
    seen = await screen.buttons(f"run-{number}")
    same = [screen.click("lead", f"run-{number}", seen["Approve"], event="e-1") for _ in range(20)]
    answers = await asyncio.gather(*same)
    assert len({answer.message for answer in answers}) == 1 and answers[0].accepted
    assert len(await screen.entries()) == 1


async def test_on_a_deleted_card_the_answer_tells_how_its_run_ended(screen: Screen) -> None:
    number = await screen.room.begin()
    seen = await screen.buttons(f"run-{number}")
    await screen.click("lead", f"run-{number}", seen["Approve"])
    await screen.run_ends(number, "succeeded")
    await screen.tidy(days=100)
    late = await screen.click("sre", f"run-{number}", seen["Approve"])
    assert not late.accepted
    assert late.message == (
        f"That card is not kept any more; Run {number} was approved by lead at 4 Mar 08:00 UTC; it is succeeded now."
    )
    assert (await screen.entries())[-1] == ("stale_click", "sre", late.message)


async def test_when_the_run_is_deleted_too_that_is_what_is_told(screen: Screen) -> None:
    number = await screen.room.begin()
    seen = await screen.buttons(f"run-{number}")
    await screen.click("lead", f"run-{number}", seen["Reject"])
    await screen.run_ends(number, "rejected")
    await screen.tidy(days=500)
    late = await screen.click("sre", f"run-{number}", seen["Approve"])
    assert late.message == f"That card is not kept any more; there is no run {number} any more."
    other = await screen.click("sre", "c-m-1-1", "b-1")
    assert other.message == "That card is not kept any more; say in words what you want."


async def test_the_card_of_a_run_that_waits_is_kept_however_old(screen: Screen) -> None:
    number = await screen.room.begin()
    seen = await screen.buttons(f"run-{number}")
    await screen.tidy(days=800)
    late = await screen.click("sre", f"run-{number}", seen["Approve"])
    assert "has expired" in late.message, "the gate is over, yet the card was found"


async def test_a_button_that_decides_nothing_says_its_words_once_for_two_quick_presses(screen: Screen) -> None:
    card = Card(title="Choose", buttons=(Button(label="Status", command="status churn"),))
    place = {"conversation": "ml-ops", "thread": "m-1", "reply_to": None}
    await screen.room.write(lambda conn: outbox.put_card(conn, "c-1", card, now=AT, **place))  # type: ignore[arg-type]
    seen = await screen.buttons("c-1")
    first, second = await asyncio.gather(*(screen.click("ana", "c-1", seen["Status"]) for _ in range(2)))
    assert first == second and first.message == "Said for you: status churn"
    assert [(m.actor, m.text) for m in screen.said] == [("ana", "status churn")]
    clicks = sa.select(sa.func.count()).where(t.audit.c.kind == "click")
    assert await screen.room.core.store.read(lambda conn: conn.execute(clicks).scalar_one()) == 1


async def test_two_quick_presses_are_one_also_where_the_platform_names_each(screen: Screen) -> None:
    card = Card(title="Choose", buttons=(Button(label="Status", command="status churn"),))
    place = {"conversation": "slack:C1", "thread": "m-1", "reply_to": None}
    await screen.room.write(lambda conn: outbox.put_card(conn, "c-1", card, now=AT, **place))  # type: ignore[arg-type]
    seen = await screen.buttons("c-1")
    presses = (screen.click("ana", "c-1", seen["Status"], event=f"slack/{n}") for n in range(2))
    first, second = await asyncio.gather(*presses)
    assert first == second and [m.text for m in screen.said] == ["status churn"]
    assert await screen.restarted().click("ana", "c-1", seen["Status"], event="slack/1") == second
    assert not screen.said[1:], "the second press is remembered, too"
