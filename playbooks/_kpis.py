"""KPIs over a span of days: means, comparisons with the same weekdays before, chart with what happened."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bizaiops_bot.playbook import (
    Alert,
    BadInput,
    Chart,
    Kpi,
    KpiDay,
    KpiRow,
    Mark,
    NotFound,
    Release,
    Run,
    Series,
    Window,
    build_rows,
)
from playbooks._words import local_day

MEMORY_DAYS = 42
CHART_DAYS = 28


@dataclass(frozen=True)
class Span:
    """Days of a question, both inclusive, and how a person calls them."""

    start: date
    end: date
    label: str

    @property
    def before(self) -> Span:
        """The same weekdays, whole weeks earlier."""
        back = timedelta(days=7 * math.ceil(((self.end - self.start).days + 1) / 7))
        return Span(self.start - back, self.end - back, "before")


@dataclass(frozen=True)
class Events:
    """What was done to a model and what befell it."""

    releases: list[Release]
    alerts: list[Alert]


async def model_kpis(run: Run, model: str, name: str | None) -> list[Kpi]:
    """The KPIs of a model, or the one called `name` (id, title or alias). Raises NotFound, or BadInput for none."""
    kpis = [k for k in await run.read(run.warehouse.kpis) if k.model == model]
    if not kpis:
        raise BadInput(f"No KPI is defined for {model}.", do="Add one to the warehouse's KPI definitions.")
    if name is None:
        return kpis
    for kpi in kpis:
        if name.lower() in {kpi.id.lower(), kpi.title.lower(), *(a.lower() for a in kpi.aliases)}:
            return [kpi]
    raise NotFound(f"{model} KPI", name, [k.id for k in kpis])


async def daily(run: Run, kpis: list[Kpi], start: date, end: date, time_zone: str) -> dict[str, list[KpiDay]]:
    """KPI id -> its days in `time_zone`, `end` inclusive."""
    return {k.id: await run.read(run.warehouse.daily, k.id, start, end, time_zone=time_zone) for k in kpis}


def span_of(window: Window | None, today: date, time_zone: str) -> Span:
    """The window as local days; the last 7 complete days when none is given. Days after today are cut off."""
    if window is None:
        return Span(today - timedelta(days=7), today - timedelta(days=1), "last 7 days")
    start = local_day(window.start, time_zone)
    end = local_day(window.end - timedelta(microseconds=1), time_zone)
    return Span(start, max(start, min(end, today)), window.label)


def rows_of(kpis: list[Kpi], days: dict[str, list[KpiDay]], today: date) -> list[KpiRow]:
    """The last complete day of each KPI, unusual ones first."""
    return build_rows(kpis, days, today)


def mean(days: list[KpiDay], span: Span) -> float | None:
    """Mean of the complete days in the span; None when none has a value."""
    values = [d.value for d in days if d.complete and d.value is not None and span.start <= d.day <= span.end]
    return sum(values) / len(values) if values else None


def complete_days(days: list[KpiDay], span: Span) -> int:
    """How many complete days with a value the span has."""
    return sum(d.complete and d.value is not None and span.start <= d.day <= span.end for d in days)


def relative(now: float | None, before: float | None) -> float | None:
    """0.1 is +10%; None without a base to compare with."""
    return None if now is None or not before else now / before - 1.0


async def events(run: Run, model: str) -> Events:
    """Releases and alerts of the model, newest first."""
    releases = await run.read(run.records.releases, model, limit=50)
    alerts = await run.read(run.records.alerts, model=model, limit=50)
    return Events([r for r in releases if r.kind != "initial"], alerts)


def kpi_chart(
    model: str, kpi: Kpi, days: list[KpiDay], happened: Events, time_zone: str, *, as_picture: bool = False
) -> Chart | None:
    """The last complete days as a line with the target and with deploys and drift marked; None without any value."""
    shown = [d for d in days if d.complete][-CHART_DAYS:]
    if all(d.value is None for d in shown):
        return None
    return Chart(
        title=f"{model}: {kpi.title}, daily",
        x=tuple(f"{d.day:%-d %b}" for d in shown),
        series=(Series(name=kpi.title, values=tuple(d.value for d in shown)),),
        unit=kpi.unit,
        limit=kpi.target,
        marks=_marks([d.day for d in shown], happened, time_zone),
        as_picture=as_picture,
    )


def _marks(shown: list[date], happened: Events, time_zone: str) -> tuple[Mark, ...]:
    def at(when: datetime) -> int | None:
        day = local_day(when, time_zone)
        return shown.index(day) if day in shown else None

    deploys = [(at(r.at), r.version if r.kind != "rollback" else f"back to {r.version}") for r in happened.releases]
    drifts = [(at(a.onset), "drift") for a in happened.alerts if "drift" in a.kind]
    return (
        *(Mark(at=i, label=label, kind="deploy") for i, label in deploys if i is not None),
        *(Mark(at=i, label=label, kind="drift") for i, label in drifts if i is not None),
    )


def event_words(happened: Events, since: date, time_zone: str) -> str:
    """ "18 Nov: v2 deployed by engineer; 19 Nov: drift in tenure": oldest first, or that nothing happened."""
    said = [(r.at, _release_words(r)) for r in happened.releases] + [(a.onset, a.title) for a in happened.alerts]
    near = sorted((when, words) for when, words in said if local_day(when, time_zone) >= since)
    return "; ".join(f"{local_day(when, time_zone):%-d %b}: {words}" for when, words in near) or "no deploy, no alert"


def _release_words(release: Release) -> str:
    if release.kind == "rollback":
        return f"rolled back to {release.version} by {release.actor}"
    return (
        f"{release.version} {'deployed' if release.kind == 'deploy' else 'retrained and released'} by {release.actor}"
    )
