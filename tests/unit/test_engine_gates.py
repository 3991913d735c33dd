"""Approvals are right under every race: one outcome, the requester never counts, everyone gets a truthful answer."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bizaiops_bot.domain.errors import BotError, Conflict, Refused
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.plan import GateSpec, Plan, PlanStep
from bizaiops_bot.engine import gates, runs
from bizaiops_bot.engine import tables as t
from bizaiops_bot.engine.store import sqlite_engine

AT = datetime(2026, 3, 4, 8, tzinfo=UTC)
ENGINEER = Actor(id="engineer", name="Erin", roles=("engineer",))


def person(name: str) -> Actor:
    return Actor(id=name, name=name, roles=("approver",))


def plan(quorum: int = 1) -> Plan:
    gate = GateSpec(name="approval 1", question="Go?", quorum=quorum)
    return Plan(
        playbook="deploy_model",
        inputs={"model": "churn"},
        steps=(PlanStep(name="approval 1", kind="gate"),),
        gates=(gate,),
    )


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = sqlite_engine(tmp_path / "g.sqlite")
    t.metadata.create_all(engine)
    yield engine
    engine.dispose()


def begin(engine: sa.Engine, quorum: int = 1) -> tuple[int, Plan]:
    made = plan(quorum)
    with engine.begin() as conn:
        number, fresh = runs.create(
            conn, made, actor=ENGINEER, conversation="c", thread="t", message="m-1", unattended=None, now=AT
        )
        assert fresh
        gates.open_gate(conn, number, made.gates[0], made.hash, now=AT, expires=AT + timedelta(hours=24))
    return number, made


_seconds = itertools.count()


def decide(engine: sa.Engine, number: int, who: str, decision: str = "approved", plan_hash: str | None = None) -> str:
    now = AT + timedelta(seconds=next(_seconds))
    with engine.begin() as conn:
        actor = ENGINEER if who == "engineer" else person(who)
        return gates.decide(conn, number, actor, decision, reason="", plan_hash=plan_hash, now=now)  # type: ignore[arg-type]


def state(engine: sa.Engine, number: int) -> str:
    with engine.connect() as conn:
        return gates.state(conn, number, "approval 1")


def test_one_approval_opens_the_gate(engine: sa.Engine) -> None:
    number, made = begin(engine)
    assert "goes on" in decide(engine, number, "lead", plan_hash=made.hash)
    assert state(engine, number) == "approved"


def test_the_requester_is_refused_even_without_policy(engine: sa.Engine) -> None:
    number, _ = begin(engine)
    with pytest.raises(Refused, match="requester cannot approve"):
        decide(engine, number, "engineer")
    assert state(engine, number) == "open"


def test_a_quorum_counts_distinct_people(engine: sa.Engine) -> None:
    number, _ = begin(engine, quorum=2)
    assert "1 of 2" in decide(engine, number, "lead")
    with pytest.raises(Conflict, match="already"):
        decide(engine, number, "lead")
    assert state(engine, number) == "open"
    decide(engine, number, "sre")
    assert state(engine, number) == "approved"


def test_one_veto_rejects(engine: sa.Engine) -> None:
    number, _ = begin(engine, quorum=2)
    decide(engine, number, "lead")
    decide(engine, number, "sre", "rejected")
    assert state(engine, number) == "rejected"
    with pytest.raises(Conflict, match="rejected by sre"):
        decide(engine, number, "lead2")


def test_a_decision_on_another_plan_does_not_count(engine: sa.Engine) -> None:
    number, _ = begin(engine)
    with pytest.raises(Conflict, match="another plan"):
        decide(engine, number, "lead", plan_hash="0" * 64)
    assert state(engine, number) == "open"


def test_of_a_hundred_clicks_at_once_one_decides_and_each_is_answered(engine: sa.Engine) -> None:
    number, _ = begin(engine)

    def click(n: int) -> str:
        try:
            return decide(engine, number, f"lead{n % 5}", "approved" if n % 2 else "rejected")
        except BotError as exc:
            return str(exc)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(click, range(100)))
    outcome = state(engine, number)
    assert outcome in ("approved", "rejected")
    assert sum(a.endswith(("goes on.", "is rejected.")) for a in answers) == 1
    assert all(answers)


def test_a_second_change_of_the_same_model_is_told_of_the_first(engine: sa.Engine) -> None:
    begin(engine)
    with engine.begin() as conn, pytest.raises(Conflict, match=r"Run 1 .* waiting for approval for churn"):
        runs.create(conn, plan(), actor=ENGINEER, conversation="c", thread="t", message="m-2", unattended=None, now=AT)


def test_the_same_message_makes_one_run(engine: sa.Engine) -> None:
    number, made = begin(engine)
    with engine.begin() as conn:
        again = runs.create(
            conn, made, actor=ENGINEER, conversation="c", thread="t", message="m-1", unattended=None, now=AT
        )
    assert again == (number, False)
