"""One run: steps, plan, decisions, error."""

from pydantic import Field

from bizaiops_bot.playbook import (
    Block,
    Button,
    Card,
    Context,
    Diff,
    Fields,
    Inputs,
    Run,
    RunNumber,
    RunRecord,
    Steps,
    Table,
    Text,
    Tone,
    Trial,
    playbook,
    spoken_duration,
    stamp,
)
from playbooks._cards import inputs_words, known_run
from playbooks._runs import STATUS, run_buttons
from playbooks._trials import checks_table

TONES: dict[str, Tone] = {
    "succeeded": "success",
    "failed": "danger",
    "rejected": "warning",
    "waiting": "info",
    "running": "info",
}


class ShowRun(Inputs):
    """Show one run: its steps, plan, decisions and how it ended."""

    run: RunNumber = Field(description="the number of the run")


@playbook(title="Show a run", risk="read")
async def show_run(run: Run, ask: ShowRun) -> Card:
    record = await known_run(run, ask.run)
    gate = next(iter(await run.read(run.records.approvals, ask.run)), None)
    trials = await run.read(run.records.trials, run=ask.run)
    return Card(
        title=f"Run {record.id}: {inputs_words(record)}",
        tone=TONES.get(record.status, "muted"),
        summary=_summary(record),
        blocks=tuple(_blocks(record, trials)),
        buttons=(*run_buttons(record, gate), *_next(record, trials)),
        run_id=record.id,
    )


def _summary(record: RunRecord) -> str:
    done = sum(step.status == "done" for step in record.steps)
    what = f"Run {record.id} ({inputs_words(record)}) by {record.actor}"
    said = f"{what}: {record.status}, {done} of {len(record.steps)} steps done."
    return f"{said} {record.superseded} {record.error or record.summary}".strip()


def _next(record: RunRecord, trials: list[Trial]) -> tuple[Button, ...]:
    """After a trial: what is known of the model's versions."""
    if not record.finished or not trials:
        return ()
    model = trials[0].model
    return (Button(label=f"History of {model}", command=f"history of {model}"),)


def _blocks(record: RunRecord, trials: list[Trial]) -> list[Block]:
    took = spoken_duration((record.ended - record.created).total_seconds()) if record.ended else "not over"
    facts = (
        ("Status", STATUS[record.status]),
        ("Asked by", record.actor),
        ("Asked", stamp(record.created)),
        ("Took", took),
    )
    blocks: list[Block] = [Fields(fields=facts)]
    if record.superseded:
        blocks.append(Text(text=record.superseded))
    if outcome := record.error or record.summary:
        blocks.append(Text(text=outcome))
    blocks += [checks_table(trial) for trial in trials[:1] if trial.checks]
    if record.steps:
        blocks.append(Steps(steps=record.steps))
    if record.plan.changes:
        blocks.append(Diff(lines=record.plan.changes))
    if record.decisions:
        rows = tuple((d.actor, d.decision, d.reason or "–", stamp(d.at)) for d in record.decisions)
        blocks.append(Table(columns=("Who", "Decision", "Reason", "When"), rows=rows))
    blocks.append(Context(text=f"Plan {record.plan.hash[:12]} · {_gates(record)}"))
    return blocks


def _gates(record: RunRecord) -> str:
    return "; ".join(f"{g.quorum} × {g.role}, open {g.expires}" for g in record.plan.gates) or "no approval needed"
