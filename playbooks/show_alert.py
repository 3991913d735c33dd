"""One alert as it stands now."""

from datetime import datetime

from pydantic import Field

from bizaiops_bot.playbook import (
    Alert,
    AlertNumber,
    Button,
    Card,
    Fields,
    Inputs,
    Mute,
    Run,
    Text,
    playbook,
    spoken_duration,
    stamp,
)
from playbooks._alerts import hush_buttons, mute_of, mute_words
from playbooks._cards import clock_now, status_button


class ShowAlert(Inputs):
    """Show one alert: since when, how it stands, which run it led to, and whether it is snoozed."""

    alert: AlertNumber = Field(description="the number of the alert")


@playbook(title="Show an alert", risk="read")
async def show_alert(run: Run, ask: ShowAlert) -> Card:
    alert = await run.read(run.records.alert, ask.alert)
    mute = mute_of(alert, await run.read(run.records.mutes))
    state = _state(alert, await clock_now(run))
    return Card(
        title=f"Alert {alert.shown_as} of {alert.model}: {state}",
        tone="danger" if alert.closed is None else "success",
        summary=f"{alert.title}. {state[0].upper()}{state[1:]}.",
        blocks=(Text(text=alert.title), Fields(fields=_facts(alert, mute, state, run.time_zone))),
        buttons=_buttons(alert, mute),
    )


def _state(alert: Alert, now: datetime) -> str:
    if alert.closed is None:
        return f"open for {spoken_duration((now - alert.detected).total_seconds())}"
    return f"over since {stamp(alert.closed)}"


def _facts(alert: Alert, mute: Mute | None, state: str, time_zone: str) -> tuple[tuple[str, str], ...]:
    facts = [("Began", f"{stamp(alert.onset)} (estimated)"), ("Detected", stamp(alert.detected)), ("State", state)]
    if alert.repeats is not None:
        facts.append(("Repeats", f"alert {alert.repeats}: it comes and goes"))
    if mute is not None:
        facts.append(("Muted", mute_words([mute], time_zone)))
    return (*facts, ("Run", str(alert.run) if alert.run else "none"))


def _buttons(alert: Alert, mute: Mute | None) -> tuple[Button, ...]:
    buttons = [status_button(alert.model)]
    if alert.run:
        buttons.append(Button(label=f"Show run {alert.run}", command=f"show run {alert.run}"))
    return (*buttons, *(hush_buttons(alert, mute) if alert.closed is None else ()))
