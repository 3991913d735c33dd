"""What waits for a decision, who may still decide, and who decides for whom."""

from bizaiops_bot.playbook import (
    Block,
    Button,
    Card,
    Context,
    Delegation,
    Inputs,
    OpenGate,
    Run,
    RunRecord,
    Table,
    playbook,
)
from playbooks._cards import age, clock_now, decision_buttons, delegation_span, inputs_words

WITH_BUTTONS = 3


class ListApprovals(Inputs):
    """List the runs that wait for an approval, with buttons to decide."""


@playbook(title="List approvals", risk="read")
async def list_approvals(run: Run, ask: ListApprovals) -> Card:
    del ask
    gates = await run.read(run.records.approvals)
    waiting = [(gate, await run.read(run.records.run, gate.run)) for gate in gates]
    given = await run.read(run.records.delegations)
    lent = [f"{d.delegate} decides for {d.owner} {delegation_span(d, run.time_zone)}" for d in given]
    if not waiting:
        said = " ".join(["No run waits for an approval.", *(f"{words}." for words in lent)])
        blocks: tuple[Block, ...] = (Context(text="; ".join(lent)),) if lent else ()
        return Card(
            title="Nothing waits for approval", tone="muted", summary=said, blocks=blocks, buttons=_ends(run, given)
        )
    now = await clock_now(run)
    rows = tuple((str(r.id), _what(g, r), r.actor, age(now, g.opened), _still(g), r.plan.hash[:12]) for g, r in waiting)
    said = "; ".join(f"run {r.id}: {_what(g, r)}, asked by {r.actor}, {_missing(g)}" for g, r in waiting)
    small = ["The requester cannot approve; one rejection ends the run. `show run N` shows the plan.", *lent]
    return Card(
        title=f"{len(waiting)} run{'s wait' if len(waiting) > 1 else ' waits'} for approval",
        tone="warning",
        summary=". ".join([f"Waiting: {said}", *lent]) + ".",
        blocks=(
            Table(columns=("Run", "What", "Asked by", "Asked", "Who may", "Plan"), rows=rows, align="rlllll"),
            Context(text=" · ".join(small)),
        ),
        buttons=(*(b for gate, record in waiting[:WITH_BUTTONS] for b in _buttons(gate, record)), *_ends(run, given)),
    )


def _what(gate: OpenGate, record: RunRecord) -> str:
    """A question about a failed undo is told whole: its answer is no approval of the plan."""
    return inputs_words(record) if gate.kind == "approval" else gate.question


def _still(gate: OpenGate) -> str:
    who = ", ".join(gate.may) or "nobody at present"
    return f"{who}; {' and '.join(gate.voices)} approved" if gate.voices else who


def _missing(gate: OpenGate) -> str:
    left = gate.quorum - len(gate.voices)
    approvals = f"{left} approvals" if left > 1 else "one approval"
    what = "an answer" if gate.kind != "approval" else approvals.replace(" ", " more ") if gate.voices else approvals
    return f"{what} needed from {' or '.join(gate.may) or 'nobody at present'}"


def _buttons(gate: OpenGate, record: RunRecord) -> tuple[Button, ...]:
    show = Button(label=f"Show run {record.id}", command=f"show run {record.id}")
    return (show,) if gate.kind != "approval" else (*decision_buttons(record, gate), show)


def _ends(run: Run, given: list[Delegation]) -> tuple[Button, ...]:
    """Taking back what the person who asks has delegated."""
    mine = [d.delegate for d in given if d.owner == run.actor.id]
    return tuple(Button(label=f"Take it back from {to}", command=f"stop delegating to {to}") for to in mine)
