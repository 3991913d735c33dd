"""Which KPI is meant; one of another model is told."""

from __future__ import annotations

from bizaiops_bot.domain.routing import Refusal, SlotSpec
from bizaiops_bot.router.formats import said
from bizaiops_bot.router.readers.blanks import Back, Blanks


def read_kpi(blanks: Blanks, _: SlotSpec) -> str | None:
    """The one KPI said that the model has."""
    model, heard = blanks.inputs.get("model"), [m.value for m in blanks.hearing.kpis]
    mine = list(dict.fromkeys(name for owner, name in heard if model in {None, owner}))
    if not mine and heard:
        owner, name = heard[0]
        choice = blanks.choice("model", owner, rest={"kpi": name})
        raise Back(Refusal(why=f"{said('kpi', name)} is a KPI of {owner}, not of {model}.", choices=(choice,)))
    return str(mine[0]) if len(mine) == 1 else None
