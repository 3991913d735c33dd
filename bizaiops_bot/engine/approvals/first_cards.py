"""What an order that goes first is answered when it needs no run of its own."""

from __future__ import annotations

from collections.abc import Sequence

from bizaiops_bot.domain.cards import Block, Button, Card, Context, Diff, Text
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.records import OpenGate, RunRecord


def stopped(number: int, model: str, said: str) -> Card:
    """What was at work is over, and nothing else has to be done."""
    buttons = (
        Button(label=f"Show run {number}", command=f"show run {number}"),
        Button(label=f"Status {model}", command=f"status {model}"),
    )
    return Card(title=f"Run {number} is stopped", summary=said, blocks=(Text(text=said),), buttons=buttons)


def being_stopped(problem: BotError) -> Card:
    """What was at work takes its time to end; the order goes on by itself."""
    return Card(
        title="It goes first, in a moment", tone="warning", summary=str(problem), blocks=(Text(text=str(problem)),)
    )


def still_waits(problem: BotError, waiting: Sequence[tuple[int, str]]) -> Card:
    """Nothing can be done, and what waits for the model could still change it: it can be cancelled from here."""
    left = [f"Run {number} ({title}) waits for approval." for number, title in waiting]
    buttons = tuple(Button(label=f"Cancel run {number}", command=f"cancel run {number}") for number, _ in waiting)
    said = " ".join([str(problem), *left])
    return Card(title=problem.what, tone="warning", summary=said, blocks=(Text(text=said),), buttons=buttons)


def asked_already(run: RunRecord, gate: OpenGate | None) -> Card:
    """The plan that waits, with the buttons to decide on it."""
    show = Button(label=f"Show run {run.id}", command=f"show run {run.id}")
    who = f" Who may approve: {', '.join(gate.may) or 'nobody at present'}." if gate is not None else ""
    said = f"Run {run.id}, asked for by {run.actor}, is exactly this plan and waits for approval.{who}"
    blocks: list[Block] = [Text(text=said)]
    if run.plan.changes:
        blocks.append(Diff(lines=run.plan.changes))
    blocks.append(Context(text=f"Plan {run.plan.hash[:12]}"))
    buttons = (*decisions(run, gate), show)
    title = f"Run {run.id} asks for this already"
    return Card(title=title, tone="warning", summary=said, blocks=tuple(blocks), buttons=buttons, run_id=run.id)


def look_again(run: RunRecord, gate: OpenGate | None, why: BotError) -> Card:
    """A plan that the person who decides has not seen: what is different, what it does, and the question anew."""
    question = [Text(text=f"**{gate.question}**")] if gate is not None else []
    blocks: list[Block] = [Text(text=str(why)), *question]
    if run.plan.changes:
        blocks.append(Diff(lines=run.plan.changes))
    blocks.append(Context(text=f"Plan {run.plan.hash[:12]} · asked for by {run.actor}"))
    show = Button(label=f"Show run {run.id}", command=f"show run {run.id}")
    return Card(
        title=f"Not decided yet: look at run {run.id} again",
        tone="warning",
        summary=str(why),
        blocks=tuple(blocks),
        buttons=(*decisions(run, gate), show),
        run_id=run.id,
    )


def decisions(run: RunRecord, gate: OpenGate | None) -> tuple[Button, ...]:
    """Approve and Reject, tied to the run, the plan and the gate that the card shows."""
    if gate is None:
        return ()
    bind = {"run": str(run.id), "plan_hash": gate.plan_hash, "gate": gate.name}
    yes = Button(
        label=f"Approve run {run.id}", command=f"approve run {run.id}", style="primary", bind={**bind, "do": "approved"}
    )
    no = Button(
        label=f"Reject run {run.id}", command=f"reject run {run.id}", style="danger", bind={**bind, "do": "rejected"}
    )
    return yes, no
