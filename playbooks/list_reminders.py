"""What a person is going to be reminded of."""

from bizaiops_bot.playbook import Button, Card, Inputs, Run, Table, playbook, spoken_moment
from playbooks._reminders import cancel_button

WITH_BUTTONS = 5


class ListReminders(Inputs):
    """List what you asked to be reminded of, and what others asked to remind you of."""


@playbook(title="List reminders", risk="read")
async def list_reminders(run: Run, ask: ListReminders) -> Card:
    del ask
    mine = [r for r in await run.read(run.records.timers, "reminder") if run.actor.id in (r.owner, r.person)]
    if not mine:
        example = "remind me tomorrow at 10 to check churn"
        return Card(
            title="No reminder is set",
            tone="muted",
            summary=f"You have no reminder. Say for example `{example}`.",
            buttons=(Button(label="Schedules", command="show schedules"),),
        )
    rows = tuple((str(r.id), spoken_moment(r.begins, r.time_zone), r.text, r.person, r.conversation) for r in mine)
    told = "; ".join(f"{spoken_moment(r.begins, r.time_zone)}: {r.text}" for r in mine)
    return Card(
        title=f"{len(mine)} reminder{'' if len(mine) == 1 else 's'}",
        summary=f"{told}.",
        blocks=(Table(columns=("No", "When", "What", "For", "Where"), rows=rows, align="rllll"),),
        buttons=tuple(map(cancel_button, mine[:WITH_BUTTONS])),
    )
