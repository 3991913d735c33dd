"""Requests and answers: what happens to each model in a slot of time."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from bizaiops_bot.domain.tried import Tried
from bizaiops_bot.embedded.business.streams import Shift
from bizaiops_bot.embedded.life.bookings import Bookings
from bizaiops_bot.embedded.life.exposition import Totals
from bizaiops_bot.embedded.life.faults import EmbeddedFaults
from bizaiops_bot.embedded.life.life import ModelLife
from bizaiops_bot.embedded.life.minutes import (
    ERRORS,
    LATENCY,
    LATENCY_EDGES_MS,
    REQUESTS,
    SCORE_BINS,
    SCORE_SUM,
    SCORED,
    SCORES,
    TURNED_AWAY,
    VALUE_N,
    VALUE_SUM,
    VALUE_SUMSQ,
    minute_of,
)
from bizaiops_bot.embedded.life.network import failures, latency_ms
from bizaiops_bot.embedded.life.rows import Known
from bizaiops_bot.embedded.life.served import ServedModel
from bizaiops_bot.embedded.life.serving import EmbeddedServing
from bizaiops_bot.embedded.life.sketches import score_column

LOG = logging.getLogger(__name__)

EDGES = np.asarray(LATENCY_EDGES_MS)

Slot = tuple[datetime, datetime]


class Traffic:
    """Draws the requests, sends them to versions by weight, scores them, measures, and lets labels arrive late.

    Everything random comes from `seed`, the model's name and the begin of the slot.
    """

    def __init__(
        self,
        lives: Mapping[str, ModelLife],
        serving: EmbeddedServing,
        faults: EmbeddedFaults,
        bookings: Bookings,
        totals: Totals,
        seed: int,
        stopwatch: Callable[[], float],
    ) -> None:
        """stopwatch: real seconds, for the measured part of the latency."""
        self._lives, self._serving, self._faults = lives, serving, faults
        self._bookings, self._totals = bookings, totals
        self._seed, self._stopwatch = seed, stopwatch

    def live(self, name: str, slot: Slot) -> None:
        """One model over one slot, which lies within one minute."""
        start, end = slot
        life, split = self._lives[name], self._serving.split(name)
        rng = np.random.default_rng([self._seed, zlib.crc32(name.encode()), round(start.timestamp() * 1000)])
        minutes = (end - start) / timedelta(minutes=1)
        rate = life.requests_per_minute * _daily_swing(start)
        count = int(rng.poisson(rate * minutes))
        if split.paused:
            self._turn_away(name, minute_of(start), count)
        elif count:
            self._answer(name, slot, rng, count, rate)
        known = life.rows.reveal(end.timestamp())
        if known is not None:
            self._book(name, minute_of(start), known)

    def _turn_away(self, name: str, minute: int, count: int) -> None:
        self._lives[name].minutes.at(minute, TURNED_AWAY)[REQUESTS] += count
        self._totals.turned_away(name, count)

    def _answer(self, name: str, slot: Slot, rng: np.random.Generator, count: int, rate: float) -> None:
        life, split, shift = self._lives[name], self._serving.split(name), self._faults.shift(name)
        rows = life.stream.draw(rng, count, slot[0], shift)
        versions = list(split.weights)
        shares = np.asarray([split.weights[version] for version in versions]) / 100
        chosen = rng.choice(len(versions), count, p=shares) if len(versions) > 1 else np.zeros(count, int)
        for place, version in enumerate(versions):
            mine = rows if len(versions) == 1 else rows.loc[chosen == place]
            if len(mine):
                self._answer_by(name, version, slot, rng, mine, rate, shift)

    def _answer_by(
        self,
        name: str,
        version: str,
        slot: Slot,
        rng: np.random.Generator,
        rows: pd.DataFrame,
        rate: float,
        shift: Shift,
    ) -> None:
        """One version answers its share of a slot's requests."""
        served = self._serving.served(name, version)
        failed, waited, scores = self._asked(name, served, rng, rows, rate)
        self._measure(name, served, slot, failed, waited, scores[~failed])
        self._remember(name, served, slot, rng, rows.loc[~failed], scores[~failed], shift)

    def try_out(self, name: str, version: str, count: int, now: datetime) -> Tried:
        """Asked past the split: nothing of it is measured or remembered."""
        life, served, shift = self._lives[name], self._serving.served(name, version), self._faults.shift(name)
        seed = [self._seed, zlib.crc32(f"{name} {version}".encode()), round(now.timestamp() * 1000)]
        rng = np.random.default_rng(seed)
        rows = life.stream.draw(rng, count, now, shift)
        failed, waited, _ = self._asked(name, served, rng, rows, life.requests_per_minute)
        took = tuple(round(float(ms), 1) for ms in waited[~failed])
        return Tried(requests=count, failed=int(failed.sum()), latencies_ms=took)

    def _asked(
        self, name: str, served: ServedModel, rng: np.random.Generator, rows: pd.DataFrame, rate: float
    ) -> tuple[Any, Any, Any]:
        """Which requests failed, how long each took (ms) and the scores, all shape (rows,)."""
        life, version = self._lives[name], served.version
        begun = self._stopwatch()
        scores, answered = _predict(served, rows[[f.name for f in life.stream.features]])
        work_ms = (self._stopwatch() - begun) * 1000 / len(rows)
        failed = failures(rng, len(rows), failing=self._faults.hits(name, version, "errors")) | ~answered
        waited = latency_ms(
            rng,
            len(rows),
            per_minute=rate,
            usual_per_minute=life.requests_per_minute,
            replicas=self._serving.split(name).least,
            slow=self._faults.hits(name, version, "latency"),
            work_ms=work_ms,
        )
        return failed, waited, scores

    def _measure(
        self, name: str, served: ServedModel, slot: Slot, failed: Any, waited: Any, scores: np.ndarray[Any, Any]
    ) -> None:
        """Adds to the minute's statistics and the counters."""
        stats = self._lives[name].minutes.at(minute_of(slot[0]), served.version)
        bins = np.bincount(np.searchsorted(EDGES, waited), minlength=len(EDGES) + 1)
        stats[REQUESTS] += len(waited)
        stats[ERRORS] += failed.sum()
        stats[LATENCY] += bins
        stats[SCORED] += len(scores)
        stats[SCORE_SUM] += scores.sum()
        stats[SCORES] += _deciles(served, scores)
        self._totals.add(name, served.version, len(waited), int(failed.sum()), bins, float(waited.sum()))

    def _remember(
        self,
        name: str,
        served: ServedModel,
        slot: Slot,
        rng: np.random.Generator,
        rows: pd.DataFrame,
        scores: np.ndarray[Any, Any],
        shift: Shift,
    ) -> None:
        """Lets the future happen: what becomes of the rows is drawn now and known only after its delay."""
        if not len(rows) or not self._lives[name].counts:
            return
        life, minute = self._lives[name], minute_of(slot[0])
        outcome = life.stream.outcome(rng, rows, scores, shift)
        start_s, end_s = slot[0].timestamp(), slot[1].timestamp()
        at = np.sort(rng.uniform(start_s, end_s, len(rows)))
        life.rows.add(rows, outcome, served.version, scores, at, at + life.stream.label_delay_s(rng, len(rows)))
        self._bookings.answered(name, served.version, minute, len(rows))
        if served.version == self._serving.split(name).stable:
            columns = {f.name: rows[f.name].to_numpy() for f in life.stream.features}
            life.sketches.fold(served, minute, {**columns, score_column(served): scores})

    def _book(self, name: str, minute: int, known: Known) -> None:
        """Known outcomes go to the KPIs of this minute, and to the version's arm in the minute of the request."""
        self._bookings.known(name, minute, known)
        ring = self._lives[name].minutes
        requested = (known.requested_s // 60).astype(int)
        for version in np.unique(known.version.astype(str)):
            mine = known.version == version
            values = known.value[mine].astype(np.float64)
            minutes, place = np.unique(requested[mine], return_inverse=True)
            counts, sums = np.bincount(place), np.bincount(place, values)
            squares = np.bincount(place, values**2)
            for at, n, total, square in zip(minutes, counts, sums, squares, strict=True):
                stats = ring.at(int(at), str(version))
                stats[VALUE_N] += n
                stats[VALUE_SUM] += total
                stats[VALUE_SUMSQ] += square


def _predict(served: ServedModel, rows: pd.DataFrame) -> tuple[Any, Any]:
    """Scores, and which rows got a finite one, both shape (n,); a model that raises answers none."""
    try:
        scores = np.asarray(served.predict(rows), np.float64)
    except Exception:  # whatever a model does wrong, its requests fail and the world goes on
        LOG.exception("%s failed on %d requests", served.version, len(rows))
        return np.zeros(len(rows)), np.zeros(len(rows), np.bool_)
    return scores, np.isfinite(scores)


def _daily_swing(at: datetime) -> float:
    """Traffic against its mean: 15% more in the early afternoon (UTC), 15% less at night."""
    hour = at.hour + at.minute / 60
    return 1.0 + 0.15 * float(np.cos((hour - 14) / 24 * 2 * np.pi))


def _deciles(served: ServedModel, scores: np.ndarray[Any, Any]) -> Any:
    """Predictions per bin of the version's own held-out deciles, shape (10,)."""
    edges = np.asarray(served.score_edges, np.float64)
    return np.bincount(np.searchsorted(edges, scores, side="right"), minlength=SCORE_BINS)[:SCORE_BINS]
