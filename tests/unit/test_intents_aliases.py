"""Short names: `/mlops kpis churn last week`, for those who know what they want."""

from __future__ import annotations

from typing import Any

import pytest

from bizaiops_bot.domain.routing import Command
from tests.support.router_company import asks, does, hears, intents


@pytest.mark.parametrize(
    ("said", "playbook", "inputs"),
    [
        ("/mlops ls", "list_models", {}),
        ("/mlops kpis churn last week", "show_kpis", {"model": "churn", "window": "last week"}),
        ("/mlops kpis last week churn", "show_kpis", {"model": "churn", "window": "last week"}),
        ("numbers customer churn yesterday", "show_kpis", {"model": "churn", "window": "yesterday"}),
        ("/mlops rollback churn v1", "roll_back_model", {"model": "churn", "version": "v1"}),
        ("scale churn 3", "scale_model", {"model": "churn", "replicas": 3}),
        ("deploy churn v3 10%", "deploy_model", {"model": "churn", "version": "v3", "canary": 10}),
        ("abort 7", "cancel_run", {"run": 7}),
        ("diff churn v1 v2", "compare_versions", {"model": "churn", "version_a": "v1", "version_b": "v2"}),
        ("inject churn latency", "inject_fault", {"model": "churn", "fault": "latency"}),
        ("Thaw!", "unfreeze_deploys", {}),
    ],
)
def test_a_short_name_takes_its_values_in_any_order(said: str, playbook: str, inputs: dict[str, Any]) -> None:
    assert does(said) == (playbook, inputs)
    assert hears(said).heard["stage"] == "exact"


def test_a_short_name_alone_asks_for_what_it_needs() -> None:
    assert asks("/mlops kpis").slot == "model"
    assert asks("/mlops rollback").slot == "model"


@pytest.mark.parametrize(
    "said", ["pause for a coffee", "resume my cv", "scale the recipe", "deploy peace", "revert to type"]
)
def test_a_short_name_with_other_words_behind_is_no_order(said: str) -> None:
    assert not isinstance(hears(said), Command)


def test_a_schedule_is_cancelled_and_not_the_run_of_that_number() -> None:
    assert does("cancel schedule 3") == ("stop_schedule", {"schedule": 3})
    assert does("cancel 3") == ("cancel_run", {"run": 3})


def test_who_no_longer_decides_is_not_appointed() -> None:
    assert does("lee no longer decides in my place") == ("end_delegation", {"to": "lead"})
    assert does("lee decides in my place") == ("delegate_approvals", {"to": "lead"})


@pytest.mark.parametrize("said", ["hand my tickets over to sam until friday", "freeze frame", "approve invoice 7"])
def test_an_order_about_something_else_is_not_acted_on(said: str) -> None:
    assert not isinstance(hears(said), Command)


def test_every_intent_has_a_short_name_of_its_own() -> None:
    names = [name for intent in intents() for name in intent.aliases]
    assert len(names) == len(set(names))
    assert [intent.name for intent in intents() if intent.playbook and not intent.aliases] == []
