"""Hear nothing of a model's alerts for a while."""

from pydantic import Field

from bizaiops_bot.playbook import Alert, Card, Context, Run, ServiceInputs, Text, UntilSlot, playbook, spoken_end
from playbooks._alerts import unmute_button
from playbooks._cards import known_model, status_button


class MuteAlerts(ServiceInputs):
    """Hold news of a model's alerts back for a while; they are found, acted on and listed all the same."""

    until: UntilSlot | None = Field(None, description="until when, at most 30 days; 8 hours if left out")


@playbook(title="Mute alerts", risk="control")
async def mute_alerts(run: Run, ask: MuteAlerts) -> Card:
    await known_model(run, ask.model)
    still_open = await run.read(run.records.alerts, model=ask.service, open_only=True)
    until = ask.until.at if ask.until else None
    made = await run.step(
        "mute", run.controls.mute, ask.service, actor=run.actor.id, conversation=run.conversation, until=until
    )
    said = f"{ask.service} alerts are muted until {spoken_end(made.until, run.time_zone)}."
    return Card(
        title=f"{ask.service} alerts are muted",
        tone="warning",
        summary=said,
        blocks=(Text(text=said), Text(text=_hides(ask.service, still_open)), Context(text=_MEANING)),
        buttons=(unmute_button(made), status_button(ask.service)),
    )


_MEANING = (
    "Alerts are found, rules act, and `alerts` lists them as always; only the home conversation hears of them. "
    "Runs that wait for approval because somebody asked are shown as always."
)


def _hides(model: str, still_open: list[Alert]) -> str:
    """Plainly, also of what is dangerous."""
    hidden = f"It hides every {model} alert, failing and slow requests too"
    if not still_open:
        return f"{hidden}. None is open now."
    return f"{hidden}. Open now: {'; '.join(alert.title for alert in still_open)}."
