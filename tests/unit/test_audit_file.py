"""An export proves itself wherever it is taken: any change in the file is found without the bot."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.engine.audit import checking, pseudonyms, signing_keys
from bizaiops_bot.engine.audit.export import Export
from bizaiops_bot.engine.audit.guard import AuditGuard
from bizaiops_bot.engine.audit.report import Report
from bizaiops_bot.engine.store.store import Store
from tests.support import stores
from tests.support.audit_log import HandClock, filled, named, stored_rows


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Twelve entries, a head at 9 and one at 12."""
    made = stores.open_store(tmp_path)
    await made.read(lambda conn: pseudonyms.know(conn, ("engineer",)))
    for count in (9, 3):
        await filled(made, count)
        await AuditGuard(made, tmp_path, HandClock()).stop()
    yield made
    await made.aclose()


async def exported(store: Store, folder: Path, name: str = "audit.jsonl", *, with_people: bool = True) -> Path:
    file = folder / name
    await store.read(lambda conn: checking.write_export(conn, folder, file, with_people=with_people))
    return file


def checked(file: Path, *keys: str) -> Report:
    return checking.check_file(Export(file), keys)[0]


def edited(file: Path, lines: list[str]) -> Path:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


async def test_an_export_has_every_entry_as_it_is_stored_and_is_whole(store: Store, tmp_path: Path) -> None:
    file = await exported(store, tmp_path)
    assert list(Export(file).rows()) == await store.read(stored_rows)
    report = checked(file)
    assert report.whole and report.entries == 12 and report.attested is not None and report.attested.seq == 12
    assert not file.with_name("audit.jsonl.unfinished").exists()


async def test_people_are_in_an_export_only_when_wanted(store: Store, tmp_path: Path) -> None:
    with_people = await exported(store, tmp_path, "with.jsonl")
    without = await exported(store, tmp_path, "without.jsonl", with_people=False)
    assert list(Export(with_people).header.people.values()) == ["engineer"]
    assert Export(without).header.people == {} and "engineer" not in without.read_text()
    assert checked(without).whole


