"""Tokens that the bot makes itself: the same after a restart, one a person, readable by its own user alone."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bizaiops_bot.app.made_tokens import NAME, made_tokens, read_tokens
from bizaiops_bot.domain.errors import BadInput


def test_each_person_has_a_long_token_of_their_own_which_stays(tmp_path: Path) -> None:
    first = made_tokens(tmp_path / "data", ["engineer", "lead"])
    told = read_tokens(tmp_path / "data")
    assert {person: token.get_secret_value() for person, token in first.items()} == told
    assert len(set(told.values())) == 2 and all(len(token) >= 32 for token in told.values())
    assert made_tokens(tmp_path / "data", ["engineer", "lead"]) == first


def test_who_joins_gets_one_and_who_leaves_loses_theirs(tmp_path: Path) -> None:
    before = made_tokens(tmp_path, ["engineer", "lead"])
    after = made_tokens(tmp_path, ["lead", "sre"])
    assert after["lead"] == before["lead"] and set(read_tokens(tmp_path)) == {"lead", "sre"}


def test_nobody_else_can_read_them(tmp_path: Path) -> None:
    made_tokens(tmp_path, ["lead"])
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"lead": 7}', '{"lead": ""}', "\x00"])
def test_a_damaged_file_is_told_and_left_as_it_is(tmp_path: Path, content: str) -> None:
    (tmp_path / NAME).write_text(content)
    with pytest.raises(BadInput, match=r"tokens\.json"):
        made_tokens(tmp_path, ["lead"])
    assert (tmp_path / NAME).read_text() == content


def test_none_were_made(tmp_path: Path) -> None:
    assert read_tokens(tmp_path) == {}
