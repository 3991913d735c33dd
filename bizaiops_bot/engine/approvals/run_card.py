"""The one card of a run, short: the question, its buttons and who may decide; one line of progress; how it ended.

Numbers stand below, all else is folded away. Drawn from stored state only.
"""

from __future__ import annotations

from datetime import datetime

from bizaiops_bot.domain.approval import HELD, NEXT_STEP
from bizaiops_bot.domain.cards import (
    Block,
    Button,
    ButtonsHere,
    Card,
    Context,
    Details,
    Diff,
    Fields,
    StepLine,
    Steps,
    Text,
    Tone,
)
from bizaiops_bot.domain.records import DecisionRecord, OpenGate, RunRecord
from bizaiops_bot.engine.approvals.gates import NO_REASON, who

_TONES: dict[str, Tone] = {
    "waiting": "warning",
    "running": "info",
    "succeeded": "success",
    "failed": "danger",
    "rejected": "muted",
    "cancelled": "muted",
    "expired": "muted",
}
_WORDS = {
    "waiting": "waiting for approval",
    "running": "running",
    "succeeded": "done",
    "failed": "failed",
    "rejected": "rejected",
    "cancelled": "cancelled",
    "expired": "expired, nobody approved in time",
}
_ANSWERS = {
    "approval": ("Approve", "Reject"),
    "question": ("Try again", "Leave it"),
    "verdict": ("Promote", "Roll back"),
    "outside": ("Proceed", "Abort"),
}

SHORT = 2
"""Changes that a plan shows in the open; more of them are detail, and the question tells the one that matters."""


def draw(run: RunRecord, title: str, result: Card | None, gate: OpenGate | None) -> Card:
    """gate: what the run waits for, as it stands now; None when it waits for nobody."""
    waits = gate is not None and not run.finished
    blocks = _gate_blocks(run, gate) if gate is not None and waits else _outcome_blocks(run, result)
    return Card(
        title=f"{title}: {_status(run, gate)}",
        tone=_tone(run, result, gate),
        blocks=tuple(blocks),
        buttons=_buttons(run, result, gate),
        run_id=run.id,
        summary=_summary(run, title, result, gate),
    )


def _tone(run: RunRecord, result: Card | None, gate: OpenGate | None) -> Tone:
    """Grey where nobody knows: too little evidence is neither good nor bad."""
    if gate is not None and gate.kind == "verdict" and not run.finished:
        return "muted"
    return _TONES[run.status] if result is None or run.status != "succeeded" else result.tone


def _status(run: RunRecord, gate: OpenGate | None) -> str:
    if gate is not None and not run.finished and _of_a_step(gate):
        return "no harm seen, shall it get more?"
    if gate is not None and gate.kind != "approval" and not run.finished:
        return "not enough evidence, what now?" if gate.kind == "verdict" else "asks what to do"
    if gate is None and run.status == "waiting" and run.decisions:
        return f"{run.decisions[-1].decision} by {run.decisions[-1].actor}"  # and it has not gone on yet
    return _WORDS[run.status]


def _of_a_step(gate: OpenGate) -> bool:
    """Whether nothing is doubted, and people decide on the next share of a rollout in steps."""
    return gate.kind == "verdict" and NEXT_STEP in gate.name


def _gate_blocks(run: RunRecord, gate: OpenGate) -> list[Block]:
    who_may = Fields(fields=(*_progress(gate), ("Expires", _moment(gate.expires)), ("Asked by", run.actor)))
    blocks: list[Block] = [Text(text=f"**{gate.question}**"), ButtonsHere(), who_may]
    details: list[Block] = []
    rows = _reminders(gate)
    if gate.kind == "approval":
        blocks += [Fields(fields=shown)] if (shown := _foresight(run, gate)) else []
        rows.insert(0, ("Undo", run.plan.undone_by(gate.name)))
        if changes := run.plan.changes:
            (blocks if len(changes) <= SHORT else details).append(Diff(lines=changes))
    if earlier := [d for d in run.decisions if d.gate != gate.name]:
        rows.append(("Decisions", "; ".join(map(_decision, earlier))))
    details += [Fields(fields=tuple(rows))] if rows else []
    return [*blocks, Details(), *details, *_all_of_it(run)]


def _all_of_it(run: RunRecord) -> list[Block]:
    return [Steps(steps=run.steps), Context(text=_small_print(run))]


def _progress(gate: OpenGate) -> list[tuple[str, str]]:
    missing = gate.quorum - len(gate.voices)
    who = ", ".join(gate.may) or "nobody who may is known; ask an administrator"
    must = "Must approve" if gate.kind == "approval" else "May answer"
    if not gate.voices:
        return [(must, f"{missing} of: {who}")]
    given = f"{len(gate.voices)} of {gate.quorum} ({', '.join(gate.voices)})"
    return [("Approvals", given), ("May still decide", who)]


