"""Have a freeze end later."""

from pydantic import Field

from bizaiops_bot.playbook import Card, Context, EnvironmentName, Inputs, ModelName, Run, Text, UntilSlot, playbook
from playbooks._cards import known_model
from playbooks._freezes import ARE_WE, POSSIBLE, scope, told, unfreeze_button


class ExtendFreeze(Inputs):
    """Give the freeze that holds, or the next one, a later end."""

    until: UntilSlot = Field(description="until when, such as until tuesday 18:00")
    model: ModelName | None = Field(None, description="the freeze of this model; any if left out")
    environment: EnvironmentName | None = Field(None, description="only in this environment; in all if left out")


@playbook(title="Extend the freeze", risk="control")
async def extend_freeze(run: Run, ask: ExtendFreeze) -> Card:
    if ask.model is not None:
        await known_model(run, ask.model)
    of = scope(ask.model, ask.environment)
    made = await run.step("extend", run.controls.extend_freeze, ask.until.at, actor=run.actor.id, model=of)
    said = told(made)
    return Card(
        title="The freeze lasts longer",
        tone="warning",
        summary=said,
        blocks=(Text(text=said), Context(text=f"It ends by itself. {POSSIBLE}")),
        buttons=(unfreeze_button(made), ARE_WE),
    )
