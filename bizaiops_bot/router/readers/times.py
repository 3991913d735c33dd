"""Which time is meant: a span, an end, a beginning, a moment, or how often and in whose time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bizaiops_bot.domain.routing import Command, Question, Refusal, SlotSpec
from bizaiops_bot.router.readers.blanks import Back, Blanks, usable
from bizaiops_bot.router.slots import until

_TIMES = (("0 8", "8:00"), ("0 9", "9:00"), ("0 17", "17:00"))


def read_window(blanks: Blanks, slot: SlotSpec) -> Any:
    """The span to look at."""
    return usable(blanks.hearing.window, slot.name)


def read_until(blanks: Blanks, slot: SlotSpec) -> Any:
    """None where the same words say when it begins as well, and there is a blank for that. A change of a model
    begins at once: "for the weekend" said on a Wednesday is no end of it.
    """
    if blanks.hearing.later and any(other.kind == "later" for other in blanks.spec.slots):
        return None
    if blanks.hearing.later and blanks.intent.risk == "change":
        raise Back(Refusal(why=until.AT_ONCE), slot.name)
    return usable(blanks.hearing.until, slot.name)


def read_period(blanks: Blanks, slot: SlotSpec) -> Any:
    """The span for which something shall hold."""
    return usable(blanks.hearing.period, slot.name)


def read_later(blanks: Blanks, slot: SlotSpec) -> Any:
    """That span, where it does not begin at once."""
    return usable(blanks.hearing.later, slot.name)


def read_moment(blanks: Blanks, slot: SlotSpec) -> Any:
    """The moment at which something shall happen."""
    return usable(blanks.hearing.moment, slot.name)


def read_zone(blanks: Blanks, slot: SlotSpec) -> Any:
    """The time zone said, else the company's."""
    return usable(blanks.hearing.zone, slot.name) or blanks.catalogue.time_zone


def read_cron(blanks: Blanks, slot: SlotSpec) -> str | None:
    """How often, as a cron line; what cannot be had is refused with the nearest that can."""
    found = blanks.hearing.cron
    if found is not None and found.nearest:
        nearest = blanks.choice(slot.name, found.nearest)
        raise Back(Refusal(why=found.problem, choices=(nearest,)), slot.name)
    value = usable(found, slot.name)
    if value is None:
        return None
    line, missing = value
    if missing:
        raise Back(what_time(blanks, slot, line))
    return str(line)


def read_since(blanks: Blanks) -> str | None:
    """The beginning of a span that reaches until now; another one cannot be meant by "since"."""
    window = usable(blanks.hearing.window, "since")
    if window is None:
        return None
    if datetime.fromisoformat(window["end"]) < blanks.catalogue.now - timedelta(minutes=5):
        why = f"I learn from all rows since a moment, not from {window['label']} alone."
        raise Back(Refusal(why=why, help="Say since when, for example `since monday` or `the last 30 days`."))
    return str(window["start"])


def what_time(blanks: Blanks, slot: SlotSpec, line: str) -> Question:
    """Asks for the time of day. line: the cron line with "{time}" where it belongs."""
    choices = tuple(blanks.choice(slot.name, line.format(time=time), label=label) for time, label in _TIMES)
    zone = blanks.inputs.get("time_zone") or read_zone(blanks, slot)
    pending = Command(playbook=blanks.spec.name, inputs={**blanks.inputs, "time_zone": zone, slot.name: line})
    return Question(text="At what time of day?", slot=slot.name, choices=choices, pending=pending)
