"""Questions about runs: which, how many, when, who, why they ended so, how long they take."""

from __future__ import annotations

from datetime import datetime
from statistics import median

from bizaiops_bot.playbook import (
    PLAYBOOKS,
    Card,
    Inquiry,
    OpenGate,
    Run,
    RunRecord,
    StepLine,
    Table,
    spoken_duration,
    stamp,
)
from playbooks._asked import (
    answer,
    count_words,
    fitting_runs,
    in_time,
    of_model,
    one_run,
    run_button,
    spans_words,
    when_words,
)
from playbooks._asked_outlook import outlook
from playbooks._cards import clock_now, inputs_words, listed, sentence
from playbooks._runs import STATUS, run_buttons, run_row

OF = "runs on record"
COLUMNS = ("Run", "What", "By", "Status", "Asked")


async def of_runs(run: Run, ask: Inquiry) -> Card:
    """Every question whose subject is a run."""
    if ask.aggregate == "will":
        return await outlook(run, ask)
    if ask.aggregate == "how_long" and ask.run is None:
        return await _usual(run, ask)
    if ask.aggregate in ("list", "count", "last"):
        return await _fitting(run, ask)
    record = await one_run(run, ask)
    if ask.aggregate == "when" and ask.measure == "end" and not record.finished:
        return await _how_long(run, ask, record)
    told = {"who": _who, "when": _when, "why": _why, "how_long": _how_long, "state": _state}
    return await told[ask.aggregate](run, ask, record)


async def _fitting(run: Run, ask: Inquiry) -> Card:
    found, cut = await fitting_runs(run, ask)
    state = f"{ask.state} " if ask.state else ""
    by = f" by {ask.person}" if ask.person else ""
    said = f"{len(found) or 'No'} {state}run{'' if len(found) in (0, 1) else 's'}{of_model(ask)}{by}{in_time(ask)}"
    if not found:
        return answer(ask, run, said, of=OF, tone="muted", cut=cut)
    table = Table(columns=COLUMNS, rows=tuple(run_row(r) for r in found), align="rllll")
    newest = found[0]
    if ask.aggregate == "last":
        said = f"Run {newest.id}: {inputs_words(newest)}, {newest.status}"
        more = f"Asked for by {newest.actor}, {stamp(newest.created)}. {newest.error or newest.summary}".strip()
        return answer(ask, run, said, of=OF, more=more, tables=(table,), buttons=run_button(newest.id), cut=cut)
    named = "; ".join(f"run {r.id}: {inputs_words(r)}" for r in found[:3])
    return answer(ask, run, said, of=OF, more=sentence(named), tables=(table,), buttons=run_button(newest.id), cut=cut)


async def _who(run: Run, ask: Inquiry, record: RunRecord) -> Card:
    more = f"Run {record.id} ({inputs_words(record)}) was asked for by {record.actor}, {stamp(record.created)}."
    return answer(ask, run, record.actor, of=f"run {record.id}", more=more, buttons=run_button(record.id))


async def _when(run: Run, ask: Inquiry, record: RunRecord) -> Card:
    when = record.ended if ask.measure == "end" else record.created
    did = "ended" if ask.measure == "end" else "was asked for"
    said = (
        f"Run {record.id} {did} {when_words(when)}" if when else f"Run {record.id} is not over: {STATUS[record.status]}"
    )
    asked, ended = stamp(record.created), when_words(record.ended)
    began = when_words(begun(record))
    more = f"{inputs_words(record)}, asked for by {record.actor} {asked}, begun {began}, ended {ended}"
    return answer(ask, run, said, of=f"run {record.id}", more=sentence(more), buttons=run_button(record.id))


