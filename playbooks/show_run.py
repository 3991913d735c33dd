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
    OpenGate,
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
from playbooks._builds import last_lines, log_blocks
from playbooks._cards import inputs_words, known_run
from playbooks._runs import STATUS, run_buttons
from playbooks._trials import checks_table

LOG_LINES = 20
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
    log = await _log(run, record)
    return Card(
        title=f"Run {record.id}: {inputs_words(record)}",
        tone=TONES.get(record.status, "muted"),
        summary=_summary(record),
        blocks=(*_blocks(record, gate, trials), *log),
        buttons=(*run_buttons(record, gate), *_next(record, trials)),
        run_id=record.id,
    )


async def _log(run: Run, record: RunRecord) -> tuple[Block, ...]:
    """What the build that it waits for has said last, and where people see it."""
    if record.build is None or record.finished:
        return ()
    lines = log_blocks(await last_lines(run, record.build, "", LOG_LINES), "")
    return (*lines, Context(text=f"Build {record.build}{f' · {url}' if (url := record.build.url) else ''}"))


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


def _blocks(record: RunRecord, gate: OpenGate | None, trials: list[Trial]) -> list[Block]:
    took = spoken_duration((record.ended - record.created).total_seconds()) if record.ended else "not over"
    facts = (
        ("Status", STATUS[record.status]),
        ("Asked by", record.actor),
        ("Asked", stamp(record.created)),
        ("Took", took),
    )
    blocks: list[Block] = [Fields(fields=facts)]
    if gate is not None:
        blocks += [Text(text=f"**{gate.question}**"), Fields(fields=_waits_for(gate))]
    if record.superseded:
        blocks.append(Text(text=record.superseded))
    if outcome := record.error or record.summary:
        blocks.append(Text(text=outcome))
    blocks += [checks_table(trial) for trial in trials[:1] if trial.checks]
    if record.steps:
        blocks.append(Steps(steps=record.steps))
    if record.plan.changes:
        blocks.append(Diff(lines=record.plan.changes))
    for spec in record.plan.gates[:1]:
        seen = (("What it can show", spec.foresight),) if spec.foresight else ()
        blocks.append(Fields(fields=(*seen, ("Undo", record.plan.undone_by(spec.name)))))
    if record.decisions:
        rows = tuple((d.actor, d.decision, d.reason or "–", stamp(d.at)) for d in record.decisions)
        blocks.append(Table(columns=("Who", "Decision", "Reason", "When"), rows=rows))
    blocks.append(Context(text=f"Plan {record.plan.hash[:12]} · {_gates(record)}"))
    return blocks


def _waits_for(gate: OpenGate) -> tuple[tuple[str, str], ...]:
    """Who may still decide, by name, and until when."""
    given = f"{len(gate.voices)} of {gate.quorum} ({', '.join(gate.voices)})" if gate.voices else f"0 of {gate.quorum}"
    who = ", ".join(gate.may) or "nobody who may is known; ask an administrator"
    votes = (("Approvals", given),) if gate.kind == "approval" else ()
    return (*votes, ("May decide", who), ("Expires", stamp(gate.expires)))


def _gates(record: RunRecord) -> str:
    return "; ".join(f"{g.quorum} × {g.role}, open {g.expires}" for g in record.plan.gates) or "no approval needed"
