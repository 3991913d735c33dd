"""A step's state only moves forward, whatever is written late, and a run that has ended leaves nothing waiting."""

from __future__ import annotations

import asyncio
import itertools
import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa

from bizaiops_bot.domain.cards import StepLine, Steps
from bizaiops_bot.domain.errors import BadInput, BotError, Conflict, Permanent
from bizaiops_bot.domain.facts import Said
from bizaiops_bot.domain.monitoring import RevisionSample
from bizaiops_bot.domain.plan import Plan, PlanStep
from bizaiops_bot.domain.records import RunRecord
from bizaiops_bot.domain.services import Revision, ServiceRef, TrafficState
from bizaiops_bot.domain.values import ModelName, NoData
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.runs import runs, steps
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.store import Store
from bizaiops_bot.engine.watch.alert_words import AlertWords
from bizaiops_bot.playbook import Card, Inputs, Playbook, Run, playbook
from tests.support import stores
from tests.support.services import service, traffic
from tests.support.small_engine import PEOPLE, START, SmallEngine, once_true
from tests.support.virtual_clock import VirtualClock

PLAN = Plan(playbook="scale_model", inputs={"model": "churn"}, steps=(PlanStep(name="shift", kind="step"),), gates=())
OPEN, ENDED = ("running", "waiting"), ("done", "failed", "undone")


class Ask(Inputs):
    """A change of a model."""

    model: ModelName = "churn"


@dataclass
class World:
    """What the playbooks reach. broken: how often taking back still fails."""

    broken: int = 0
    gone: bool = False
    done: list[str] = field(default_factory=list)

    async def change(self, what: str) -> str:
        self.done.append(what)
        return what

    async def restore(self, what: str) -> str:
        if self.broken:
            self.broken -= 1
            raise Permanent("The mesh refused.", "409 Conflict.")
        return await self.change(what)

    async def services(self) -> list[ServiceRef]:
        return [service()]

    async def traffic(self, service: ServiceRef) -> TrafficState:
        return traffic(START, Revision(name="r1", version="v1", weight=100, role="stable"), of=service)

    async def arms(self, service: ServiceRef, revisions: object, since: object) -> list[RevisionSample] | NoData:
        return NoData(query="arms", window="now", searched="test")


def world_of(run: Run) -> Any:
    return cast(Any, run.serving)


@playbook(title="Deploy", risk="change")
async def deploy_model(run: Run, ask: Ask) -> Card:
    await run.read(run.serving.traffic, service(ask.model))
    await run.approve("Go?")
    if world_of(run).gone and not run.planning:
        raise BadInput("The world has changed.")
    async with run.undo("restore traffic", world_of(run).restore, "restored"):
        await run.step("shift traffic", world_of(run).change, "shifted")
        async with run.undo("restore alias", world_of(run).change, "alias restored"):
            verdict = await run.judge(service(ask.model), "v2", hold="20m")
            if not run.planning and not verdict.ok:
                raise Conflict("The canary is no good.", verdict.reason)
            await run.step("promote", world_of(run).change, "promoted")
    return Card(title="done")


def engine_for(folder: Path, made: Playbook, world: World) -> SmallEngine:
    return SmallEngine(folder, [made], VirtualClock(START), serving=world, metrics=world)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def engine(tmp_path: Path, world: World) -> AsyncIterator[SmallEngine]:
    made = engine_for(tmp_path / "data", deploy_model, world)
    await made.start()
    yield made
    await made.stop()


def names(record: RunRecord) -> list[tuple[str, str]]:
    return [(step.name, step.status) for step in record.steps]


async def at(engine: SmallEngine, number: int, step: str, status: str) -> RunRecord:
    return await engine.until(number, lambda record: (step, status) in names(record))


async def later(engine: SmallEngine, number: int, step: str, *status: str) -> RunRecord:
    """Moves the clock on, minute by minute, until the step stands so."""
    for _ in range(2000):
        record = await engine.run(number)
        if any((step, wanted) in names(record) for wanted in status):
            return record
        await engine.clock.advance(60)
        await asyncio.sleep(0.005)
    raise AssertionError(f"{step} did not come to {status}: {record.steps}")


async def approved(engine: SmallEngine) -> int:
    number = await engine.begin()
    await engine.controls.decide(number, "approved", actor="lead")
    await at(engine, number, "judge v2", "running")
    return number


async def line(store: Store) -> StepLine:
    return (await store.read(lambda conn: steps.of(conn, 1, PLAN, finished=False)))[0]


@pytest.mark.parametrize("late", OPEN)
@pytest.mark.parametrize("ended", ENDED)
async def test_a_step_that_has_ended_stays_so_whatever_is_written_late(tmp_path: Path, ended: str, late: str) -> None:
    store = stores.open_store(tmp_path)
    try:
        await store.write(lambda conn: steps.put(conn, 1, 1, "shift", "running", started=START))
        over = START + timedelta(minutes=1)
        await store.write(lambda conn: steps.put(conn, 1, 1, "shift", ended, detail="v2 10%", started=over, ended=over))
        before = await line(store)
        await store.write(lambda conn: steps.put(conn, 1, 1, "shift", late, detail="9 of 10", started=over))
        assert await line(store) == before
        assert (before.status, before.detail, before.started, before.ended) == (ended, "v2 10%", START, over)
    finally:
        store.close()


