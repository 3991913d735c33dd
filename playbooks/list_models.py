"""All models on one card."""

from datetime import timedelta

from pydantic import Field

from bizaiops_bot.playbook import (
    HEALTH_MINUTES,
    Button,
    Card,
    Context,
    DriftReport,
    EnvironmentName,
    HealthSample,
    Inputs,
    Kpi,
    ModelSpec,
    NoData,
    NotFound,
    Run,
    Table,
    Text,
    Trial,
    all_held_against,
    assess_health,
    playbook,
    sparkline,
    spoken_service,
    trial_words,
)
from playbooks._cards import age, clock_now, status_button
from playbooks._health import UNKNOWN, Unread, drift_now, health_of, traffic_of
from playbooks._words import local_day

HEALTH_WORDS = {"ok": "✓ healthy", "degraded": "! slow", "failing": "✗ failing", "no_data": "? no data"}
SPARK_DAYS = 14
WITH_BUTTONS = 5
MOST_TOLD = 5
MOST_ROWS = 30


class ListModels(Inputs):
    """List all models with version, traffic, health, drift and the first KPI of each."""

    environment: EnvironmentName | None = Field(None, description="the environment; the default one if left out")


@playbook(title="List models", risk="read")
async def list_models(run: Run, ask: ListModels) -> Card:
    if ask.environment is not None:
        default = (await run.read(run.records.environments))[0].name
        if ask.environment != default:
            return await _elsewhere(run, ask.environment)
    models = await run.read(run.models.specs)
    if not models:
        return Card(title="No models are served", tone="muted", summary="The serving system knows no model.")
    unread = Unread()
    alerts = await run.read(run.records.alerts, open_only=True)
    shown = _first(models, {alert.model for alert in alerts})
    kpis = await unread.read(run.read(run.warehouse.kpis))
    rows = [await _row(run, info, kpis, unread) for info in shown]
    failed = all_held_against(await run.read(run.records.trials, limit=200))
    against = tuple(Text(text=f"{t.model} {trial_words(t)}.") for t in failed[:MOST_TOLD])
    now = await clock_now(run)
    newest = f" The newest: {alerts[0].title} ({alerts[0].model}, {age(now, alerts[0].detected)})." if alerts else ""
    columns = ("Model", "Traffic", "Health", "Drift", "KPI, 14 days", "Owner")
    return Card(
        title=f"{len(models)} model{'' if len(models) == 1 else 's'}",
        tone="warning" if alerts or unread.words else "info",
        summary="; ".join(f"{row[0]}: {row[1]}, {row[2][2:]}, {row[3]}" for row in rows)
        + f".{_more(models, shown)}{newest}{_told(failed)} {unread.words}".rstrip(),
        blocks=(
            Table(columns=columns, rows=tuple(rows)),
            *(Text(text=more.strip()) for more in (_more(models, shown),) if more),
            *against,
            *unread.line(),
            Context(text=f"Health and drift of the last {HEALTH_MINUTES:.0f} min; strong drift of the last minute."),
        ),
        buttons=tuple(status_button(info.name) for info in models[:WITH_BUTTONS])
        + ((Button(label="Alerts", command="list alerts"),) if alerts else ()),
    )


async def _elsewhere(run: Run, environment: str) -> Card:
    """What serves there: drift and KPIs are those of the default environment."""
    unread, rows = Unread(), []
    for info in (await run.read(run.models.specs))[:MOST_ROWS]:
        service = spoken_service(info.name, environment)
        try:
            traffic = await unread.read(traffic_of(run, service))
        except NotFound:
            continue  # not every model is everywhere
        health = None if traffic is None else await unread.read(health_of(run, traffic, HEALTH_MINUTES))
        paused = traffic is not None and traffic.paused
        spoken = UNKNOWN if traffic is None else traffic.spoken()
        rows.append((info.name, spoken, _health(info.at(environment), health, paused=paused), info.owner or "–"))
    title = f"{len(rows)} model{'' if len(rows) == 1 else 's'} in {environment}"
    said = "; ".join(f"{row[0]}: {row[1]}, {row[2][2:]}" for row in rows)
    return Card(
        title=title,
        tone="warning" if unread.words else "info",
        summary=f"{title}. {said}. {unread.words}".rstrip(),
        blocks=(Table(columns=("Model", "Traffic", "Health", "Owner"), rows=tuple(rows)), *unread.line()),
        buttons=tuple(status_button(spoken_service(row[0], environment)) for row in rows[:WITH_BUTTONS]),
    )


def _first(models: list[ModelSpec], alerted: set[str]) -> list[ModelSpec]:
    """Those that are looked at: all, or of very many those with alerts and then the first of the company's order."""
    if len(models) <= MOST_ROWS:
        return models
    kept = [m for m in models if m.name in alerted][:MOST_ROWS]
    return kept + [m for m in models if m.name not in alerted][: MOST_ROWS - len(kept)]


def _more(models: list[ModelSpec], shown: list[ModelSpec]) -> str:
    left = len(models) - len(shown)
    return f" {left:,} more are not shown: say `status` and a name. Those with alerts come first." if left else ""


def _told(failed: list[Trial]) -> str:
    return "".join(f" {t.model} {trial_words(t, why=False)}." for t in failed[:MOST_TOLD])


async def _row(run: Run, info: ModelSpec, kpis: list[Kpi] | None, unread: Unread) -> tuple[str, ...]:
    traffic = await unread.read(traffic_of(run, info.name))
    health = None if traffic is None else await unread.read(health_of(run, traffic, HEALTH_MINUTES))
    report = await unread.read(drift_now(run, info.name))
    kpi = None if kpis is None else await unread.read(_kpi(run, info.name, kpis))
    return (
        info.name,
        UNKNOWN if traffic is None else traffic.spoken(),
        _health(info, health, paused=traffic is not None and traffic.paused),
        UNKNOWN if report is None else _drift(report),
        UNKNOWN if kpi is None else kpi,
        info.owner or "–",
    )


def _health(info: ModelSpec, health: list[HealthSample] | NoData | None, *, paused: bool) -> str:
    if paused:
        return "– paused"
    return f"? {UNKNOWN}" if health is None else HEALTH_WORDS[assess_health(health, info.limits).state]


def _drift(report: DriftReport | NoData) -> str:
    if isinstance(report, NoData):
        return UNKNOWN
    columns = len(report.drifted)
    drifted = f"{columns} column{'' if columns == 1 else 's'} drift" if columns else "no drift"
    return f"{drifted}, missing values in {len(report.missing)}" if report.missing else drifted


async def _kpi(run: Run, model: str, kpis: list[Kpi]) -> str:
    """The first KPI of the model with its last complete days as bars."""
    kpi = next((k for k in kpis if k.model == model), None)
    if kpi is None:
        return "–"
    today = local_day(await clock_now(run), run.time_zone)
    start, end = today - timedelta(days=SPARK_DAYS), today - timedelta(days=1)
    days = await run.read(run.warehouse.daily, kpi.id, start, end, time_zone=run.time_zone)
    return f"{kpi.title} {sparkline([d.value if d.complete else None for d in days])}"
