"""Say something at a moment to come."""

from pydantic import Field

from bizaiops_bot.playbook import (
    BadInput,
    Card,
    Context,
    FreeText,
    Inputs,
    MomentSlot,
    ReminderFor,
    Run,
    Text,
    playbook,
    spoken_moment,
)
from playbooks._reminders import MINE, cancel_button


class RemindMe(Inputs):
    """Remind somebody here at a moment to come; nothing else is done then."""

    what: FreeText = Field(description="what to be reminded of")
    at: MomentSlot = Field(description="when, such as tomorrow at 10 or in 2 hours")
    who: ReminderFor | None = Field(None, description="who is reminded; whoever asks if left out")


EVERYBODY = "everybody"


@playbook(title="Remind me", risk="control")
async def remind_me(run: Run, ask: RemindMe) -> Card:
    what = " ".join(ask.what.split())
    if not what:
        raise BadInput("What shall I remind you of?", do="Say for example: remind me tomorrow at 10 to check churn.")
    who = ask.who or run.actor.id
    person = "" if who == EVERYBODY else who
    made = await run.step(
        "remind", run.controls.remind, ask.at.at, what, person=person, actor=run.actor.id, conversation=run.conversation
    )
    whom = "you" if who == run.actor.id else who
    said = f"I remind {whom} here {spoken_moment(made.begins, made.time_zone)}: {made.text}."
    return Card(
        title=f"Reminder {made.id} is set",
        tone="success",
        summary=said,
        blocks=(Text(text=said), Context(text="I only remind; nothing else is done then.")),
        buttons=(cancel_button(made), MINE),
    )
