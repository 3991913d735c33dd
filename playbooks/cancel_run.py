"""Stop a run."""

from pydantic import Field

from bizaiops_bot.playbook import BadInput, Button, Card, Inputs, Run, RunNumber, RunRecord, Text, playbook
from playbooks._cards import inputs_words, known_run


class CancelRun(Inputs):
    """Stop a run; what it has changed so far is undone."""

    run: RunNumber = Field(description="the number of the run")


@playbook(title="Cancel a run", risk="control", safety=True)
async def cancel_run(run: Run, ask: CancelRun) -> Card:
    record = await known_run(run, ask.run)
    if record.finished:
        raise BadInput(f"Run {record.id} cannot be cancelled.", f"It is over: {record.status}.", _after(record.status))
    after = await run.step("cancel", run.controls.cancel, ask.run, actor=run.actor.id)
    effect = "What it has changed is being undone." if _has_begun(record) else "Nothing was changed by it yet."
    said = f"{run.actor.name} cancels run {after.id} ({inputs_words(after)}). {effect}"
    return Card(
        title=f"Cancelling run {after.id}",
        tone="muted",
        summary=said,
        blocks=(Text(text=said),),
        buttons=(Button(label=f"Show run {after.id}", command=f"show run {after.id}"),),
    )


def _has_begun(record: RunRecord) -> bool:
    """Whether any step of it has come to an end, however it ended."""
    deeds = {step.name for step in record.plan.steps if step.kind == "step"}
    return any(step.name in deeds and step.status in ("done", "failed", "undone") for step in record.steps)


def _after(status: str) -> str:
    return (
        "Type `roll back` with the model's name to go back." if status == "succeeded" else "There is nothing to stop."
    )
