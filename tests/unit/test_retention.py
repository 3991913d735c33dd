"""At night what nobody needs any more is deleted: by the leader, a little at a time, never what a run still needs."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bizaiops_bot.engine.audit import trail
from bizaiops_bot.engine.runs import workers
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.store import Store, StoreDown
from bizaiops_bot.engine.timing import retention
from bizaiops_bot.engine.timing.retention import Keep, Retention
from bizaiops_bot.playbook import Card, Inputs, Run, playbook
from tests.support.small_engine import START, SmallEngine
from tests.support.virtual_clock import VirtualClock

KEEP = Keep(conversations_days=90, journal_days=30, runs_days=400, events_days=14)
_places = itertools.count(1)
PARTS = (t.journal, t.steps, t.decisions, t.gates, t.run_cards)


@playbook(title="Nothing", risk="read")
async def do_nothing(run: Run, ask: Inputs) -> Card:
    return Card(title="done")


def ago(days: float) -> str:
    return t.iso(START - timedelta(days=days))


class Rows:
    """Puts rows of any age into the tables, and tells which are there."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def put(self, table: sa.Table, *rows: dict[str, Any]) -> None:
        """Columns that matter are given; the others get something their type allows."""
        filled = [{**{c.name: _any(c) for c in table.columns if not (c.nullable or c.default)}, **row} for row in rows]
        await self.store.write(lambda conn: conn.execute(sa.insert(table), filled) and None)

    async def ids(self, column: sa.Column[Any]) -> set[Any]:
        return set(await self.store.read(lambda conn: list(conn.execute(sa.select(column)).scalars())))

    async def run(self, number: int, *, ended_days_ago: float | None, parts: int = 1) -> None:
        """A run with something of everything; None: it is under way."""
        status = "waiting" if ended_days_ago is None else "succeeded"
        ended = None if ended_days_ago is None else ago(ended_days_ago)
        place = {"conversation": "ml-ops", "thread": f"t{number}"}
        await self.put(t.runs, {"id": number, "status": status, "ended": ended, "created": ago(500), **place})
        for table in PARTS:
            more = [_part(table, number, n) for n in range(parts)]
            await self.put(table, *more)

    async def runs_with_all_parts(self) -> set[int]:
        """Fails when a run is there without one of its parts, or a part without its run."""
        runs = await self.ids(t.runs.c.id)
        for table in PARTS:
            assert await self.ids(table.c.run_id) == runs, table.name
        return runs


def _any(column: sa.Column[Any]) -> Any:
    return "" if isinstance(column.type, sa.Text) else 0


def _part(table: sa.Table, run: int, n: int) -> dict[str, Any]:
    own = {
        t.journal: {"n": n},
        t.steps: {"n": n},
        t.gates: {"name": f"g{n}"},
        t.decisions: {"gate": f"g{n}"},
        t.run_cards: {"card": f"c{n}"},
    }
    return {"run_id": run, **({"edition": 1} if "edition" in table.c else {}), **own[table]}


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[SmallEngine]:
    made = SmallEngine(tmp_path, [do_nothing], VirtualClock(START))
    made.core.lead.worker = "this one"
    await workers.register(made.core.store, made.core.lead.worker, "here")
    yield made
    await made.core.store.aclose()


@pytest.fixture
def rows(engine: SmallEngine) -> Rows:
    return Rows(engine.core.store)


@pytest.fixture
def job(engine: SmallEngine) -> Retention:
    return Retention(engine.core, KEEP)


def message(name: str, days: float, *, answered: bool = True, thread: str = "t") -> dict[str, Any]:
    place = {"conversation": "ml-ops", "thread": thread}
    return {"id": name, "seq": next(_places), "at": ago(days), "answered": answered, **place}


def card(name: str, days: float, *, seq: int, run: int | None = None) -> dict[str, Any]:
    return {"id": name, "seq": seq, "at": ago(days), "run_id": run}


