"""Somebody is away: who could decide in the meantime is proposed; nothing is set."""

import json

from pydantic import Field

from bizaiops_bot.playbook import (
    Button,
    Card,
    Context,
    Inputs,
    Period,
    PeriodSlot,
    Run,
    RunRecord,
    Text,
    playbook,
    spoken_end,
    spoken_moment,
)
from playbooks._cards import inputs_words

MOST = 4


class PlanAbsence(Inputs):
    """Say that you are away for a while: who could approve in your place is proposed, with what of yours waits."""

    during: PeriodSlot = Field(description="when, such as next week or until friday")


@playbook(title="Plan an absence", risk="read")
async def plan_absence(run: Run, ask: PlanAbsence) -> Card:
    me = run.actor.id
    may = await run.read(run.records.who_may, "approve")
    waiting = [record for record in await run.read(run.records.runs) if record.actor == me and not record.finished]
    span = _span(ask.during, run.time_zone)
    if me not in may:
        said = f"Noted for you only: you are away {span}. You approve nothing, so nobody has to stand in for you."
        return _card("Nothing has to be delegated", said, waiting)
    known = [d for d in await run.read(run.records.delegations) if d.owner == me]
    others = [person for person in may if person != me]
    said = f"You are away {span}. Who shall approve in your place? Nothing is set until you choose."
    held = [f"{d.delegate} decides for you until {spoken_end(d.until, run.time_zone)} already." for d in known]
    card = _card("Who approves while you are away?", " ".join([said, *held]), waiting)
    return card.model_copy(update={"buttons": tuple(_button(to, ask.during) for to in others[:MOST])})


def _card(title: str, said: str, waiting: list[RunRecord]) -> Card:
    open_runs = "; ".join(f"run {record.id}: {inputs_words(record)}" for record in waiting)
    more = (Context(text=f"Of yours, still open: {open_runs}."),) if waiting else ()
    return Card(title=title, tone="info", summary=said, blocks=(Text(text=said), *more))


def _button(to: str, during: Period) -> Button:
    inputs = {"to": to, "during": during.model_dump(mode="json")}
    bind = {"playbook": "delegate_approvals", "inputs": json.dumps(inputs)}
    return Button(label=f"{to} approves for me", command=f"delegate my approvals to {to} {during.label}", bind=bind)


def _span(during: Period, time_zone: str) -> str:
    end = f"until {spoken_end(during.end, time_zone)}"
    return end if during.begin is None else f"from {spoken_moment(during.begin, time_zone)} {end}"
