"""Which rows a version learns from and which are held out."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bizaiops_bot.domain.errors import NotEnoughData
from bizaiops_bot.embedded.training.recipes import Trainable
from bizaiops_bot.embedded.training.training import Tables

HISTORY_DAYS = 60
HISTORY_ROWS = 16_000
HOLDOUT_SHARE = 0.2
MIN_HOLDOUT = 60
"""Of a small file more than a fifth is held out: its scores are what live ones are compared with, 50 at least."""
MIN_RECENT = 400
MAX_RECENT = 12_000
RECENT_HOLDOUT = 0.3
MIN_RECENT_HOLDOUT = 220


def first_tables(stream: Trainable, end: datetime, seed: int) -> Tables:
    """60 days of labelled history before `end`, a fifth held out: the latest for forecasts, random customers
    otherwise.
    """
    rng = np.random.default_rng(seed)
    frame = _kept(stream.history(rng, end - timedelta(days=HISTORY_DAYS), end, HISTORY_ROWS), stream)
    if "_unit" in frame.columns:
        frame = frame.drop_duplicates("_unit", ignore_index=True)
    if stream.info.task == "forecast":
        held = np.arange(len(frame)) >= min(int(len(frame) * (1 - HOLDOUT_SHARE)), len(frame) - MIN_HOLDOUT)
    else:
        drawn = rng.random(len(frame))
        held = (drawn < HOLDOUT_SHARE) | (drawn.argsort().argsort() < MIN_HOLDOUT)
    train = frame[~held].reset_index(drop=True)
    return Tables(train, frame[held].reset_index(drop=True), np.zeros(len(train), dtype=np.bool_), frame)


def recent_tables(stream: Trainable, first: Tables, recent: pd.DataFrame, seed: int) -> Tables:
    """History plus labelled live rows; only live rows are held out, because they show the world as it is now.

    Rows of one customer are all on the same side. Raises NotEnoughData under 400 live rows.
    """
    if len(recent) < MIN_RECENT:
        raise NotEnoughData(
            f"{stream.info.name} cannot be retrained yet.",
            f"{len(recent)} labelled rows have arrived, {MIN_RECENT} are needed.",
            "Labels arrive late; wait some minutes.",
        )
    latest = _kept(recent.sort_values("at", kind="stable").tail(MAX_RECENT).reset_index(drop=True), stream)
    share = max(RECENT_HOLDOUT, MIN_RECENT_HOLDOUT / len(latest))
    units = pd.factorize(latest["_unit"])[0] if "_unit" in latest.columns else np.arange(len(latest))
    held = (np.random.default_rng(seed).random(units.max() + 1) < share)[units]
    learned = latest[~held].drop_duplicates("_unit", keep="last") if "_unit" in latest.columns else latest[~held]
    train = pd.concat([first.train, learned], ignore_index=True)
    return Tables(train, latest[held].reset_index(drop=True), np.arange(len(train)) >= len(first.train), latest)


def _kept(frame: pd.DataFrame, stream: Trainable) -> pd.DataFrame:
    names = [feature.name for feature in stream.features] + ["label"]
    return frame[[*names, "_unit"] if "_unit" in frame.columns else names]


def store(value: Any, path: Path) -> None:
    """Writes with joblib in one move, so that a reader never sees half a file."""
    import joblib

    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    joblib.dump(value, draft)
    draft.replace(path)


def read(path: Path) -> Any:
    """What `store` wrote."""
    import joblib

    return joblib.load(path)
