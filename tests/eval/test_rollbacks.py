"""A version in a rollback is the one to leave or the one to go back to, as the sentence has it; what it leaves open is asked."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from bizaiops_bot.domain.routing import Command, Decision, Memory, Question
from bizaiops_bot.evaluation.company import COMPANY, NOW
from bizaiops_bot.router.hearing import Hearing
from tests.support.router_company import hears

RELEASED = COMPANY.model_copy(update={"stable": {"churn": "v3", "demand": "v1"}, "previous": {"churn": "v2"}})
"""churn v3 serves, and v2 did before it."""
SAID: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "rollbacks.yaml").read_text(encoding="utf-8"))
AWAY: list[str] = [*SAID["away"], *SAID["away_held"]]
GOAL: dict[str, str] = {**SAID["goal"], **SAID["goal_held"]}
ASK: list[str] = [*SAID["ask"], *SAID["ask_held"]]

_BAD = (
    "is broken",
    "is terrible",
    "was a bad idea",
    "has too many errors",
    "keeps failing",
    "doesn't work",
    "is not stable",
    "crashed",
    "leaks memory",
    "is way slower",
    "made a mess",
    "isn't good at all",
    "is killing us",
    "times out",
)
_BACK = ("roll back", "please roll it back", "go back", "revert it")
_UNDONE = (
    "undo churn {v}",
    "get rid of churn {v}",
    "back out churn {v}",
    "withdraw churn {v}",
    "roll back from churn {v}",
    "get churn off {v}",
    "move away from {v} on churn",
    "revert churn from {v}",
    "roll churn back from {v}",
)
_GOALS = (
    "roll churn back to {v}",
    "go back to {v} of churn",
    "return churn to {v}",
    "restore churn {v}",
    "bring churn {v} back",
    "put churn back on {v}",
    "reinstate {v} of churn",
    "take churn back to {v}",
    "revert churn to version {n}",
)
_BECAUSE = (
    "",
    ", {w} is broken",
    " because {w} is slow",
    " instead of {w}",
    ", not {w}",
    ", away from {w}",
    ", {w} fails",
)
BLAMED = [f"churn v3 {bad}, {back}" for bad, back in product(_BAD, _BACK)] + [
    f"{back}, churn v3 {b}" for b in _BAD for back in ("roll back", "revert")
]
UNDONE = [undone.format(v="v3") for undone in _UNDONE]
WANTED = [
    (goal.format(v=f"v{n}", n=n) + why.format(w="v3"), f"v{n}") for goal, why, n in product(_GOALS, _BECAUSE, (1, 2))
]


READS = {"explain_verdict", "compare_versions", "check_safety"}
"""They tell of a version and go back to none."""


def targets(decision: Decision) -> set[str]:
    """The versions that the decision goes back to, or offers to with a button."""
    offered = [choice.bind for choice in getattr(decision, "choices", ())]
    binds = [json.loads(bind.get("inputs", "{}")) for bind in offered if bind.get("playbook") not in READS]
    inputs = [decision.inputs] if isinstance(decision, Command) and decision.playbook not in READS else binds
    return {str(given["version"]) for given in inputs if given.get("version")}


def rate(sentences: list[bool]) -> float:
    return sum(sentences) / len(sentences)


@pytest.mark.parametrize("text", [*AWAY, *BLAMED, *UNDONE])
def test_a_blamed_version_is_never_gone_back_to(text: str) -> None:
    decision = hears(text, company=RELEASED)
    assert "v3" not in targets(decision), decision
    if isinstance(decision, Command):
        assert decision.inputs == {"model": "churn", "blamed": "v3"}


@pytest.mark.parametrize(("text", "version"), [*GOAL.items(), *WANTED])
def test_the_version_that_is_wanted_is_the_one_gone_back_to(text: str, version: str) -> None:
    decision = hears(text, company=RELEASED)
    assert targets(decision) <= {version}, decision
    if isinstance(decision, Command):
        assert decision.inputs["version"] == version


@pytest.mark.parametrize("text", ASK)
def test_what_the_sentence_leaves_open_is_asked_or_refused(text: str) -> None:
    assert not isinstance(hears(text, company=RELEASED), Command)


def test_most_are_acted_on_or_one_click_away() -> None:
    """Those that were held back too: 40 of 43 sides were right at the first look, before the grammar saw them."""
    away = [hears(text, company=RELEASED) for text in [*AWAY, *BLAMED, *UNDONE]]
    goals = [(hears(text, company=RELEASED), version) for text, version in [*GOAL.items(), *WANTED]]
    blamed = [isinstance(d, Command) or any('"blamed": "v3"' in c.bind["inputs"] for c in d.choices) for d in away]
    wanted = [targets(decision) == {version} for decision, version in goals]
    assert rate(blamed) >= 0.96, [d for d, ok in zip(away, blamed, strict=True) if not ok]
    assert rate(wanted) >= 0.97, [d for d, ok in zip(goals, wanted, strict=True) if not ok]


def test_the_buttons_of_an_open_question_are_the_possible_versions() -> None:
    question = hears("roll churn back to the previous version v1", company=RELEASED)
    assert isinstance(question, Question)
    assert question.text == "Which version shall churn go back to: v1 or v2?"
    assert [choice.command for choice in question.choices] == ["roll back churn to v1", "roll back churn to v2"]


def test_a_version_blamed_in_the_reason_is_blamed() -> None:
    decision = hears("roll back churn because v3 is slow", company=RELEASED)
    assert isinstance(decision, Command) and decision.inputs == {"model": "churn", "blamed": "v3"}


def test_without_a_model_the_blame_is_not_lost_in_its_buttons() -> None:
    question = hears("v3 is broken, roll back", company=RELEASED)
    assert isinstance(question, Question)
    assert [json.loads(choice.bind["inputs"]) for choice in question.choices if "churn" in choice.command] == [
        {"model": "churn", "blamed": "v3"}
    ]


@pytest.mark.parametrize(
    ("text", "version"),
    [("deploy churn v2 instead of v3", "v2"), ("deploy churn v2, not v3", "v2"), ("ship churn v2, v3 is broken", "v2")],
)
def test_a_release_leaves_the_blamed_version_out_too(text: str, version: str) -> None:
    assert targets(hears(text, company=COMPANY)) == {version}


def test_what_is_to_be_released_is_asked_when_the_only_version_said_is_blamed() -> None:
    decision = hears("deploy churn, v3 is broken", company=COMPANY)
    assert isinstance(decision, Question) and "v3" not in targets(decision)


@pytest.mark.parametrize("text", ["no, back to v1", "not v2, v1", "v1 instead", "sorry, v1"])
def test_a_correction_names_where_to_go(text: str) -> None:
    last = Command(playbook="roll_back_model", inputs={"model": "churn", "version": "v2"})
    decision = hears(text, Memory(at=NOW, model="churn", last=last), RELEASED)
    assert targets(decision) == {"v1"}, decision


@pytest.mark.parametrize(
    "text", ["we have churn v3 out there", "churn v3 rollback", "roll back the churn thing, v3", "v3 is good"]
)
def test_praise_in_the_present_and_bare_versions_tell_no_side(text: str) -> None:
    assert Hearing(text, RELEASED).sides.goals == ()
