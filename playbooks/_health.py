"""How a model is doing, as words, rows and a chart."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from bizaiops_bot.playbook import (
    FAST_MINUTES,
    LABEL_MINUTES,
    SLOW_MINUTES,
    Alert,
    BadInput,
    BotError,
    Chart,
    Context,
    DriftReport,
    HealthSample,
    Mark,
    NoData,
    PerformanceDrift,
    Release,
    Run,
    Series,
    SeriesData,
    TrafficState,
    health_by_version,
    pace_words,
    spoken_duration,
    telling,
)
from playbooks._cards import service_of

T = TypeVar("T")
UNKNOWN = "not known"
CHART_POINTS = 30
CHART_SPAN = timedelta(hours=1)


class Unread:
    """What a card could not read: its parts are not known, and a line says which systems did not answer."""

    def __init__(self) -> None:
        self._why: dict[str, None] = {}

    async def read(self, asked: Awaitable[T]) -> T | None:
        """What is answered; None where that system does not answer. Wrong input stays an error."""
        try:
            return await asked
        except BadInput:
            raise
        except BotError as exc:
            self._why[exc.what] = None
            return None

    @property
    def words(self) -> str:
        """ "Prometheus does not answer. MLflow does not answer."; empty when all was read."""
        return " ".join(self._why)

    def line(self) -> tuple[Context, ...]:
        """For the card, when something is missing."""
        return (Context(text=f"Not everything is known now: {self.words}"),) if self._why else ()


def health_rows(samples: list[HealthSample], traffic: TrafficState) -> tuple[tuple[str, ...], ...]:
    """Version, role, share, requests, errors, p50, p95."""
    roles = {r.called: r.role for r in traffic.revisions}
    return tuple(
        (
            s.version,
            roles.get(s.version, "gone"),
            f"{traffic.weights.get(s.version, 0)}%",
            f"{s.requests:,}",
            f"{s.error_rate:.2%}",
            pace_words(s.latency_p50_ms),
            pace_words(s.latency_p95_ms),
        )
        for s in samples
    )


def health_words(samples: list[HealthSample] | NoData) -> str:
    """ "v1: 1,234 requests, 0.12% errors, p95 48 ms"; a missing answer is said, never taken for health."""
    if isinstance(samples, NoData):
        return str(samples)
    return "; ".join(
        f"{s.version}: {s.requests:,} requests, {s.error_rate:.2%} errors, p95 {pace_words(s.latency_p95_ms)}"
        for s in samples
    )


async def health_of(run: Run, traffic: TrafficState, minutes: float) -> list[HealthSample] | NoData:
    """One sample for each version that got requests in the last `minutes`."""
    samples = await run.read(run.metrics.health, traffic.service, list(traffic.versions), minutes=minutes)
    return samples if isinstance(samples, NoData) else health_by_version(samples, traffic.versions)


async def traffic_of(run: Run, model: str) -> TrafficState:
    """As it is now in the bot's own environment."""
    return await run.read(run.serving.traffic, await service_of(run, model))


async def drift_now(run: Run, model: str) -> DriftReport | NoData:
    """Drift as the watch sees it: of the last minute where that is strong, else of the last 15."""
    fast = await run.read(run.drift.report, model, minutes=FAST_MINUTES)
    return telling(fast, await run.read(run.drift.report, model, minutes=SLOW_MINUTES))


def drift_words(report: DriftReport | NoData) -> str:
    """The drifting and the missing columns with their size, or that there are none, and in how many rows."""
    if isinstance(report, NoData):
        return str(report)
    said = []
    if report.drifted:
        said.append("drift in " + ", ".join(f"{f.name} (PSI {f.psi:.2f}, {f.change})" for f in report.drifted[:3]))
    if report.missing:
        said.append("missing values in " + ", ".join(f"{f.name} ({f.missing_share:.0%})" for f in report.missing[:3]))
    rows = f"{report.rows:,} rows since {report.start:%H:%M} UTC"
    left_out = f"; not watched, as its file says: {', '.join(report.left_out)}" if report.left_out else ""
    return f"{'; '.join(said) if said else 'no drift'} in {rows}{left_out}"


async def quality_of(run: Run, traffic: TrafficState) -> PerformanceDrift | NoData:
    """How good the stable version is by the labels of the last hour."""
    return await run.read(run.outcomes.quality, traffic.service, str(traffic.stable), minutes=LABEL_MINUTES)


def quality_words(p: PerformanceDrift | NoData) -> str | None:
    """Quality on late labels against the quality at the gate; None without labels."""
    if isinstance(p, NoData):
        return None
    mark = "below what was promised" if p.drifted else "as promised"
    band = f"{p.low:.3f} to {p.high:.3f}"
    return f"{p.metric} {p.current:.3f} ({band}), {p.expected:.3f} at the gate, {p.labelled:,} labels: {mark}"


def alert_words(alerts: list[Alert], now: datetime) -> str:
    """ "none", or each open alert with its age."""
    said = (f"{a.title} ({spoken_duration((now - a.detected).total_seconds())} ago)" for a in alerts)
    return "; ".join(said) or "none"


async def latency_chart(run: Run, model: str, now: datetime, releases: list[Release]) -> Chart | NoData:
    """p95 latency of the last hour, with the releases in it marked."""
    start = now - CHART_SPAN
    data = await run.read(run.metrics.series, await service_of(run, model), "latency_p95_ms", start, now, CHART_POINTS)
    if isinstance(data, NoData):
        return data
    return Chart(
        title=f"{model}: p95 latency, last hour, each {spoken_duration((now - start).total_seconds() / CHART_POINTS)}",
        x=tuple(f"{t:%H:%M}" for t in data.times),
        series=(Series(name="p95 latency", values=data.values),),
        unit=data.unit,
        marks=release_marks(data, releases),
    )


def release_marks(data: SeriesData, releases: Iterable[Release]) -> tuple[Mark, ...]:
    """Those within the window, each at its own time."""
    places = [(data.place(r.at), r) for r in releases]
    return tuple(
        Mark(at=at, label=r.version, kind="deploy", when=f"{r.at:%H:%M}") for at, r in places if at is not None
    )