@pytest.mark.parametrize(("first", "then"), list(itertools.permutations(ENDED, 2)))
async def test_a_step_ends_once_and_as_it_ended_first(tmp_path: Path, first: str, then: str) -> None:
    store = stores.open_store(tmp_path)
    try:
        await store.write(lambda conn: steps.put(conn, 1, 1, "shift", first, ended=START))
        await store.write(lambda conn: steps.put(conn, 1, 1, "shift", then, ended=START))
        assert (await line(store)).status == first
    finally:
        store.close()


async def test_what_is_tried_again_begins_again_and_a_late_word_of_the_first_try_changes_nothing(
    tmp_path: Path,
) -> None:
    store = stores.open_store(tmp_path)
    try:
        await store.write(lambda conn: steps.put(conn, 1, 1, "restore", "failed", ended=START))
        await store.write(lambda conn: steps.put(conn, 1, 1, "restore", "running", attempt=2))
        assert (await line(store)).status == "running"
        await store.write(lambda conn: steps.put(conn, 1, 1, "restore", "failed", detail="late", ended=START))
        assert (await line(store)).status == "running"
        await store.write(lambda conn: steps.put(conn, 1, 1, "restore", "undone", attempt=2, ended=START))
        await store.write(lambda conn: steps.put(conn, 1, 1, "restore", "running", attempt=2))
        assert (await line(store)).status == "undone"
    finally:
        store.close()


async def test_progress_that_is_written_after_its_step_has_ended_is_not_shown(tmp_path: Path) -> None:
    # given a step whose last word of progress comes while its result is being written
    said = asyncio.Event()

    class Chatty(World):
        async def change(self, what: str, *, progress: Any = None) -> str:
            progress("half of it")
            said.set()
            return what

    @playbook(title="Scale", risk="change")
    async def scale_model(run: Run, ask: Ask) -> Card:
        await run.step("change", world_of(run).change, "changed")
        await run.approve("Keep it?")
        return Card(title="done")

    engine = engine_for(tmp_path / "data", scale_model, Chatty())
    await engine.start()
    try:
        number = await engine.begin()
        await at(engine, number, "approval 1", "waiting")
        await once_true(lambda: _none(engine.core.background))
        assert said.is_set() and names(await engine.run(number))[0] == ("change", "done")
    finally:
        await engine.stop()


async def _none(tasks: set[Any]) -> bool:
    return not tasks


# -- the end of a run ------------------------------------------------------------------------------


async def test_a_run_that_is_cancelled_while_it_waits_needs_no_approval_any_more(engine: SmallEngine) -> None:
    number = await engine.begin()
    await engine.controls.cancel(number, actor="engineer")
    record = await engine.finished(number)
    assert record.status == "cancelled"
    gate = record.steps[0]
    assert (gate.name, gate.status) == ("approval 1", "skipped") and "not needed" in gate.detail
    assert {status for _, status in names(record)} == {"skipped"}


async def test_a_cancelled_run_says_on_its_card_that_no_approval_is_needed(engine: SmallEngine) -> None:
    number = await engine.begin()
    await engine.controls.cancel(number, actor="engineer")
    await engine.finished(number)
    card = await engine.core.store.read(lambda conn: outbox.read_card(conn, f"run-{number}"))
    assert card is not None
    lines = next(block for block in card.card.blocks if isinstance(block, Steps)).steps
    assert "waiting" not in {step.status for step in lines} and card.card.buttons == ()


async def test_an_approval_is_kept_on_a_run_that_the_world_overtook(engine: SmallEngine, world: World) -> None:
    number = await engine.begin()
    world.gone = True
    await engine.controls.decide(number, "approved", actor="lead")
    record = await engine.finished(number)
    assert record.status == "failed"
    assert names(record)[0] == ("approval 1", "done") and "approved by lead" in record.steps[0].detail


async def test_a_run_that_expires_leaves_nothing_waiting(engine: SmallEngine) -> None:
    number = await engine.begin()
    await later(engine, number, "approval 1", "failed")
    record = await engine.finished(number)
    assert record.status == "expired" and not {status for _, status in names(record)} & set(OPEN)


async def test_a_canary_that_is_cancelled_is_not_judged_any_longer(engine: SmallEngine, world: World) -> None:
    number = await approved(engine)
    await engine.controls.cancel(number, actor="engineer")
    record = await engine.finished(number)
    assert record.status == "cancelled" and world.done[-2:] == ["alias restored", "restored"]
    assert not {status for _, status in names(record)} & set(OPEN)
    judge = next(step for step in record.steps if step.name == "judge v2")
    assert judge.status == "failed" and "cancelled" in judge.detail


