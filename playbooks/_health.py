"""How a model is doing, as words, rows and a chart."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bizaiops_bot.playbook import (
    FAST_MINUTES,
    SLOW_MINUTES,
    Alert,
    Chart,
    DriftReport,
    HealthSample,
    Mark,
    NoData,
    Release,
    Run,
    Series,
    SeriesData,
    TrafficState,
    spoken_duration,
    telling,
)

HEALTH_MINUTES = 15.0
CHART_POINTS = 30
CHART_SPAN = timedelta(hours=1)


def health_rows(samples: list[HealthSample], traffic: TrafficState) -> tuple[tuple[str, ...], ...]:
    """Version, role, share, requests, errors, p50, p95."""
    roles = {r.version: r.state for r in traffic.revisions}
    return tuple(
        (
            s.version,
            roles.get(s.version, "gone"),
            f"{traffic.weights.get(s.version, 0)}%",
            f"{s.requests:,}",
            f"{s.error_rate:.2%}",
            f"{s.latency_p50_ms:.0f} ms",
            f"{s.latency_p95_ms:.0f} ms",
        )
        for s in samples
    )


def health_words(samples: list[HealthSample] | NoData) -> str:
    """ "v1: 1,234 requests, 0.12% errors, p95 48 ms"; a missing answer is said, never taken for health."""
    if isinstance(samples, NoData):
        return str(samples)
    return "; ".join(
        f"{s.version}: {s.requests:,} requests, {s.error_rate:.2%} errors, p95 {s.latency_p95_ms:.0f} ms"
        for s in samples
    )


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
    return f"{'; '.join(said)} in {rows}" if said else f"no drift in {rows}"


def quality_words(report: DriftReport | NoData) -> str | None:
    """Quality on late labels against the quality at the gate; None without labels."""
    if isinstance(report, NoData) or report.performance is None:
        return None
    p = report.performance
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
    data = await run.read(run.metrics.series, model, "latency_p95_ms", start, now, CHART_POINTS)
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