async def test_an_export_never_overwrites_a_file(store: Store, tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").write_text("mine")
    with pytest.raises(BadInput, match="exists already"):
        await exported(store, tmp_path)
    assert (tmp_path / "audit.jsonl").read_text() == "mine"


async def test_an_export_that_cannot_be_written_is_told_and_leaves_nothing(store: Store, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be written"):
        await store.read(
            lambda conn: checking.write_export(conn, tmp_path, tmp_path / "no" / "a.jsonl", with_people=True)
        )


@pytest.fixture(scope="module")
async def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Those of an export of twelve entries, the last one signed."""
    folder = tmp_path_factory.mktemp("export")
    store = Store.sqlite(folder / "bizaiops.sqlite")
    await filled(store, 12)
    await AuditGuard(store, folder, HandClock()).stop()
    file = await exported(store, folder)
    await store.aclose()
    return file.read_text(encoding="utf-8").splitlines()


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_one_bit_turned_over_in_an_entry_of_the_file_is_found(
    lines: list[str], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    text = "".join(f"{line}\n" for line in lines).encode()
    start = len(lines[0].encode()) + 1
    bit = data.draw(st.integers(8 * start, 8 * len(text) - 1))
    changed = bytearray(text)
    changed[bit // 8] ^= 1 << bit % 8
    file = tmp_path_factory.getbasetemp() / "flipped.jsonl"
    file.write_bytes(changed)
    report = checked(file)
    if report.whole:  # the very last line end, after which nothing comes
        assert [*Export(file).rows()] == [tuple(json.loads(line).values()) for line in lines[1:]]
        assert bit // 8 == len(text) - 1


async def test_changed_removed_and_moved_lines_are_named(lines: list[str], tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    changed = [*lines[:4], lines[4].replace('"engineer"', '"lead"'), *lines[5:]]
    assert named(checked(edited(file, changed)).problems) == {4}
    assert named(checked(edited(file, [*lines[:4], *lines[5:]])).problems) == {4, 5}
    assert named(checked(edited(file, [*lines[:4], lines[5], lines[4], *lines[6:]])).problems) >= {4, 5}
    assert named(checked(edited(file, [*lines[:5], lines[4], *lines[5:]])).problems) >= {4}


async def test_a_file_that_was_cut_off_is_found_even_without_heads(lines: list[str], tmp_path: Path) -> None:
    first = json.loads(lines[0]) | {"heads": []}
    report = checked(edited(tmp_path / "a.jsonl", [json.dumps(first), *lines[1:9]]))
    assert report.problems == ("the file ends at entry 8, and was written with 12",)


async def test_a_file_that_was_cut_off_is_found_by_its_heads_though_its_first_line_was_changed(
    lines: list[str], tmp_path: Path
) -> None:
    first = json.loads(lines[0]) | {"last": 8}
    report = checked(edited(tmp_path / "a.jsonl", [json.dumps(first), *lines[1:9]]))
    assert "the end was cut off: entry 12 was signed" in report.problems[0]


@pytest.mark.parametrize("line", ["", "no json", "[]", '{"seq": 3}'])
async def test_a_line_that_is_no_entry_is_named(lines: list[str], tmp_path: Path, line: str) -> None:
    report = checked(edited(tmp_path / "a.jsonl", [*lines[:4], line, *lines[4:]]))
    assert report.problems == ("line 5 of the file is not an entry",)


async def test_words_added_to_a_line_beside_what_is_hashed_are_found(lines: list[str], tmp_path: Path) -> None:
    more = json.dumps(json.loads(lines[4]) | {"note": "approved by nobody"})
    assert not checked(edited(tmp_path / "a.jsonl", [*lines[:4], more, *lines[5:]])).whole


async def test_a_file_signed_by_somebody_else_is_not_attested_for_who_knows_the_bots_key(
    lines: list[str], tmp_path: Path
) -> None:
    """A forger can sign a forged log with a key of their own, and name that key in the file."""
    forger = tmp_path / "forger"
    store = Store.sqlite(forger / "bizaiops.sqlite")
    await filled(store, 5)
    await AuditGuard(store, forger, HandClock()).stop()
    forged = await exported(store, forger)
    await store.aclose()
    real = json.loads(lines[0])["keys"][0]["id"]
    assert checked(forged).attested is not None
    report = checked(forged, real)
    assert report.attested is None and "which is not this bot's" in report.notes[0]
    assert checked(edited(tmp_path / "real.jsonl", lines), real).attested is not None


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", "no json", '{"bizaiops_audit": 1}', '{"bizaiops_audit": 1, "last": "x"}']
)
def test_a_file_that_is_no_export_is_refused_in_words(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_text(text)
    with pytest.raises(BadInput, match="no export of an audit"):
        Export(tmp_path / "x")


async def test_a_file_of_another_version_is_refused_in_words(lines: list[str], tmp_path: Path) -> None:
    first = json.dumps(json.loads(lines[0]) | {"bizaiops_audit": 2})
    with pytest.raises(BadInput, match="another version of the bot"):
        Export(edited(tmp_path / "a.jsonl", [first, *lines[1:]]))


async def test_entries_that_are_no_text_can_be_exported_and_are_named_in_the_file(tmp_path: Path) -> None:
    store = Store.sqlite(tmp_path / "bizaiops.sqlite")
    await filled(store, 3)
    raw = sa.text("UPDATE audit SET subject = CAST(x'ff41' AS TEXT) WHERE seq = 2")
    await store.write(lambda conn: conn.execute(raw) and None)
    file = await exported(store, tmp_path)
    await store.aclose()
    assert named(checked(file).problems) == {2}


def test_ids_of_keys_are_taken_short_or_whole_and_nothing_else() -> None:
    public = "ab" * 32
    assert checking.key_ids(["0123456789ABCDEF", public]) == ["0123456789abcdef", signing_keys.key_id(public)]
    with pytest.raises(BadInput, match="16 hexadecimal digits"):
        checking.key_ids(["xyz"])
