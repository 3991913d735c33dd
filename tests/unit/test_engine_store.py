"""The store opens what it made and nothing else."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.domain.plan import GateSpec, Plan, PlanStep
from bizaiops_bot.domain.values import ModelName
from bizaiops_bot.engine.audit import trail
from bizaiops_bot.engine.audit.chain import digest
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.migrate import SCHEMA
from bizaiops_bot.engine.store.store import Store
from bizaiops_bot.playbook import Card, Inputs, Run, playbook
from tests.support import stores
from tests.support.small_engine import PEOPLE, START, SmallEngine
from tests.support.virtual_clock import VirtualClock


def test_a_file_of_this_version_opens_again(tmp_path: Path) -> None:
    Store.sqlite(tmp_path / "b.sqlite").close()
    size = (tmp_path / "b.sqlite").stat().st_size
    Store.sqlite(tmp_path / "b.sqlite").close()
    assert (tmp_path / "b.sqlite").stat().st_size == size > 0


def test_a_file_of_another_version_is_refused_in_words_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "b.sqlite"
    with sqlite3.connect(path) as old:
        old.execute("create table messages (id text)")
        old.execute("PRAGMA user_version=99")
    old.close()
    with pytest.raises(Permanent, match="another version of the bot"):
        Store.sqlite(path)
    with sqlite3.connect(path) as after:
        assert [row[0] for row in after.execute("select name from sqlite_master")] == ["messages"]
    after.close()


NEW_IN_5 = ("people_seen", "events", "places")


def test_a_file_of_schema_4_gets_the_tables_of_chat_platforms_and_keeps_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "b.sqlite"
    Store.sqlite(path).close()
    with sqlite3.connect(path) as old:
        for table in NEW_IN_5:
            old.execute(f"drop table {table}")
        old.execute("PRAGMA user_version=4")
    old.close()
    Store.sqlite(path).close()
    with sqlite3.connect(path) as now:
        assert now.execute("PRAGMA user_version").fetchone() == (SCHEMA,)
        assert [now.execute(f"select count(*) from {table}").fetchone() for table in NEW_IN_5] == [(0,)] * 3
        indexes = {row[0] for row in now.execute("select name from sqlite_master where type = 'index'")}
        assert {"open_events", "ix_people_seen_person", "ix_places_title"} <= indexes
    now.close()


KEPT = [
    ("frozen by lead at 3 Mar 10:00 UTC because of the audit", "lead", "the audit"),
    ("frozen by lead at 3 Mar 10:00 UTC", "lead", ""),
    ("by whoever", "somebody", "by whoever"),
]


@pytest.mark.parametrize(("known", "by", "why"), KEPT)
def test_a_freeze_of_schema_8_holds_on_and_can_be_ended(tmp_path: Path, known: str, by: str, why: str) -> None:
    path = tmp_path / "b.sqlite"
    Store.sqlite(path).close()
    with sqlite3.connect(path) as old:
        old.execute("drop table timers")
        old.execute("insert into flags values ('frozen', ?)", [known])
        old.execute("PRAGMA user_version=8")
    old.close()
    Store.sqlite(path).close()
    with sqlite3.connect(path) as now:
        assert now.execute("select owner, text, ends, ended from timers").fetchall() == [(by, why, None, None)]
        assert now.execute("select begins from timers").fetchone() < (t.iso(START),)
        assert now.execute("select count(*) from flags").fetchone() == (0,)
    now.close()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Permanent, match="cannot be used"):
        Store.sqlite(tmp_path / "file" / "data" / "b.sqlite")


class Ask(Inputs):
    """A change of a model."""

    model: ModelName = "churn"


@playbook(title="Gated", risk="change")
async def scale_model(run: Run, ask: Ask) -> Card:
    await run.approve("Go?")
    await run.step("change", cast(Any, run.serving).change, ask.model)
    return Card(title="done")


class World:
    """Keeps the keys it was called with."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    async def change(self, model: str, *, key: str) -> str:
        self.keys.append(key)
        return model


async def test_a_run_that_waits_in_a_folder_of_version_0_1_0_can_be_approved_by_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "KIND", "sqlite")  # that version knew no other store
    # given a folder as version 0.1.0 left it: a run, its open gate and card, and an audit
    folder, world = tmp_path / "data", World()
    folder.mkdir()
    step = PlanStep(name="change", kind="step", call="change", args=("churn",))
    gate = GateSpec(name="approval 1", question="Go?")
    plan = Plan(
        playbook="scale_model",
        inputs={"model": "churn"},
        gates=(gate,),
        steps=(PlanStep(name="approval 1", kind="gate", detail="Go?"), step),
    )
    expires = t.iso(START + timedelta(hours=24))
    first = ["1", t.iso(START), "engineer", "plan", "run 1", '{"hash":"x"}', "0" * 64]
    with sqlite3.connect(folder / "bizaiops.sqlite") as old:
        old.executescript((Path(__file__).parents[1] / "support" / "schema_1.sql").read_text())
        old.execute(
            "insert into runs values (1, 'scale_model', ?, 'churn', ?, 'ml-ops', 't', 'm-1', 'waiting', '', '', ?, ?, null,"
            " null, 0, ?, null)",
            ['{"model": "churn"}', PEOPLE[0].model_dump_json(), plan.canonical, plan.hash, t.iso(START)],
        )
        old.execute(
            "insert into gates values (1, 'approval 1', 'Go?', 1, 'approver', 'open', ?, ?, ?)",
            [plan.hash, t.iso(START), expires],
        )
        old.execute("insert into run_cards values (1, 'run-1', 'ml-ops', 't', null)")
        old.execute("insert into audit values (1, ?, ?, ?, ?, ?, ?, ?)", [*first[1:], digest(1, *first[1:])])
    old.close()
    # when this version starts on it and somebody approves
    engine = SmallEngine(folder, [scale_model], VirtualClock(START), serving=world)
    await engine.start()
    try:
        await engine.until(1, lambda record: record.steps[0].status == "waiting")
        assert await engine.controls.decide_words(1, "approved", actor="lead", plan_hash=plan.hash)
        record = await engine.finished(1)
        # then it is done, with the key the older version would have used, and the audit is still whole
        assert record.status == "succeeded" and world.keys == ["1/2"]
        assert (await engine.core.store.read(trail.verify))[1] is None
    finally:
        await engine.stop()
