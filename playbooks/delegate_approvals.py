"""Let somebody else decide in one's place for a while."""

from pydantic import Field

from bizaiops_bot.playbook import Button, Card, Context, Inputs, PersonId, Run, Text, UntilSlot, playbook
from playbooks._words import spoken_end


class DelegateApprovals(Inputs):
    """Let another person approve in your place for a while; you can take it back any time."""

    to: PersonId = Field(description="who decides for you")
    until: UntilSlot | None = Field(None, description="until when, at most 30 days; a day if left out")


@playbook(title="Delegate approvals", risk="control")
async def delegate_approvals(run: Run, ask: DelegateApprovals) -> Card:
    until = ask.until.at if ask.until else None
    made = await run.step("delegate", run.controls.delegate, ask.to, actor=run.actor.id, until=until)
    said = f"{made.delegate} decides for {run.actor.name} until {spoken_end(made.until, run.time_zone)}."
    anyway = made.delegate in await run.read(run.records.who_may, "approve")
    return Card(
        title=f"{made.delegate} approves for you",
        tone="success",
        summary=said,
        blocks=(Text(text=said), Context(text=_meaning(made.delegate, anyway=anyway))),
        buttons=(
            Button(label=f"Take it back from {made.delegate}", command=f"stop delegating to {made.delegate}"),
            Button(label="What waits for approval", command="approvals"),
        ),
    )


def _meaning(delegate: str, *, anyway: bool) -> str:
    """anyway: the delegate may approve without it."""
    own = f" {delegate} may approve anyway, with a voice of their own." if anyway else ""
    return (
        f"Where your approval counts, {delegate}'s counts as yours: the two of you are one voice, and the audit names "
        f"both. It does not hold for runs that you or {delegate} asked for.{own}"
    )
