"""All models on one card."""

from datetime import timedelta

from bizaiops_bot.playbook import (
    Button,
    Card,
    Context,
    DriftReport,
    HealthSample,
    Inputs,
    ModelInfo,
    NoData,
    Run,
    Table,
    Text,
    Trial,
    all_held_against,
    assess_health,
    playbook,
    sparkline,
    trial_words,
)
from playbooks._cards import age, clock_now, status_button
from playbooks._health import HEALTH_MINUTES, drift_now
from playbooks._words import local_day

HEALTH_WORDS = {"ok": "✓ healthy", "degraded": "! slow", "failing": "✗ failing", "no_data": "? no data"}
SPARK_DAYS = 14
WITH_BUTTONS = 5
MOST_TOLD = 5


class ListModels(Inputs):
    """List all models with version, traffic, health, drift and the first KPI of each."""


@playbook(title="List models", risk="read")
async def list_models(run: Run, ask: ListModels) -> Card:
    del ask
    models = await run.read(run.serving.models)
    if not models:
        return Card(title="No models are served", tone="muted", summary="The serving system knows no model.")
    rows = [await _row(run, info) for info in models]
    failed = all_held_against(await run.read(run.records.trials, limit=200))
    against = tuple(Text(text=f"{t.model} {trial_words(t)}.") for t in failed[:MOST_TOLD])
    now = await clock_now(run)
    alerts = await run.read(run.records.alerts, open_only=True)
    newest = f" The newest: {alerts[0].title} ({alerts[0].model}, {age(now, alerts[0].detected)})." if alerts else ""
    columns = ("Model", "Traffic", "Health", "Drift", "KPI, 14 days", "Owner")
    return Card(
        title=f"{len(models)} model{'' if len(models) == 1 else 's'}",
        tone="warning" if alerts else "info",
        summary="; ".join(f"{row[0]}: {row[1]}, {row[2][2:]}, {row[3]}" for row in rows) + f".{newest}{_told(failed)}",
        blocks=(
            Table(columns=columns, rows=tuple(rows)),
            *against,
            Context(text=f"Health and drift of the last {HEALTH_MINUTES:.0f} min; strong drift of the last minute."),
        ),
        buttons=tuple(status_button(info.name) for info in models[:WITH_BUTTONS])
        + ((Button(label="Alerts", command="list alerts"),) if alerts else ()),
    )


def _told(failed: list[Trial]) -> str:
    return "".join(f" {t.model} {trial_words(t, why=False)}." for t in failed[:MOST_TOLD])


async def _row(run: Run, info: ModelInfo) -> tuple[str, ...]:
    traffic = await run.read(run.serving.traffic, info.name)
    health = await run.read(run.metrics.health, info.name, minutes=HEALTH_MINUTES)
    report = await drift_now(run, info.name)
    kpi = await _kpi(run, info.name)
    return (info.name, traffic.spoken(), _health(health, traffic.paused), _drift(report), kpi, info.owner or "–")


def _health(health: list[HealthSample] | NoData, paused: bool) -> str:
    return "– paused" if paused else HEALTH_WORDS[assess_health(health).state]


def _drift(report: DriftReport | NoData) -> str:
    if isinstance(report, NoData):
        return "not known"
    columns = len(report.drifted)
    drifted = f"{columns} column{'' if columns == 1 else 's'} drift" if columns else "no drift"
    return f"{drifted}, missing values in {len(report.missing)}" if report.missing else drifted


async def _kpi(run: Run, model: str) -> str:
    """The first KPI of the model with its last complete days as bars."""
    kpi = next((k for k in await run.read(run.warehouse.kpis) if k.model == model), None)
    if kpi is None:
        return "–"
    today = local_day(await clock_now(run), run.time_zone)
    start, end = today - timedelta(days=SPARK_DAYS), today - timedelta(days=1)
    days = await run.read(run.warehouse.daily, kpi.id, start, end, time_zone=run.time_zone)
    return f"{kpi.title} {sparkline([d.value if d.complete else None for d in days])}"
