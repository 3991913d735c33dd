"""What takes back the last thing that was done in a thread: "undo that", "put it back"."""

from __future__ import annotations

import re
from typing import Any

from bizaiops_bot.domain.routing import Command, Memory

_IT = r"(?: (?:it|that|this|everything|all of (?:it|that)|the (?:last (?:one|thing|change)|change)|my last change))"
_UNDO = re.compile(
    rf"(?:(?:please|pls|plz|ok|okay|no|oh no|oops|sorry|wait|actually|can you|could you|would you|quick|quickly|just|"
    rf"and)[,.! ]+)*"
    rf"(?:undo|revert|reverse|take back){_IT}?|"
    rf"(?:(?:please|ok|no|oops|sorry|wait|actually|can you|could you|just)[,.! ]+)*"
    rf"(?:(?:take|put|turn|bring|change|set|switch|move|get){_IT} back(?: (?:again|to (?:how|what|where) it was|"
    rf"(?:to )?the way it was|as it was|to (?:normal|before)))?|back to (?:how|what) it was(?: before)?|"
    rf"(?:make|put){_IT} (?:like|as|how|the way) it was(?: before)?|undo|ctrl[ -+]?z)"
)
_CLOSING = re.compile(r"(?:[ ,]*(?:please|pls|plz|now|again|quickly|asap|for me|right now|at once))*[.!? ]*$")
INVERSE = {
    "deploy_model": "roll_back_model",
    "retrain_model": "roll_back_model",
    "pause_model": "resume_model",
    "resume_model": "pause_model",
    "inject_fault": "clear_faults",
    "freeze_deploys": "unfreeze_deploys",
    "unfreeze_deploys": "freeze_deploys",
    "delegate_approvals": "end_delegation",
    "schedule_digest": "stop_schedule",
    "mute_alerts": "unmute_alerts",
    "roll_back_model": "deploy_model",
    "scale_model": "scale_model",
}
"""By what is done; of a rollback and a scaling the version or size before is asked for."""


def wished(text: str) -> bool:
    """Whether lower-case `text` is nothing but the wish to take something back, whatever that was."""
    said = _CLOSING.sub("", text.strip())
    return bool(_UNDO.fullmatch(said))


DEFAULT = ""
"""The default environment, said where the thread is about another one by now."""


def inverse(done: Command, memory: Memory) -> tuple[str, dict[str, Any]] | None:
    """The playbook that takes `done` back, with what is known of its inputs; None where there is none."""
    playbook = INVERSE.get(done.playbook)
    if playbook is None:
        return None
    given: dict[str, Any] = {}
    if done.playbook == "schedule_digest":
        given = {"schedule": memory.schedule} if memory.schedule else {}
    elif done.inputs.get("model"):
        given = {"model": done.inputs["model"]}
        if (there := done.inputs.get("environment")) or memory.environment:
            given["environment"] = there or DEFAULT
    return playbook, given
