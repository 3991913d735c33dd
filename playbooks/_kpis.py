"""KPIs over a span of days. Table, sentence and picture of a card are all made of one `Story` a KPI."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bizaiops_bot.playbook import (
    Alert,
    BadInput,
    Change,
    Chart,
    Kpi,
    KpiDay,
    KpiRow,
    Mark,
    NoData,
    NotFound,
    Release,
    Run,
    Series,
    Window,
    build_rows,
    change_of,
    pooled,
    spoken_duration,
    stamp,
)
from playbooks._words import local_day

MEMORY_DAYS = 42
DAYS_NEEDED = 7
"""Whole days after a release before its effect is told."""
CHART_DAYS = 28
STALE_AFTER = timedelta(hours=36)
"""Data that come once a day are nearly so old before the next have come."""
PERIODS = {"week": 7, "month": 31, "quarter": 92, "year": 366}


@dataclass(frozen=True)
class Span:
    """Days of a question, both inclusive, and how a person calls them. running: today is one of them."""

    start: date
    end: date
    label: str
    running: bool = False

    @property
    def before(self) -> Span:
        """The same weekdays, whole weeks earlier."""
        back = timedelta(days=7 * math.ceil(((self.end - self.start).days + 1) / 7))
        return Span(self.start - back, self.end - back, "before")

    @property
    def last_whole(self) -> Span:
        """The calendar period before this one, or as many days as it has; for a period that has just begun."""
        eve = self.start - timedelta(days=1)
        name = self.label.removesuffix(" so far").removeprefix("this ")
        if name == "week":
            return Span(self.start - timedelta(days=7), eve, "last week")
        if name in PERIODS:
            months = {"month": 1, "quarter": 3, "year": 12}[name]
            index = self.start.year * 12 + self.start.month - 1 - months
            return Span(date(index // 12, index % 12 + 1, 1), eve, f"last {name}")
        start = self.start - (self.end - self.start) - timedelta(days=1)
        return Span(start, eve, "the day before" if start == eve else f"the {(eve - start).days + 1} days before")

    @property
    def spoken(self) -> str:
        """ "23 Feb to 1 Mar" """
        first, last = f"{self.start:%-d %b}", f"{self.end:%-d %b}"
        return first if self.start == self.end else f"{first} to {last}"

    def holds(self, day: date) -> bool:
        return self.start <= day <= self.end


@dataclass(frozen=True)
class Story:
    """One KPI in the days of a span, as far as they are whole: all that a card shows of it comes from here."""

    kpi: Kpi
    days: tuple[KpiDay, ...]
    span: Span
    today: date

    @property
    def whole(self) -> tuple[KpiDay, ...]:
        """The whole days of the span that have a value."""
        return tuple(d for d in self.days if d.complete and d.value is not None and self.span.holds(d.day))

    @property
    def value(self) -> float | None:
        """Over the whole days of the span, pooled."""
        return pooled(self.kpi, self.whole)

    @property
    def provisional_until(self) -> date | None:
        """When all its whole days are final, None when they are."""
        return self.kpi.provisional([d.day for d in self.whole], self.today)

    @property
    def so_far(self) -> float | None:
        """Over all days of the span, those still running too."""
        return pooled(self.kpi, [d for d in self.days if self.span.holds(d.day)])

    @property
    def change(self) -> Change | None:
        """Against the same weekdays before. A day without its counterpart does not count; None if most have none."""
        back = self.span.start - self.span.before.start
        known = {d.day: d for d in self.days if d.complete and d.value is not None}
        pairs = [(d, known[d.day - back]) for d in self.whole if d.day - back in known]
        if not pairs or 2 * len(pairs) < len(self.whole):
            return None
        now, before = zip(*pairs, strict=True)
        return change_of(self.kpi, pooled(self.kpi, now), pooled(self.kpi, before))

    def chart(
        self, model: str, happened: Events, time_zone: str, *, until: date, as_picture: bool = False
    ) -> Chart | None:
        """The span's days, at least four weeks, up to `until`, the day that the table ends with; None without any."""
        first = min(self.span.start, until - timedelta(days=CHART_DAYS - 1))
        shown = {d.day: d.value for d in self.days if d.complete and d.value is not None and first <= d.day <= until}
        if not shown:
            return None
        first = min(shown)
        days = [first + timedelta(days=n) for n in range((until - first).days + 1)]
        return Chart(
            title=f"{model}: {self.kpi.title}, daily, {Span(first, until, '').spoken}",
            x=tuple(f"{day:%-d %b}" for day in days),
            series=(Series(name=self.kpi.title, values=tuple(shown.get(day) for day in days)),),
            unit=self.kpi.unit,
            limit=self.kpi.target,
            limit_name="target",
            marks=_marks(days, happened, time_zone),
            as_picture=as_picture,
        )


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


