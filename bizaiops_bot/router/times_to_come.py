"""Where a request has a blank for a time to come, that time is no condition and no wish for later; nor is what
a rollout waits for.
"""

from __future__ import annotations

import re

from bizaiops_bot.domain.routing import PlaybookSpec
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.slots import words

_REMIND = re.compile(r"\bremind\b")
KINDS = ("later", "period", "moment", "until")


def without(hearing: Hearing, spec: PlaybookSpec) -> str:
    """The core of the words without the time to come that the playbook has a blank for, what to be reminded of, and the
    way in which a version is rolled out ("asking before each step").
    """
    text, kinds = hearing.core, {slot.kind for slot in spec.slots}
    for way in reversed(hearing.strategies if "strategy" in kinds else []):
        text = f"{text[: way.start]} {text[way.end :]}"
    if "moment" in kinds and (task := words.task(hearing.text, hearing.moment)) is not None:
        text = text[: task.start]
    if "moment" in kinds:
        text = _REMIND.sub("", text)  # elsewhere "remind me to deploy it" is a thought
    for kind in KINDS:
        found = hearing.of_kind(kind) if kind in kinds else []
        if found and not found[0].problem:
            return f"{text[: found[0].start]}{text[found[0].end :]}"
    return text
