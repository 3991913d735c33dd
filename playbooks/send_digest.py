"""Send a KPI digest now."""

from pydantic import Field

from bizaiops_bot.playbook import Card, Inputs, ModelName, Run, ScheduleNumber, Text, playbook
from playbooks._cards import known_model
from playbooks._digest import digest_card
from playbooks._schedules import known_schedule, only_schedule


class SendDigest(Inputs):
    """Send a KPI digest now: of a model here, or of a schedule to where it usually goes."""

    schedule: ScheduleNumber | None = Field(None, description="the number of a schedule")
    model: ModelName | None = Field(None, description="the model")


@playbook(title="Send a KPI digest now", risk="control")
async def send_digest(run: Run, ask: SendDigest) -> Card:
    if ask.schedule is None and ask.model is not None:
        await known_model(run, ask.model)
        return await digest_card(run, ask.model, await _own_zone(run))
    schedule = await known_schedule(run, ask.schedule) if ask.schedule else await only_schedule(run)
    model = str(schedule.inputs["model"])
    card = await digest_card(run, model, schedule.time_zone)
    if schedule.conversation == run.conversation:
        return card
    await run.notify(card, conversation=schedule.conversation)
    said = f"The {model} KPI digest is sent to {schedule.conversation}: {card.summary}"
    return Card(
        title=f"Digest sent to {schedule.conversation}", tone="success", summary=said, blocks=(Text(text=said),)
    )


async def _own_zone(run: Run) -> str:
    """The zone of the schedule that acts, so that its days are the reader's days; the bot's zone for a person."""
    active = await run.read(run.records.schedules) if run.actor.kind == "schedule" else []
    return next((s.time_zone for s in active if f"schedule:{s.id}" == run.actor.id), run.time_zone)
