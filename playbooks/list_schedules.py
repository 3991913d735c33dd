"""What is sent when."""

from bizaiops_bot.playbook import Button, Card, Inputs, Run, Schedule, Table, playbook
from playbooks._schedules import schedule_buttons, when_words
from playbooks._words import local_stamp, spoken_cron

WITH_BUTTONS = 4


class ListSchedules(Inputs):
    """List what is sent by itself: what, when, where, whose; with buttons to send it now or stop it."""


@playbook(title="List schedules", risk="read")
async def list_schedules(run: Run, ask: ListSchedules) -> Card:
    del ask
    active = await run.read(run.records.schedules)
    if not active:
        example = "send the churn KPI digest here every Monday at 9:00"
        return Card(
            title="Nothing is scheduled",
            tone="muted",
            summary=f"Nothing is scheduled. Type for example `{example}`.",
            buttons=(Button(label="Schedule a churn digest", command=example),),
        )
    columns = ("No", "What", "When", "Next", "Last", "Where", "Owner")
    return Card(
        title=f"{len(active)} schedule{'' if len(active) == 1 else 's'}",
        summary="; ".join(f"{s.id}: {s.title}, {when_words(s)}" for s in active) + ".",
        blocks=(Table(columns=columns, rows=tuple(map(_row, active)), align="rllllll"),),
        buttons=tuple(button for s in active[:WITH_BUTTONS] for button in schedule_buttons(s)),
    )


def _row(s: Schedule) -> tuple[str, ...]:
    zone = s.time_zone
    when = (spoken_cron(s.cron, zone), local_stamp(s.next_at, zone), local_stamp(s.last_at, zone))
    return (str(s.id), s.title, *when, s.conversation, s.owner)
