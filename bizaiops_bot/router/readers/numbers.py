"""Which number is meant: of a run, a schedule, an alert or a reminder, a share of traffic, replicas."""

from __future__ import annotations

from bizaiops_bot.domain.routing import Refusal, SlotSpec
from bizaiops_bot.router.formats import said
from bizaiops_bot.router.intents import SlotHint
from bizaiops_bot.router.readers.blanks import Back, Blanks, either, stands_after

_WHICH = {
    "percent": "Which share",
    "replicas": "How many replicas",
    "run": "One run at a time",
    "schedule": "One schedule at a time",
    "alert": "One alert at a time",
    "reminder": "One reminder at a time",
}


def read_number(blanks: Blanks, slot: SlotSpec) -> int | None:
    """The one number said for this kind, else the run or schedule the thread is about."""
    mentions = blanks.hearing.of_kind(slot.kind)
    if not slot.required:
        mentions = [m for m in mentions if m.sure]
    not_after = blanks.intent.slots.get(slot.name, SlotHint()).not_after
    mentions = [m for m in mentions if not stands_after(blanks.hearing, m, not_after)]
    for mention in mentions:
        if mention.problem:
            raise Back(Refusal(why=mention.problem), slot.name)
    found = list(dict.fromkeys(m.value for m in mentions))
    if len(found) > 1:
        values = either([said(slot.name, value) for value in found])
        raise Back(blanks.choose(slot, f"{_WHICH.get(slot.kind, 'Which one')}: {values}?", found))
    if found and any(m.guess for m in mentions) and blanks.intent.risk != "read":
        raise Back(blanks.choose(slot, f"Do you mean {slot.kind} {found[0]}?", found))
    if found:
        return int(found[0])
    known = remembered(blanks, slot)
    return known if known and (blanks.hearing.points_back or slot.required) else None


def remembered(blanks: Blanks, slot: SlotSpec) -> int | None:
    """The run or schedule that the thread is about."""
    known = getattr(blanks.memory, slot.kind, None) if slot.kind in {"run", "schedule"} else None
    return int(known) if known else None
