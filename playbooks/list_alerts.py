"""What needs care, and how fast it was found and healed."""

from datetime import datetime

from pydantic import Field

from bizaiops_bot.playbook import (
    Alert,
    Button,
    Card,
    Context,
    EnvironmentName,
    Inputs,
    ModelName,
    Run,
    Table,
    parted,
    playbook,
    spoken_duration,
    spoken_service,
    stamp,
)
from playbooks._alerts import mute_words
from playbooks._cards import clock_now, known_model, status_button

LIMIT = 15


class ListAlerts(Inputs):
    """List open and recent alerts with the time to detect and to recover."""

    model: ModelName | None = Field(None, description="the model; all models if left out")
    environment: EnvironmentName | None = Field(None, description="only in this environment; in all if left out")


@playbook(title="List alerts", risk="read")
async def list_alerts(run: Run, ask: ListAlerts) -> Card:
    if ask.model is not None:
        await known_model(run, ask.model)
    service = None if ask.model is None else spoken_service(ask.model, ask.environment)
    alerts = await run.read(run.records.alerts, model=service, limit=LIMIT)
    of = f" of {service}" if service else ""
    if service is None and ask.environment is not None:
        default = (await run.read(run.records.environments))[0].name
        alerts = [a for a in alerts if (parted(a.model)[1] or default) == ask.environment]
        of = f" in {ask.environment}"
    if not alerts:
        return Card(title=f"No alerts{of}", tone="success", summary=f"There has been no alert{of}.")
    now = await clock_now(run)
    mutes = [m for m in await run.read(run.records.mutes) if service in (None, m.model)]
    alerts = sorted(alerts, key=lambda a: a.closed is not None)
    still_open = [a for a in alerts if a.closed is None]
    muted = (Context(text=f"Muted: {mute_words(mutes, run.time_zone)}."),) if mutes else ()
    columns = ("Model", "Alert", "Detected", "State", "Time to detect", "Time to recover", "Run", "No.")
    return Card(
        title=f"{len(still_open)} open alert{'' if len(still_open) == 1 else 's'}{of}",
        tone="danger" if still_open else "success",
        summary=_summary(still_open, alerts),
        blocks=(Table(columns=columns, rows=tuple(_row(a, now) for a in alerts)), *muted),
        buttons=_buttons(alerts),
    )


def _summary(still_open: list[Alert], alerts: list[Alert]) -> str:
    if still_open:
        return "Open: " + "; ".join(f"{a.model}: {a.title}, since {stamp(a.detected)}" for a in still_open) + "."
    return f"No alert is open; {len(alerts)} recent ones are closed."


def _row(alert: Alert, now: datetime) -> tuple[str, ...]:
    open_for = spoken_duration((now - alert.detected).total_seconds())
    return (
        alert.model,
        alert.title,
        stamp(alert.detected),
        f"open for {open_for}" if alert.closed is None else "closed",
        spoken_duration(max(0.0, alert.detect_s)),
        "–" if alert.recover_s is None else spoken_duration(alert.recover_s),
        str(alert.run) if alert.run else "–",
        str(alert.id),
    )


def _buttons(alerts: list[Alert]) -> tuple[Button, ...]:
    first = alerts[0]
    buttons = [status_button(first.model)]
    if first.run:
        buttons.append(Button(label=f"Show run {first.run}", command=f"show run {first.run}"))
    if first.closed is None and "drift" in first.kind:
        buttons.append(Button(label=f"Retrain {first.model}", command=f"retrain {first.model}", style="primary"))
    return tuple(buttons)
