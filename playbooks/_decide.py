"""Approving and rejecting: the same question to the engine, which knows who may."""

from __future__ import annotations

from bizaiops_bot.playbook import BadInput, Button, Card, Run, RunRecord, Text
from playbooks._cards import inputs_words, known_run


async def decide(run: Run, number: int, decision: str, reason: str | None) -> Card:
    """Decides on run `number`, bound to the plan that whoever decides was shown. Raises BadInput when it waits for
    nobody, and Unseen for a plan that they were not shown.
    """
    record = await known_run(run, number)
    if record.status != "waiting":
        raise BadInput(
            f"Run {number} does not wait for an approval.", f"It is {record.status}.", f"Type `show run {number}`."
        )
    after = await run.step("decide", run.controls.decide, number, decision, actor=run.actor.id, reason=reason or "")
    said = _words(run, after, decision, reason)
    return Card(
        title=f"Run {number} is {decision}",
        tone="success" if decision == "approved" else "warning",
        summary=said,
        blocks=(Text(text=said),),
        buttons=(Button(label=f"Show run {number}", command=f"show run {number}"),),
    )


def _words(run: Run, record: RunRecord, decision: str, reason: str | None) -> str:
    why = f" Reason: {reason}" if reason else ""
    said = f"{run.actor.name} {decision} run {record.id}: {inputs_words(record)}, plan {record.plan.hash[:12]}.{why}"
    needed = sum(g.quorum for g in record.plan.gates)
    given = sum(d.decision == "approved" for d in record.decisions)
    return (
        f"{said} {given} of {needed} approvals are given." if decision == "approved" else f"{said} Nothing is changed."
    )
