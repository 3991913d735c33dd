"""What is taken in the person's own words: a reason, a topic, a task; and a fault, which has a few names."""

from __future__ import annotations

import re

from bizaiops_bot.domain.routing import Refusal, SlotSpec
from bizaiops_bot.domain.strategies import strategy
from bizaiops_bot.router.formats import said
from bizaiops_bot.router.readers.blanks import Back, Blanks, either
from bizaiops_bot.router.readers.times import read_since
from bizaiops_bot.router.slots import words

_ORDER_ITSELF = re.compile(
    r"(?:please |pls |so |and |then |just )*(\w+)(?: (?:it|that|this|run #?\d+))?(?: please| pls)?"
)
"""What is no reason: "decline it" of "run 7 must not go out, decline it"."""


def read_text(blanks: Blanks, slot: SlotSpec) -> str | None:
    """By the slot's name: topic, since, what or reason; None for any other."""
    if slot.name == "topic":
        return words.topic(blanks.hearing.text)
    if slot.name == "since":
        return read_since(blanks)
    if slot.name == "what":
        task = words.task(blanks.hearing.text, blanks.hearing.moment)
        return task.value if task else None
    return _reason(blanks, slot) if slot.name == "reason" else None


def read_fault(blanks: Blanks, slot: SlotSpec) -> str | None:
    """The one fault said."""
    found = list(dict.fromkeys(m.value for m in blanks.hearing.faults))
    if len(found) > 1:
        raise Back(blanks.choose(slot, f"Which fault: {either([said('fault', f) for f in found])}?", found))
    return str(found[0]) if found else None


def read_strategy(blanks: Blanks, slot: SlotSpec) -> str | None:
    """The one said. Raises Back for steps that cannot be."""
    found = next(iter(blanks.hearing.strategies), None)
    if found is not None and found.problem:
        raise Back(Refusal(why=found.problem), slot.name)
    shares = [m.value for m in blanks.hearing.percents]
    if found is not None and str(found.value).startswith("steps") and len(shares) == 1:
        try:
            strategy(str(found.value), first=shares[0])
        except ValueError as exc:
            raise Back(Refusal(why=f"Those steps cannot be: {exc}."), slot.name) from exc
    return None if found is None else str(found.value)


def _reason(blanks: Blanks, slot: SlotSpec) -> str | None:
    loose = slot.name in blanks.intent.slots
    hearing = blanks.hearing
    reason = hearing.reason or (words.loose_reason(hearing.text, _order_end(blanks)) if loose else None)
    order = _ORDER_ITSELF.fullmatch(reason.value.lower()) if reason else None
    itself = order is not None and any(order[1].startswith(cue) for cue in blanks.intent.cues)
    return reason.value if reason and not itself else None


def _order_end(blanks: Blanks) -> int:
    """Behind the order itself and its values: a greeting before it is no reason, nor is the order."""
    kinds = {"run", "model", *({"period", "until"} & {slot.kind for slot in blanks.spec.slots})}
    ends = [m.end for kind in kinds for m in blanks.hearing.of_kind(kind)]
    core = blanks.hearing.core
    cues = [m.end() for cue in blanks.intent.cues for m in re.finditer(rf"\b{re.escape(cue)}\w*", core)]
    return max([*ends, min(cues, default=0)])
