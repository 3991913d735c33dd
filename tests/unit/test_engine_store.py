"""The store opens what it made and nothing else."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.engine.store import Store


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


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Permanent, match="cannot be used"):
        Store.sqlite(tmp_path / "file" / "data" / "b.sqlite")
