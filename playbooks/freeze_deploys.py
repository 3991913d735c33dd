"""Let no change begin for a while."""

from pydantic import Field

from bizaiops_bot.playbook import BadInput, Button, Card, FreeText, Inputs, Run, Text, playbook


class FreezeDeploys(Inputs):
    """Let no change of a model begin until unfrozen; rolling back, pausing and resuming stay possible."""

    reason: FreeText | None = Field(None, description="why, for everyone who asks")


@playbook(title="Freeze deploys", risk="control")
async def freeze_deploys(run: Run, ask: FreezeDeploys) -> Card:
    if frozen := await run.read(run.records.frozen):
        raise BadInput("Changes are frozen already.", f"They are {frozen}.", "Type `unfreeze deploys` to end it.")
    told = await run.step("freeze", run.controls.freeze, actor=run.actor.id, reason=ask.reason or "")
    said = f"Changes are {told}. None can begin, except rolling back, pausing and resuming a model."
    return Card(
        title="Changes are frozen",
        tone="warning",
        summary=said,
        blocks=(Text(text=said),),
        buttons=(Button(label="Unfreeze deploys", command="unfreeze deploys"),),
    )
