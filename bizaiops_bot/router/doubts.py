"""Reasons to ask before acting on a guess: none of its own words was said, a number is left over, it is long."""

from __future__ import annotations

import re

from bizaiops_bot.domain.routing import PlaybookSpec
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.intents import Intent
from bizaiops_bot.router.slots import people

LONGEST_ORDER = 250


def said(text: str, intent: Intent) -> bool:
    """Whether one of the intent's own words was said and none that speaks against it; `text` in lower case."""
    return has(text, intent.cues) and not has(text, intent.against)


def rambling(text: str) -> bool:
    """Whether a request is so long that it may hold more than the order in it; `text` without its reason."""
    return len(text) > LONGEST_ORDER


def has(text: str, beginnings: tuple[str, ...]) -> bool:
    """Short ones count as whole words only: "no" is not the beginning of "noon"."""
    return any(re.search(rf"\b{re.escape(b)}" + (r"\b" if len(b) <= 3 else ""), text) for b in beginnings)


def unused(hearing: Hearing, spec: PlaybookSpec) -> bool:
    """Whether the words hold a number, or somebody who is to do it, that this playbook has no blank for: then they may
    mean something else.
    """
    kinds = {slot.kind for slot in spec.slots}
    left = {"percent": hearing.percents, "replicas": hearing.replicas}
    left["run"] = hearing.runs if "schedule" not in kinds else []
    left["version"] = [m for m in hearing.versions if re.search(r"\d", hearing.core[m.start : m.end])]
    if "person" in kinds:
        left["model"] = hearing.models  # "delegate approvals of churn to sam" is less than all of them
    left["person"] = [m for m in hearing.people if people.is_to_do(hearing.core, m)]
    return any(mentions and kind not in kinds for kind, mentions in left.items())
