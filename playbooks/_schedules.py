"""Schedules: finding the one that is meant, telling when it runs."""

from __future__ import annotations

from bizaiops_bot.playbook import BadInput, Button, NotFound, Run, Schedule
from playbooks._words import local_stamp, spoken_cron


async def known_schedule(run: Run, number: int) -> Schedule:
    """The active schedule with that number. Raises NotFound with those there are."""
    active = await run.read(run.records.schedules)
    for schedule in active:
        if schedule.id == number:
            return schedule
    raise NotFound("active schedule", str(number), [str(s.id) for s in active])


async def only_schedule(run: Run) -> Schedule:
    """The one active schedule of this conversation, else the one there is. Raises BadInput when that is not one."""
    active = await run.read(run.records.schedules)
    here = [s for s in active if s.conversation == run.conversation] or active
    if len(here) == 1:
        return here[0]
    if not here:
        raise BadInput("No digest is scheduled.", do="Type `send the churn KPI digest here every Monday at 9:00`.")
    numbers = ", ".join(f"{s.id} ({s.title})" for s in here)
    raise BadInput(
        "Which schedule?", f"There are {len(here)}: {numbers}.", f"Type for example `send digest {here[0].id}`."
    )


def when_words(schedule: Schedule) -> str:
    """ "every Monday at 9:00 Europe/Berlin, next: Mon 24 Nov 09:00" """
    said = spoken_cron(schedule.cron, schedule.time_zone)
    return f"{said}, next: {local_stamp(schedule.next_at, schedule.time_zone)}" if schedule.next_at else said


def schedule_buttons(schedule: Schedule) -> tuple[Button, ...]:
    """Send now and Stop."""
    number = schedule.id
    bind = {"schedule": str(number)}
    return (
        Button(label=f"Send {number} now", command=f"send schedule {number} now", bind=bind),
        Button(label=f"Stop {number}", command=f"stop schedule {number}", style="danger", bind=bind),
    )
