"""What a run may do: is it risky, what could go wrong, can it be undone. From what is known, never a promise."""

from __future__ import annotations

from bizaiops_bot.playbook import Card, Inquiry, Run, RunRecord, Table, Tone, held_against, trial_words
from playbooks._asked import answer, fitting_runs, one_run, run_button
from playbooks._cards import inputs_words

SAFE_WAYS = {
    "roll_back_model": "It brings back the version that was there before.",
    "pause_model": "Requests are turned away until somebody says `resume`.",
}


async def outlook(run: Run, ask: Inquiry) -> Card:
    """How risky the run is, or how it is taken back."""
    record = await one_run(run, ask)
    return _undo(run, ask, record) if ask.measure == "undo" else await _risk(run, ask, record)


def _undo(run: Run, ask: Inquiry, record: RunRecord) -> Card:
    ways = [gate.undo for gate in record.plan.gates if gate.undo]
    undone = [step.name for step in record.plan.steps if step.kind == "undo"]
    by_itself = f" If it fails or is cancelled, it undoes by itself: {', '.join(undone)}." if undone else ""
    said = f"Yes: {ways[0]}" if ways else "Yes, by itself" if undone else "The plan names no way back"
    more = f"Run {record.id}, {inputs_words(record)}.{by_itself}"
    return answer(ask, run, said, of=f"the plan of run {record.id}", more=more, buttons=run_button(record.id))


async def _risk(run: Run, ask: Inquiry, record: RunRecord) -> Card:
    """Reasons against it, each with its source; without any it is said what was looked at, not that it is safe."""
    against = await _reasons(run, record)
    seen = [gate.foresight for gate in record.plan.gates if gate.foresight]
    undone = [step.name for step in record.plan.steps if step.kind == "undo"]
    rows = [("Speaks against it", text) for text in against]
    rows += [("It can show", text) for text in seen[:1]]
    rows += [("On failure or cancel", ", ".join(undone))] if undone else []
    rows += [("Afterwards", f"taken back with: {gate.undo}") for gate in record.plan.gates[:1] if gate.undo]
    rows += [("In itself", SAFE_WAYS[record.playbook])] if record.playbook in SAFE_WAYS else []
    tone: Tone = "warning" if against else "info"
    said = f"Run {record.id}: {len(against) or 'nothing'} known speaks against it"
    if against:
        said = f"Run {record.id} has {len(against)} thing{'' if len(against) == 1 else 's'} against it"
    more = " ".join(f"{text.rstrip('.')}." for text in against) or "What nobody has tried can still go wrong."
    of = f"the plan of run {record.id}, trials of its version, alerts, freezes and runs like it"
    table = Table(columns=("", "What is known"), rows=tuple(rows))
    return answer(
        ask, run, said, of=of, more=more, tables=(table,) if rows else (), tone=tone, buttons=run_button(record.id)
    )


async def _reasons(run: Run, record: RunRecord) -> list[str]:
    model, version = record.inputs.get("model"), record.inputs.get("version")
    found: list[str] = []
    if model and version:
        trials = await run.read(run.records.trials, model, limit=200)
        tried = held_against([t for t in trials if t.run != record.id], version)
        found += [trial_words(tried)] if tried else []
    if model:
        alerts = await run.read(run.records.alerts, model=model, open_only=True)
        found += [f"alert {a.shown_as} of {model} is open: {a.title.removeprefix(f'{model} ')}" for a in alerts]
    if frozen := await run.read(run.records.frozen):
        found.append(f"changes are {frozen}")
    like = Inquiry(subject="run", aggregate="list", model=model)
    past, _ = await fitting_runs(run, like)
    ended = [r for r in past if r.playbook == record.playbook and r.finished and r.id != record.id][:10]
    bad = [r for r in ended if r.status == "failed"]
    if bad:
        found.append(f"{len(bad)} of the last {len(ended)} such runs failed, the newest was run {bad[0].id}")
    return found
