"""Questions about approvals: who gave them, who may, when they were given or expire."""

from __future__ import annotations

from bizaiops_bot.playbook import Card, Inquiry, OpenGate, Run, RunRecord, Table, spoken_duration, stamp
from playbooks._asked import answer, count_words, fitting_runs, in_time, leaders, most, one_run, run_button
from playbooks._cards import clock_now, inputs_words, sentence

OF = "decisions on record"


async def of_approvals(run: Run, ask: Inquiry) -> Card:
    """Every question whose subject is an approval."""
    if ask.aggregate == "may":
        return await _may(run, ask)
    if ask.measure == "expiry":
        return await _expiry(run, ask)
    if ask.aggregate in ("list", "count", "best"):
        return await _given(run, ask)
    return await _of_one(run, ask)


async def _of_one(run: Run, ask: Inquiry) -> Card:
    """Who decided on one run, and when."""
    record = await one_run(run, ask.model_copy(update={"state": "", "window": None, "person": None}))
    wanted = "rejected" if ask.state == "rejected" else "approved"
    made = [d for d in record.decisions if d.decision == wanted]
    of = f"the decisions of run {record.id}"
    about = f"run {record.id} ({inputs_words(record)})"
    if not made:
        return answer(
            ask,
            run,
            f"Nobody has {wanted} {about}",
            of=of,
            more=await _instead(run, record),
            buttons=run_button(record.id),
            tone="muted",
        )
    people = " and ".join(dict.fromkeys(f"{d.actor}{f' for {d.behalf}' if d.behalf else ''}" for d in made))
    said = people if ask.aggregate == "who" else f"{about[0].upper()}{about[1:]} was {wanted} {stamp(made[-1].at)}"
    rows = tuple((d.actor, d.behalf or "–", d.decision, d.reason or "–", stamp(d.at)) for d in record.decisions)
    table = Table(columns=("Who", "For", "Decision", "Reason", "When"), rows=rows)
    more = f"{people} {wanted} {about}, {stamp(made[-1].at)}."
    return answer(ask, run, said, of=of, more=more, tables=(table,), buttons=run_button(record.id))


async def _instead(run: Run, record: RunRecord) -> str:
    """What is known of a run without such a decision."""
    gate = next(iter(await run.read(run.records.approvals, record.id)), None)
    if gate is not None:
        return _waits(gate)
    if not record.plan.gates:
        return "It needed no approval."
    return f"It is {record.status}."


def _waits(gate: OpenGate) -> str:
    left = gate.quorum - len(gate.voices)
    given = f" {' and '.join(gate.voices)} approved." if gate.voices else ""
    return (
        f"{left} more needed from {' or '.join(gate.may) or 'nobody at present'}, until {stamp(gate.expires)}.{given}"
    )


async def _may(run: Run, ask: Inquiry) -> Card:
    gates = await run.read(run.records.approvals, ask.run)
    if ask.run is None or not gates:
        people = await run.read(run.records.who_may, "approve", ask.model)
        said = f"{' or '.join(people) or 'Nobody'} may approve"
        more = "Never the person who asked for the change." if ask.run is None else f"Run {ask.run} waits for nobody."
        return answer(ask, run, said, of="the policy", more=more)
    gate = gates[0]
    said = f"{' or '.join(gate.may) or 'Nobody at present'} may approve run {gate.run}"
    return answer(
        ask, run, said, of=f"the open approval of run {gate.run}", more=_waits(gate), buttons=run_button(gate.run)
    )


async def _expiry(run: Run, ask: Inquiry) -> Card:
    """Until when decisions can be made: of one run, or of all that the person asked for or may decide on."""
    gates = await run.read(run.records.approvals, ask.run)
    now = await clock_now(run)
    of = f"open approvals{f' of run {ask.run}' if ask.run else ''}"
    if not gates:
        return answer(ask, run, "Nothing waits for an approval, so nothing expires", of=of, tone="muted")
    rows = tuple(
        (str(g.run), stamp(g.expires), spoken_duration((g.expires - now).total_seconds()), " or ".join(g.may))
        for g in gates
    )
    first = min(gates, key=lambda g: g.expires)
    left = spoken_duration((first.expires - now).total_seconds())
    said = f"Run {first.run} can be approved until {stamp(first.expires)}, {left} from now"
    table = Table(columns=("Run", "Expires", "In", "Who may"), rows=rows, align="rlrl")
    return answer(ask, run, said, of=of, tables=(table,), buttons=run_button(first.run))


async def _given(run: Run, ask: Inquiry) -> Card:
    found, cut = await fitting_runs(run, ask, to_be_decided=True)
    made = [
        (r, d)
        for r in found
        for d in r.decisions
        if d.decision == "approved" and ask.person in (None, d.actor) and ask.holds(d.at)
    ]
    made.sort(key=lambda pair: pair[1].at, reverse=True)
    by = f" by {ask.person}" if ask.person else ""
    said = f"{count_words(len(made), 'approval')}{by}{in_time(ask)}"
    said = said[0].upper() + said[1:]
    if not made:
        return answer(ask, run, said, of=OF, tone="muted", cut=cut)
    rows = tuple((stamp(d.at), d.actor, str(r.id), inputs_words(r), r.actor) for r, d in made)
    table = Table(columns=("When", "Who", "Run", "What", "Asked by"), rows=rows, align="llrll")
    if ask.aggregate == "best":
        ranked = most(d.actor for _, d in made)
        said = f"{leaders(ranked)}, with {count_words(ranked[0][1], 'approval')}{in_time(ask)}"
    more = sentence("; ".join(f"run {r.id}: {inputs_words(r)}" for r, _ in made[:3]))
    return answer(ask, run, said, of=OF, more=more, tables=(table,), buttons=run_button(made[0][0].id), cut=cut)
