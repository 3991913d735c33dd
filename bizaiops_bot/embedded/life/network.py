"""How long an answer takes and whether it fails: the part of serving that is not the model itself."""

from __future__ import annotations

from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]

MEDIAN_MS = 20.0
SIGMA = 0.493  # lognormal: p95 / p50 = exp(1.645 * 0.493) = 2.25, so 45 ms over 20 ms
NORMAL_LOAD = 0.6  # share of one replica's capacity that the usual traffic takes
FIXED_MS = 12.0  # the way there and back, which no replica makes shorter
ERROR_RATE = 0.0015
FAULT_ERROR_RATE = 0.12
FAULT_LATENCY_FACTOR = 8.0


def latency_ms(
    rng: np.random.Generator,
    count: int,
    *,
    per_minute: float,
    usual_per_minute: float,
    replicas: int,
    slow: bool,
    work_ms: float,
) -> Floats:
    """Milliseconds a request takes, shape (count,).

    Queueing follows 1 / (1 - load), so a second replica helps and a traffic peak hurts.
    work_ms: measured time of the model per row.
    """
    load = min(0.95, NORMAL_LOAD * per_minute / usual_per_minute / max(1, replicas))
    queue = (MEDIAN_MS - FIXED_MS) * (1 - NORMAL_LOAD) / (1 - load)
    way = rng.lognormal(np.log(FIXED_MS + queue), SIGMA, count)
    return np.asarray((way + work_ms) * (FAULT_LATENCY_FACTOR if slow else 1.0), np.float64)


def failures(rng: np.random.Generator, count: int, *, failing: bool) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which requests end in an error instead of an answer, shape (count,)."""
    return np.asarray(rng.random(count) < (FAULT_ERROR_RATE if failing else ERROR_RATE), np.bool_)
