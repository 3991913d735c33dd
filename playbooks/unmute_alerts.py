"""Hear of alerts again."""

from pydantic import Field

from bizaiops_bot.playbook import (
    AlertNumber,
    Button,
    Card,
    EnvironmentName,
    Inputs,
    ModelName,
    Run,
    Text,
    playbook,
    spoken_service,
)


class UnmuteAlerts(Inputs):
    """Tell the news of a model's alerts, or of one alert, again; of all that are muted when neither is named."""

    model: ModelName | None = Field(None, description="the model")
    environment: EnvironmentName | None = Field(None, description="the environment; the default one if left out")
    alert: AlertNumber | None = Field(None, description="the number of the alert")


@playbook(title="Unmute alerts", risk="control")
async def unmute_alerts(run: Run, ask: UnmuteAlerts) -> Card:
    service = None if ask.model is None else spoken_service(ask.model, ask.environment)
    ended = await run.step("unmute", run.controls.unmute, service, ask.alert, actor=run.actor.id)
    what = " and ".join(mute.what for mute in ended)
    said = f"News of {what} are told again. What was held back is told in a moment."
    return Card(
        title="Alerts are told again",
        tone="success",
        summary=said,
        blocks=(Text(text=said),),
        buttons=(Button(label="Alerts", command="list alerts"),),
    )
