"""What an order is answered with that begins no run of its own."""

from __future__ import annotations

from typing import Any

from bizaiops_bot.domain.cards import Button, Card, Context, Diff, StepLine, Steps, Text
from bizaiops_bot.domain.plan import Plan, gate_words
from bizaiops_bot.playbook import Inputs, Playbook


def as_before_card(number: int, known: dict[str, Any]) -> Card:
    """Just that waits already."""
    asked = " ".join(f"{k} {v}" for k, v in known.items() if v is not None)
    said = f"Run {number} waits for approval of just that: {asked}. Nothing was changed."
    show = Button(label=f"Show run {number}", command=f"show run {number}")
    return Card(
        title=f"Run {number} waits for that already",
        blocks=(Text(text=said),),
        buttons=(show,),
        run_id=number,
        summary=said,
    )


def amended_card(number: int, plan: Plan, voided: list[str]) -> Card:
    """The waiting run has another plan. voided: whose decisions count no more."""
    asked = " ".join(_said(name, value) for name, value in plan.inputs.items() if value is not None)
    void = f" What {', '.join(voided)} decided was for the plan before and counts no more." if voided else ""
    said = f"Run {number} has another plan: {asked}.{void} It waits for approval again."
    show = Button(label=f"Show run {number}", command=f"show run {number}")
    small = Context(text=f"Plan {plan.hash[:12]}")
    return Card(
        title=f"Run {number} has another plan",
        blocks=(Text(text=said), small),
        buttons=(show,),
        run_id=number,
        summary=said,
    )


def _said(name: str, value: object) -> str:
    """Times as a person says them."""
    return str(value["label"]) if isinstance(value, dict) and "label" in value else f"{name} {value}"


def at_once_card(playbook: Playbook, inputs: Inputs) -> Card:
    """A dry run of what has no plan."""
    given = inputs.model_dump(mode="json", exclude_none=True)
    with_ = f" with {', '.join(f'{name} {value}' for name, value in given.items())}" if given else ""
    what = f"`{playbook.name}`{with_} has no steps to show: it takes effect at once, without approval."
    said = f"Nothing was started. {what}"
    return Card(title=f"Dry run: {playbook.title}", blocks=(Text(text=said),), summary=said)


def dry_run_card(playbook: Playbook, plan: Plan) -> Card:
    """The plan, of which nothing was started."""
    lines = plan.lines()
    steps = tuple(StepLine(name=n.name, status="planned", detail=n.words) for n in lines if n.number is not None)
    asked = "; ".join(gate_words(gate) for gate in plan.gates) or "no approval needed"
    back = [f"{n.name}: {n.words}" for n in lines if n.number is None]
    back += [f"afterwards: {gate.undo}" for gate in plan.gates if gate.undo]
    blocks = [Text(text=f"Nothing was started. This is what `{playbook.name}` would do."), Steps(steps=steps)]
    changes = [Diff(lines=plan.changes)] if plan.changes else []
    foot = [Text(text=f"Approval: {asked}"), Text(text=f"Undo: {'; '.join(back) or 'nothing has to be undone'}")]
    small = Context(text=f"Plan {plan.hash}")
    return Card(title=f"Dry run: {playbook.title}", blocks=(*blocks, *changes, *foot, small))
