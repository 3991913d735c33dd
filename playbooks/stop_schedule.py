"""End a schedule."""

from pydantic import Field

from bizaiops_bot.playbook import Button, Card, Inputs, Run, ScheduleNumber, Text, playbook
from playbooks._schedules import known_schedule
from playbooks._words import spoken_cron


class StopSchedule(Inputs):
    """End a schedule; nothing is sent by it any more."""

    schedule: ScheduleNumber = Field(description="the number of the schedule")


@playbook(title="Stop a schedule", risk="control")
async def stop_schedule(run: Run, ask: StopSchedule) -> Card:
    known = await known_schedule(run, ask.schedule)
    stopped = await run.step("stop schedule", run.controls.stop_schedule, ask.schedule, actor=run.actor.id)
    said = f"{stopped.title} is stopped: it was sent {spoken_cron(known.cron, known.time_zone)}."
    return Card(
        title=f"Schedule {stopped.id} is stopped",
        tone="muted",
        summary=said,
        blocks=(Text(text=said),),
        buttons=(Button(label="Show schedules", command="show schedules"),),
    )
