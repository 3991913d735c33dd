"""Strategies in words and back, and what is enough to go on to the next step."""

from __future__ import annotations

import pytest

from bizaiops_bot.domain.canary_limits import CanaryLimits
from bizaiops_bot.domain.judge import JudgeSpec, Stage
from bizaiops_bot.domain.monitoring import Check, Outcome, Verdict
from bizaiops_bot.domain.strategies import Strategy, strategy
from bizaiops_bot.domain.tried import Tried
from bizaiops_bot.router.slots import strategies
from tests.support.router_company import does, refuses

SAID = {
    "deploy churn v2 in steps": "steps",
    "deploy churn v2 in steps of 5, 25 and 50 percent": "steps 5, 25, 50",
    "deploy churn v2 at 5% then 25% then 50%": "steps 5, 25, 50",
    "deploy churn v2 5% -> 25% -> 50%": "steps 5, 25, 50",
    "staged rollout of churn v2: 5/25/50%": "steps 5, 25, 50",
    "canary churn v2 at 5%, 20% and 60%": "steps 5, 20, 60",
    "deploy churn v2 gradually": "steps",
    "deploy churn v2 as a phased rollout": "steps",
    "roll churn v2 out step by step, asking before each step": "steps, asked each",
    "deploy churn v2 progressively with an approval for each step": "steps, asked each",
    "deploy churn v2 blue/green": "blue-green",
    "no, as a plain 10% canary": "canary",
    "deploy churn v2 as a blue-green deployment": "blue-green",
    "deploy churn v2 step by step, with my approval for each step": "steps, asked each",
    "deploy churn v2 5% then 25% then 50%, each approved": "steps 5, 25, 50, asked each",
    "deploy churn v2 in stages, approval at each stage": "steps, asked each",
    "deploy churn v2 in steps, asking each time": "steps, asked each",
    "deploy churn v2 in steps, every step needs my ok": "steps, asked each",
    "deploy churn v2 steps 5, 25, 50, asked each": "steps 5, 25, 50, asked each",
    "deploy churn v2 steps, asked each": "steps, asked each",
    "deploy churn v2 at 10% then at 50%": "steps 10, 50",
    "deploy churn v2 at 10%, then to 50%, then to 100%": "steps 10, 50, 100",
    "deploy churn v2 first to 10%, later to 50%": "steps 10, 50",
    "deploy churn v2 in steps without asking before each step": "steps",
    "deploy churn v2 in steps, no approval for each step": "steps",
    "deploy churn v2 in steps, no canary": "steps",
    "deploy churn v2 in steps, without shadow traffic": "steps",
    "deploy churn v2 in steps of 5%, 25% and 50% rather than blue-green": "steps 5, 25, 50",
    "don't do blue-green, deploy churn v2 in steps": "steps",
    "deploy churn v2 not in steps but blue-green": "blue-green",
    "deploy churn v2 as a 10% canary, not in steps": "canary",
    "deploy churn v2 instead of blue-green as a 10% canary": "canary",
    "deploy churn v2 in 2 steps, 10% and 100%": "canary",
    "deploy churn v2 at 5% then 100%": "canary",
}
NOT_SAID = (
    "deploy churn v2 as a 10% canary",
    "roll out churn v2 with 5% and 25%",
    "what was revenue on 2026/11/29 and 5%",
    "show me the steps of run 7",
    "which step is run 7 at",
    "deploy churn 1.4.0 then tell me",
    "deploy churn v2, it won by 3% then 5% then 9%",
    "deploy churn v2, the error rate fell to 3%, then 2%, then 1%",
)


@pytest.mark.parametrize(("text", "value"), SAID.items())
def test_a_strategy_is_heard_in_many_words(text: str, value: str) -> None:
    found = strategies.find(text)
    assert {m.value for m in found} == {value}
    assert str(strategy(str(strategy(value)))) == str(strategy(value)), "its words are read as what they say"


