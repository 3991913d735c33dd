"""The live dashboard: one snapshot of the world, taken at most every two seconds however many people look."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.kpi import Kpi, KpiRow
from bizaiops_bot.domain.models import ModelInfo, TrafficState
from bizaiops_bot.domain.monitoring import DriftReport, HealthSample
from bizaiops_bot.domain.records import Alert, RunRecord, Schedule
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.surfaces.console.views import fragment
from bizaiops_bot.surfaces.kpis import day_range, kpi_row
from bizaiops_bot.surfaces.reads import DRIFT_MINUTES, HEALTH_MINUTES
from bizaiops_bot.surfaces.site import Site

T = TypeVar("T")
CURRENCIES = {"EUR": "€", "USD": "$", "GBP": "£"}
FRESH_S = 2.0
DRIFT_FRESH_S = 15.0
HISTORY = timedelta(hours=2)


@dataclass(frozen=True)
class ModelTile:
    """One model at a glance; None means not known."""

    info: ModelInfo
    traffic: TrafficState | None
    samples: list[HealthSample]
    latency: tuple[float | None, ...]
    errors: tuple[float | None, ...]
    drift: DriftReport | NoData | None
    alerts: int

    @property
    def status(self) -> tuple[str, str]:
        """(tone, word)."""
        if self.traffic is None:
            return "danger", "unreachable"
        if self.traffic.paused:
            return "warning", "paused"
        if self.alerts:
            return "danger", "alert" if self.alerts == 1 else f"{self.alerts} alerts"
        if not self.samples:
            return "muted", "no data"
        return ("info", "canary") if self.traffic.canary else ("success", "serving")

    @property
    def error_rate(self) -> float | None:
        requests = sum(sample.requests for sample in self.samples)
        return sum(sample.errors for sample in self.samples) / requests if requests else None

    @property
    def latency_p95_ms(self) -> float | None:
        return max((sample.latency_p95_ms for sample in self.samples if sample.requests), default=None)

    @property
    def drift_words(self) -> tuple[str, str]:
        """(tone, words)."""
        if not isinstance(self.drift, DriftReport):
            return "muted", "no data"
        if self.drift.missing:
            return "danger", f"{len(self.drift.missing)} with gaps"
        if self.drift.drifted:
            return "warning", f"{len(self.drift.drifted)} drifting"
        return "success", "none"

    @property
    def shares(self) -> list[tuple[str, int, str]]:
        """What the split bar shows."""
        revisions = self.traffic.revisions if self.traffic else ()
        return [(r.version, r.weight, r.state) for r in revisions if r.weight]


@dataclass(frozen=True)
class KpiTile:
    """One KPI at a glance; `tone` says whether its change is good."""

    kpi: Kpi
    row: KpiRow | None

    @property
    def unit(self) -> tuple[str, str]:
        """(what stands beside the number, the rest): ("€", "per 1,000 customers")."""
        first, _, rest = self.kpi.unit.partition(" ")
        short = CURRENCIES.get(first, first)
        return (short, rest) if len(short) <= 5 else ("", self.kpi.unit)

    @property
    def tone(self) -> str:
        change = self.row.change if self.row else None
        if change is None or abs(change) < 0.005:
            return "muted"
        return "success" if (change > 0) == (self.kpi.direction == "up_is_good") else "danger"


@dataclass(frozen=True)
class Snapshot:
    """Everything on the dashboard at one moment."""

    now: datetime
    models: list[ModelTile]
    kpis: list[KpiTile]
    runs: list[RunRecord]
    schedules: list[Schedule]
    alerts: list[Alert]
    faults: list[tuple[str, str, datetime]]
    frozen: str | None


@dataclass
class Dashboard:
    """Takes snapshots and draws them."""

    site: Site
    _snapshot: Snapshot | None = None
    _taken: float = float("-inf")
    _drift: dict[str, tuple[float, int, DriftReport | NoData | None]] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def html(self) -> tuple[str, str]:
        """(fragment, its digest): equal digests mean nothing has changed."""
        body = fragment("_dashboard.html", board=await self.snapshot(), demo=self.site.demo)
        return body, hashlib.sha256(body.encode()).hexdigest()[:16]

    async def snapshot(self) -> Snapshot:
        """At most FRESH_S old. A part that does not answer is shown as unknown; the others stay."""
        async with self._lock:
            if self._snapshot is None or time.monotonic() - self._taken > FRESH_S:
                self._snapshot = await self._take()
                self._taken = time.monotonic()
            return self._snapshot

    async def _take(self) -> Snapshot:
        ports = self.site.desk.ports
        now = ports.clock.now()
        alerts = await _or(ports.records.alerts(open_only=True, limit=10), [])
        models = await _or(ports.serving.models(), [])
        kpis = await _or(ports.warehouse.kpis(), [])
        return Snapshot(
            now=now,
            models=[await self._model(info, now, alerts) for info in models],
            kpis=[await self._kpi(kpi) for kpi in kpis],
            runs=await _or(ports.records.runs(limit=6), []),
            schedules=await _or(ports.records.schedules(), []),
            alerts=alerts,
            faults=await _or(ports.faults.active(), []) if ports.faults else [],
            frozen=await _or(ports.records.frozen(), None),
        )

    async def _model(self, info: ModelInfo, now: datetime, alerts: list[Alert]) -> ModelTile:
        ports = self.site.desk.ports
        samples = await _or(ports.metrics.health(info.name, minutes=HEALTH_MINUTES), [])
        open_alerts = sum(alert.model == info.name for alert in alerts)
        return ModelTile(
            info=info,
            traffic=await _or(ports.serving.traffic(info.name), None),
            samples=[] if isinstance(samples, NoData) else samples,
            latency=await self._series(info.name, "latency_p95_ms", now),
            errors=await self._series(info.name, "error_rate", now),
            drift=await self._drift_of(info.name, open_alerts),
            alerts=open_alerts,
        )

    async def _series(self, model: str, metric: str, now: datetime) -> tuple[float | None, ...]:
        found = await _or(self.site.desk.ports.metrics.series(model, metric, now - HISTORY, now, 40), None)
        values = () if found is None or isinstance(found, NoData) else found.values
        # A bot just started has measured minutes, not hours: the line begins where the numbers do.
        begin = next((i for i, value in enumerate(values) if value is not None), len(values))
        return values[begin:]

    async def _drift_of(self, model: str, open_alerts: int) -> DriftReport | NoData | None:
        """At most DRIFT_FRESH_S old, and read anew with each alert: "no drift" beside an open drift alert is a lie."""
        taken, alerts_then, known = self._drift.get(model, (float("-inf"), 0, None))
        if time.monotonic() - taken > DRIFT_FRESH_S or alerts_then != open_alerts:
            known = await _or(self.site.desk.ports.drift.report(model, minutes=DRIFT_MINUTES), None)
            self._drift[model] = (time.monotonic(), open_alerts, known)
        return known

    async def _kpi(self, kpi: Kpi) -> KpiTile:
        start, end = day_range(self.site, 36)
        daily = await _or(self.site.desk.ports.warehouse.daily(kpi.id, start, end, time_zone=self.site.time_zone), [])
        return KpiTile(kpi, kpi_row(kpi, daily))


async def _or(read: Awaitable[T], otherwise: T) -> T:
    try:
        return await read
    except BotError:
        return otherwise
