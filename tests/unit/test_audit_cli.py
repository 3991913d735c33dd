"""`bizaiops audit` on a stopped bot, and beside a running one: what people read, and the exit codes programs read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from typer.testing import CliRunner

from bizaiops_bot.cli.main import app
from bizaiops_bot.engine.audit import pseudonyms, signing_keys, trail
from bizaiops_bot.engine.audit.guard import AuditGuard
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.store import Store
from tests.support import stores
from tests.support.audit_log import AT, HandClock, append

BOLD = "\x1b[2J"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The data folder of a stopped bot: eight entries by engineer and lead, signed at its stop."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name, value in stores.store_settings(folder).items():
        monkeypatch.setenv(f"BIZAIOPS_STORE__{name.upper()}", value)
    monkeypatch.setenv("COLUMNS", "200")

    def work(conn: sa.Connection) -> None:
        pseudonyms.know(conn, ("engineer", "lead"))
        append(conn, 6)
        trail.append(
            conn, at=AT, actor="lead", kind="decision", subject="run 7", told=f"approved{BOLD} for engineer", n=2
        )
        trail.append(conn, at=AT, actor="watch", kind="alert", subject="churn", title="drift")

    on_store(folder, work)
    yield folder


def on_store(folder: Path, work: Callable[[sa.Connection], Any]) -> Any:
    """As the bot, which then stops."""

    async def live() -> Any:
        store = stores.open_store(folder)
        try:
            result = await store.write(work)
            await AuditGuard(store, folder, HandClock()).stop()
            return result
        finally:
            await store.aclose()

    return asyncio.run(live())


def behind_its_back(folder: Path, statement: sa.Executable) -> None:
    """As somebody who can write the database."""

    async def live() -> None:
        store = stores.open_store(folder)
        await store.write(lambda conn: conn.execute(statement) and None)
        await store.aclose()

    asyncio.run(live())


def said(*words: str | Path, answer: str = "") -> Result:
    result = CliRunner().invoke(app, ["audit", *map(str, words)], input=answer)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


# -- verify ------------------------------------------------------------------------------------------------------------


def test_a_whole_log_is_said_to_be_whole_and_by_which_key(data: Path) -> None:
    answer, key = said("verify", "--data", data), signing_keys.load(data)
    assert answer.exit_code == 0 and key is not None
    assert answer.output.splitlines() == [
        "OK: 8 entries, none changed, moved or missing.",
        f"Signatures: up to the last entry, entry 8, by key {key.id} at 2026-03-04T08:00:00 UTC.",
    ]


def test_everything_that_is_wrong_is_named_and_the_exit_code_is_1(data: Path) -> None:
    behind_its_back(data, sa.update(t.audit).where(t.audit.c.seq == 2).values(actor="mallory"))
    behind_its_back(data, sa.delete(t.audit).where(t.audit.c.seq.in_([5, 8])))
    answer = said("verify", "--data", data)
    assert answer.exit_code == 1
    assert answer.output.splitlines()[:4] == [
        "NOT as it was written: 6 entries, and this is wrong:",
        "- entry 2 was changed: its hash is not that of its content",
        "- entry 5 is missing: entry 6 follows 4",
        "- the end was cut off: entry 8 was signed at 2026-03-04T08:00:00 UTC, the last one left is 7",
    ]


def test_heads_deleted_from_the_database_are_named(data: Path) -> None:
    behind_its_back(data, sa.delete(t.audit_heads))
    answer = said("verify", "--data", data)
    assert answer.exit_code == 1 and "1 head is in audit-heads.jsonl and not in the database" in answer.output


def test_a_program_reads_how_many_how_fast_and_what_is_attested(data: Path) -> None:
    found = json.loads(said("verify", "--data", data, "--json").output)
    key = signing_keys.load(data)
    assert key is not None
    assert (found["whole"], found["entries"], found["problems"]) == (True, 8, [])
    assert (found["attested"]["seq"], found["attested"]["key"]) == (8, key.id)
    assert found["entries_per_s"] > 0 and found["seconds"] >= 0


def test_another_key_counts_once_it_is_named(data: Path) -> None:
    old = signing_keys.load(data)
    assert old is not None
    (data / signing_keys.KEY_FILE).unlink()
    without, with_key = said("verify", "--data", data), said("verify", "--data", data, "--key", old.id)
    assert "which is not this bot's: not counted" in without.output
    assert without.exit_code == (1 if stores.KIND == "sqlite" else 0)  # where many workers sign, that is no fault
    assert with_key.exit_code == 0 and f"by key {old.id}" in with_key.output


@pytest.mark.skipif(stores.KIND != "sqlite", reason="a PostgreSQL server has no folder")
@pytest.mark.parametrize("command", [["verify"], ["show"], ["export", "x.jsonl"], ["forget", "lead", "--yes"]])
def test_a_folder_without_a_bot_is_told_with_exit_code_2_and_stays_empty(tmp_path: Path, command: list[str]) -> None:
    answer = said(*command, "--data", tmp_path / "none")
    assert answer.exit_code == 2 and "There is no bot's data in" in answer.output and "--data DIR" in answer.output
    assert not (tmp_path / "none").exists()


def test_a_key_that_is_none_is_wrong_use(data: Path) -> None:
    answer = said("verify", "--data", data, "--key", "hello")
    assert answer.exit_code == 2 and "16 hexadecimal digits" in answer.output


# -- export ------------------------------------------------------------------------------------------------------------


def test_an_export_is_checked_without_the_bot_and_says_whose_key_it_believes(data: Path, tmp_path: Path) -> None:
    file, key = tmp_path / "audit.jsonl", signing_keys.load(data)
    assert key is not None
    assert said("export", file, "--data", data).output.startswith(f"8 entries are in {file}, with the people")
    answer = said("verify", "--file", file)
    assert answer.exit_code == 0
    assert f"Note: the file itself says that the bot's key is {key.id}" in answer.output
    assert "Note" not in said("verify", "--file", file, "--key", key.id).output
    file.write_text(file.read_text().replace("word 3", "word 9"))
    changed = said("verify", "--file", file)
    assert changed.exit_code == 1 and "entry 4 was changed" in changed.output


def test_an_export_without_people_names_nobody(data: Path, tmp_path: Path) -> None:
    said("export", tmp_path / "a.jsonl", "--data", data, "--without-people")
    text = (tmp_path / "a.jsonl").read_text()
    assert "engineer" not in text and "lead" not in text


def test_an_export_to_a_file_that_exists_is_refused(data: Path, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("mine")
    answer = said("export", tmp_path / "a.jsonl", "--data", data)
    assert answer.exit_code == 2 and "exists already" in answer.output


def test_a_file_that_is_no_export_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("hello")
    answer = said("verify", "--file", tmp_path / "a.jsonl")
    assert answer.exit_code == 2 and "no export of an audit" in answer.output


# -- show --------------------------------------------------------------------------------------------------------------


def test_people_read_a_table_with_names_and_nothing_that_moves_the_cursor(data: Path) -> None:
    lines = said("show", "--data", data, "--limit", "2").output.splitlines()
    assert lines[0].split() == ["When", "(UTC)", "Who", "What", "About", "Detail"]
    assert lines[1].split() == ["8", "2026-03-04", "08:00:00", "watch", "alert", "churn", "title:", "drift"]
    assert "lead" in lines[2] and "decision" in lines[2] and "approved\\x1b[2J for engineer" in lines[2]
    assert len(lines) == 3 and BOLD not in "".join(lines)


def test_programs_read_one_entry_a_line(data: Path) -> None:
    entries = [json.loads(line) for line in said("show", "--data", data, "--json").output.splitlines()]
    assert [entry["seq"] for entry in entries] == [8, 7, 6, 5, 4, 3, 2, 1]
    assert entries[1]["actor"] == "lead" and entries[1]["detail"]["n"] == 2


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["--subject", "run 7"], [7]),
        (["--actor", "engineer", "--limit", "2"], [6, 5]),
        (["--kind", "alert"], [8]),
        (["--since", "2026-03-04T08:03"], [6, 5, 4]),
        (["--since", "2026-03-04T09:03+01:00"], [6, 5, 4]),
        (["--kind", "nothing"], []),
    ],
)
def test_entries_are_found_by_what_they_are_about(data: Path, words: list[str], numbers: list[int]) -> None:
    answer = said("show", "--data", data, "--json", *words)
    assert [json.loads(line)["seq"] for line in answer.output.splitlines()] == numbers


def test_nothing_found_is_said(data: Path) -> None:
    assert said("show", "--data", data, "--kind", "nothing").output == "No entry fits.\n"


def test_a_time_that_is_none_is_wrong_use(data: Path) -> None:
    answer = said("show", "--data", data, "--since", "yesterday")
    assert answer.exit_code == 2 and "'yesterday' is no time" in answer.output


# -- forget ------------------------------------------------------------------------------------------------------------


def test_a_forgotten_person_is_shown_by_the_pseudonym_and_the_log_stays_whole(data: Path) -> None:
    answer = said("forget", "lead", "--data", data, "--yes")
    assert answer.exit_code == 0
    pseudonym = answer.output.split()[0]
    assert f"{pseudonym} now means nobody." in answer.output
    assert "lead is still in BIZAIOPS_PEOPLE" in answer.output
    forgotten = json.loads(said("show", "--data", data, "--json", "--kind", "forget").output)
    assert forgotten["subject"] == pseudonym and "lead" not in json.dumps(forgotten)
    assert json.loads(said("show", "--data", data, "--json", "--kind", "decision").output)["actor"] == pseudonym
    assert said("verify", "--data", data).exit_code == 0


def test_forgetting_asks_first(data: Path) -> None:
    answer = said("forget", "lead", "--data", data, answer="n\n")
    assert answer.exit_code == 1 and "cannot be undone" in answer.output and "Nothing was changed." in answer.output
    assert json.loads(said("show", "--data", data, "--json", "--kind", "decision").output)["actor"] == "lead"
    assert said("forget", "lead", "--data", data, answer="y\n").exit_code == 0


def test_somebody_the_audit_does_not_know_is_told_with_near_names(data: Path) -> None:
    answer = said("forget", "enginer", "--data", data, "--yes")
    assert answer.exit_code == 2 and "Did you mean engineer?" in answer.output


# -- beside a running bot ----------------------------------------------------------------------------------------------


async def test_beside_a_running_bot_everything_works_and_the_bot_goes_on(data: Path, tmp_path: Path) -> None:
    store: Store = stores.open_store(data)
    try:
        await store.read(lambda conn: pseudonyms.know(conn, ("engineer", "lead")))
        guard = AuditGuard(store, data, HandClock())
        await guard.look()
        for words in (("verify",), ("show",), ("export", tmp_path / "a.jsonl"), ("forget", "lead", "--yes")):
            answer = await asyncio.to_thread(said, *words, "--data", data)
            assert answer.exit_code == 0, answer.output
        await store.write(lambda conn: append(conn, 1, actor="lead"))
        assert (await guard.verdict())[0]
        assert await store.read(trail.verify) == (10, None)
        entries = await store.read(lambda conn: trail.read(conn, limit=9, actor="lead"))
        assert [entry.seq for entry in entries] == [10]  # the earlier ones mean nobody
    finally:
        await store.aclose()
