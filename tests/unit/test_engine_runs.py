"""Durable runs meet cancels, restarts and failing undos, and still tell the truth."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bizaiops_bot.domain.errors import BadInput, Conflict, Permanent
from bizaiops_bot.domain.monitoring import ArmSample, RevisionSample
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.domain.values import ModelName, NoData
from bizaiops_bot.engine.approvals import gates
from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.playbook import Card, Inputs, Playbook, Run, playbook
from tests.support.arms import Observed
from tests.support.services import service
from tests.support.small_engine import START, SmallEngine
from tests.support.virtual_clock import VirtualClock
from tests.unit.test_playbooks_release import arm


class Ask(Inputs):
    """A change of a model."""

    model: ModelName = "churn"


@dataclass
class World(Observed):
    """What the playbook reaches: counts what was done, answers as it is told."""

    done: list[str] = field(default_factory=list)
    arms_answer: list[ArmSample] = field(default_factory=list)
    looks: int = 0
    broken: bool = False
    stuck: bool = False

    async def looked(self) -> int:
        self.looks += 1
        return self.looks

    async def change(self, what: str) -> str:
        if self.broken and what == "restore":
            raise Permanent("The mesh refused.", "409 Conflict.")
        if self.stuck:
            await VirtualClock(START).sleep_until(START + timedelta(days=1))
        self.done.append(what)
        return what

    async def services(self) -> list[ServiceRef]:
        return [service()]

    async def arms(
        self, service: ServiceRef, revisions: Sequence[str], since: datetime
    ) -> list[RevisionSample] | NoData:
        self.looks += 1
        return await super().arms(service, revisions, since)

    def known(self, since: datetime) -> list[ArmSample] | NoData:
        return self.arms_answer or NoData(query="arms", window="now", searched="test")


@playbook(title="Gated", risk="change")
async def roll_back_model(run: Run, ask: Ask) -> Card:
    await run.approve("Go?")
    await run.step("change", run.serving.change, "change")  # type: ignore[attr-defined]
    return Card(title="done")


@playbook(title="Judged", risk="change")
async def deploy_model(run: Run, ask: Ask) -> Card:
    async with run.undo("restore", run.serving.change, "restore"):  # type: ignore[attr-defined]
        verdict = await run.judge(service(ask.model), "v2", hold="20m")
        if not run.planning and not verdict.ok:
            raise Conflict("The canary is no good.", verdict.reason)
    return Card(title="done")


@playbook(title="Watched", risk="change")
async def retrain_model(run: Run, ask: Ask) -> Card:
    look = run.serving.looked  # type: ignore[attr-defined]
    await run.until("collect", look, done=lambda looks: looks == 1, every="1m", deadline="1h")
    await run.approve("Go on?")
    return Card(title="done")


@playbook(title="Asked late", risk="change")
async def scale_model(run: Run, ask: Ask) -> Card:
    await run.approve("Go?")
    await run.step("change", run.serving.change, "change")  # type: ignore[attr-defined]
    await run.approve("Keep it?")
    return Card(title="done")


def engine_for(folder: Path, made: Playbook, world: World) -> SmallEngine:
    return SmallEngine(folder, [made], VirtualClock(START), serving=world, metrics=world)


@pytest.fixture
async def gated(tmp_path: Path) -> AsyncIterator[SmallEngine]:
    engine = engine_for(tmp_path / "data", roll_back_model, World())
    await engine.start()
    yield engine
    await engine.stop()


async def test_a_run_that_was_cancelled_can_not_be_approved_any_more(gated: SmallEngine) -> None:
    # given a run with a card that shows Approve, and the run is cancelled
    number = await gated.begin(model="churn")
    await gated.until(number, lambda record: record.status == "waiting")
    await gated.controls.cancel(number, actor="engineer")
    await gated.finished(number)
    # when somebody clicks Approve on an older card
    with pytest.raises(Conflict, match="cancelled"):
        await gated.controls.decide(number, "approved", actor="lead")
    # then nothing has been counted
    assert (await gated.run(number)).decisions == ()


async def test_a_rejection_says_that_nothing_was_begun_only_where_that_is_so(tmp_path: Path) -> None:
    engine = engine_for(tmp_path / "data", scale_model, World())
    await engine.start()
    try:
        early, late = await engine.begin("m-1", model="churn"), await engine.begin("m-2", model="demand")
        await engine.controls.decide(late, "approved", actor="lead")
        await engine.until(late, lambda record: record.steps[-1].status == "waiting")
        for number, gate in ((early, "approval 1"), (late, "approval 2")):
            await engine.controls.decide(number, "rejected", actor="lead", gate=gate)
        assert "Nothing was begun" in (await engine.finished(early)).error
        assert "is undone where the plan says so" in (await engine.finished(late)).error
    finally:
        await engine.stop()


async def test_an_approval_after_the_cancel_does_not_count(gated: SmallEngine) -> None:
    number = await gated.begin(model="churn")
    await gated.core.store.write(lambda conn: runs.ask_cancel(conn, number))
    with pytest.raises(Conflict, match="is being cancelled"):
        await gated.controls.decide(number, "approved", actor="lead")


async def test_a_cancel_that_a_crash_kept_from_the_run_is_heard_after_the_restart(tmp_path: Path) -> None:
    # given a waiting run whose cancel is stored, but the process dies before the run has heard of it
    engine = engine_for(tmp_path / "data", roll_back_model, World())
    await engine.start()
    number = await engine.begin(model="churn")
    await engine.until(number, lambda record: record.steps[0].status == "waiting")
    await engine.core.store.write(lambda conn: runs.ask_cancel(conn, number))
    # when the bot starts again
    engine = await engine.restarted()
    # then the run ends, without the 24 hours of its gate going by
    try:
        assert (await engine.finished(number)).status == "cancelled"
        assert engine.clock.now() == START
    finally:
        await engine.stop()


async def test_a_verdict_that_was_given_is_not_looked_for_again_after_a_restart(tmp_path: Path) -> None:
    # given a run whose verdict is there, and whose undo the process does not live to finish
    world = World(stuck=True, arms_answer=[arm("v1"), arm("v2", errors=300)])
    engine = engine_for(tmp_path / "data", deploy_model, world)
    await engine.start()
    number = await engine.begin(model="churn")
    await engine.until(number, lambda record: any(s.name == "restore" and s.status == "running" for s in record.steps))
    looks = world.looks
    # when the bot starts again and a cancel comes
    world.stuck = False
    await engine.core.store.write(lambda conn: runs.ask_cancel(conn, number))
    engine = await engine.restarted()
    # then it goes on with the undo, on the verdict of before
    try:
        record = await engine.finished(number)
        assert world.done == ["restore"], record
        assert world.looks == looks
        assert "The canary is no good" in record.error
    finally:
        await engine.stop()


async def test_a_wait_that_is_over_is_not_waited_for_again_after_a_restart(tmp_path: Path) -> None:
    world = World()
    engine = engine_for(tmp_path / "data", retrain_model, world)
    await engine.start()
    number = await engine.begin(model="churn")
    await engine.until(number, lambda record: record.steps[-1].status == "waiting")
    engine = await engine.restarted()
    try:
        await engine.controls.decide(number, "approved", actor="lead")
        assert (await engine.finished(number)).status == "succeeded"
        assert world.looks == 1
    finally:
        await engine.stop()


async def test_an_undo_that_fails_is_told_with_the_reason_it_was_needed_for(tmp_path: Path) -> None:
    world = World(broken=True)
    engine = engine_for(tmp_path / "data", deploy_model, world)
    await engine.start()
    try:
        number = await engine.begin(model="churn")
        await engine.until(number, lambda record: record.steps[0].status == "running")
        await engine.controls.cancel(number, actor="engineer")
        # when the undo fails, a person is asked, with what the world says now
        asked = await engine.asked(number)
        assert asked.kind == "question" and "the traffic of churn is" in asked.question
        await engine.controls.decide(number, "rejected", actor="lead")
        record = await engine.finished(number)
        assert record.status == "failed"
        for part in ("The mesh refused", f"Run {number} was cancelled", "State unknown"):
            assert part in record.error
    finally:
        await engine.stop()


async def test_an_order_that_made_its_run_before_a_crash_is_not_planned_again(tmp_path: Path) -> None:
    # given an order whose run is there, in a world where it could not be planned any more
    @playbook(title="Once", risk="change")
    async def scale_model(run: Run, ask: Ask) -> Card:
        if run.planning and run.serving.looks:  # type: ignore[attr-defined]
            raise BadInput("A canary is already out.")
        run.serving.looks += 1  # type: ignore[attr-defined]
        await run.approve("Go?")
        return Card(title="done")

    engine = engine_for(tmp_path / "data", scale_model, World())
    await engine.start()
    try:
        number = await engine.begin(model="churn")
        # when the same message is answered again, then it is the same run and no second answer
        assert await engine.orders.carry_out(engine.order(model="churn")) == number
    finally:
        await engine.stop()


async def test_the_run_of_an_alert_is_stored_with_the_alert_in_one_transaction(gated: SmallEngine) -> None:
    values = {"model": "churn", "kind": "drift_detected", "title": "x", "detail": "{}", "onset": t.iso(START)}
    alert = sa.insert(t.alerts).values(**values, detected=t.iso(START), calm=0)
    await gated.core.store.write(lambda conn: conn.execute(alert).rowcount)
    order = gated.order("alert-1-r", model="churn")
    checked = await gated.orders.check(order)
    number = await gated.orders.begin(order, await gated.orders.plan(order, *checked), copies=[], alert=1)
    (found,) = await gated.core.ports.records.alerts()
    assert found.run == number


async def test_a_gate_that_is_opened_again_keeps_its_first_deadline(gated: SmallEngine) -> None:
    number = await gated.begin(model="churn")
    record = await gated.run(number)
    later = START + timedelta(days=3)
    until = await gated.core.store.write(
        lambda conn: gates.open_gate(conn, number, record.plan.gates[0], record.plan.hash, now=later, expires=later)
    )
    assert until == START + timedelta(hours=24)


async def test_a_run_that_lost_its_way_ends_and_frees_its_model(tmp_path: Path) -> None:
    # given a run that waits, and a new release of the bot whose playbook goes another way
    engine = engine_for(tmp_path / "data", retrain_model, World())
    await engine.start()
    number = await engine.begin(model="churn")
    await engine.until(number, lambda record: record.steps[-1].status == "waiting")
    await engine.stop()

    @playbook(title="Another way", risk="change")
    async def retrain(run: Run, ask: Ask) -> Card:
        await run.approve("Go?")
        return Card(title="done")

    other = dataclasses.replace(retrain, name="retrain_model")
    engine = SmallEngine(tmp_path / "data", [other], engine.clock, serving=World(), metrics=World())
    # when it is approved, then the run ends and says so, and the model can be changed again
    await engine.start()
    try:
        await engine.controls.decide(number, "approved", actor="lead")
        record = await engine.finished(number)
        assert record.status == "failed"
        assert "cannot go on: its playbook has changed" in record.error or "only what was approved" in record.error
        assert await engine.begin("m-2", model="churn") > number  # PostgreSQL may leave a number out
    finally:
        await engine.stop()
