"""What comes nearest to a read that cannot be given as it is asked for: a status of last month, other units."""

from __future__ import annotations

from bizaiops_bot.domain.routing import Command, Decision, Refusal
from bizaiops_bot.router import light, resuming
from bizaiops_bot.router.finishing import Finishing
from bizaiops_bot.router.parts import Parts
from bizaiops_bot.router.turn import Turn

UNIT = "Every number is shown in the unit that its KPI is kept in; I convert none. The nearest I can show:"
_NUMBERS, _AS_A_FILE = "show_kpis", "export_kpis"
"""Playbooks: the one tells the numbers of any time."""


def nearest(parts: Parts, finishing: Finishing, turn: Turn, last: Command) -> Decision | None:
    """The numbers of that KPI or time, of the model that was asked about; None where the words ask for none."""
    numbers, model = parts.by_playbook.get(_NUMBERS), last.inputs.get("model")
    if parts.specs[last.playbook].risk != "read" or numbers is None or not model:
        return None
    turn = turn.noting(stage="memory")
    if last.playbook != _NUMBERS:
        of_model = Command(playbook=_NUMBERS, inputs={"model": model})
        asked = resuming.resumed(of_model, parts.specs[_NUMBERS], turn.hearing)
        if asked and asked.changed & {"window", "kpi"}:
            return finishing.finish(turn, numbers, sure=True, given=asked.given)
    found = resuming.unit(turn.hearing)
    if found is None or not light.only_values(turn.hearing, [found.span()]):
        return None
    offered = [intent for name in (_NUMBERS, _AS_A_FILE) if (intent := parts.by_playbook.get(name))]
    known = {name: value for name, value in last.inputs.items() if name in {"model", "window", "kpi"} and value}
    choices = tuple(finishing.offer(turn, intent, known) for intent in offered)
    return Refusal(why=UNIT, choices=choices, heard=turn.heard)
