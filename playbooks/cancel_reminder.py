"""Take a reminder back."""

from pydantic import Field

from bizaiops_bot.playbook import BadInput, Card, Inputs, ReminderNumber, Run, Text, playbook, spoken_moment
from playbooks._reminders import MINE


class CancelReminder(Inputs):
    """Take a reminder back: your own, or one that somebody set for you."""

    reminder: ReminderNumber | None = Field(None, description="its number; yours if there is only one")


@playbook(title="Cancel a reminder", risk="control")
async def cancel_reminder(run: Run, ask: CancelReminder) -> Card:
    number = ask.reminder or await _only_one(run)
    ended = await run.step("cancel reminder", run.controls.cancel_reminder, number, actor=run.actor.id)
    said = f"Reminder {ended.id} is taken back: {ended.text}, {spoken_moment(ended.begins, ended.time_zone)}."
    return Card(
        title=f"Reminder {ended.id} is taken back",
        tone="muted",
        summary=said,
        blocks=(Text(text=said),),
        buttons=(MINE,),
    )


async def _only_one(run: Run) -> int:
    """The one reminder of whoever asks. Raises BadInput when that is not one."""
    mine = [r for r in await run.read(run.records.timers, "reminder") if run.actor.id in (r.owner, r.person)]
    if len(mine) == 1:
        return mine[0].id
    if not mine:
        raise BadInput("You have no reminder.", do="There is nothing to take back.")
    told = ", ".join(f"{r.id} ({r.text})" for r in mine)
    example = f"Say for example `cancel reminder {mine[0].id}`."
    raise BadInput("Which reminder?", f"You have {len(mine)}: {told}.", example)
