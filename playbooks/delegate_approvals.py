"""Let somebody else decide in one's place for a while."""

from pydantic import Field

from bizaiops_bot.playbook import Button, Card, Context, Inputs, LaterSlot, PersonId, Run, Text, UntilSlot, playbook
from playbooks._cards import delegation_span


class DelegateApprovals(Inputs):
    """Let another person approve in your place for a while; you can take it back any time."""

    to: PersonId = Field(description="who decides for you")
    until: UntilSlot | None = Field(None, description="until when, at most 30 days; a day if left out")
    during: LaterSlot | None = Field(None, description="when, if it is not to begin at once, such as next week")


@playbook(title="Delegate approvals", risk="control")
async def delegate_approvals(run: Run, ask: DelegateApprovals) -> Card:
    until, begins = ask.until.at if ask.until else None, None
    if ask.during is not None:
        until, begins = until or ask.during.end, ask.during.begin
    made = await run.step("delegate", run.controls.delegate, ask.to, actor=run.actor.id, until=until, begins=begins)
    said = f"{made.delegate} decides for {run.actor.name} {delegation_span(made, run.time_zone)}."
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
