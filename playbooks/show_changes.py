"""What changed in a span of time, for people: releases, decisions, alerts, settings and KPIs that moved."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field

from bizaiops_bot.playbook import (
    AuditEntry,
    Button,
    Card,
    Inputs,
    Inquiry,
    ModelName,
    Run,
    Table,
    Window,
    WindowSlot,
    change_words,
    full_title,
    playbook,
    short_amount,
)
from playbooks._asked import answer, fitting_alerts, fitting_releases, fitting_runs, known_names, titled, until_now
from playbooks._asked_releases import sentence_of
from playbooks._cards import clock_now, inputs_words
from playbooks._kpis import model_kpis, rows_of, span_of, stories
from playbooks._words import local_day, local_stamp, zone

AUDITED = 1_000
SETTINGS = {
    "freeze": "froze changes",
    "unfreeze": "lifted the freeze",
    "schedule": "set up a schedule",
    "stop_schedule": "stopped a schedule",
    "delegate": "delegated approvals",
    "end_delegation": "took approvals back",
    "mute": "muted",
    "unmute": "unmuted",
}
Line = tuple[datetime, str, str, str]
"""When, what kind of thing, the model or "–", in words."""


class ShowChanges(Inputs):
    """Show what changed: releases, approvals, alerts, settings and KPIs, as a timeline."""

    model: ModelName | None = Field(None, description="the model; all models if left out")
    window: WindowSlot | None = Field(None, description="the span, such as since friday; since yesterday if left out")


@playbook(title="Show what changed", risk="read")
async def show_changes(run: Run, ask: ShowChanges) -> Card:
    window = await until_now(run, ask.window) or await _since_yesterday(run)
    wanted = Inquiry(subject="release", aggregate="list", model=ask.model, window=window)
    names = await known_names(run, wanted)
    releases, cut = await fitting_releases(run, wanted)
    lines: list[Line] = [(r.at, "release", r.model, f"{sentence_of(r)} by {r.actor}") for r in releases]
    lines += await _decisions(run, wanted)
    lines += await _ends(run, wanted, {r.run for r in releases})
    lines += await _alerts(run, wanted)
    settings, cut_too = await _settings(run, wanted)
    lines += settings
    lines.sort(key=lambda line: line[0])
    moved = await _kpis(run, names, window)
    rows = tuple((local_stamp(when, run.time_zone), kind, model, words) for when, kind, model, words in lines)
    tables = [Table(columns=("When", "What", "Model", "In words"), rows=rows)] if rows else []
    tables += (
        [Table(columns=("KPI", "Value", "vs before", "Why it is here"), rows=moved, align="lrll")] if moved else []
    )
    of = "releases, decisions, ends of runs, alerts, settings and KPIs"
    return answer(
        wanted,
        run,
        _said(lines, moved, window, ask.model),
        of=of,
        more=_summary(lines, moved),
        tables=tables,
        tone="info" if lines or moved else "muted",
        buttons=_buttons(ask),
        cut=cut or cut_too,
    )


async def _since_yesterday(run: Run) -> Window:
    now = await clock_now(run)
    start = datetime.combine(
        local_day(now, run.time_zone) - timedelta(days=1), datetime.min.time(), zone(run.time_zone)
    )
    return Window(start=start, end=now + timedelta(seconds=1), label="since yesterday")


def _said(lines: list[Line], moved: tuple[tuple[str, ...], ...], window: Window, model: str | None) -> str:
    of = f" of {model}" if model else ""
    if not lines and not moved:
        return f"Nothing{of} changed {window.label}"
    counts = [(kind, sum(line[1] == kind for line in lines)) for kind in ("release", "decision", "alert", "setting")]
    told = [f"{n} {kind}{'' if n == 1 else 's'}" for kind, n in counts if n]
    told += [f"{len(moved)} KPI{'' if len(moved) == 1 else 's'} moved"] if moved else []
    ends = sum(line[1] == "run" for line in lines)
    told += [f"{ends} run{'' if ends == 1 else 's'} without a release"] if ends else []
    return f"{window.label[0].upper()}{window.label[1:]}{of}: {', '.join(told)}"


def _summary(lines: list[Line], moved: tuple[tuple[str, ...], ...]) -> str:
    """The newest things in words; the table has all."""
    told = [words for _, kind, _, words in reversed(lines) if kind != "decision"][:3]
    told += [f"{title} {value}, {change}" for title, value, change, _ in moved[:1]]
    return "; ".join(told) + "." if told else ""


async def _decisions(run: Run, wanted: Inquiry) -> list[Line]:
    records, _ = await fitting_runs(run, wanted, to_be_decided=True)
    return [
        (d.at, "decision", str(r.inputs.get("model") or "–"), f"{d.actor} {d.decision} run {r.id}: {inputs_words(r)}")
        for r in records
        for d in r.decisions
        if wanted.holds(d.at)
    ]


async def _ends(run: Run, wanted: Inquiry, released: set[int | None]) -> list[Line]:
    """Runs that ended without a release: what failed, was rejected, or changed something else."""
    records, _ = await fitting_runs(run, wanted, to_be_decided=True)
    return [
        (r.ended, "run", str(r.inputs.get("model") or "–"), f"run {r.id} {r.status}: {inputs_words(r)}")
        for r in records
        if r.ended and wanted.holds(r.ended) and r.id not in released
    ]


async def _alerts(run: Run, wanted: Inquiry) -> list[Line]:
    """An alert is there when it was found, and again when it was over."""
    every, _ = await fitting_alerts(run, wanted.model_copy(update={"window": None}))
    found = [
        (a.detected, "alert", a.model, f"alert {a.shown_as}: {titled(a)}") for a in every if wanted.holds(a.detected)
    ]
    over = [
        (a.closed, "alert over", a.model, f"alert {a.shown_as} is over: {titled(a)}")
        for a in every
        if a.closed and wanted.holds(a.closed)
    ]
    return [*found, *over]


async def _settings(run: Run, wanted: Inquiry) -> tuple[list[Line], bool]:
    """Freezes, schedules, delegations and mutes; those of no model only where no model is asked for."""
    entries = await run.read(run.records.audit, limit=AUDITED)
    found = [
        (e.at, "setting", wanted.model or "–", f"{e.actor} {SETTINGS[e.kind]}{_detail(e)}")
        for e in entries
        if e.kind in SETTINGS and wanted.holds(e.at) and wanted.model in (None, *e.subject.split())
    ]
    oldest = entries[-1].at if len(entries) == AUDITED else None
    return found, bool(oldest and wanted.window and oldest > wanted.window.start)


def _detail(entry: AuditEntry) -> str:
    known = entry.detail
    if entry.kind in ("mute", "unmute"):
        return f" {entry.subject}"
    told = known.get("reason") or known.get("title") or known.get("to") or ""
    return f": {told}" if told else ""


async def _kpis(run: Run, names: list[str], window: Window) -> tuple[tuple[str, ...], ...]:
    """KPIs whose last whole day of the span is outside of its usual range."""
    today = local_day(await clock_now(run), run.time_zone)
    span = span_of(window, today, run.time_zone)
    with_kpis = {k.model for k in await run.read(run.warehouse.kpis)}
    rows = []
    for name in names:
        if name not in with_kpis:
            continue
        told = await stories(run, await model_kpis(run, name, None), span, today, run.time_zone)
        rows += [r for r in rows_of(told) if r.unusual and span.holds(r.day)]
    return tuple(
        (
            full_title(r.kpi),
            short_amount(r.kpi, r.value),
            change_words(r.kpi, r.change),
            f"unusual on {r.day:%a %-d %b}",
        )
        for r in rows
    )


def _buttons(ask: ShowChanges) -> tuple[Button, ...]:
    alerts = Button(label="Alerts", command=f"list alerts of {ask.model}" if ask.model else "list alerts")
    history = (Button(label=f"History of {ask.model}", command=f"history of {ask.model}"),) if ask.model else ()
    return (*history, alerts)
