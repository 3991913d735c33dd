"""Runs as tables and buttons."""

from __future__ import annotations

from bizaiops_bot.playbook import Button, OpenGate, RunRecord, stamp
from playbooks._cards import decision_buttons, inputs_words

STATUS = {
    "waiting": "… waits for approval",
    "running": "▶ running",
    "succeeded": "✓ succeeded",
    "failed": "✗ failed",
    "rejected": "✗ rejected",
    "cancelled": "– cancelled",
    "expired": "– expired",
}


def run_row(record: RunRecord) -> tuple[str, ...]:
    """Number, request, who, status, when."""
    return (str(record.id), inputs_words(record), record.actor, STATUS[record.status], stamp(record.created))


def run_buttons(record: RunRecord, gate: OpenGate | None) -> tuple[Button, ...]:
    """What can be done with a run now: decide on what it asks, cancel, or look at its model."""
    if record.finished:
        model = record.inputs.get("model")
        return (Button(label=f"Status {model}", command=f"status {model}"),) if model else ()
    cancel = Button(label=f"Cancel run {record.id}", command=f"cancel run {record.id}", bind={"run": str(record.id)})
    if gate is None or gate.kind == "question":
        return (cancel,)
    return (*decision_buttons(record, gate), cancel)
