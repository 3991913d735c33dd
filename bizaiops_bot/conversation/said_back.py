"""What recurs is said back with its next three dates, and kept when the person says so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bizaiops_bot.domain.recurrence import spoken
from bizaiops_bot.domain.routing import Choice, Command, Decision, Memory, PlaybookSpec, Question
from bizaiops_bot.engine.cron import next_fires

SEEN = "seen"
"""In a button's bind: the dates were shown beside it."""
KEEP = "Keep it"


def said_back(
    decision: Decision,
    spec: PlaybookSpec | None,
    memory: Memory | None,
    clicked: Mapping[str, str] | None,
    now: datetime,
) -> Decision:
    """The command itself, or the question whether it is meant so. clicked: the bind of the button that was clicked.

    Raises BadInput for a schedule that never comes.
    """
    slot = next((s.name for s in spec.slots if s.kind == "cron"), "") if spec else ""
    if not isinstance(decision, Command) or not slot or decision.heard.get("dry_run"):
        return decision
    if (clicked and SEEN in clicked) or _agreed(decision, memory):
        return decision
    inputs = decision.inputs
    zone = str(inputs.get("time_zone") or "UTC")
    line = str(inputs[slot])
    dates = ", ".join(f"{at.astimezone(ZoneInfo(zone)):%a %-d %b %H:%M}" for at in next_fires(line, zone, now))
    said = spoken(line)
    when = f"on the schedule {line}" if said == line else said
    bind = {"playbook": decision.playbook, "inputs": json.dumps(inputs), SEEN: line}
    return Question(
        text=f"The {inputs.get('model', '')} digest {when} {zone}? The next three: {dates}.{_note(line)}",
        slot=slot,
        choices=(Choice(label=KEEP, command=KEEP.lower(), bind=bind),),
        pending=decision.model_copy(update={"heard": {}}),
        heard={**decision.heard, SEEN: line},
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
