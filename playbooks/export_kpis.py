"""KPIs as a file for a spreadsheet."""

from datetime import timedelta

from pydantic import Field

from bizaiops_bot.playbook import (
    BadInput,
    Button,
    Card,
    Cell,
    Context,
    File,
    Inputs,
    Kpi,
    ModelName,
    Run,
    Text,
    WindowSlot,
    csv_text,
    playbook,
)
from playbooks._cards import clock_now, known_model, listed
from playbooks._kpis import Span, span_of
from playbooks._words import local_day

DAYS = 28
COLUMNS = ("day", "model", "kpi", "title", "value", "unit", "target", "observations", "complete")


class ExportKpis(Inputs):
    """Give the daily KPIs of one model, or of all, as a CSV file."""

    model: ModelName | None = Field(None, description="the model; all of them if left out")
    window: WindowSlot | None = Field(None, description="the span, such as last month; the last 28 days if left out")


@playbook(title="Export KPIs", risk="read")
async def export_kpis(run: Run, ask: ExportKpis) -> Card:
    if ask.model is not None:
        await known_model(run, ask.model)
    kpis = [kpi for kpi in await run.read(run.warehouse.kpis) if ask.model in (None, kpi.model)]
    if not kpis:
        raise BadInput("No KPI is defined there.", do="Say `export kpis` for those of all models.")
    today = local_day(await clock_now(run), run.time_zone)
    usual = Span(today - timedelta(days=DAYS), today - timedelta(days=1), f"last {DAYS} days")
    span = usual if ask.window is None else span_of(ask.window, today, run.time_zone)
    rows = [row for kpi in kpis for row in await _rows(run, kpi, span)]
    text = csv_text(COLUMNS, sorted(rows, key=lambda row: (str(row[0]), str(row[1]), str(row[2]))))
    of = ask.model or "all models"
    name = f"kpis-{ask.model or 'all'}-{span.start}-{span.end}.csv"
    said = f"{len(rows)} days of {len(kpis)} KPIs of {of}, {span.start:%-d %b} to {span.end:%-d %b %Y}"
    return Card(
        title=f"KPIs of {of} as CSV",
        summary=f"{said}, as {name}.",
        blocks=(
            Text(text=f"{said}: {listed([kpi.title for kpi in kpis])}."),
            File(name=name, title=f"KPIs of {of}", text=text),
            Context(text=f"Days in {run.time_zone}. A day without enough observations has no value. As of now."),
        ),
        buttons=_buttons(ask.model),
    )


async def _rows(run: Run, kpi: Kpi, span: Span) -> list[tuple[Cell, ...]]:
    days = await run.read(run.warehouse.daily, kpi.id, span.start, span.end, time_zone=run.time_zone)
    about = (kpi.model, kpi.id, kpi.title)
    return [
        (
            day.day.isoformat(),
            *about,
            None if day.value is None else round(day.value, max(kpi.decimals, 0) + 2),
            kpi.unit,
            kpi.target,
            day.n,
            "yes" if day.complete else "no",
        )
        for day in days
    ]


def _buttons(model: str | None) -> tuple[Button, ...]:
    if model is None:
        return ()
    return (Button(label=f"KPIs of {model}", command=f"kpis {model}"),)