async def test_what_is_past_its_time_goes_and_what_is_not_stays(rows: Rows, job: Retention) -> None:
    await rows.put(t.messages, message("old", 91), message("young", 89), message("unanswered", 91, answered=False))
    await rows.put(t.cards, card("old", 91, seq=1), card("young", 89, seq=2))
    await rows.put(t.deliveries, {"card": "old"}, {"card": "young"})
    await rows.put(t.inbox, {"event": "old", "at": ago(15)}, {"event": "young", "at": ago(13)})
    fire = {"schedule": 1, "done": True}
    await rows.put(t.fires, {**fire, "at": ago(15)}, {**fire, "at": ago(13)}, {**fire, "at": ago(16), "done": False})
    until = [{"id": 1, "until": ago(91)}, {"id": 2, "until": ago(89)}]
    await rows.put(t.delegations, *until)
    gone = await job.tidy()
    assert gone == {"messages": 1, "cards": 1, "deliveries": 1, "inbox": 1, "fires": 1, "delegations": 1}
    assert await rows.ids(t.messages.c.id) == {"young", "unanswered"}
    assert await rows.ids(t.cards.c.id) == await rows.ids(t.deliveries.c.card) == {"young"}
    assert await rows.ids(t.inbox.c.event) == {"young"}
    assert await rows.ids(t.fires.c.at) == {ago(13), ago(16)}
    assert await rows.ids(t.delegations.c.id) == {2}


async def test_a_run_goes_with_all_its_parts_and_its_journal_before_it(rows: Rows, job: Retention) -> None:
    for number, days in ((1, 401.0), (2, 399.0), (3, 29.0)):
        await rows.run(number, ended_days_ago=days, parts=3)
    gone = await job.tidy()
    assert gone == {"journal": 6, "runs": 1}
    assert await rows.ids(t.runs.c.id) == {2, 3}
    assert await rows.ids(t.journal.c.run_id) == {3}
    for table in PARTS[1:]:
        assert await rows.ids(table.c.run_id) == {2, 3}


async def test_everything_of_a_run_under_way_stays_however_old_it_is(rows: Rows, job: Retention) -> None:
    await rows.run(1, ended_days_ago=None)
    await rows.put(t.messages, message("asked", 450, thread="t1"), message("other thread", 450, thread="t9"))
    await rows.put(t.cards, card("of the run", 450, seq=1, run=1), card("of none", 450, seq=2))
    await rows.put(t.deliveries, {"card": "of the run"})
    await job.tidy()
    assert await rows.runs_with_all_parts() == {1}
    assert await rows.ids(t.messages.c.id) == {"asked"}
    assert await rows.ids(t.cards.c.id) == await rows.ids(t.deliveries.c.card) == {"of the run"}


async def test_what_is_remembered_of_a_thread_goes_with_its_last_message(rows: Rows, job: Retention) -> None:
    place = {"conversation": "ml-ops", "body": "{}"}
    await rows.put(t.messages, message("old", 91, thread="old"), message("young", 1, thread="young"))
    await rows.put(t.memory, {**place, "thread": "old"}, {**place, "thread": "young"})
    await job.tidy()
    assert await rows.ids(t.memory.c.thread) == {"young"}


async def test_the_audit_is_kept_and_tells_what_was_deleted(engine: SmallEngine, rows: Rows, job: Retention) -> None:
    store = engine.core.store
    long_ago = START - timedelta(days=4000)
    for n in range(3):
        await store.write(lambda c, n=n: trail.append(c, at=long_ago, actor="a", kind="k", subject=f"{n}"))  # type: ignore[misc]
    await rows.put(t.inbox, {"event": "old", "at": ago(15)})
    await job.tidy()
    assert await store.read(trail.verify) == (4, None)
    (newest,) = await store.read(lambda conn: trail.read(conn, limit=1))
    assert (newest.actor, newest.kind, newest.detail) == ("retention", "deleted", {"inbox": 1})
    assert await job.tidy() == {}
    assert await store.read(trail.verify) == (4, None)


async def test_much_is_deleted_in_many_small_transactions(
    engine: SmallEngine, rows: Rows, job: Retention, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 50)
    monkeypatch.setattr(retention, "RUNS_AT_ONCE", 2)
    await rows.put(t.messages, *(message(f"m{n}", 100) for n in range(230)))
    for number in range(1, 8):
        await rows.run(number, ended_days_ago=500)
    seen: list[int] = []
    write = engine.core.store.write

    async def counted(work: Any) -> Any:
        result = await write(work)
        seen.append(len(await rows.ids(t.messages.c.id)) + len(await rows.ids(t.runs.c.id)))
        return result

    monkeypatch.setattr(engine.core.store, "write", counted)
    gone = await job.tidy()
    assert (gone["messages"], gone["runs"]) == (230, 7)
    assert max(before - after for before, after in itertools.pairwise([237, *seen])) <= 50 and seen[-1] == 0


