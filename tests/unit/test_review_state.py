"""Small promises of the engine's state: ids that cannot be used up, schedules that go on, secrets that stay unsaid."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from bizaiops_bot.conversation.words import check_thread
from bizaiops_bot.domain.errors import BadInput, Conflict, Refused
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.plan import GateSpec, Plan, PlanStep
from bizaiops_bot.engine.approvals import gates
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.databases import sqlite_engine
from bizaiops_bot.engine.timing.cron import next_fire
from bizaiops_bot.engine.watch.schedules import Scheduler
from bizaiops_bot.playbook import Card, Inputs, Run, playbook
from bizaiops_bot.settings import Settings, unusable
from tests.support.small_engine import START, SmallEngine, once_true
from tests.support.virtual_clock import VirtualClock

AT = datetime(2026, 3, 4, 8, tzinfo=UTC)


class Ask(Inputs):
    """A digest."""

    model: str


@playbook(title="Digest", risk="control")
async def send_digest(run: Run, ask: Ask) -> Card:
    if ask.model == "churn":
        raise ZeroDivisionError("no customers")
    return Card(title="demand digest")


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sa.Connection]:
    engine = sqlite_engine(tmp_path / "s.sqlite")
    t.metadata.create_all(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def say(conn: sa.Connection, actor: str, conversation: str = "ml-ops") -> tuple[str, bool]:
    message, fresh = outbox.put_message(
        conn, conversation=conversation, thread=None, actor=actor, text=f"from {actor}", event_id="e-1", now=AT
    )
    return message.text, fresh


def test_the_event_id_of_one_person_does_not_swallow_the_message_of_another(conn: sa.Connection) -> None:
    assert say(conn, "engineer") == ("from engineer", True)
    assert say(conn, "engineer") == ("from engineer", False)
    assert say(conn, "lead") == ("from lead", True)
    assert say(conn, "engineer", "business") == ("from engineer", True)


def test_the_feed_counts_up_and_keeps_one_row(conn: sa.Connection) -> None:
    assert [outbox.next_seq(conn) for _ in range(5)] == [1, 2, 3, 4, 5]
    assert conn.execute(sa.select(sa.func.count()).select_from(t.feed)).scalar() == 1


@pytest.mark.parametrize("thread", ["@lead", "", "a b", "x\n", "x" * 201, '"><script>'])
def test_a_thread_is_the_id_of_a_message_or_card(thread: str) -> None:
    with pytest.raises(BadInput, match="not a thread"):
        check_thread(thread)
    assert check_thread("alert-1-#ml-ops") == "alert-1-#ml-ops"


def open_gate(conn: sa.Connection, role: str) -> int:
    gate = GateSpec(name="approval 1", question="Go?", role=role)
    plan = Plan(playbook="p", inputs={}, steps=(PlanStep(name="approval 1", kind="gate"),), gates=(gate,))
    asker = Actor(id="engineer", name="Erin")
    number, _ = runs.create(
        conn, plan, actor=asker, conversation="c", thread="t", message=None, unattended=None, now=AT
    )
    gates.open_gate(conn, number, gate, plan.hash, now=AT, expires=AT + timedelta(hours=1))
    return number


def test_a_gate_for_one_role_does_not_count_people_without_it(conn: sa.Connection) -> None:
    number = open_gate(conn, role="sre")
    lead = Actor(id="lead", name="Lee", roles=("approver",))
    with pytest.raises(Refused, match="role sre"):
        gates.decide(conn, number, lead, "approved", reason="", plan_hash=None, now=AT)
    sam = Actor(id="sam", name="Sam", roles=("approver", "sre"))
    assert "goes on" in gates.decide(conn, number, sam, "approved", reason="", plan_hash=None, now=AT)


def test_an_approval_at_the_deadline_is_too_late(conn: sa.Connection) -> None:
    number = open_gate(conn, role="approver")
    lead = Actor(id="lead", name="Lee", roles=("approver",))
    with pytest.raises(Conflict, match="expired"):
        gates.decide(conn, number, lead, "approved", reason="", plan_hash=None, now=AT + timedelta(hours=1))


def test_a_sixth_field_of_cron_does_not_become_every_second() -> None:
    with pytest.raises(BadInput, match="five fields"):
        next_fire("* * * * * *", "UTC", AT)


@pytest.mark.parametrize("home", ["", "ml ops", "#ml-ops", "../x"])
def test_a_home_that_no_page_could_open_stops_the_start(home: str) -> None:
    with pytest.raises(ValidationError):
        Settings(home=home)


def test_a_token_that_is_not_usable_is_not_shown() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(tokens={"lead": ["hunter2hunter2"]})
    assert "hunter2" not in str(unusable(caught.value, lambda path: "__".join(path)))


async def test_a_digest_that_breaks_says_so_and_the_schedules_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # given two schedules due at once, the first of which breaks in a way nobody foresaw
    engine = SmallEngine(tmp_path / "data", [send_digest], VirtualClock(START))
    for model in ("churn", "demand"):
        await engine.controls.add_schedule(
            f"{model} digest", "send_digest", {"model": model}, "0 9 * * *", "UTC", actor="lead", conversation="c"
        )
    # when their time comes
    caplog.set_level(logging.CRITICAL)
    await engine.clock.advance(3600)
    await Scheduler(engine.core, engine.orders).fire_due()
    # then both are told of, and neither is due any more
    cards = await engine.core.store.read(lambda conn: outbox.read_cards(conn, "c", 0, 10))
    assert [card.card.title for card in cards] == ["churn digest could not be sent", "demand digest"]
    assert "ZeroDivisionError" in cards[0].card.text
    left = await engine.core.store.read(
        lambda conn: conn.execute(sa.select(sa.func.count()).where(~t.fires.c.done)).scalar()
    )
    assert left == 0
    engine.core.store.close()


async def test_the_schedules_go_on_after_a_disk_that_was_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine = SmallEngine(tmp_path / "data", [], VirtualClock(START))
    scheduler, fired = Scheduler(engine.core, engine.orders), []

    async def fire_due() -> None:
        fired.append(engine.clock.now())
        if len(fired) == 1:
            raise sa.exc.OperationalError("insert", {}, Exception("database or disk is full"))

    monkeypatch.setattr(scheduler, "fire_due", fire_due)
    caplog.set_level(logging.CRITICAL)
    loop = asyncio.create_task(scheduler.run())

    async def tried_again() -> bool:
        await engine.clock.advance(60)
        return len(fired) == 2

    await once_true(tried_again)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    assert fired[1] - fired[0] == timedelta(minutes=5)
    engine.core.store.close()
