"""End injected faults."""

from pydantic import Field

from bizaiops_bot.playbook import BadInput, Card, Inputs, ModelName, Run, Text, playbook
from playbooks._cards import known_model, status_button


class ClearFaults(Inputs):
    """End the faults of one model, or of all."""

    model: ModelName | None = Field(None, description="the model; all models if left out")


@playbook(title="Clear faults", risk="control")
async def clear_faults(run: Run, ask: ClearFaults) -> Card:
    if run.faults is None:
        raise BadInput("There are no injected faults outside the embedded company.")
    if ask.model is not None:
        await known_model(run, ask.model)
    ended = await run.step("clear faults", run.faults.clear, ask.model)
    where = f" of {ask.model}" if ask.model else ""
    said = f"Ended: {', '.join(ended)}." if ended else f"No fault{where} was active, so nothing changed."
    return Card(
        title=f"Faults{where} are cleared" if ended else "No faults to clear",
        tone="success" if ended else "muted",
        summary=said,
        blocks=(Text(text=said),),
        buttons=(status_button(ask.model),) if ask.model else (),
    )
