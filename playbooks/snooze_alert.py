"""Hear nothing of one alert for a while."""

from pydantic import Field

from bizaiops_bot.playbook import AlertNumber, Card, Context, Inputs, Run, Text, UntilSlot, playbook, spoken_end
from playbooks._alerts import unmute_button
from playbooks._cards import status_button


class SnoozeAlert(Inputs):
    """Hold news of one alert back for a while; when it is open still by then, it is told again."""

    alert: AlertNumber = Field(description="the number of the alert")
    until: UntilSlot | None = Field(None, description="until when, at most 30 days; 8 hours if left out")


@playbook(title="Snooze an alert", risk="control")
async def snooze_alert(run: Run, ask: SnoozeAlert) -> Card:
    alert = await run.read(run.records.alert, ask.alert)
    until = ask.until.at if ask.until else None
    made = await run.step(
        "snooze", run.controls.snooze, ask.alert, actor=run.actor.id, conversation=run.conversation, until=until
    )
    said = f"Alert {made.alert} of {made.model} is snoozed until {spoken_end(made.until, run.time_zone)}."
    return Card(
        title=f"Alert {made.alert} is snoozed",
        tone="warning",
        summary=said,
        blocks=(
            Text(text=said),
            Text(text=alert.title),
            Context(text="If it is open still by then, it is told again."),
        ),
        buttons=(unmute_button(made), status_button(made.model)),
    )
