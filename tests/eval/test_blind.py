"""How the blind set is understood. Half A was looked at while the intents were worked on, half B was kept back.

Both halves have one author, who also worked on the intents, and one mistake in half B was mended after it was measured:
read the numbers as an upper bound for strangers. The limits are what was measured; wrong changes are none, in both halves. Orders in
German, and "can we ...", were acted on once and are asked back or declined since.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from bizaiops_bot.domain.routing import Command, Decision, Question
from tests.support.router_company import COMPANY, Thread, hears, specs, spoken

BLIND: dict[str, list[Any]] = yaml.safe_load((Path(__file__).parent / "blind.yaml").read_text(encoding="utf-8"))
RISK = {spec.name: spec.risk for spec in specs()}
FREE = {"reason", "topic", "since"}  # free text: what is expected must be in it


def _half(text: str) -> str:
    return "AB"[hashlib.sha256(text.encode()).digest()[0] % 2]


def _cases(section: str, half: str) -> list[dict[str, Any]]:
    cases = [{"say": case} if isinstance(case, str) else case for case in BLIND[section]]
    return [case for case in cases if _half(case["say"]) == half]


def _right(decision: Decision, case: dict[str, Any]) -> bool:
    if not isinstance(decision, Command) or decision.playbook != case["playbook"]:
        return False
    zone = {"time_zone": COMPANY.time_zone} if case["playbook"] == "schedule_digest" else {}
    wanted, got = zone | case.get("inputs", {}), spoken(decision.inputs)
    free = all(str(wanted[name]).lower() in str(got.get(name)).lower() for name in FREE & wanted.keys())
    return free and all(wanted.get(name) == got.get(name) for name in (wanted.keys() | got.keys()) - FREE)


def _one_click_away(case: dict[str, Any]) -> bool:
    """Whether one of the buttons of the answer, said aloud, becomes the right command."""
    offered = hears(case["say"])
    for choice in () if isinstance(offered, Command) else offered.choices:
        thread = Thread()
        thread.says(case["say"])
        if _right(thread.says(choice.command), case):
            return True
    return False


@cache
def _counts(half: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for case in _cases("commands", half):
        decision = hears(case["say"])
        right = _right(decision, case)
        found["right"] += right
        found["offered"] += not right and _one_click_away(case)
        found["wrong read"] += not right and isinstance(decision, Command)
    for case in _cases("questions", half):
        decision = hears(case["say"])
        asked = isinstance(decision, Question) and (decision.pending.playbook, decision.slot)
        found["asked"] += asked == (case["playbook"], case["slot"])
    return found


@pytest.mark.parametrize(
    ("half", "right", "offered_too", "asked"),
    [("A", 69, 70, 7), ("B", 65, 73, 10)],
)
def test_people_who_never_saw_the_bot_are_understood(
    half: str, right: int, offered_too: int, asked: int, record_property: Callable[[str, object], None]
) -> None:
    counts = _counts(half)
    record_property(f"blind_{half}", dict(counts) | {"commands": len(_cases("commands", half))})
    assert counts["right"] >= right
    assert counts["right"] + counts["offered"] >= offered_too
    assert counts["asked"] >= asked
    assert counts["wrong read"] <= 1


@pytest.mark.parametrize("half", ["A", "B"])
def test_no_change_is_acted_on_that_was_not_ordered(half: str) -> None:
    wrong = []
    for section in ("commands", "questions", "not_acted_on"):
        for case in _cases(section, half):
            decision = hears(case["say"])
            if (
                isinstance(decision, Command)
                and RISK[decision.playbook] != "read"
                and not decision.heard.get("dry_run")
                and not (section == "commands" and _right(decision, case))
            ):
                wrong.append((case["say"], decision.playbook, decision.inputs))
    assert wrong == []


@pytest.mark.parametrize("text", BLIND["not_acted_on"])
def test_what_is_said_beside_the_bot_is_not_acted_on(text: str) -> None:
    decision = hears(text)
    assert not isinstance(decision, Command) or decision.heard.get("dry_run")
