"""Whoever changes, removes, moves or adds an entry of the audit is found, and the entry is named."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bizaiops_bot.engine.audit import chain, trail
from bizaiops_bot.engine.audit.chain import NAMED, SEARCHED, Chain, Row, digest
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.databases import sqlite_engine
from tests.support.audit_log import AT, FIELDS, append, chained, named, problems_of, rechained, replace_all, stored_rows

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
CONTENTS = st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=3, max_size=9, unique=True)
LOGS = CONTENTS.map(chained)


@pytest.fixture(autouse=True, scope="module")
def _small_logs() -> Iterator[None]:
    """Moved entries are looked for near by, as these logs are small."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chain, "NEAR", 100)
        yield


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sa.Connection]:
    engine = sqlite_engine(tmp_path / "a.sqlite")
    t.metadata.create_all(engine)
    with engine.begin() as connection:
        append(connection, 5)
        yield connection
    engine.dispose()


def all_named(conn: sa.Connection) -> set[int]:
    return named(problems_of(stored_rows(conn)))


# -- what is written ---------------------------------------------------------------------------------------------------


def test_an_untouched_log_is_whole(conn: sa.Connection) -> None:
    assert trail.verify(conn) == (5, None)


def test_an_empty_log_is_whole(conn: sa.Connection) -> None:
    conn.execute(sa.delete(t.audit))
    assert trail.verify(conn) == (0, None)


def test_an_entry_gets_the_next_number_and_the_hash_of_the_one_before(conn: sa.Connection) -> None:
    before = stored_rows(conn)[-1]
    seq = trail.append(conn, at=AT, actor="sre", kind="click", subject="run 7", said="approve", when=AT, n=3)
    row = stored_rows(conn)[-1]
    assert (seq, row[0], row[6]) == (6, 6, before[7])
    assert row[5] == f'{{"n":3,"said":"approve","when":"{AT}"}}'
    assert row[7] == digest(*row[:7])


def test_an_entry_of_a_transaction_that_fails_was_never_there(conn: sa.Connection) -> None:
    point = conn.begin_nested()
    append(conn, 2)
    point.rollback()
    assert trail.append(conn, at=AT, actor="sre", kind="click", subject="run 7") == 6
    assert trail.verify(conn) == (6, None)


def test_reading_finds_entries_by_subject_actor_kind_and_time_newest_first(conn: sa.Connection) -> None:
    later = AT + timedelta(hours=2)
    trail.append(conn, at=later, actor="sre", kind="click", subject="run 7", said="approve")
    trail.append(conn, at=later, actor="sre", kind="decision", subject="run 7")

    def found(**wanted: Any) -> list[int]:
        return [entry.seq for entry in trail.read(conn, limit=10, **wanted)]

    assert found(subject="run 7") == [7, 6]
    assert found(actor="engineer") == [5, 4, 3, 2, 1]
    assert found(kind="click") == [6]
    assert found(since=AT + timedelta(minutes=3)) == [7, 6, 5, 4]
    assert found(before=3) == [2, 1]
    assert [entry.seq for entry in trail.read(conn, limit=2)] == [7, 6]


# -- single changes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", FIELDS[1:])
def test_a_changed_field_is_named_with_its_entry(conn: sa.Connection, column: str) -> None:
    conn.execute(sa.update(t.audit).where(t.audit.c.seq == 3).values({column: '{"text":"other"}'}))
    count, problem = trail.verify(conn)
    assert (count, problem) == (5, "entry 3 was changed: its hash is not that of its content")
    assert all_named(conn) == {3}


def test_every_changed_entry_is_named_not_only_the_first(conn: sa.Connection) -> None:
    conn.execute(sa.update(t.audit).where(t.audit.c.seq.in_([1, 3, 5])).values(actor="lead"))
    assert all_named(conn) == {1, 3, 5}


def test_a_removed_entry_is_named(conn: sa.Connection) -> None:
    conn.execute(sa.delete(t.audit).where(t.audit.c.seq == 2))
    assert trail.verify(conn) == (4, "entry 2 is missing: entry 3 follows 1")


def test_the_first_entries_removed_are_named(conn: sa.Connection) -> None:
    conn.execute(sa.delete(t.audit).where(t.audit.c.seq <= 2))
    assert trail.verify(conn)[1] == "entries 1 to 2 are missing: entry 3 follows 0"


