"""What recurs or begins later is said back with its dates, and kept when the person says so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bizaiops_bot.domain.recurrence import spoken
from bizaiops_bot.domain.routing import Choice, Command, Decision, Memory, PlaybookSpec, Question
from bizaiops_bot.domain.timers import spoken_end, spoken_moment
from bizaiops_bot.domain.values import Period
from bizaiops_bot.engine.timing.cron import next_fires

SEEN = "seen"
"""In a button's bind: the dates were shown beside it."""
KEEP = "Keep it"


def said_back(
    decision: Decision,
    spec: PlaybookSpec | None,
    memory: Memory | None,
    clicked: Mapping[str, str] | None,
    now: datetime,
    time_zone: str = "UTC",
) -> Decision:
    """The command itself, or the question whether it is meant so. clicked: the bind of the button that was clicked.
    time_zone: the company's.

    Raises BadInput for a schedule that never comes.
    """
    if not isinstance(decision, Command) or spec is None or decision.heard.get("dry_run"):
        return decision
    if (clicked and SEEN in clicked) or _agreed(decision, memory):
        return decision
    kinds = {slot.kind: slot.name for slot in spec.slots}
    if "cron" in kinds:
        return _recurring(decision, kinds["cron"], now)
    when = decision.inputs.get(kinds.get("period", ""))
    if spec.risk == "read" or when is None:
        return decision
    return _later(decision, kinds["period"], Period.model_validate(when), time_zone)


def _later(decision: Command, slot: str, period: Period, time_zone: str) -> Decision:
    """A freeze that begins at once is no matter of minutes; one that begins later, or again and again, may be another
    one than was meant.
    """
    zone = period.time_zone or time_zone
    if period.weekly is not None:
        when = f"every week from {' to '.join(period.weekly)} ({zone})"
    elif period.begin is not None:
        end = "until unfrozen" if period.end is None else f"until {spoken_end(period.end, zone)}"
        when = f"from {spoken_moment(period.begin, zone)} {end}"
    else:
        return decision
    of = f" of {decision.inputs['model']}" if decision.inputs.get("model") else ""
    return _ask(decision, slot, f"Freeze changes{of} {when}?", str(decision.inputs[slot]))


def _recurring(decision: Command, slot: str, now: datetime) -> Question:
    inputs = decision.inputs
    zone = str(inputs.get("time_zone") or "UTC")
    line = str(inputs[slot])
    dates = ", ".join(f"{at.astimezone(ZoneInfo(zone)):%a %-d %b %H:%M}" for at in next_fires(line, zone, now))
    said = spoken(line)
    when = f"on the schedule {line}" if said == line else said
    text = f"The {inputs.get('model', '')} digest {when} {zone}? The next three: {dates}.{_note(line)}"
    return _ask(decision, slot, text, line)


def _ask(decision: Command, slot: str, text: str, seen: str) -> Question:
    """seen: what the person was shown, for the button that keeps it."""
    bind = {"playbook": decision.playbook, "inputs": json.dumps(decision.inputs), SEEN: seen}
    return Question(
        text=text,
        slot=slot,
        choices=(Choice(label=KEEP, command=KEEP.lower(), bind=bind),),
        pending=decision.model_copy(update={"heard": {}}),
        heard={**decision.heard, SEEN: seen},
    )


def _note(line: str) -> str:
    """What a date may not show: the 1st of January is no holiday to the bot."""
    return " Monday to Friday count as business days; holidays are not known." if "W" in line else ""


def _agreed(command: Command, memory: Memory | None) -> bool:
    """Whether this is what was said back before: a yes in words."""
    asked = memory.pending if memory else None
    if asked is None or SEEN not in asked.heard or command.heard.get("stage") != "click":
        return False
    return (asked.pending.playbook, asked.pending.inputs) == (command.playbook, command.inputs)