async def stories(run: Run, kpis: list[Kpi], span: Span, today: date, time_zone: str) -> list[Story]:
    """Every KPI in the span, with enough days before it to say what is usual."""
    wide = span if not span.running else Span(min(span.start, span.last_whole.start), span.end, span.label)
    start = min(wide.before.start, wide.start - (wide.end - wide.start), wide.end - timedelta(days=MEMORY_DAYS))
    days = await daily(run, kpis, start, min(span.end, today), time_zone)
    return [Story(kpi, tuple(days[kpi.id]), span, today) for kpi in kpis]


def span_of(window: Window | None, today: date, time_zone: str) -> Span:
    """The window as local days; the last 7 complete days when none is given. Days after today are cut off."""
    if window is None:
        return Span(today - timedelta(days=7), today - timedelta(days=1), "last 7 days")
    start = local_day(window.start, time_zone)
    end = local_day(window.end - timedelta(microseconds=1), time_zone)
    running = start <= today <= end
    far = " so far" if running and window.label.startswith(("this ", "today")) else ""
    return Span(start, max(start, min(end, today)), window.label + far, running)


def rows_of(told: list[Story]) -> list[KpiRow]:
    """The last whole day of each KPI that is not after the span, unusual ones first."""
    if not told:
        return []
    after = min(told[0].today, told[0].span.end + timedelta(days=1))
    return build_rows([s.kpi for s in told], {s.kpi.id: s.days for s in told}, after)


def told_first(told: list[Story], rows: list[KpiRow]) -> Story:
    """The one that is drawn: of the first row that has a value."""
    row = next((r for r in rows if r.value is not None), rows[0])
    return next(story for story in told if story.kpi.id == row.kpi.id)


async def events(run: Run, model: str) -> Events:
    """Releases and alerts of the model, newest first."""
    releases = await run.read(run.records.releases, model, limit=50)
    alerts = await run.read(run.records.alerts, model=model, limit=50)
    return Events([r for r in releases if r.kind != "initial"], alerts)


async def stale_words(run: Run, kpis: list[Kpi], now: datetime) -> str:
    """Whose data have stopped, and when: "Data of Churn rate end 28 Nov 10:00 UTC, 3 d ago." Empty for none."""
    said: dict[str, list[str]] = {}
    for kpi in kpis:
        until = await run.read(run.warehouse.fresh, kpi.id)
        if isinstance(until, NoData):
            said.setdefault("have never come", []).append(kpi.title)
        elif now - until > STALE_AFTER:
            ago = spoken_duration((now - until).total_seconds())
            said.setdefault(f"end {stamp(until)}, {ago} ago", []).append(kpi.title)
    return " ".join(f"Data of {', '.join(titles)} {when}." for when, titles in said.items())


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


def event_words(happened: Events, since: date, until: date, time_zone: str) -> str:
    """ "18 Nov: v2 deployed by engineer; 19 Nov: drift in tenure": oldest first, or that nothing happened."""
    said = [(r.at, _release_words(r)) for r in happened.releases] + [(a.onset, a.title) for a in happened.alerts]
    near = sorted((when, words) for when, words in said if since <= local_day(when, time_zone) <= until)
    return "; ".join(f"{local_day(when, time_zone):%-d %b}: {words}" for when, words in near) or "no deploy, no alert"


def _release_words(release: Release) -> str:
    if release.kind == "rollback":
        return f"rolled back to {release.version} by {release.actor}"
    return (
        f"{release.version} {'deployed' if release.kind == 'deploy' else 'retrained and released'} by {release.actor}"
    )
