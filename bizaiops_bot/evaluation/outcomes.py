"""What became of a sentence: acted on as meant, asked about with the right button, refused, or wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from bizaiops_bot.domain.routing import Command, Decision, Question
from bizaiops_bot.evaluation.cases import Case

Outcome = Literal["right", "offered", "asked wrong", "refused", "wrong read", "wrong change"]
FREE = frozenset({"reason", "topic", "since"})
"""Free texts: what is meant must be in them, and one more than is meant does no harm."""


def judge(decision: Decision, case: Case, risk: Mapping[str, str], time_zone: str) -> Outcome:
    """offered: one of the buttons, or the question for a value, leads on to what is meant."""
    if isinstance(decision, Command):
        if decision.playbook == case.playbook and same_inputs(decision.inputs, case, time_zone):
            return "right"
        return "wrong read" if risk[decision.playbook] == "read" else "wrong change"
    if case.playbook in offered(decision):
        return "offered"
    return "asked wrong" if isinstance(decision, Question) else "refused"


def same_inputs(inputs: dict[str, Any], case: Case, time_zone: str) -> bool:
    """Whether the inputs are those of the case; windows and ends are told by their label."""
    got = {name: value["label"] if isinstance(value, dict) else value for name, value in inputs.items()}
    got = {name: value for name, value in got.items() if (name, value) != ("time_zone", time_zone)}
    wanted = {name: value for name, value in case.inputs.items() if (name, value) != ("time_zone", time_zone)}
    for name in FREE & wanted.keys():
        if str(wanted[name]).lower() not in str(got.get(name)).lower():
            return False
    return all(wanted.get(name) == got.get(name) for name in (wanted.keys() | got.keys()) - FREE)


def offered(decision: Decision) -> list[str]:
    """The playbooks that are a click or a word away, the likeliest first."""
    if isinstance(decision, Command):
        return [decision.playbook]
    asked = [decision.pending.playbook] if isinstance(decision, Question) and decision.pending.playbook else []
    return [*asked, *(choice.bind.get("playbook", "") for choice in decision.choices)]


def intent_of(decision: Decision) -> str:
    """The playbook that the decision takes the words for; "" for none."""
    return next(iter(offered(decision)), "")