async def _why(run: Run, ask: Inquiry, record: RunRecord) -> Card:
    if ask.measure == "duration":
        return _slow(run, ask, record)
    decided = [d for d in record.decisions if d.decision == "rejected"]
    if not record.finished or record.status == "succeeded":
        more = f"It {'succeeded' if record.finished else 'is under way'}: {record.summary or inputs_words(record)}."
        said = f"Run {record.id} did not fail: {STATUS[record.status][2:]}"
        return answer(ask, run, said, of=f"run {record.id}", more=more, buttons=run_button(record.id))
    why = record.superseded or record.error or record.summary
    if decided:
        reason = decided[-1].reason
        why = f"{decided[-1].actor} rejected it{f': {reason}' if reason else ' and gave no reason'}."
    failed = [f"{s.name}{f' ({s.detail})' if s.detail else ''}" for s in record.steps if s.status == "failed"]
    more = f"{why or 'No reason is on record.'}{f' It failed at: {listed(failed)}.' if failed else ''}"
    said = f"Run {record.id} ({inputs_words(record)}): {record.status}"
    return answer(
        ask, run, said, of=f"run {record.id}, its steps and decisions", more=more, buttons=run_button(record.id)
    )


def _slow(run: Run, ask: Inquiry, record: RunRecord) -> Card:
    """The steps that took the time, and how long people were waited for."""
    timed = sorted(((_took(s), s) for s in record.steps if _took(s) > 0), key=lambda pair: -pair[0])
    rows = tuple((s.name, spoken_duration(seconds), s.detail) for seconds, s in timed)
    table = Table(columns=("Step", "Took", "Detail"), rows=rows, align="lrl")
    of = f"the steps of run {record.id}"
    if not timed:
        said = f"No step of run {record.id} has times on record"
        return answer(ask, run, said, of=of, buttons=run_button(record.id), tone="muted")
    longest = timed[0]
    whole = (record.ended or longest[1].ended or record.created) - record.created
    said = f"Run {record.id}: most of the time went into {longest[1].name}, {spoken_duration(longest[0])}"
    more = f"It took {spoken_duration(whole.total_seconds())} in all."
    return answer(ask, run, said, of=of, more=more, tables=(table,), buttons=run_button(record.id))


def _took(step: StepLine) -> float:
    return (step.ended - step.started).total_seconds() if step.started and step.ended else 0.0


async def _state(run: Run, ask: Inquiry, record: RunRecord) -> Card:
    done = sum(step.status == "done" for step in record.steps)
    gate = next(iter(await run.read(run.records.approvals, record.id)), None)
    said = f"Run {record.id} ({inputs_words(record)}) {_worded(record)}"
    at = next((s for s in record.steps if s.status in ("running", "waiting")), None)
    more = [f"{done} of {len(record.steps)} steps are done."]
    if at is not None and not record.finished:
        more.append(f"Now: {at.name}{f', {at.detail}' if at.detail else ''}.")
    if gate is not None:
        more.append(_waits(gate))
    if record.finished:
        more = [record.superseded or record.error or record.summary or more[0]]
    buttons = (*run_button(record.id), *run_buttons(record, gate)[:2])
    return answer(ask, run, said, of=f"run {record.id} as it stands now", more=" ".join(more), buttons=buttons)


def _worded(record: RunRecord) -> str:
    words = {"waiting": "waits for an approval", "running": "is under way", "succeeded": "succeeded"}
    return words.get(record.status, f"{'was ' if record.status in ('rejected', 'cancelled') else ''}{record.status}")


def _waits(gate: OpenGate) -> str:
    voices = f", {' and '.join(gate.voices)} approved" if gate.voices else ""
    return f"It waits for {' or '.join(gate.may) or 'nobody at present'}{voices}, until {stamp(gate.expires)}."


def begun(record: RunRecord) -> datetime | None:
    """When the work began: with the first approval, or at once where none was needed; None while people are asked."""
    approved = [d.at for d in record.decisions if d.decision == "approved"]
    if record.plan.gates and record.plan.starts_with_a_gate and not approved:
        return None if record.status == "waiting" or record.decisions else record.created
    return approved[0] if approved and record.plan.starts_with_a_gate else record.created


