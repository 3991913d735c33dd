"""Cries to stop a canary, a version or a model reach what takes traffic away, with one button, whatever their words."""

from __future__ import annotations

import pytest

from bizaiops_bot.domain.routing import Command, OpenRun, Question
from tests.support.router_company import COMPANY, hears

RELEASED = COMPANY.model_copy(update={"stable": {"churn": "v3", "demand": "v1"}, "previous": {"churn": "v2"}})
WORKING = (OpenRun(number=7, title="Deploy churn v3", waiting=False),)


def offered(text: str, runs: tuple[OpenRun, ...] | None = None) -> list[str]:
    decision = hears(text, company=RELEASED.model_copy(update={"open_runs": runs}))
    assert isinstance(decision, Question), f"{text!r} became {decision}"
    return [choice.command for choice in decision.choices]


@pytest.mark.parametrize(
    "text",
    [
        "kill the canary",
        "nuke the canary",
        "take the canary down",
        "abort the canary on churn",
        "halt the churn canary, error rate is through the roof",
        "churn's canary is killing conversions, kill it",
        "stop the churn rollout",
        "stop deploying churn v3",
        "cancel the deploy of churn v3",
    ],
)
def test_a_canary_is_killed_by_the_run_that_made_it(text: str) -> None:
    assert offered(text, WORKING) == ["cancel run 7"]


def test_without_its_run_the_canary_s_model_is_rolled_back_or_asked_for() -> None:
    assert offered("abort the canary on churn", ()) == ["roll back churn"]
    assert offered("kill the canary", ()) == ["roll back churn", "roll back demand"]


@pytest.mark.parametrize(
    "text",
    [
        "kill churn v3",
        "pause churn v3",
        "pls take churn v3 out of rotation asap",
        "cut traffic to churn v3",
        "no more traffic for churn v3 please",
        "quarantine churn v3",
        "take all traffic off churn v3, roll back",
        "stop sending traffic to churn v3, roll back",
        "churn v3 must die",
        "remove churn v3 from production",
    ],
)
def test_a_version_to_be_stopped_is_rolled_back_from_and_never_offered_for_release(text: str) -> None:
    assert offered(text) == ["roll back churn from v3"]


@pytest.mark.parametrize(
    "text", ["emergency: pull the plug on churn", "pause churn, v3 is leaking memory", "stop all traffic to churn"]
)
def test_a_model_to_be_stopped_is_paused(text: str) -> None:
    assert offered(text) == ["pause churn"]


def test_who_loses_customers_and_wants_it_as_before_can_roll_back() -> None:
    assert offered("we're losing customers, get churn back to normal") == ["roll back churn"]


@pytest.mark.parametrize("text", ["stop sending traffic to churn right now!!!", "turn churn off NOW"])
def test_a_plain_order_to_stop_is_planned_at_once(text: str) -> None:
    decision = hears(text, company=RELEASED)
    assert isinstance(decision, Command) and decision.playbook == "pause_model"


@pytest.mark.parametrize(
    "text",
    [
        "cancel the canary meeting",
        "who killed the canary",
        "don't kill the canary",
        "if errors rise, kill the canary",
        "lee said kill the canary",
        "bring the canary up to 50%",
        "get churn v3 out there",
        "halt the retrain of churn v3",
        "do not deploy churn v3",
    ],
)
def test_what_is_told_denied_asked_or_about_another_thing_is_no_cry(text: str) -> None:
    decision = hears(text, company=RELEASED)
    assert not any(c.command.startswith(("roll back", "cancel")) for c in getattr(decision, "choices", ()))
    assert not isinstance(decision, Command)