def test_two_entries_that_changed_places_are_both_named(conn: sa.Connection) -> None:
    for old, new in ((2, 90), (4, 2), (90, 4)):
        conn.execute(sa.update(t.audit).where(t.audit.c.seq == old).values(seq=new))
    assert problems_of(stored_rows(conn)) == [
        "entry 2 stands in the wrong place: it was written as entry 4",
        "entry 4 stands in the wrong place: it was written as entry 2",
    ]


def test_an_entry_with_a_hash_made_anew_is_named_by_the_one_after_it(conn: sa.Connection) -> None:
    row = stored_rows(conn)[2]
    body = (*row[:2], "lead", *row[3:7])
    conn.execute(sa.update(t.audit).where(t.audit.c.seq == 3).values(actor="lead", hash=digest(*body)))
    assert problems_of(stored_rows(conn)) == ["entry 3 was replaced: entry 4 follows another one"]


def test_an_entry_put_in_between_is_named_and_so_are_those_that_had_to_move(conn: sa.Connection) -> None:
    rows = stored_rows(conn)
    forged = (3, *rows[1][1:6], rows[1][7], "f" * 64)
    replace_all(conn, [*rows[:2], forged, *((row[0] + 1, *row[1:]) for row in rows[2:])])
    assert all_named(conn) == {3, 4, 5, 6}


def test_an_entry_before_the_first_does_not_belong_to_the_log(conn: sa.Connection) -> None:
    row = stored_rows(conn)[0]
    conn.execute(sa.insert(t.audit), [dict(zip(FIELDS, (0, *row[1:7], "0" * 64), strict=True))])
    assert trail.verify(conn)[1] == "entry 0 does not belong to the log: it begins with entry 1"


def test_a_log_that_begins_with_the_middle_of_another_one_is_found() -> None:
    rows = chained([("a", str(n), "{}") for n in range(6)])
    moved = [(row[0] - 3, *row[1:]) for row in rows[3:]]
    assert named(problems_of(moved)) >= {1, 2, 3}


def test_of_a_thousand_changed_entries_all_are_named_and_more_are_counted() -> None:
    rows = chained([("a", str(n), "{}") for n in range(NAMED + 30)])
    chain = Chain()
    chain.feed((*row[:2], "b", *row[3:]) for row in rows)
    assert named(chain.problems) == set(range(1, NAMED + 1))
    assert chain.more == 30
    assert NAMED > SEARCHED  # the costly look for where an entry came from ends, the naming does not


# -- any change --------------------------------------------------------------------------------------------------------


def flip(text: str, bit: int) -> str:
    """Another text: one bit of its UTF-8 is turned over, which may make it no text at all."""
    raw = bytearray(text.encode())
    raw[bit // 8 % len(raw)] ^= 1 << bit % 8
    return raw.decode("utf-8", "surrogateescape")


@settings(max_examples=300, deadline=None)
@given(LOGS, st.data())
def test_one_bit_turned_over_anywhere_is_found_and_its_entry_named(rows: list[Row], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(rows) - 1))
    field = data.draw(st.sampled_from([n for n in range(1, 8) if rows[place][n]]))
    row: list[Any] = list(rows[place])
    row[field] = flip(row[field], data.draw(st.integers(0, 8 * len(row[field].encode()) - 1)))
    assert place + 1 in named(problems_of([*rows[:place], tuple(row), *rows[place + 1 :]]))


@settings(max_examples=200, deadline=None)
@given(LOGS, st.data(), TEXT | st.integers() | st.none() | st.binary(max_size=4))
def test_a_field_with_any_other_value_is_found_and_its_entry_named(
    rows: list[Row], data: st.DataObject, value: Any
) -> None:
    place, field = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(1, 7))
    row: list[Any] = list(rows[place])
    assume(row[field] != value)
    row[field] = value
    assert place + 1 in named(problems_of([*rows[:place], tuple(row), *rows[place + 1 :]]))


@settings(max_examples=200, deadline=None)
@given(LOGS, st.data())
def test_removed_entries_are_all_named_unless_they_were_the_last(rows: list[Row], data: st.DataObject) -> None:
    gone = data.draw(st.sets(st.integers(1, len(rows) - 1), min_size=1))
    assert named(problems_of(row for row in rows if row[0] not in gone)) >= gone


@settings(max_examples=200, deadline=None)
@given(LOGS, st.data())
def test_two_entries_that_changed_places_are_found_and_named(rows: list[Row], data: st.DataObject) -> None:
    one, two = data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=2, max_size=2, unique=True))
    swapped = list(rows)
    swapped[one], swapped[two] = (one + 1, *rows[two][1:]), (two + 1, *rows[one][1:])
    assert named(problems_of(swapped)) == {one + 1, two + 1}


