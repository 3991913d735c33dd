"""Let no change begin for a while."""

from pydantic import Field

from bizaiops_bot.playbook import (
    Card,
    Context,
    EnvironmentName,
    FreeText,
    Inputs,
    ModelName,
    Period,
    PeriodSlot,
    Run,
    Text,
    playbook,
)
from playbooks._cards import known_model
from playbooks._freezes import ARE_WE, POSSIBLE, scope, told, unfreeze_button, whose_changes


class FreezeDeploys(Inputs):
    """Let no change of a model begin: at once or later, until a moment or until unfrozen, also every week.

    Rolling back, pausing and resuming stay possible.
    """

    during: PeriodSlot | None = Field(None, description="when, such as until monday; until unfrozen if left out")
    model: ModelName | None = Field(None, description="only this model; all if left out")
    environment: EnvironmentName | None = Field(None, description="only in this environment; in all if left out")
    reason: FreeText | None = Field(None, description="why, for everyone who asks")


@playbook(title="Freeze deploys", risk="control")
async def freeze_deploys(run: Run, ask: FreezeDeploys) -> Card:
    if ask.model is not None:
        await known_model(run, ask.model)
    during = ask.during or Period(label="until unfrozen")
    made = await run.step(
        "freeze",
        run.controls.freeze,
        during,
        actor=run.actor.id,
        reason=ask.reason or "",
        conversation=run.conversation,
        model=scope(ask.model, ask.environment),
    )
    what = whose_changes(made.model)
    said = told(made)
    later = not made.holds
    return Card(
        title=f"{what} will be frozen" if later and not made.weekly else f"{what} are frozen",
        tone="info" if later else "warning",
        summary=f"{said} {POSSIBLE}",
        blocks=(Text(text=said), Context(text=f"{_ends(later=later, endless=made.ends is None)} {POSSIBLE}")),
        buttons=(unfreeze_button(made), ARE_WE),
    )


def _ends(*, later: bool, endless: bool) -> str:
    if endless:
        return "It has no end: it lasts until an approver says `unfreeze`."
    begins = "It begins and ends by itself" if later else "It ends by itself"
    return f"{begins}; to make it longer, say for example `extend the freeze until tuesday`."
