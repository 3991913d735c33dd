"""What is said of staging is done in staging or not at all, whichever way through the router it takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bizaiops_bot.domain.routing import Command, Decision, Memory, Question, Refusal
from tests.support.guessing import Guessing, guessing_router
from tests.support.router_company import COMPANY, NOW, does, hears
from tests.unit.test_second_opinion import Says

BOTH = COMPANY.model_copy(
    update={
        "environments": (("production", ("production", "prod")), ("staging", ("staging", "stage", "pre-prod"))),
        "stable": COMPANY.stable | {"churn in staging": "v3"},
    }
)
WORDINGS = [
    "deploy churn v3 to staging",
    "deploy churn v3 on staging",
    "deploy churn v3 to stage",
    "deploy churn v3 to pre-prod",
    "deploy churn v3 in the staging environment as a 20% canary",
    "staging: deploy churn v3",
    "on staging, deploy churn v3",
    "deploy churn v3, staging first",
    "staging first please, ship churn v3",
    "roll out churn v3 on stage only",
    "put v3 of churn into staging",
    "release churn v3 for staging",
    "could you get churn v3 onto staging please",
    "deploy the latest churn to staging",
    "deploy churn v3 to STAGING!",
    "use churn v3 in staging from now on",
    "deploy churn v3 in der Staging-Umgebung",
    "bring churn v3 auf Staging",
    "deploye churn v3 sur staging",
    "deploy churn to staging",
    "churn v3 to staging",
    "deploy v3 to staging",
    "try churn v3 on staging before production",
    "deploy churn v3 to staging not prod",
    "deploy churn v3 to staging then production",
    "deploy churn v3 to stagign",
    "deploy churn v3 to the stagging env",
    "deploy churn v3 to preprod-2",
    "deploy churn v3 to uat",
    "don't deploy churn v3 to staging",
    "if staging is fine deploy churn v3",
    "what if we deploy churn v3 to staging?",
]


def deployments(decision: Decision) -> Iterator[dict[str, Any]]:
    """Everything that the decision does, or would with a click or a yes."""
    if isinstance(decision, Command):
        yield from (one.inputs for one in (decision, *decision.beside) if one.playbook == "deploy_model")
        return
    for choice in decision.choices:
        if choice.bind.get("playbook") == "deploy_model":
            yield json.loads(choice.bind["inputs"])
    if isinstance(decision, Question) and decision.pending.playbook == "deploy_model" and decision.slot != "playbook":
        yield decision.pending.inputs


@pytest.mark.parametrize("said", WORDINGS)
def test_no_wording_about_staging_is_an_order_for_production(said: str) -> None:
    assert all(inputs.get("environment") == "staging" for inputs in deployments(hears(said, company=BOTH)))


@pytest.mark.parametrize("said", WORDINGS)
async def test_nor_is_it_when_a_language_model_says_so(said: str) -> None:
    unsure = guessing_router()
    unsure.parts.classifier = Guessing(p=0.3)
    unsure.ask_also(Says("deploy_model", model="churn", version="v3", environment="production"))
    decision = await unsure.decide(said, None, BOTH, channel="ml-ops")
    assert all(inputs.get("environment") == "staging" for inputs in deployments(decision))


@pytest.mark.parametrize("said", WORDINGS[:16])
def test_plain_orders_for_staging_are_understood(said: str) -> None:
    decision = hears(said, company=BOTH)
    assert list(deployments(decision)), decision


@pytest.mark.parametrize(
    "said",
    ["deploy churn v3", "deploy churn v3 to production", "push churn v3 to prod", "put churn v3 into production"],
)
def test_the_default_environment_is_left_unsaid(said: str) -> None:
    assert all("environment" not in inputs for inputs in deployments(hears(said, company=BOTH)))
    assert list(deployments(hears(said, company=BOTH)))


@pytest.mark.parametrize(
    ("said", "playbook", "inputs"),
    [
        ("status churn in staging", "show_status", {"model": "churn", "environment": "staging"}),
        ("roll back churn in staging", "roll_back_model", {"model": "churn", "environment": "staging"}),
        ("pause churn in staging", "pause_model", {"model": "churn", "environment": "staging"}),
        ("scale churn to 3 in staging", "scale_model", {"model": "churn", "replicas": 3, "environment": "staging"}),
        ("what models do we have in staging", "list_models", {"environment": "staging"}),
        ("history of churn in stage", "show_history", {"model": "churn", "environment": "staging"}),
        (
            "promote churn from staging to production",
            "deploy_model",
            {"model": "churn", "version": "v3", "source": "staging", "canary": None},
        ),
    ],
)
def test_the_environment_is_a_blank_like_others(said: str, playbook: str, inputs: dict[str, Any]) -> None:
    found, given = does(said, company=BOTH)
    assert (found, given) == (playbook, {name: value for name, value in inputs.items() if value is not None})


def test_a_question_about_what_staging_does_not_have_is_not_answered_with_productions_numbers() -> None:
    decision = hears("how did churn do this week in staging", company=BOTH)
    assert isinstance(decision, Refusal) and "production alone" in decision.why


@pytest.mark.parametrize(
    ("said", "playbook", "inputs"),
    [
        ("cancel run 12 in staging", "cancel_run", {"run": 12}),
        ("stop run 12 in staging", "cancel_run", {"run": 12}),
        ("cancel 7 in staging", "cancel_run", {"run": 7}),
        ("approve run 12 in staging", "approve_run", {"run": 12}),
        ("reject run 12 in staging", "reject_run", {"run": 12}),
        ("show run 12 in staging", "show_run", {"run": 12}),
        ("undo run 12 in staging", "cancel_run", {"run": 12}),
    ],
)
def test_a_number_says_what_is_meant_and_needs_no_environment(said: str, playbook: str, inputs: dict[str, Any]) -> None:
    assert does(said, company=BOTH) == (playbook, inputs)


def test_names_of_versions_are_those_of_the_environment() -> None:
    _, given = does("compare churn v1 and v2", company=BOTH)
    assert "environment" not in given
    refused = hears("deploy the stable version of churn to staging", company=BOTH)
    assert all(inputs.get("environment") == "staging" for inputs in deployments(refused))


def test_what_is_remembered_of_a_thread_is_no_reason_to_ask_elsewhere() -> None:
    memory = Memory(at=NOW, model="churn", environment="staging")
    assert does("list runs", memory, BOTH)[1].get("environment") is None
    assert does("are we frozen?", memory, BOTH)[1].get("environment") is None
    assert does("status", memory, BOTH)[1]["environment"] == "staging"
    asked = hears("deploy churn v3", memory, BOTH)
    assert isinstance(asked, Question) and [choice.label for choice in asked.choices] == ["In staging", "In production"]
    assert [inputs.get("environment") for inputs in deployments(asked)] == ["staging", None]


def test_with_one_environment_staging_is_no_place() -> None:
    decision = hears("deploy churn v3 to staging")
    assert isinstance(decision, Refusal) and "one place" in decision.why


@pytest.mark.parametrize(
    ("changed", "now", "there"),
    [("staging", None, "staging"), (None, "staging", None), ("staging", "staging", "staging"), (None, None, None)],
)
def test_undo_goes_back_where_the_change_was_and_not_where_the_thread_is(
    changed: str | None, now: str | None, there: str | None
) -> None:
    inputs = {"model": "churn", "version": "v3"} | ({"environment": changed} if changed else {})
    done = Command(playbook="deploy_model", inputs=inputs)
    memory = Memory(at=NOW, model="churn", environment=now, last=done, changed=done)
    decision = hears("undo that", memory, BOTH)
    assert isinstance(decision, Question), decision
    (back,) = [json.loads(c.bind["inputs"]) for c in decision.choices if c.bind.get("playbook") == "roll_back_model"]
    assert back.get("environment") == there


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("roll back churn stagin", "Did you mean staging?"),
        ("deploy churn v3 to test", "There is no environment 'test'"),
        ("roll back churn (dev)", "There is no environment 'dev'"),
        ("deploy churn v3 --env=dev", "There is no environment 'dev'"),
        ("deploy churn v3 to non-production", "There is no environment 'non-production'"),
    ],
)
def test_a_word_that_is_no_environment_is_no_order_for_production(said: str, told: str) -> None:
    decision = hears(said, company=BOTH)
    assert isinstance(decision, Refusal) and told in decision.why


@pytest.mark.parametrize("said", ["roll back churn right on the spot", "roll back churn in the lab"])
def test_a_rollback_in_what_may_be_no_place_is_one_click_away(said: str) -> None:
    decision = hears(said, company=BOTH)
    assert isinstance(decision, Question) and "There is no environment" in decision.text
    assert [choice.label for choice in decision.choices] == ["In staging", "In production"]


@pytest.mark.parametrize(
    "said",
    [
        "roll back churn to the previous version",
        "deploy churn v3 in the canary",
        "deploy churn v3 to 20%",
        "scale churn to 3 replicas",
        "roll out churn v3 in stages",
    ],
)
def test_what_only_sounds_like_a_place_is_none(said: str) -> None:
    assert "environment" not in does(said, company=BOTH)[1]


@pytest.mark.parametrize(
    "said",
    [
        "roll back churn because staging showed errors",
        "roll back churn not staging",
        "roll back churn except in staging",
        "roll back churn everywhere",
        "deploy churn v3 from staging",
        "freeze deploys because staging is broken",
    ],
)
def test_an_environment_that_is_only_spoken_of_moves_nothing(said: str) -> None:
    decision = hears(said, company=BOTH)
    assert isinstance(decision, Question), decision
    assert [choice.label for choice in decision.choices] == ["In staging", "In production"]


@pytest.mark.parametrize("said", ["no, production", "same in production", "I meant production"])
def test_the_same_in_production_keeps_the_version(said: str) -> None:
    there = Command(playbook="deploy_model", inputs={"model": "churn", "version": "v3", "environment": "staging"})
    memory = Memory(at=NOW, model="churn", version="v3", environment="staging", last=there, changed=there)
    assert does(said, memory, BOTH) == ("deploy_model", {"model": "churn", "version": "v3"})


@pytest.mark.parametrize("said", ["now in production", "and to production"])
def test_a_button_for_production_is_bound_to_it(said: str) -> None:
    there = Command(playbook="deploy_model", inputs={"model": "churn", "version": "v3", "environment": "staging"})
    memory = Memory(at=NOW, model="churn", version="v3", environment="staging", last=there, changed=there)
    assert list(deployments(hears(said, memory, BOTH))) == [{"model": "churn", "version": "v3"}]


def test_a_button_in_a_thread_about_staging_asks_where() -> None:
    decision = hears("pause churn as well", Memory(at=NOW, model="churn", environment="staging"), BOTH)
    assert isinstance(decision, Question)
    labels = [choice.label for choice in decision.choices if choice.bind["playbook"] == "pause_model"]
    assert labels == ["pause churn in staging", "pause churn in production"]


@pytest.mark.parametrize(
    ("said", "environment"),
    [
        ("deploy churn v3 in steps, approval at each stage", None),
        ("deploy churn v3 stage by stage", None),
        ("deploy churn v3 to stage in steps, approval at each stage", "staging"),
        ("deploy churn v3 to stage at 5% then 25%", "staging"),
        ("deploy churn v3 on stage in stages", "staging"),
    ],
)
def test_the_stage_of_a_rollout_is_no_environment(said: str, environment: str | None) -> None:
    _, inputs = does(said, company=BOTH)
    assert inputs.get("environment") == environment and inputs["strategy"].startswith("steps")
