"""The newest runs."""

from pydantic import Field

from bizaiops_bot.playbook import Button, Card, Inputs, ModelName, Run, Table, playbook
from playbooks._cards import inputs_words, known_model
from playbooks._runs import run_row

LIMIT = 15


class ListRuns(Inputs):
    """List the newest runs, of one model or of all."""

    model: ModelName | None = Field(None, description="the model; all models if left out")


@playbook(title="List runs", risk="read")
async def list_runs(run: Run, ask: ListRuns) -> Card:
    if ask.model is not None:
        await known_model(run, ask.model)
    records = await run.read(run.records.runs, model=ask.model, limit=LIMIT)
    of = f" of {ask.model}" if ask.model else ""
    if not records:
        return Card(title=f"No runs{of} yet", tone="muted", summary=f"Nothing has been run{of} yet.")
    waiting = sum(r.status == "waiting" for r in records)
    newest = records[0]
    summary = f"{len(records)} newest runs{of}, {waiting} waiting for approval; the newest is run {newest.id}: "
    buttons = [Button(label=f"Show run {newest.id}", command=f"show run {newest.id}")]
    if waiting:
        buttons.append(Button(label="List approvals", command="list approvals", style="primary"))
    return Card(
        title=f"Runs{of}",
        summary=f"{summary}{inputs_words(newest)}, {newest.status}.",
        blocks=(
            Table(
                columns=("Run", "What", "Asked by", "Status", "Asked"), rows=tuple(map(run_row, records)), align="rllll"
            ),
        ),
        buttons=tuple(buttons),
    )
