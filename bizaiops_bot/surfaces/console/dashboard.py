"""The live dashboard: one snapshot of the world, taken at most every two seconds however many people look."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from bizaiops_bot.bot_api.observed import health_of
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.health import HEALTH_MINUTES
from bizaiops_bot.domain.kpi import Kpi, KpiRow
from bizaiops_bot.domain.kpi_words import change_words, full_title, short_amount, target_met, target_words
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.monitoring import DriftReport, HealthSample, SeriesData
from bizaiops_bot.domain.records import Alert, RunRecord, Schedule
from bizaiops_bot.domain.services import TrafficState
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.surfaces.console.views import fragment
from bizaiops_bot.surfaces.kpis import ROW_DAYS, day_range, kpi_row
from bizaiops_bot.surfaces.reads import drift_now
from bizaiops_bot.surfaces.site import Site

T = TypeVar("T")
DRIFT_KINDS = frozenset({"drift_detected", "missing_values_detected"})
FRESH_S = 2.0
DRIFT_FRESH_S = 15.0
HISTORY = timedelta(hours=2)


@dataclass(frozen=True)
class ModelTile:
    """One model at a glance; None means not known."""

    info: ModelSpec
    traffic: TrafficState | None
    samples: list[HealthSample]
    latency: tuple[float | None, ...]
    errors: tuple[float | None, ...]
    drift: DriftReport | NoData | None
    alerts: int
    drift_alert: bool = False

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
        return max((s.latency_p95_ms for s in self.samples if s.latency_p95_ms is not None), default=None)

    @property
    def drift_words(self) -> tuple[str, str]:
        """(tone, words)."""
        if not isinstance(self.drift, DriftReport):
            return "muted", "no data"
        if self.drift.missing:
            return "danger", f"{len(self.drift.missing)} with gaps"
        if self.drift.drifted:
            return "warning", f"{len(self.drift.drifted)} drifting"
        if self.drift_alert:
            return "warning", "calm, alert open"
        return "success", "none"

    @property
    def shares(self) -> list[tuple[str, int, str]]:
        """What the split bar shows."""
        revisions = self.traffic.revisions if self.traffic else ()
        return [(r.called, r.weight, r.role) for r in revisions if r.weight]


@dataclass(frozen=True)
class KpiTile:
    """One KPI at a glance, in the words of the cards."""

    kpi: Kpi
    row: KpiRow | None

    @property
    def name(self) -> str:
        return full_title(self.kpi)

    @property
    def value(self) -> str:
        return "–" if self.row is None or self.row.value is None else short_amount(self.kpi, self.row.value)

    @property
    def target(self) -> tuple[str, str]:
        """(tone, "target 17.0%, missed"); "" without one."""
        value = self.row.value if self.row else None
        if self.kpi.target is None:
            return "muted", ""
        met = target_met(self.kpi, value)
        return "muted" if met is None else "success" if met else "danger", f"target {target_words(self.kpi, value)}"

    @property
    def change(self) -> str:
        """Against the same weekday a week before, "" when there is nothing to say."""
        return change_words(self.kpi, self.row.change) if self.row and self.row.change else ""

    @property
    def day(self) -> str:
        """The day it is of when that is not yesterday."""
        return f"{self.row.day:%a %-d %b}" if self.row and self.row.note else ""


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
        ports = self.site.desk.reads
        now = ports.clock.now()
        alerts = await _or(ports.records.alerts(open_only=True, limit=10), [])
        models = await _or(ports.models.specs(), [])
        kpis = await _or(ports.warehouse.kpis(), [])
        return Snapshot(
            now=now,
            models=[await self._model(info, now, alerts) for info in models],
            kpis=[await self._kpi(kpi) for kpi in kpis],
            runs=await _or(ports.records.runs(limit=6), []),
            schedules=await _or(ports.records.schedules(), []),
            alerts=alerts,
            faults=await _or(self.site.faults.active(), []) if self.site.faults else [],
            frozen=await _or(ports.records.frozen(), None),
        )

    async def _model(self, info: ModelSpec, now: datetime, alerts: list[Alert]) -> ModelTile:
        traffic = await _or(self._traffic(info.name), None)
        samples = (
            [] if traffic is None else await _or(health_of(self.site.desk.reads, traffic, minutes=HEALTH_MINUTES), [])
        )
        open_alerts = sum(alert.model == info.name for alert in alerts)
        return ModelTile(
            info=info,
            traffic=traffic,
            samples=[] if isinstance(samples, NoData) else samples,
            latency=await self._series(info.name, "latency_p95_ms", now),
            errors=await self._series(info.name, "error_rate", now),
            drift=await self._drift_of(info.name, open_alerts),
            alerts=open_alerts,
            drift_alert=any(a.model == info.name and a.kind in DRIFT_KINDS for a in alerts),
        )

    async def _traffic(self, model: str) -> TrafficState:
        ports = self.site.desk.reads
        return await ports.serving.traffic(await ports.records.service(model))

    async def _measured(self, model: str, metric: str, now: datetime) -> SeriesData | NoData:
        ports = self.site.desk.reads
        return await ports.metrics.series(await ports.records.service(model), metric, now - HISTORY, now, 40)

    async def _series(self, model: str, metric: str, now: datetime) -> tuple[float | None, ...]:
        found = await _or(self._measured(model, metric, now), None)
        values = () if found is None or isinstance(found, NoData) else found.values
        # A bot just started has measured minutes, not hours: the line begins where the numbers do.
        begin = next((i for i, value in enumerate(values) if value is not None), len(values))
        return values[begin:]

    async def _drift_of(self, model: str, open_alerts: int) -> DriftReport | NoData | None:
        """At most DRIFT_FRESH_S old, and read anew with each alert: "no drift" beside an open drift alert is a lie."""
        taken, alerts_then, known = self._drift.get(model, (float("-inf"), 0, None))
        if time.monotonic() - taken > DRIFT_FRESH_S or alerts_then != open_alerts:
            known = await _or(drift_now(self.site, model), None)
            self._drift[model] = (time.monotonic(), open_alerts, known)
        return known

    async def _kpi(self, kpi: Kpi) -> KpiTile:
        start, today = day_range(self.site, ROW_DAYS)
        daily = await _or(self.site.desk.reads.warehouse.daily(kpi.id, start, today, time_zone=self.site.time_zone), [])
        return KpiTile(kpi, kpi_row(kpi, daily, today))


async def _or(read: Awaitable[T], otherwise: T) -> T:
    try:
        return await read
    except BotError:
        return otherwise
