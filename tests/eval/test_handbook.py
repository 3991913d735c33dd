"""How many questions about the bot are answered from the right passage, and how many strange ones are left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bizaiops_bot.domain.handbook import Passage
from bizaiops_bot.domain.routing import Command, Decision
from bizaiops_bot.evaluation.company import COMPANY, own_router
from bizaiops_bot.handbook.book import folder
from bizaiops_bot.handbook.pages import read_sections
from playbooks._handbook import SURE
from tests.support.handbook import handbook

CASES: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("handbook.yaml").read_text(encoding="utf-8"))
FLOORS = {"seen": (0.80, 0.92), "unseen": (0.73, 0.82)}
"""Of the first passage, and of one of the first three."""
STRANGE = 3
"""Of forty, how many may be answered with a passage."""


def name(passage: Passage) -> str:
    return f"{passage.page}#{passage.section}".removesuffix("#")


@pytest.fixture(scope="module")
def router() -> Any:
    return own_router()


@pytest.mark.parametrize("part", FLOORS)
def test_the_passage_that_answers_is_found(part: str) -> None:
    cases, (first, near) = CASES[part], FLOORS[part]
    found = [([name(p) for p in handbook().ask(case["ask"]).passages], set(case["found"])) for case in cases]
    told = {
        "first": sum(names[0] in right for names, right in found) / len(cases),
        "near": sum(bool(right & set(names[:3])) for names, right in found) / len(cases),
    }
    assert told["first"] >= first and told["near"] >= near, told


@pytest.mark.parametrize("part", FLOORS)
def test_most_questions_end_at_a_passage_whoever_else_would_answer(router: Any, part: str) -> None:
    decisions = [router.route(case["ask"], None, COMPANY) for case in CASES[part]]
    assert sum(_to_the_handbook(decision) for decision in decisions) / len(decisions) >= 0.65
    # and none of them is taken for an order
    assert not [d for d in decisions if isinstance(d, Command) and router.parts.specs[d.playbook].risk != "read"]


def test_strange_questions_are_left_alone(router: Any) -> None:
    decisions = {text: router.route(text, None, COMPANY) for text in CASES["strange"]}
    answered = [text for text, decision in decisions.items() if _to_the_handbook(decision) and _sure(text)]
    assert len(answered) <= STRANGE, answered


def test_every_section_that_has_questions_is_there() -> None:
    pages = folder()
    assert pages is not None
    there = {f"{section.page}#{section.anchor}".removesuffix("#") for section in read_sections(pages)}
    asked = yaml.safe_load((Path("bizaiops_bot/handbook/questions.yaml")).read_text(encoding="utf-8"))
    expected = {place for part in FLOORS for case in CASES[part] for place in case["found"]}
    assert not (set(asked) | expected) - there


def _sure(text: str) -> bool:
    """Whether the help would answer from a passage."""
    return handbook().ask(text).sure >= SURE


def _to_the_handbook(decision: Decision) -> bool:
    return isinstance(decision, Command) and decision.playbook == "help"
