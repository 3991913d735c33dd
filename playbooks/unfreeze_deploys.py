"""Let changes begin again."""

from bizaiops_bot.playbook import BadInput, Button, Card, Inputs, Run, Text, playbook


class UnfreezeDeploys(Inputs):
    """Let changes of models begin again."""


@playbook(title="Unfreeze deploys", risk="control")
async def unfreeze_deploys(run: Run, ask: UnfreezeDeploys) -> Card:
    del ask
    if not await run.read(run.records.frozen):
        raise BadInput("Changes are not frozen.", do="There is nothing to end.")
    told = await run.step("unfreeze", run.controls.unfreeze, actor=run.actor.id)
    said = f"The freeze is over: it {told}."
    return Card(
        title="Changes may begin again",
        tone="success",
        summary=said,
        blocks=(Text(text=said),),
        buttons=(Button(label="What models do we have?", command="what models do we have?"),),
    )