async def test_a_crash_anywhere_leaves_no_run_in_pieces_and_the_rest_goes_next_time(
    engine: SmallEngine, rows: Rows, job: Retention, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "RUNS_AT_ONCE", 2)
    for number in range(1, 10):
        await rows.run(number, ended_days_ago=None if number == 9 else 500, parts=2)
    job = Retention(engine.core, Keep(journal_days=600))  # so that the journal goes with its run
    write, left = engine.core.store.write, 0

    async def dies(work: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise StoreDown("The bot dies here.")
        return await write(work)

    monkeypatch.setattr(engine.core.store, "write", dies)
    counts = []
    for lives in (1, 5, 6, 8, 100):
        left = lives
        with contextlib.suppress(StoreDown):
            await job.tidy()
        counts.append(len(await rows.runs_with_all_parts()))
    assert counts == sorted(counts, reverse=True) and len(set(counts)) > 2
    assert await rows.runs_with_all_parts() == {9}


# -- when, and by whom -------------------------------------------------------------------------------------------------


@pytest.fixture
async def night_job(engine: SmallEngine, job: Retention) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(job.run())
    yield task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def settled(engine: SmallEngine) -> None:
    """Until the job that a timer has begun is done."""
    for _ in range(2000):
        await asyncio.sleep(0)
        if not engine.core.activity.busy:
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not end")


@pytest.mark.usefixtures("night_job")
async def test_it_is_done_at_night_and_every_night(engine: SmallEngine, rows: Rows) -> None:
    await rows.put(t.inbox, {"event": "first", "at": ago(15)}, {"event": "second", "at": ago(13)})
    await engine.clock.advance(18 * 3600)  # 02:00 of the next day
    await settled(engine)
    assert await rows.ids(t.inbox.c.event) == {"first", "second"}
    await engine.clock.advance(3601)
    await settled(engine)
    assert await rows.ids(t.inbox.c.event) == {"second"}
    await engine.clock.advance(24 * 3600)
    await settled(engine)
    assert await rows.ids(t.inbox.c.event) == set()


@pytest.mark.usefixtures("night_job")
async def test_a_worker_that_does_not_lead_deletes_nothing(engine: SmallEngine, rows: Rows) -> None:
    await rows.put(t.inbox, {"event": "old", "at": ago(15)})
    engine.core.lead.set(False)
    await engine.clock.advance(24 * 3600)
    await settled(engine)
    assert await rows.ids(t.inbox.c.event) == {"old"}
    engine.core.lead.set(True)
    await engine.clock.advance(24 * 3600)
    await settled(engine)
    assert await rows.ids(t.inbox.c.event) == set()


async def test_a_worker_that_lost_the_lead_meanwhile_deletes_nothing_more(database: str, tmp_path: Path) -> None:
    """It believes to lead; the database knows better."""
    store = Store.postgres(database)
    rows = Rows(store)
    try:
        await workers.register(store, "first", "here")
        await workers.register(store, "second", "there")
        await rows.put(t.inbox, {"event": "old", "at": ago(15)})
        engine = SmallEngine(tmp_path, [do_nothing], VirtualClock(START))
        await engine.core.store.aclose()
        engine.core.store, engine.core.lead.worker = store, "second"
        assert await Retention(engine.core, KEEP).tidy() == {}
        assert await rows.ids(t.inbox.c.event) == {"old"}
        engine.core.lead.worker = "first"
        assert await Retention(engine.core, KEEP).tidy() == {"inbox": 1}
    finally:
        await store.aclose()


async def test_a_night_on_which_the_database_was_away_is_made_good_the_next(
    engine: SmallEngine, rows: Rows, job: Retention, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def down(_work: Any) -> Any:
        raise StoreDown("The bot's database cannot be used now.")

    await rows.put(t.inbox, {"event": "old", "at": ago(15)})
    task = asyncio.create_task(job.run())
    with monkeypatch.context() as patch:
        patch.setattr(engine.core.store, "write", down)
        await engine.clock.advance(20 * 3600)
        await settled(engine)
    assert "not everything old was deleted" in caplog.text
    await engine.clock.advance(24 * 3600)
    await settled(engine)
    assert await rows.ids(t.inbox.c.event) == set()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
