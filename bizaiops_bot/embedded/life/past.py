"""The days before the world begins: drawn, really answered by the first version, and booked hour by hour."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from bizaiops_bot.embedded.business.streams import CALM
from bizaiops_bot.embedded.life.bookings import Sums, Warehousing
from bizaiops_bot.embedded.life.life import ModelLife
from bizaiops_bot.embedded.life.served import ServedModel

PAST_DAYS = 60
ROWS_A_DAY = 2_000
KEPT_FOR_TRAINING = 4_000


def tell_past(
    lives: Mapping[str, ModelLife],
    served: Mapping[str, ServedModel],
    warehouse: Warehousing,
    seed: int,
    end: datetime,
    days: int = PAST_DAYS,
) -> None:
    """Fills the warehouse for the days up to `end` and leaves a sample of labelled rows for retraining.

    Counts are of the sampled rows, fewer than live ones; KPIs are ratios, so their scale is the same.
    Same seed and end, same past.
    """
    for place, (model, life) in enumerate(lives.items()):
        rng = np.random.default_rng([seed, place, int(end.timestamp())])
        rows = life.stream.history(rng, end - timedelta(days=days), end, ROWS_A_DAY * days).reset_index(drop=True)
        scores = np.asarray(served[model].predict(rows[[f.name for f in life.stream.features]]), np.float64)
        outcome = life.stream.outcome(rng, rows, scores, CALM)
        at_s = _seconds(rows["at"])
        warehouse.append(_hours(model, served[model].version, at_s, outcome))
        kept = np.sort(rng.choice(len(rows), min(KEPT_FOR_TRAINING, len(rows)), replace=False))
        times = at_s[kept]
        # Their outcome has long been known: the label's time is the request's.
        life.rows.add(rows.iloc[kept], outcome.iloc[kept], served[model].version, scores[kept], times, times)
        life.rows.reveal(end.timestamp())


def _hours(model: str, version: str, at_s: np.ndarray[Any, Any], outcome: pd.DataFrame) -> list[Sums]:
    measures = outcome.drop(columns=["label", "value"]).assign(labelled=1.0, answered=1.0)
    hours = measures.groupby((at_s // 3600).astype(np.int64)).sum()
    names = [str(name) for name in hours.columns]
    return [
        (datetime.fromtimestamp(hour * 3600, UTC), model, version, dict(zip(names, sums, strict=True)))
        for hour, sums in zip(hours.index.tolist(), hours.to_numpy().tolist(), strict=True)
    ]


def _seconds(at: pd.Series) -> np.ndarray[Any, Any]:
    """Seconds since 1970, whatever the resolution of the column."""
    return np.asarray(pd.DatetimeIndex(at).as_unit("ns").asi8 / 1e9, np.float64)
