"""What a person is told of their decision."""

from __future__ import annotations

import json

import sqlalchemy as sa

from bizaiops_bot.domain.approval import HELD, Cast
from bizaiops_bot.domain.errors import Conflict, Refused


def refuse(made: Cast, number: int, gate: sa.RowMapping) -> None:
    """Raises Refused or Conflict, in words for the person, when the decision did not count."""
    if made.problem == "requester":
        raise Refused("Not approved.", "The requester cannot approve.", "Ask someone else who may.")
    if made.problem == "not_allowed":
        people = json.loads(gate["people"])
        named = f" or named {', '.join(people)}" if people else ""
        raise Refused("Your decision does not count.", f"This one is for people with the role {gate['role']}{named}.")
    if made.problem == "again":
        raise Conflict(f"You have approved run {number} already.", "Each person counts once.")
    if made.problem == "voice_taken":
        raise Conflict(
            f"Run {number} was approved by {made.by} with the same voice.", "An approver and his delegate count once."
        )


def told(number: int, gate: sa.RowMapping, made: Cast) -> str:
    """What came of a decision that counts."""
    if gate["kind"] == "verdict":
        done = {
            "approved": f"Run {number} promotes it.",
            "rejected": f"Run {number} rolls back.",
            HELD: f"Run {number} holds it longer.",
        }
    elif gate["kind"] == "question":
        done = {"approved": f"Run {number} tries again.", "rejected": f"Run {number} is left as it is."}
    elif gate["kind"] == "outside":
        done = {"approved": f"Run {number} passes on a yes.", "rejected": f"Run {number} passes on a no."}
    else:
        done = {"approved": f"Run {number} is approved and goes on.", "rejected": f"Run {number} is rejected."}
    if made.tally.state != "open":
        return done[made.tally.state]
    return f"Counted: {len(made.tally.voices)} of {made.tally.quorum} approvals for run {number}."
