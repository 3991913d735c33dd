"""What a model is, its limits, the language model's cost and KPIs as a file, in words their intents were not made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bizaiops_bot.domain.routing import Command, Decision
from bizaiops_bot.evaluation.company import COMPANY, own_router
from bizaiops_bot.evaluation.outcomes import offered

GROUPS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("reads.yaml").read_text(encoding="utf-8"))
UNDERSTOOD, NEAR = 0.85, 0.95


def test_they_are_understood_or_a_click_away_and_never_become_a_change() -> None:
    router = own_router()
    said: list[tuple[dict[str, Any], Decision]] = [
        (group, router.route(text, None, COMPANY)) for group in GROUPS for text in group["say"]
    ]
    right = [_is(decision, group) for group, decision in said]
    near = [group["playbook"] in offered(decision) for group, decision in said]
    told = {"said": len(said), "right": sum(right), "near": sum(near)}
    assert sum(right) / len(said) >= UNDERSTOOD and sum(near) / len(said) >= NEAR, told
    commands = [decision for _, decision in said if isinstance(decision, Command)]
    assert {router.parts.specs[command.playbook].risk for command in commands} == {"read"}


def _is(decision: Decision, group: dict[str, Any]) -> bool:
    wanted = group.get("inputs", {})
    return isinstance(decision, Command) and decision.playbook == group["playbook"] and decision.inputs == wanted
