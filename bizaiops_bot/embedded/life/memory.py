"""What the world remembers over a restart: one SQLite file, written in one transaction a save."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.embedded.life.clock import WORLD_FILE
from bizaiops_bot.embedded.life.life import ModelLife
from bizaiops_bot.embedded.life.minutes import KEPT_MINUTES, WIDTH
from bizaiops_bot.embedded.life.rows import KEPT_ROWS

SCHEMA = """
create table if not exists state (key text primary key, value text not null);
create table if not exists minutes (
    model text, minute integer, version text, stats blob not null, primary key (model, minute, version)
) without rowid;
create table if not exists batches (model text, first integer, rows blob not null, primary key (model, first));
"""


class WorldMemory:
    """The file `world.db`. A kill at any moment leaves the last save whole."""

    def __init__(self, folder: Path) -> None:
        """Raises Permanent when the folder cannot be written."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # The world saves from a worker thread at times; its own calls never overlap.
            self._db = sqlite3.connect(folder / WORLD_FILE, check_same_thread=False)
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = normal")
            self._db.executescript(SCHEMA)
        except (OSError, sqlite3.Error) as broken:
            raise Permanent(
                f"The world's memory in {folder} cannot be used.", str(broken), "Name a writable folder."
            ) from broken

    def get(self, key: str) -> Any:
        """A saved value, None if there is none."""
        row = self._db.execute("select value from state where key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def note_time(self, now: datetime) -> None:
        """Cheap (no fsync), so it is done at every tick: a restarted world never goes back before this moment."""
        with self._db:
            self._put("time", now.isoformat())

    def save(self, lives: dict[str, ModelLife], state: dict[str, Any]) -> None:
        """All that changed since the last save, and `state`, together or not at all."""
        with self._db:
            for key, value in state.items():
                self._put(key, value)
            for model, life in lives.items():
                self._put(f"dictionary/{model}", life.rows.dictionary())
                self._save_rows(model, life)
                self._save_minutes(model, life)

    def restore(self, lives: dict[str, ModelLife], now: datetime) -> None:
        """Fills `lives` as saved. now: labels known by then have been counted already."""
        for model, life in lives.items():
            dictionary = self.get(f"dictionary/{model}")
            if dictionary is None:
                continue
            batches = self._db.execute("select first, rows from batches where model = ? order by first", (model,))
            life.rows.restore(dictionary, batches, now)
            saved = self._db.execute(
                "select minute, version, stats from minutes where model = ? order by minute", (model,)
            )
            life.minutes.restore((minute, version, _vector(stats)) for minute, version, stats in saved)

    def close(self) -> None:
        """Closes the file; later calls fail."""
        self._db.close()

    def _put(self, key: str, value: Any) -> None:
        self._db.execute("insert or replace into state values (?, ?)", (key, json.dumps(value)))

    def _save_rows(self, model: str, life: ModelLife) -> None:
        batches = [(model, first, data) for first, data in life.rows.take_unsaved()]
        self._db.executemany("insert or replace into batches values (?, ?, ?)", batches)
        # A batch is dropped when the one after it begins outside of the ring.
        oldest = "select max(first) from batches where model = ? and first <= ?"
        self._db.execute(
            f"delete from batches where model = ? and first < ({oldest})",
            (model, model, life.rows.total - KEPT_ROWS),
        )

    def _save_minutes(self, model: str, life: ModelLife) -> None:
        changed = life.minutes.take_changed()
        rows = [(model, minute, version, stats.tobytes()) for minute, version, stats in changed]
        self._db.executemany("insert or replace into minutes values (?, ?, ?, ?)", rows)
        if changed:
            newest = max(minute for minute, _, _ in changed)
            self._db.execute("delete from minutes where model = ? and minute < ?", (model, newest - KEPT_MINUTES))


def _vector(data: bytes) -> np.ndarray[Any, np.dtype[np.float64]]:
    stats = np.frombuffer(data, np.float64).copy()
    if len(stats) != WIDTH:
        raise Permanent("The world's memory is of another version of the bot.", do="Start with a new data folder.")
    return stats