async def test_a_playbook_that_breaks_leaves_nothing_at_work(tmp_path: Path) -> None:
    @playbook(title="Scale", risk="change")
    async def scale_model(run: Run, ask: Ask) -> Card:
        await run.until("collect", run.serving.traffic, service(), done=lambda _: 1 // 0 > 0)
        return Card(title="done")

    engine = engine_for(tmp_path / "data", scale_model, World())
    await engine.start()
    try:
        record = await engine.finished(await engine.begin())
        assert record.status == "failed" and names(record) == [("collect", "failed")]
        assert "not finished" in record.steps[0].detail
    finally:
        await engine.stop()


# -- the order of what is shown --------------------------------------------------------------------


async def test_what_was_undone_stands_after_what_it_undoes_and_the_inner_one_first(engine: SmallEngine) -> None:
    number = await approved(engine)
    await later(engine, number, "judge v2", "failed")
    record = await engine.finished(number)
    assert [name for name, _ in names(record)] == [
        "approval 1",
        "shift traffic",
        "judge v2",
        "restore alias",
        "restore traffic",
        "promote",
    ]


async def test_what_is_asked_about_an_undo_stands_after_it_and_a_second_try_ends_it(
    engine: SmallEngine, world: World
) -> None:
    world.broken = 1
    number = await approved(engine)
    await later(engine, number, "judge v2", "failed")
    record = await at(engine, number, "restore traffic failed 1", "waiting")
    assert [name for name, _ in names(record)][-3:] == ["restore traffic", "restore traffic failed 1", "promote"]
    await engine.controls.decide(number, "approved", actor="lead")
    record = await engine.finished(number)
    assert ("restore traffic", "undone") in names(record) and record.status == "failed"


# -- databases of older bots -----------------------------------------------------------------------


@pytest.mark.parametrize(("ended", "shown"), [("succeeded", "done"), ("cancelled", "skipped"), ("failed", "skipped")])
def test_steps_that_an_older_bot_left_at_work_are_ended_with_its_run(tmp_path: Path, ended: str, shown: str) -> None:
    path = tmp_path / "b.sqlite"
    Store.sqlite(path).close()
    with sqlite3.connect(path) as old:
        row = {
            "id": 1,
            "playbook": "scale_model",
            "inputs": "{}",
            "actor": PEOPLE[0].model_dump_json(),
            "summary": "",
            "conversation": "ml-ops",
            "thread": "t",
            "status": ended,
            "error": "",
            "plan": PLAN.canonical,
            "plan_hash": PLAN.hash,
            "cancel": 0,
            "created": t.iso(START),
            "ended": t.iso(START),
        }
        old.execute(f"insert into runs ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values()))
        old.execute("insert into steps (run_id, n, name, status, detail) values (1, 1, 'shift', 'running', '')")
        old.execute("PRAGMA user_version=5")
    old.close()
    store = Store.sqlite(path)
    try:
        with store.database.engine.connect() as conn:
            assert json.loads(conn.execute(sa.select(t.runs.c.inputs)).scalar_one()) == {}
            assert [step.status for step in runs.get(conn, 1).steps] == [shown]
    finally:
        store.close()


async def test_nothing_of_a_run_can_be_moved_after_its_end(engine: SmallEngine) -> None:
    number = await engine.begin()
    await engine.controls.cancel(number, actor="engineer")
    record = await engine.finished(number)
    store, now = engine.core.store, START + timedelta(hours=1)
    for status in ("waiting", "running", "succeeded", "failed"):
        assert not await store.write(lambda conn, to=status: runs.set_status(conn, number, to, now=now))  # type: ignore[misc]
    with pytest.raises(BotError):
        await engine.controls.decide(number, "approved", actor="lead")
    assert await engine.run(number) == record


# -- an alert is written to from two sides ---------------------------------------------------------


async def test_a_late_explanation_of_an_alert_leaves_what_was_noted_of_it_meanwhile(engine: SmallEngine) -> None:
    store = engine.core.store
    values = {
        "model": "churn",
        "kind": "latency_detected",
        "title": "churn v1 is slow",
        "onset": t.iso(START),
        "calm": 0,
        "detail": json.dumps({"version": "v1", "p95": 400.0, "rows": 300}),
        "detected": t.iso(START),
        "note": "asked",
    }
    await store.write(lambda conn: conn.execute(sa.insert(t.alerts).values(values)))
    asked, answer = asyncio.Event(), asyncio.Event()

    class SlowWords:
        async def sentence(self, task: str, facts: object, *, channel: str) -> Said:
            asked.set()
            await answer.wait()
            return Said(text="It is slow.", source="language model")

    engine.core.ports.words = cast(Any, SlowWords())
    drawn: list[int] = []

    async def redraw(number: int) -> None:
        drawn.append(number)

    AlertWords(engine.core, redraw).soon(await engine.core.ports.records.alert(1))
    await asked.wait()
    noted = "latency_rolls_back acts by policy: roll back model (run 7)"
    await store.write(lambda conn: conn.execute(sa.update(t.alerts).values(note=noted)))
    answer.set()
    await once_true(lambda: _none(engine.core.background))
    row = await store.read(lambda conn: conn.execute(sa.select(t.alerts)).mappings().one())
    assert row["note"] == noted and json.loads(row["detail"])["explained"]["text"] == "It is slow." and drawn == [1]
