"""What one look found, in words with numbers: the same for the table of a card and for a language model's tools."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from statistics import median

from bizaiops_bot.domain.health import pace_words
from bizaiops_bot.domain.monitoring import DriftReport, HealthSample, PerformanceDrift, SeriesData
from bizaiops_bot.domain.records import Alert, Release, RunRecord
from bizaiops_bot.domain.services import TrafficState
from bizaiops_bot.domain.values import NoData, spoken_duration

_MOST = 3
_NAMES = {
    "requests_per_minute": "requests a minute",
    "error_rate": "error rate",
    "latency_p95_ms": "latency p95",
    "score_mean": "mean prediction",
    "drift_psi": "strongest PSI of a column",
}


def at_words(when: datetime) -> str:
    """ "08:09 UTC on 4 Mar" """
    return f"{when:%H:%M} UTC on {when:%-d %b}"


def health_words(samples: Sequence[HealthSample] | NoData) -> str:
    """Requests, errors, p50 and p95 of each version."""
    if isinstance(samples, NoData):
        return str(samples)
    said = (
        f"{s.version}: {s.requests:,} requests, {s.error_rate:.2%} errors, p50 {pace_words(s.latency_p50_ms)}, "
        f"p95 {pace_words(s.latency_p95_ms)}"
        for s in samples
    )
    return "; ".join(said) or "no version got requests"


def series_words(series: SeriesData | NoData) -> str:
    """Now, usually and at most, and when it was most."""
    if isinstance(series, NoData):
        return str(series)
    known = [(v, t) for v, t in zip(series.values, series.times, strict=True) if v is not None]
    if not known:
        return f"no data for {series.metric}"
    values = [v for v, _ in known]
    most, when = max(known)
    now, usual, top = (_amount(series.metric, v) for v in (values[-1], median(values), most))
    name = _NAMES.get(series.metric, series.metric)
    return f"{name} now {now}, median {usual}, at most {top} at {at_words(when)}"


def _amount(metric: str, value: float) -> str:
    if metric == "error_rate":
        return f"{value:.2%}"
    if metric == "latency_p95_ms":
        return f"{value:,.0f} ms"
    return f"{value:,.0f}" if metric == "requests_per_minute" else f"{value:.3f}"


def traffic_words(traffic: TrafficState) -> str:
    """ "v1 90%, v2 10%, 2 replicas" """
    return f"{traffic.spoken()}, {traffic.replicas.spoken()}"


def release_noun(release: Release) -> str:
    """ "the deploy of v2" """
    known = {"deploy": "the deploy of", "rollback": "the rollback to", "retrain": "the retraining to"}
    return f"{known.get(release.kind, 'the first release of')} {release.version}"


def release_list(releases: Sequence[Release]) -> str:
    """The newest first, with when and by whom."""
    said = [f"{release_noun(r)} at {at_words(r.at)} by {r.actor}" for r in releases[:_MOST]]
    return "; ".join(said) or "nothing on record"


def drift_words(report: DriftReport | NoData) -> str:
    """Drifting and missing columns, or that there are none."""
    if isinstance(report, NoData):
        return str(report)
    moved = [f"{f.name} (PSI {f.psi:.2f}, {f.change})" for f in report.drifted[:_MOST]]
    gone = [f"{f.name} {f.missing_share:.0%} missing" for f in report.missing[:_MOST]]
    began = f", since about {at_words(report.onset)}" if report.onset and (moved or gone) else ""
    return f"{'; '.join(moved + gone) or 'no drift'} in {report.rows:,} requests{began}"


def quality_words(p: PerformanceDrift | NoData) -> str:
    """Quality on late labels beside the gate's."""
    if isinstance(p, NoData):
        return str(p)
    mark = "below the gate" if p.drifted else "as at the gate"
    return f"{p.metric} {p.current:.3f} ({p.low:.3f} to {p.high:.3f}), {p.expected:.3f} at the gate: {mark}"


def alert_list(alerts: Sequence[Alert], now: datetime) -> str:
    """Titles with their age."""
    said = [f"{a.title}, seen {spoken_duration((now - a.detected).total_seconds())} ago" for a in alerts[:_MOST]]
    return "; ".join(said) or "none"


def run_list(runs: Sequence[RunRecord], now: datetime) -> str:
    """Number, what it does, how it stands, for how long."""
    said = [
        f"run {r.id}, {r.playbook.replace('_', ' ')}, {r.status}, begun "
        f"{spoken_duration((now - r.created).total_seconds())} ago"
        for r in runs[:_MOST]
    ]
    return "; ".join(said) or "nothing"
