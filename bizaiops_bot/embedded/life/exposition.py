"""What a Prometheus server would scrape from the embedded company, in its text format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bizaiops_bot.embedded.life.life import ModelLife
from bizaiops_bot.embedded.life.minutes import ERRORS, LATENCY, LATENCY_EDGES_MS, REQUESTS, TURNED_AWAY, WIDTH, Stats
from bizaiops_bot.embedded.life.serving import EmbeddedServing

if TYPE_CHECKING:
    from prometheus_client import Metric

LABELS = ["model", "version"]


class Totals:
    """Counters since the process started, per (model, version): what Prometheus expects to grow only."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str], Stats] = {}
        self._latency_s: dict[tuple[str, str], float] = {}

    def add(self, model: str, version: str, requests: int, errors: int, latency_counts: Any, latency_ms: float) -> None:
        """latency_counts: per bin of LATENCY_EDGES_MS. latency_ms: sum over the requests."""
        sums = self._sums.setdefault((model, version), np.zeros(WIDTH))
        sums[REQUESTS] += requests
        sums[ERRORS] += errors
        sums[LATENCY] += latency_counts
        self._latency_s[model, version] = self._latency_s.get((model, version), 0.0) + latency_ms / 1000

    def turned_away(self, model: str, requests: int) -> None:
        """Requests to a paused model."""
        self._sums.setdefault((model, TURNED_AWAY), np.zeros(WIDTH))[REQUESTS] += requests

    def served(self) -> Iterator[tuple[list[str], Stats, float]]:
        """([model, version], sums, latency seconds)."""
        for (model, version), sums in sorted(self._sums.items()):
            if version != TURNED_AWAY:
                yield [model, version], sums, self._latency_s[model, version]

    def refused(self) -> Iterator[tuple[str, float]]:
        """(model, requests turned away)."""
        return (
            (model, float(sums[REQUESTS])) for (model, version), sums in self._sums.items() if version == TURNED_AWAY
        )


class Exposition:
    """A Prometheus collector with a registry of its own, so that other metrics of the process stay out."""

    def __init__(self, lives: Mapping[str, ModelLife], serving: EmbeddedServing, totals: Totals) -> None:
        self._lives, self._serving, self._totals = lives, serving, totals

    def text(self) -> str:
        """The Prometheus text format, version 0.0.4."""
        from prometheus_client import CollectorRegistry, generate_latest

        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry).decode()

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client.registry.Collector."""
        yield from self._counters()
        yield from self._gauges()

    def _counters(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

        requests = CounterMetricFamily("bizaiops_requests", "Requests answered or failed.", labels=LABELS)
        errors = CounterMetricFamily("bizaiops_errors", "Requests that ended in an error.", labels=LABELS)
        latency = HistogramMetricFamily("bizaiops_latency_seconds", "Time to answer.", labels=LABELS)
        refused = CounterMetricFamily("bizaiops_turned_away", "Requests to a paused model.", labels=["model"])
        for labels, sums, seconds in self._totals.served():
            requests.add_metric(labels, float(sums[REQUESTS]))
            errors.add_metric(labels, float(sums[ERRORS]))
            bounds = [*(f"{edge / 1000:g}" for edge in LATENCY_EDGES_MS), "+Inf"]
            below = np.cumsum(sums[LATENCY]).tolist()
            latency.add_metric(labels, buckets=list(zip(bounds, below, strict=True)), sum_value=seconds)
        for model, count in self._totals.refused():
            refused.add_metric([model], count)
        yield from (requests, errors, latency, refused)

    def _gauges(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily

        weight = GaugeMetricFamily("bizaiops_traffic_weight", "Percent of requests.", labels=LABELS)
        replicas = GaugeMetricFamily("bizaiops_replicas", "Replicas that serve.", labels=["model"])
        drift = GaugeMetricFamily("bizaiops_drift_psi", "PSI of the last ten minutes.", labels=[*LABELS, "feature"])
        for model, life in self._lives.items():
            state = self._serving.state(model)
            replicas.add_metric([model], state.replicas.ready)
            for revision in state.revisions:
                weight.add_metric([model, revision.called], revision.weight)
            for feature in life.sketches.latest:
                drift.add_metric([model, life.sketches.version, feature.name], feature.psi)
        yield from (weight, replicas, drift)
