"""Send a model's KPI digest again and again."""

from pydantic import Field

from bizaiops_bot.playbook import BadInput, Card, Cron, Inputs, ModelName, Run, Schedule, Text, TimeZone, playbook
from playbooks._cards import known_model
from playbooks._schedules import schedule_buttons, when_words
from playbooks._words import zone


class ScheduleDigest(Inputs):
    """Send the KPI digest of a model into this conversation, again and again."""

    model: ModelName = Field(description="the model")
    cron: Cron = Field(description="when, such as every Monday at 9:00")
    time_zone: TimeZone | None = Field(None, description="the time zone of the time, such as Europe/Berlin")


@playbook(title="Schedule a KPI digest", risk="control")
async def schedule_digest(run: Run, ask: ScheduleDigest) -> Card:
    await known_model(run, ask.model)
    time_zone = zone(ask.time_zone or run.time_zone).key
    inputs = {"model": ask.model}
    for known in await run.read(run.records.schedules):
        if _same(known, run.conversation, inputs, ask.cron, time_zone):
            raise BadInput(f"That is schedule {known.id} already: {known.title}, {when_words(known)}.")
    made = await run.step(
        "add schedule",
        run.controls.add_schedule,
        f"{ask.model} KPI digest",
        "send_digest",
        inputs,
        ask.cron,
        time_zone,
        actor=run.actor.id,
        conversation=run.conversation,
    )
    said = f"The {ask.model} KPI digest comes here {when_words(made)}."
    return Card(
        title=f"{made.title} is scheduled",
        tone="success",
        summary=said,
        blocks=(Text(text=said),),
        buttons=schedule_buttons(made),
    )


def _same(known: Schedule, conversation: str, inputs: dict[str, str], cron: str, time_zone: str) -> bool:
    where = (known.playbook, known.conversation, known.inputs) == ("send_digest", conversation, inputs)
    return where and (known.cron, known.time_zone) == (cron, time_zone)
