"""Signed heads tell what the chain alone cannot: that the end was cut off, or everything written anew."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.engine.audit import signed_heads, signing_keys
from bizaiops_bot.engine.audit.chain import Row
from bizaiops_bot.engine.audit.report import Evidence, Report, examine
from bizaiops_bot.engine.audit.signed_heads import HEADS_FILE, Head
from bizaiops_bot.engine.audit.signing_keys import HeadKey
from tests.support.audit_log import AT, chained, named, rechained

KEY, FOREIGN = HeadKey(Ed25519PrivateKey.generate()), HeadKey(Ed25519PrivateKey.generate())
ROWS = chained([("a", f"m-{n}", "{}") for n in range(12)])


def head(seq: int, *, key: HeadKey = KEY, rows: list[Row] = ROWS) -> Head:
    return signed_heads.make(key, seq, rows[seq - 1][7], AT + timedelta(minutes=seq))


def report(rows: list[Row], *heads: Head, elsewhere: tuple[Head, ...] | None = None, alone: bool = True) -> Report:
    """heads: those of the database; elsewhere: those of the file, the same when not said."""
    file = list(heads if elsewhere is None else elsewhere)
    return examine(rows, Evidence(list(heads), file, frozenset({KEY.id}), alone))


def test_a_whole_log_is_attested_up_to_the_newest_head() -> None:
    found = report(ROWS, head(5), head(10))
    assert found.whole and found.attested == head(10)
    assert found.lines() == [
        "OK: 12 entries, none changed, moved or missing.",
        f"Signatures: up to entry 10, by key {KEY.id} at 2026-03-04T08:10:00 UTC. The 2 newest entries are signed next: "
        "every quarter of an hour, and when the bot stops.",
    ]


def test_without_a_head_it_is_said_when_there_must_be_one() -> None:
    found = report(ROWS)
    assert found.whole and found.attested is None
    assert found.lines()[1].startswith("Signatures: none yet.") and "must have one" in found.lines()[1]


def test_an_end_that_was_cut_off_is_found_by_the_head_in_the_database() -> None:
    found = report(ROWS[:9], head(5), head(12))
    assert not found.whole and found.attested == head(5)
    assert (
        "the end was cut off: entry 12 was signed at 2026-03-04T08:12:00 UTC, the last one left is 9" in found.problems
    )


def test_an_end_that_was_cut_off_with_its_heads_is_found_by_the_file_beside_the_database() -> None:
    found = report(ROWS[:9], head(5), elsewhere=(head(5), head(12)))
    assert "the end was cut off" in found.problems[0]
    assert (
        "1 head is in audit-heads.jsonl and not in the database, the last at entry 12: removed there" in found.problems
    )


def test_a_log_that_was_emptied_is_found() -> None:
    assert "the last one left is 0" in report([], head(12)).problems[0]


def test_heads_deleted_from_the_database_are_found_though_all_entries_are_there() -> None:
    found = report(ROWS, elsewhere=(head(5), head(12)))
    assert found.problems == (
        "2 heads are in audit-heads.jsonl and not in the database, the last at entry 12: removed there",
    )
    assert found.attested == head(12)


def test_a_head_that_only_the_database_has_is_no_problem() -> None:
    """A crash between the two leaves it so."""
    assert report(ROWS, head(5), head(12), elsewhere=(head(5),)).whole


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 11), st.sampled_from([1, 2, 3, 4, 5]), st.sets(st.integers(1, 12), min_size=1))
def test_a_log_written_anew_from_any_entry_on_is_found_by_any_later_head(
    place: int, field: int, signed: set[int]
) -> None:
    row = [*ROWS[place]]
    row[field] = f"{row[field]}x"
    forged = rechained([*ROWS[:place], tuple(row), *ROWS[place + 1 :]], place)  # type: ignore[arg-type]
    found = report(forged, *(head(seq) for seq in sorted(signed)))
    after = {seq for seq in signed if seq > place}
    assert found.whole == (not after)
    if after:
        before = max(signed - after, default=0)
        assert f"somewhere from entry {before + 1} to {min(after)}" in found.problems[0]
        assert (found.attested.seq if found.attested else 0) == before


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 11), st.sets(st.integers(1, 12), min_size=1))
def test_a_log_cut_off_anywhere_is_found_by_any_head_behind_the_cut(kept: int, signed: set[int]) -> None:
    found = report(ROWS[:kept], *(head(seq) for seq in signed))
    assert found.whole == (max(signed) <= kept)
    if not found.whole:
        assert max(signed) in named(found.problems)


def test_a_head_of_a_foreign_key_is_a_problem_where_one_bot_signs() -> None:
    found = report(ROWS, head(5), head(12, key=FOREIGN))
    assert found.problems == (f"1 head is signed by key {FOREIGN.id}, which is not this bot's: not counted",)
    assert found.attested == head(5)


def test_a_head_of_another_worker_is_not_counted_and_only_noted_where_many_sign() -> None:
    found = report(ROWS, head(5), head(12, key=FOREIGN), alone=False)
    assert found.whole and found.attested == head(5)
    assert found.lines()[-1].startswith(f"Note: 1 head is signed by key {FOREIGN.id}")


def test_a_rewritten_log_with_heads_of_the_attackers_own_key_is_not_attested() -> None:
    forged = rechained([(1, ROWS[0][1], "b", *ROWS[0][3:]), *ROWS[1:]], 0)
    found = report(forged, head(12, key=FOREIGN, rows=forged), elsewhere=(head(12),))
    assert found.attested is None
    assert any("was rewritten somewhere from entry 1 to 12" in problem for problem in found.problems)


@pytest.mark.parametrize("field", ["seq", "hash", "at", "key", "signature"])
def test_a_head_that_was_changed_is_not_valid(field: str) -> None:
    good = head(5)
    other = {
        "seq": 6,
        "hash": "0" * 64,
        "at": "2026-03-05",
        "key": FOREIGN.public,
        "signature": good.signature[:-1] + "x",
    }
    bad = replace(good, **{field: other[field]})
    assert good.valid and not bad.valid
    assert "the signature of the head" in report(ROWS, bad).problems[0]


# -- the file beside the database --------------------------------------------------------------------------------------


def test_the_file_gives_back_the_heads_it_was_given(tmp_path: Path) -> None:
    assert signed_heads.in_file(tmp_path) == ([], [])
    signed_heads.add_to_file(tmp_path, [head(5)])
    signed_heads.add_to_file(tmp_path, [head(10), head(12)])
    assert signed_heads.in_file(tmp_path) == ([head(5), head(10), head(12)], [])


def test_a_line_that_a_crash_left_half_written_is_no_mistake_and_spoils_nothing(tmp_path: Path) -> None:
    signed_heads.add_to_file(tmp_path, [head(5)])
    with (tmp_path / HEADS_FILE).open("a") as out:
        out.write('{"seq": 10, "ha')
    assert signed_heads.in_file(tmp_path) == ([head(5)], [])
    signed_heads.add_to_file(tmp_path, [head(12)])
    heads, wrong = signed_heads.in_file(tmp_path)
    assert heads == [head(5), head(12)]
    assert wrong == ["line 2 of audit-heads.jsonl is not a head"]


@pytest.mark.parametrize(
    "line", ["", "no json", "[]", "{}", '{"seq": "5"}', json.dumps(asdict(head(5)) | {"seq": 5.0})]
)
def test_a_line_that_is_no_head_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / HEADS_FILE).write_text(f"{line}\n")
    assert signed_heads.in_file(tmp_path) == ([], ["line 1 of audit-heads.jsonl is not a head"])


# -- the key -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    signing_keys.load_or_make(tmp_path)
    yield tmp_path


def test_the_key_is_made_once_and_only_its_owner_can_read_it(folder: Path) -> None:
    first = signing_keys.load(folder)
    assert first is not None and signing_keys.load_or_make(folder).public == first.public
    assert (folder / signing_keys.KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert [file.name for file in folder.iterdir()] == [signing_keys.KEY_FILE]


def test_a_damaged_key_is_told_and_not_replaced_in_silence(folder: Path) -> None:
    (folder / signing_keys.KEY_FILE).write_text("-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n")
    with pytest.raises(Permanent, match=r"cannot be used.*Put the right file back"):
        signing_keys.load_or_make(folder)


def test_a_key_that_is_given_is_taken_and_never_made(tmp_path: Path) -> None:
    elsewhere, data = tmp_path / "secret", tmp_path / "data"
    elsewhere.mkdir()
    data.mkdir()
    made = signing_keys.load_or_make(elsewhere)
    found = signing_keys.load_or_make(data, elsewhere / signing_keys.KEY_FILE)
    assert found.public == made.public and list(data.iterdir()) == []
    with pytest.raises(Permanent, match=r"lost\.key', is not there\. BIZAIOPS_AUDIT_KEY names that file"):
        signing_keys.load_or_make(data, tmp_path / "lost.key")
