"""Take back what was delegated."""

from pydantic import Field

from bizaiops_bot.playbook import Button, Card, Context, Inputs, PersonId, Run, Text, playbook


class EndDelegation(Inputs):
    """Take your approvals back from the person who decides for you, or from all of them."""

    to: PersonId | None = Field(None, description="from whom; from everybody if left out")


@playbook(title="End a delegation", risk="control")
async def end_delegation(run: Run, ask: EndDelegation) -> Card:
    ended = await run.step("end delegation", run.controls.end_delegation, ask.to, actor=run.actor.id)
    names = [delegation.delegate for delegation in ended]
    said = f"{' and '.join(names)} no longer decide{'s' if len(names) == 1 else ''} for {run.actor.name}."
    buttons = [
        Button(label=f"Delegate to {d.delegate} again", command=f"delegate my approvals to {d.delegate}") for d in ended
    ]
    return Card(
        title="You decide for yourself again",
        tone="success",
        summary=said,
        blocks=(
            Text(text=said),
            Context(text="What they approved for you on runs that still wait does not count any more."),
        ),
        buttons=(*buttons[:2], Button(label="What waits for approval", command="approvals")),
    )