@pytest.mark.parametrize("text", NOT_SAID)
def test_shares_steps_and_dates_alone_are_no_strategy(text: str) -> None:
    assert strategies.find(text) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("deploy churn v2 in steps of 50, 25", "each has to be more than the one before"),
        ("deploy churn v2 in steps of 5, 250", "a whole percent from 1 to 100"),
        ("deploy churn v2 in steps of 50, 100", "two shares below 100%"),
        ("deploy churn v2 in shadow mode", "I cannot copy requests to a version"),
        ("deploy churn v2 in 4 steps", "How much each of 4 steps gets is not said"),
        ("deploy churn v2 not blue-green", "Say which way: "),
        ("deploy churn v2, no blue-green please", "Say which way: "),
        ("deploy churn v2 without a canary", "Say which way: "),
        ("deploy churn v2, don't do it in steps", "Say which way: "),
        ("deploy churn v2 in 10% steps", "What the version gets at each step is not said"),
        ("deploy churn v2 in 25% increments", "What the version gets at each step is not said"),
        ("deploy churn v2 in 3 steps of 20%", "What the version gets at each step is not said"),
        ("deploy churn v2 in steps up to 50%", "What the version gets at each step is not said"),
        ("deploy churn v2 with an approval for each step", "Say it so: in steps of 10% and 50%, asking"),
        ("deploy churn v2 in steps, every one is to be signed by me", "Say it so: in steps of 10% and 50%, asking"),
    ],
)
def test_steps_that_cannot_be_say_why(text: str, why: str) -> None:
    (found,) = strategies.find(text)
    assert found.value is None and why in found.problem


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("as a 10% canary, not in steps", {"canary": 10, "strategy": "canary"}),
        ("instead of blue-green as a 10% canary", {"canary": 10, "strategy": "canary"}),
        ("in 2 steps, 10% and 100%", {"canary": 10, "strategy": "canary"}),
        ("at 5% then 100%", {"canary": 5, "strategy": "canary"}),
        ("step by step, with my approval for each step", {"strategy": "steps, asked each"}),
        ("because it won by 3% then 5% then 9%", {}),
    ],
)
def test_what_is_heard_of_a_way_is_what_the_release_is_ordered_with(text: str, inputs: dict[str, object]) -> None:
    assert does(f"deploy churn v2 {text}") == ("deploy_model", {"model": "churn", "version": "v2"} | inputs)


def test_steps_that_begin_too_late_are_told_before_a_plan_is_made() -> None:
    assert "two shares below 100%" in refuses("deploy churn v2 in steps beginning with 60%").why


def test_a_way_that_is_only_denied_is_asked_for() -> None:
    assert "Say which way" in refuses("deploy churn v2 not blue-green").why


def test_steps_without_shares_begin_where_the_canary_was_said_to() -> None:
    assert strategy("steps").shares == (5, 25, 50)
    assert strategy("steps", first=10).shares == (10, 25, 50)
    assert strategy("steps 5, 50, 100") == Strategy(kind="steps", shares=(5, 50))


def verdict(outcome: Outcome, *checks: Check, requests: int = 500) -> Verdict:
    return Verdict(outcome=outcome, reason="", checks=checks, stable_requests=requests, canary_requests=requests)


def check(**more: object) -> Check:
    return Check.model_validate(
        {"name": "error rate", "outcome": "inconclusive", "stable": "", "canary": "", "limit": "", "reason": ""} | more
    )


def test_a_step_goes_on_with_evidence_that_shows_no_harm_and_with_nothing_less() -> None:
    stage, judge, unsure = Stage(number=1, of=3, share=5), JudgeSpec(), Outcome.INCONCLUSIVE
    assert stage.suffices(verdict(unsure, check()), judge)
    assert not stage.suffices(verdict(unsure), judge), "nothing was judged"
    assert not stage.suffices(verdict(unsure, check(), requests=judge.limits.min_requests - 1), judge)
    assert not stage.suffices(verdict(unsure, check(unread="no answer")), judge)
    assert not stage.suffices(verdict(unsure, check(suspected=True)), judge)
    assert not stage.suffices(verdict(unsure, check(), check(name="value", must=False, suspected=True)), judge)
    assert not stage.suffices(verdict(Outcome.ERROR, check()), judge)


def test_all_steps_together_fail_a_harmless_version_no_more_often_than_one_judgement() -> None:
    shared = Stage(number=2, of=4, share=25).shared(JudgeSpec())
    assert shared.limits.alpha == JudgeSpec().limits.alpha / 4
    assert shared.limits.pass_alpha == JudgeSpec().limits.pass_alpha, "only the last one passes"


@pytest.mark.parametrize(
    ("tried", "against"),
    [
        (Tried(requests=100, failed=3, latencies_ms=(20.0,) * 97), ""),
        (Tried(requests=100, failed=12, latencies_ms=(20.0,) * 88, problem="500"), "12 of 100 requests failed (500)"),
        (Tried(requests=100, failed=0, latencies_ms=(200.0,) * 9 + (20.0,) * 91), ""),
        (Tried(requests=100, failed=0, latencies_ms=(200.0,) * 20 + (20.0,) * 80), "20 of 100 answers took more"),
        (Tried(requests=0, failed=0), "0 of 100 requests are known"),
        (Tried(requests=1, failed=0, latencies_ms=(20.0,)), "1 of 100 requests are known"),
        (Tried(requests=100, failed=0), "100 of 100 requests are known"),
        (Tried(requests=2000, failed=500, latencies_ms=(20.0,) * 1500), "500 of 2000 requests failed"),
    ],
)
def test_what_was_tried_out_is_held_against_the_service_level_and_not_against_chance(
    tried: Tried, against: str
) -> None:
    assert tried.against(CanaryLimits(), asked=100).startswith(against) and bool(
        tried.against(CanaryLimits(), asked=100)
    ) == bool(against)
