"""What waits for a decision."""

from bizaiops_bot.playbook import Button, Card, Context, Inputs, Run, RunRecord, Table, playbook
from playbooks._cards import age, clock_now, decision_buttons, inputs_words

LIMIT = 100
WITH_BUTTONS = 3


class ListApprovals(Inputs):
    """List the runs that wait for an approval, with buttons to decide."""


@playbook(title="List approvals", risk="read")
async def list_approvals(run: Run, ask: ListApprovals) -> Card:
    del ask
    records = await run.read(run.records.runs, limit=LIMIT)
    waiting = [r for r in records if r.status == "waiting"]
    if not waiting:
        return Card(title="Nothing waits for approval", tone="muted", summary="No run waits for an approval.")
    now = await clock_now(run)
    rows = tuple((str(r.id), inputs_words(r), r.actor, age(now, r.created), r.plan.hash[:12]) for r in waiting)
    said = "; ".join(f"run {r.id}: {inputs_words(r)}, asked by {r.actor}" for r in waiting)
    return Card(
        title=f"{len(waiting)} run{'s wait' if len(waiting) > 1 else ' waits'} for approval",
        tone="warning",
        summary=f"Waiting: {said}.",
        blocks=(
            Table(columns=("Run", "What", "Asked by", "Asked", "Plan"), rows=rows, align="rllll"),
            Context(text="The requester cannot approve; one rejection ends the run. `show run N` shows the plan."),
        ),
        buttons=tuple(button for record in waiting[:WITH_BUTTONS] for button in _buttons(record)),
    )


def _buttons(record: RunRecord) -> tuple[Button, ...]:
    return (*decision_buttons(record), Button(label=f"Show run {record.id}", command=f"show run {record.id}"))