def _foresight(run: RunRecord, gate: OpenGate) -> list[tuple[str, str]]:
    spec = next((g for g in run.plan.gates if g.name == gate.name), None)
    return [("What it can show", spec.foresight)] if spec is not None and spec.foresight else []


def _reminders(gate: OpenGate) -> list[tuple[str, str]]:
    done = [whom for _, whom in gate.reminders[: gate.reminded]]
    coming = [f"{whom} at {_moment(when)}" for when, whom in gate.reminders[gate.reminded :]]
    rows = [("Reminded", ", ".join(done))] if done else []
    return rows + ([("Will be reminded", "; ".join(coming))] if coming else [])


def _moment(when: datetime) -> str:
    return f"{when:%-d %b %H:%M} UTC"


def _decision(made: DecisionRecord) -> str:
    """ "approved by sam for lead (looks good)" """
    reason = made.reason or (NO_REASON if made.decision == "rejected" else "")
    return f"{made.decision} by {who(made.actor, made.behalf)}{f' ({reason})' if reason else ''}"


def _outcome_blocks(run: RunRecord, result: Card | None) -> list[Block]:
    blocks: list[Block] = []
    if run.superseded:
        blocks.append(Text(text=run.superseded))
    if run.error:
        blocks.append(Text(text=run.error))
    if result is not None:
        blocks += list(result.blocks)
    if not run.finished and (now := _under_way(run.steps)):
        blocks.append(Text(text=now))
    if run.status == "failed":  # how far it came, and what was undone, is how it ended
        blocks.append(Steps(steps=run.steps))
    said = "".join(f" · {_decision(made)}" for made in run.decisions)
    blocks.append(Context(text=f"Run {run.id} · asked by {run.actor}{said}"))
    return [*blocks, Details(), *_all_of_it(run)[run.status == "failed" :]]


def _under_way(steps: tuple[StepLine, ...]) -> str:
    """ "Step 7 of 11, judge v2: 149 canary requests so far, 15 min left"; nothing before the first step."""
    busy = [n for n, step in enumerate(steps, 1) if step.status in ("running", "waiting")]
    done = [n for n, step in enumerate(steps, 1) if step.status in ("done", "failed", "undone")]
    if not (at := (busy or done)[-1:]):
        return ""
    step = steps[at[0] - 1]
    return f"Step {at[0]} of {len(steps)}, **{step.name}**{f': {step.detail}' if step.detail else ''}"


def _buttons(run: RunRecord, result: Card | None, gate: OpenGate | None) -> tuple[Button, ...]:
    n = run.id
    if run.finished:
        return () if result is None else result.buttons
    cancel = Button(label="Cancel", command=f"cancel run {n}", bind={"run": str(n), "do": "cancel"})
    if gate is None:
        return (cancel,)
    yes, no = ("Go on", "Roll back") if _of_a_step(gate) else _ANSWERS[gate.kind]
    # The gate's name is in it: two gates of one plan must not share a button.
    bind = {"run": str(n), "plan_hash": gate.plan_hash, "gate": gate.name}
    longer = Button(label="Hold longer", command=f"hold run {n} longer", bind={**bind, "do": HELD})
    return (
        Button(label=yes, command=f"approve run {n}", style="primary", bind={**bind, "do": "approved"}),
        Button(
            label=no,
            command=f"reject run {n}",
            style="danger",
            bind={**bind, "do": "rejected"},
            ask=f"Why do you reject run {n}?" if gate.kind == "approval" else "",
        ),
        *([longer] if gate.kind == "verdict" else []),
        cancel,
    )


def _small_print(run: RunRecord) -> str:
    inputs = " ".join(f"{k}={_short(v)}" for k, v in run.inputs.items() if v is not None)
    return f"Run {run.id} · {run.playbook} {inputs} · plan {run.plan.hash[:12]} · {run.created:%-d %b %H:%M} UTC"


def _short(value: object) -> str:
    text = str(value["label"]) if isinstance(value, dict) and "label" in value else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _summary(run: RunRecord, title: str, result: Card | None, gate: OpenGate | None) -> str:
    if result is not None and run.status == "succeeded":
        return result.text
    if run.error:
        return " ".join([f"{title}: {_WORDS[run.status]}.", *filter(None, [run.superseded, run.error])])
    now = next((s for s in run.steps if s.status in ("running", "waiting")), None)
    asked = f" {gate.question}" if gate is not None and not run.finished else ""
    return f"{title} (run {run.id}): {_status(run, gate)}{_now(now)}.{asked}"


def _now(step: StepLine | None) -> str:
    return "" if step is None else f", {step.name}{f': {step.detail}' if step.detail else ''}"
