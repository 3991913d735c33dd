"""Whether changes are frozen, until when, and what is to come."""

from pydantic import Field

from bizaiops_bot.playbook import (
    Button,
    Card,
    Context,
    EnvironmentName,
    Freeze,
    Inputs,
    ModelName,
    Run,
    Table,
    Text,
    playbook,
)
from playbooks._freezes import POSSIBLE, next_time, scope, told, unfreeze_button


class ShowFreeze(Inputs):
    """Tell whether changes are frozen, until when, by whom and why, and which freezes are to come."""

    model: ModelName | None = Field(None, description="the model; all if left out")
    environment: EnvironmentName | None = Field(None, description="only in this environment; in all if left out")


@playbook(title="Are we frozen?", risk="read")
async def show_freeze(run: Run, ask: ShowFreeze) -> Card:
    of, every = scope(ask.model, ask.environment), await run.read(run.records.freezes)
    known = [f for f in every if of is None or f.model in (None, of, ask.environment)]
    holding = [freeze for freeze in known if freeze.holds]
    if not known:
        said = "No. Changes may begin, and no freeze is set."
        example = "freeze deploys until monday 8:00"
        return Card(
            title="Changes are not frozen",
            tone="success",
            summary=said,
            blocks=(Text(text=said), Context(text=f"An approver can say for example `{example}`.")),
        )
    coming = [freeze for freeze in known if not freeze.holds]
    lines = [f"Yes. {' '.join(map(told, holding))}" if holding else "No. Changes may begin now."]
    lines += [f"To come: {' '.join(map(told, coming[:1]))}"] if coming else []
    buttons = [unfreeze_button(freeze) for freeze in holding[:1] if freeze.timer is not None]
    return Card(
        title="Changes are frozen" if holding else "Changes are not frozen",
        tone="warning" if holding else "success",
        summary=" ".join([*lines, *([POSSIBLE] if holding else [])]),
        blocks=(
            Text(text=" ".join(lines)),
            *((Context(text=POSSIBLE),) if holding else ()),
            *((_table(known),) if len(known) > 1 else ()),
        ),
        buttons=(*buttons, Button(label="What waits for approval", command="approvals")),
    )


def _table(known: list[Freeze]) -> Table:
    rows = tuple((f.model or "all", next_time(f), f.span, f.by, f.why) for f in known)
    return Table(columns=("Models", "Next", "When", "By", "Why"), rows=rows)