@settings(max_examples=200, deadline=None)
@given(LOGS, st.data())
def test_entries_in_another_order_in_a_file_are_found(rows: list[Row], data: st.DataObject) -> None:
    order = data.draw(st.permutations(rows))
    assume(order != rows)
    first = next(n for n, row in enumerate(order, 1) if row[0] != n)
    assert first in named(problems_of(order))


@settings(max_examples=200, deadline=None)
@given(LOGS, st.data())
def test_an_entry_that_stands_there_twice_is_found(rows: list[Row], data: st.DataObject) -> None:
    which = data.draw(st.integers(0, len(rows) - 1))
    place = data.draw(st.integers(which + 1, len(rows)))
    assert which + 1 in named(problems_of([*rows[:place], rows[which], *rows[place:]]))


@settings(max_examples=200, deadline=None)
@given(LOGS, st.tuples(TEXT, TEXT, TEXT), st.data())
def test_an_entry_put_in_is_found_even_with_a_right_hash_and_all_others_renumbered(
    rows: list[Row], content: tuple[str, str, str], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(rows) - 1))
    prev = rows[place - 1][7] if place else "0" * 64
    forged = chained([content], prev, place + 1)
    after = [(row[0] + 1, *row[1:]) for row in rows[place:]]
    assert named(problems_of([*rows[:place], *forged, *after])) >= {row[0] for row in after}


@settings(max_examples=200, deadline=None)
@given(LOGS, st.data())
def test_an_entry_whose_hash_was_made_anew_is_named_unless_it_is_the_last(rows: list[Row], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(rows) - 2))
    field = data.draw(st.sampled_from([1, 2, 3, 4, 5, 6]))
    body: list[Any] = list(rows[place][:7])
    body[field] += "x"
    forged = (*body, digest(*body))
    assert place + 1 in named(problems_of([*rows[:place], forged, *rows[place + 1 :]]))


@settings(max_examples=100, deadline=None)
@given(LOGS, st.data())
def test_the_check_of_a_log_in_pieces_says_what_the_check_of_the_whole_says(
    rows: list[Row], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(rows)))
    first = Chain()
    first.feed(rows[:cut])
    rest = Chain(first.seq, first.hash)
    assert rest.feed(rows[cut:]) == len(rows) - cut
    assert rest.whole and (rest.seq, rest.hash) == (len(rows), rows[-1][7])


def test_a_log_written_wholly_anew_needs_a_signed_head_to_be_found() -> None:
    """Why there are heads at all: the chain alone cannot tell."""
    rows = chained([("a", str(n), "{}") for n in range(6)])
    forged = rechained([*rows[:2], (3, rows[2][1], "b", *rows[2][3:]), *rows[3:]], 2)
    assert problems_of(forged) == []
    assert forged[-1][7] != rows[-1][7]


# -- what SQLite lets somebody put in ----------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"ok\x80", b"\xed\xa0\x80"])
def test_bytes_that_are_no_text_are_named_and_the_rest_is_still_checked(tmp_path: Path, raw: bytes) -> None:
    engine = sqlite_engine(tmp_path / "a.sqlite")
    t.metadata.create_all(engine)
    with engine.begin() as conn:
        append(conn, 6)
    with sqlite3.connect(tmp_path / "a.sqlite") as file:
        file.execute("UPDATE audit SET subject = CAST(? AS TEXT) WHERE seq = 2", [raw])
        file.execute("UPDATE audit SET actor = 'lead' WHERE seq = 5")
    file.close()
    with engine.connect() as conn:
        count, problem = trail.verify(conn)
    with engine.connect() as conn:
        assert conn.execute(sa.text("SELECT 'text'")).scalar() == "text"
    engine.dispose()
    assert count == 6 and problem is not None and re.match("entry 2 was changed", problem)


@pytest.mark.parametrize("value", [7, 7.5, b"blob", b""])
def test_a_value_of_another_type_is_named(tmp_path: Path, value: object) -> None:
    engine = sqlite_engine(tmp_path / "a.sqlite")
    t.metadata.create_all(engine)
    with engine.begin() as conn:
        append(conn, 3)
    with sqlite3.connect(tmp_path / "a.sqlite") as file:
        file.execute("UPDATE audit SET detail = ? WHERE seq = 2", [value])
    file.close()
    with engine.connect() as conn:
        assert named([trail.verify(conn)[1] or ""]) == {2}
    engine.dispose()
