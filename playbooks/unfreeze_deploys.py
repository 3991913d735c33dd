"""Let changes begin again."""

from pydantic import Field

from bizaiops_bot.playbook import Button, Card, EnvironmentName, Inputs, ModelName, Run, Text, playbook
from playbooks._cards import known_model
from playbooks._freezes import ARE_WE, scope


class UnfreezeDeploys(Inputs):
    """Let changes of models begin again; a freeze that is set for later is called off."""

    model: ModelName | None = Field(None, description="only the freeze of this model; every freeze if left out")
    environment: EnvironmentName | None = Field(None, description="only in this environment; in all if left out")


@playbook(title="Unfreeze deploys", risk="control")
async def unfreeze_deploys(run: Run, ask: UnfreezeDeploys) -> Card:
    if ask.model is not None:
        await known_model(run, ask.model)
    of = scope(ask.model, ask.environment)
    ended = await run.step("unfreeze", run.controls.unfreeze, actor=run.actor.id, model=of)
    parts = [
        f"The freeze is over: changes were {one.frozen}." if one.holds else f"The freeze {one.span} is called off."
        for one in ended
    ]
    weekly = ["It does not come back next week either."] if any(one.weekly for one in ended) else []
    still = await run.read(run.records.frozen, of)
    said = " ".join([*parts, *weekly, *([f"Changes are still {still}."] if still else [])])
    return Card(
        title="Changes are still frozen" if still else "Changes may begin again",
        tone="warning" if still else "success",
        summary=said,
        blocks=(Text(text=said),),
        buttons=(ARE_WE, Button(label="What models do we have?", command="what models do we have?")),
    )