async def _how_long(run: Run, ask: Inquiry, record: RunRecord) -> Card:
    now = await clock_now(run)
    began, end = begun(record), record.ended or now
    waited = ((began or end) - record.created).total_seconds()
    worked = (end - began).total_seconds() if began else 0.0
    past = await _past(run, record.playbook, str(record.inputs.get("model") or "") or None)
    usual = f"Such runs took {spans_words(past)}, approvals left out." if past else "No such run has succeeded before."
    told = f"{spoken_duration(worked)} of work after {spoken_duration(waited)} of waiting for an approval"
    if record.ended is not None:
        said = f"Run {record.id} took {spoken_duration((end - record.created).total_seconds())}"
        return answer(
            ask,
            run,
            said,
            of=f"run {record.id} and runs like it",
            more=f"{told}. {usual}",
            buttons=run_button(record.id),
        )
    said, more = _ahead(record, past, worked, waited), usual
    if began is not None:
        more = f"It has been at work for {spoken_duration(worked)}. {usual}"
    return answer(ask, run, said, of=f"run {record.id} and runs like it", more=more, buttons=run_button(record.id))


def _ahead(record: RunRecord, past: list[float], worked: float, waited: float) -> str:
    waits = f"has waited {spoken_duration(waited)} for an approval"
    if not past:
        return (
            f"Run {record.id} {waits if record.status == 'waiting' else 'is under way'}; how long it takes is not known"
        )
    left = median(past) - worked
    if record.status == "waiting":
        return f"About {spoken_duration(median(past))} once it is approved; run {record.id} {waits}"
    if left <= 0:
        return f"Run {record.id} takes longer than usual, by {spoken_duration(-left)} so far"
    return f"About {spoken_duration(left)} more"


async def _usual(run: Run, ask: Inquiry) -> Card:
    """How long runs of a kind take, or the last one took."""
    found, cut = await fitting_runs(run, ask)
    done = [r for r in found if r.status == "succeeded" and r.ended is not None]
    noun = {"deploy": "deploy", "rollback": "rollback", "retrain": "retraining"}.get(ask.kind, "run")
    if not done:
        said = f"No {noun}{of_model(ask)} has succeeded{in_time(ask)}, so how long it takes is not known"
        return answer(ask, run, said, of=OF, tone="muted", cut=cut)
    spans = [span for r in done if (span := _span(r)) is not None]
    waits = [((begun(r) or r.created) - r.created).total_seconds() for r in done]
    rows = tuple(
        (str(r.id), inputs_words(r), _spoken(_span(r)), spoken_duration(w)) for r, w in zip(done, waits, strict=True)
    )
    table = Table(columns=("Run", "What", "Work", "Waited for approval"), rows=rows, align="rlrr")
    said = f"A {noun}{of_model(ask)} takes {spans_words(spans)}"
    if ask.last:
        said = f"The last {noun}{of_model(ask)}, run {done[0].id}, took {spoken_duration(spans[0])} of work"
    more = f"Before that, people were waited for: {spans_words(waits)}. {count_words(len(done), 'run')} that succeeded."
    return answer(ask, run, said, of=OF, more=more, tables=(table,), buttons=run_button(done[0].id), cut=cut)


def _spoken(seconds: float | None) -> str:
    return "–" if seconds is None else spoken_duration(seconds)


def _span(record: RunRecord) -> float | None:
    began = begun(record)
    return (record.ended - began).total_seconds() if record.ended and began else None


async def _past(run: Run, playbook: str, model: str | None) -> list[float]:
    """Seconds of work of runs of that playbook that succeeded, of the model if there are any, else of all models."""
    kind = next((kind for kind, name in PLAYBOOKS.items() if name == playbook), "")
    for name in (model, None) if model else (None,):
        found, _ = await fitting_runs(run, Inquiry(subject="run", aggregate="list", kind=kind, model=name))
        same = [r for r in found if r.playbook == playbook and r.status == "succeeded"]
        if spans := [span for r in same if (span := _span(r)) is not None]:
            return spans
    return []
