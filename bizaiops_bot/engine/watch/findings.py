"""What is wrong with a model right now, as events: drift, lost quality, missing values, errors, slowness."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from bizaiops_bot.bot_api.observed import health_of
from bizaiops_bot.bot_api.reach import Ports
from bizaiops_bot.domain.drift_windows import FAST_MINUTES, SLOW_MINUTES, strong
from bizaiops_bot.domain.environments import parted
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.events import Event, EventKind
from bizaiops_bot.domain.health import WATCH_MINUTES, HealthVerdict, VersionHealth, assess_health
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.monitoring import LABEL_MINUTES, DriftReport, FeatureDrift
from bizaiops_bot.domain.services import TrafficState
from bizaiops_bot.domain.suspects import Arm
from bizaiops_bot.domain.values import NoData, Value

Seen = tuple[list[Event], set[EventKind]]
"""What was found, and the kinds that could be judged."""
LOOK_BACK = timedelta(minutes=60)


class Findings(Value):
    """Events found, and the kinds that could be judged: absence of data is not absence of trouble.

    unread: what the ports said that did not answer. health: what the next look goes on from, None where nothing could
    be judged, so that it goes on from what was before.
    """

    events: tuple[Event, ...] = ()
    judged: frozenset[EventKind] = frozenset()
    unread: tuple[str, ...] = ()
    health: HealthVerdict | None = None


class Examiner:
    """Looks at models through the ports, and remembers nothing."""

    def __init__(self, ports: Callable[[], Ports]) -> None:
        self._ports = ports

    async def examine(self, info: ModelSpec, now: datetime, before: HealthVerdict | None = None) -> Findings:
        """All findings about one model, or about its service in another environment by that name.

        before: the last verdict that could be judged; a limit that it has as broken stays so until its exit limit is
        met. A port that does not answer gives no finding and judges nothing.
        """
        health: list[HealthVerdict] = []

        async def service(info: ModelSpec, now: datetime) -> Seen:
            verdict, traffic = await self._health(info, before)
            health.append(verdict)
            return await self._service(info, now, verdict, traffic)

        events: list[Event] = []
        judged: set[EventKind] = set()
        unread: list[str] = []
        # What was drawn and labelled is known of each model, in the default environment.
        parts = (service,) if parted(info.name)[1] else (self._drift, self._labels, service)
        for part in parts:
            try:
                found, kinds = await part(info, now)
            except BotError as exc:
                unread.append(exc.what)
                continue
            events += found
            judged |= kinds
        told = tuple(dict.fromkeys(unread))
        last = next((verdict for verdict in health if verdict.state != "no_data"), None)
        return Findings(events=tuple(events), judged=frozenset(judged), unread=told, health=last)

    async def _drift(self, info: ModelSpec, now: datetime) -> Seen:
        drift, model = self._ports().drift, info.name
        fast, slow = await drift.report(model, minutes=FAST_MINUTES), await drift.report(model, minutes=SLOW_MINUTES)
        reports = [r for r in (fast, slow) if isinstance(r, DriftReport)]
        if not reports:
            return [], set()
        return _missing_events(model, now, reports) + _drift_events(model, now, reports), {
            "drift_detected",
            "missing_values_detected",
        }

    async def _labels(self, info: ModelSpec, now: datetime) -> Seen:
        ports, model = self._ports(), info.name
        traffic = await ports.serving.traffic(await ports.records.service(model))
        if (stable := traffic.stable) is None:
            return [], set()
        found = await ports.outcomes.quality(traffic.service, stable, minutes=LABEL_MINUTES)
        if isinstance(found, NoData):
            return [], set()
        if not found.drifted:
            return [], {"concept_drift_detected"}
        title = (
            f"{model} {stable} predicts worse than at its gate: {found.metric} {found.current:.3f} "
            f"({found.low:.3f} to {found.high:.3f}), expected {found.expected:.3f}"
        )
        detail = {"version": stable, "rows": found.labelled, "performance": found.model_dump(mode="json")}
        onset = found.onset or now - timedelta(minutes=LABEL_MINUTES)
        return [Event(kind="concept_drift_detected", model=model, at=now, onset=onset, title=title, detail=detail)], {
            "concept_drift_detected"
        }

    async def _health(self, info: ModelSpec, before: HealthVerdict | None) -> tuple[HealthVerdict, TrafficState]:
        ports = self._ports()
        traffic = await ports.serving.traffic(await ports.records.service(info.name))
        samples = await health_of(ports, traffic, minutes=WATCH_MINUTES)
        return assess_health(samples, info.limits, before=before), traffic

    async def _service(self, info: ModelSpec, now: datetime, verdict: HealthVerdict, traffic: TrafficState) -> Seen:
        if verdict.state == "no_data":
            return [], set()
        # A canary is judged by its own run; here it would be told twice. One that was taken back troubles nobody.
        served = [v for v in verdict.versions if v.version in traffic.weights]
        told = [v.version for v in served if v.version != traffic.canary]
        found: list[Event] = []
        kinds: tuple[tuple[EventKind, tuple[VersionHealth, ...]], ...] = (
            ("errors_detected", verdict.erring),
            ("latency_detected", verdict.slow),
        )
        for kind, bad in kinds:
            found += [await self._event(info, now, kind, v, served) for v in bad if v.version in told]
        return found[:2], {"errors_detected", "latency_detected"}

    async def _event(
        self, info: ModelSpec, now: datetime, kind: EventKind, found: VersionHealth, served: list[VersionHealth]
    ) -> Event:
        """served: every version that gets requests, for the comparison of one with another."""
        metric, limit = (
            ("error_rate", info.limits.error_rate)
            if kind == "errors_detected"
            else ("latency_p95_ms", info.limits.latency_p95_ms)
        )
        detail = {
            "version": found.version,
            "rows": found.requests,
            "error_rate": found.error_rate,
            "p95": found.latency_p95_ms,
            "limit": limit,
            "arms": [_arm(kind, v).model_dump(mode="json") for v in served],
        }
        onset = await self._onset(info.name, metric, limit, now)
        return Event(
            kind=kind, model=info.name, at=now, onset=onset, title=f"{info.name} {found.reason}", detail=detail
        )

    async def _onset(self, model: str, metric: str, limit: float, now: datetime) -> datetime:
        """The first minute of the unbroken run up to now in which the metric is above its limit."""
        ports = self._ports()
        service = await ports.records.service(model)
        series = await ports.metrics.series(service, metric, now - LOOK_BACK, now, 60)
        onset = now - timedelta(minutes=WATCH_MINUTES)
        if isinstance(series, NoData):
            return onset
        for at, value in zip(reversed(series.times), reversed(series.values), strict=True):
            if value is not None and value <= limit:
                break
            if value is not None:
                onset = at
        return min(onset, now)


def _arm(kind: EventKind, v: VersionHealth) -> Arm:
    bad = v.errors if kind == "errors_detected" else v.slow
    return Arm(
        version=v.version,
        requests=v.requests,
        error_rate=v.error_rate,
        latency_p95_ms=v.latency_p95_ms,
        bad=bad,
        sure=v.state != "no_data",
    )


def _missing_events(model: str, now: datetime, reports: Iterable[DriftReport]) -> list[Event]:
    report = next((r for r in reports if r.missing), None)
    if report is None:
        return []
    worst = report.missing
    title = f"{model} gets requests with missing values: " + ", ".join(
        f"{f.name} {f.missing_share:.0%}" for f in worst[:3]
    )
    return [_event(model, now, "missing_values_detected", title, report, worst)]


def _drift_events(model: str, now: datetime, reports: list[DriftReport]) -> list[Event]:
    report = next((r for r in reports if _drifts(r)), None)
    if report is None:
        return []
    worst = report.drifted
    most = f"{worst[0].name} ({worst[0].change})"
    title = f"{model} gets other requests than it was trained on: {_count(len(worst))}, most of all {most}"
    return [_event(model, now, "drift_detected", title, report, worst)]


def _drifts(report: DriftReport) -> bool:
    short = report.end - report.start <= timedelta(minutes=FAST_MINUTES + 1)
    return strong(report) if short else bool(report.drifted)


def _count(columns: int) -> str:
    return f"{columns} column{'s' if columns > 1 else ''} moved"


def _event(
    model: str, now: datetime, kind: EventKind, title: str, report: DriftReport, worst: tuple[FeatureDrift, ...]
) -> Event:
    detail: dict[str, Any] = {
        "version": report.version,
        "rows": report.rows,
        "features": [f.model_dump(mode="json") for f in worst[:6]],
        "missing_columns": [f.name for f in report.missing],
        "score": report.score.model_dump(mode="json"),
    }
    onset = min(report.onset or report.start, now)
    return Event(kind=kind, model=model, at=now, onset=onset, title=title, detail=detail)
