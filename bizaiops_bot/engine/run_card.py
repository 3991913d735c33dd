"""The one card of a run: plan and approvals first, then progress, then how it ended. Drawn from stored state only."""

from __future__ import annotations

import sqlalchemy as sa

from bizaiops_bot.domain.cards import Block, Button, Card, Context, Diff, Fields, StepLine, Steps, Text, Tone
from bizaiops_bot.domain.records import RunRecord
from bizaiops_bot.engine import gates

_TONES: dict[str, Tone] = {
    "waiting": "warning", "running": "info", "succeeded": "success", "failed": "danger",
    "rejected": "muted", "cancelled": "muted", "expired": "muted",
}  # fmt: skip
_WORDS = {
    "waiting": "waiting for approval", "running": "running", "succeeded": "done", "failed": "failed",
    "rejected": "rejected", "cancelled": "cancelled", "expired": "expired, nobody approved in time",
}  # fmt: skip


def draw(conn: sa.Connection, run: RunRecord, title: str, result: Card | None, approvers: list[str]) -> Card:
    """approvers: ids of the people policy lets decide now."""
    blocks: list[Block] = []
    if run.status == "waiting":
        blocks += _plan_blocks(run, approvers)
    else:
        blocks += _outcome_blocks(run, result)
    blocks.append(Steps(steps=run.steps))
    blocks.append(Context(text=_small_print(run)))
    return Card(
        title=f"{title}: {_WORDS[run.status]}",
        tone=_TONES[run.status] if result is None or run.status != "succeeded" else result.tone,
        blocks=tuple(blocks),
        buttons=_buttons(conn, run, result),
        run_id=run.id,
        summary=_summary(run, title, result),
    )


def _plan_blocks(run: RunRecord, approvers: list[str]) -> list[Block]:
    gate = run.plan.gates[0] if run.plan.gates else None
    blocks: list[Block] = []
    if gate is not None:
        blocks.append(Text(text=f"**{gate.question}**"))
        others = [p for p in approvers if p != run.actor]
        who = f"{gate.quorum} of: {', '.join(others)}" if others else "nobody who may is known; ask an administrator"
        undo = [s.name for s in run.plan.steps if s.kind == "undo"]
        ways = [f"by itself on failure or cancel: {', '.join(undo)}"] if undo else []
        ways += [f"afterwards: {gate.undo}"] if gate.undo else []
        how = "; ".join(ways) or "nothing has to be undone"
        blocks.append(
            Fields(
                fields=(
                    ("Asked by", run.actor),
                    ("Must approve", who),
                    ("Undo", how),
                    ("Expires", f"in {gate.expires}"),
                )
            )
        )
    if run.plan.changes:
        blocks.append(Diff(lines=run.plan.changes))
    return blocks


def _outcome_blocks(run: RunRecord, result: Card | None) -> list[Block]:
    blocks: list[Block] = []
    if run.error:
        blocks.append(Text(text=run.error))
    if result is not None:
        blocks += list(result.blocks)
    if run.decisions:
        said = "; ".join(f"{d.decision} by {d.actor}{f' ({d.reason})' if d.reason else ''}" for d in run.decisions)
        blocks.append(Fields(fields=(("Asked by", run.actor), ("Decisions", said))))
    return blocks


def _buttons(conn: sa.Connection, run: RunRecord, result: Card | None) -> tuple[Button, ...]:
    n = run.id
    if run.finished:
        return () if result is None else result.buttons
    cancel = Button(label="Cancel", command=f"cancel run {n}", bind={"run": str(n)})
    if gates.open_gates(conn, n) or run.status == "waiting":
        bind = {"run": str(n), "plan_hash": run.plan.hash}
        return (
            Button(label="Approve", command=f"approve run {n}", style="primary", bind=bind),
            Button(label="Reject", command=f"reject run {n}", style="danger", bind=bind),
            cancel,
        )
    return (cancel,)


def _small_print(run: RunRecord) -> str:
    inputs = " ".join(f"{k}={_short(v)}" for k, v in run.inputs.items() if v is not None)
    return f"Run {run.id} · {run.playbook} {inputs} · plan {run.plan.hash[:12]} · {run.created:%-d %b %H:%M} UTC"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _summary(run: RunRecord, title: str, result: Card | None) -> str:
    if result is not None and run.finished:
        return result.text
    if run.error:
        return f"{title}: {_WORDS[run.status]}. {run.error}"
    now = next((s for s in run.steps if s.status in ("running", "waiting")), None)
    return f"{title} (run {run.id}): {_WORDS[run.status]}{_now(now)}."


def _now(step: StepLine | None) -> str:
    return "" if step is None else f", {step.name}{f': {step.detail}' if step.detail else ''}"
