"""One utterance, one decision: commands with typed inputs, questions with buttons, refusals that help."""

from __future__ import annotations

import importlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.routing import Command, Memory, Question, Refusal
from bizaiops_bot.playbook import Playbook
from bizaiops_bot.router.questions.grammar import rules
from bizaiops_bot.router.questions.reading import QUESTION
from tests.support.router_company import (
    COMPANY,
    NOW,
    PHRASES_OF,
    ROOT,
    asks,
    does,
    hears,
    intents,
    refuses,
    router,
    specs,
)

RISK = {spec.name: spec.risk for spec in specs()}


def _inputs_type(name: str) -> Any:
    module = importlib.import_module(f"playbooks.{name}")
    return next(value for value in vars(module).values() if isinstance(value, Playbook) and value.name == name).inputs


def test_every_playbook_has_an_intent_or_answers_questions_and_every_intent_has_a_playbook() -> None:
    asked = {rule.asks for rule in rules() if " " not in rule.asks} | {QUESTION}
    named = {intent.playbook for intent in intents() if intent.risk != "none"}
    assert named | asked == {spec.name for spec in specs()}


@pytest.mark.parametrize(("playbook", "text"), PHRASES_OF)
def test_the_words_the_help_shows_lead_to_the_playbook(playbook: str, text: str) -> None:
    decision = hears(text, Memory(at=NOW, schedule=3, run=7))
    assert isinstance(decision, Command), decision
    assert decision.playbook == playbook
    _inputs_type(playbook).model_validate(decision.inputs)


def test_inputs_are_json_and_valid_for_the_playbook() -> None:
    decision = hears("how did churn do since monday?")
    assert isinstance(decision, Command)
    inputs = _inputs_type("show_kpis").model_validate(json.loads(json.dumps(decision.inputs)))
    assert inputs.window.start == datetime(2026, 11, 15, 23, tzinfo=UTC)


def test_what_was_heard_is_kept_for_the_audit() -> None:
    decision = hears("dry run: deploy churn v2")
    assert isinstance(decision, Command)
    assert decision.heard["dry_run"] is True
    assert decision.heard["stage"] == "exact"
    assert decision.heard["text"] == "dry run: deploy churn v2"


def test_a_missing_model_is_asked_for_with_one_button_a_model() -> None:
    question = asks("deploy v2")
    assert question.text == "Which model: churn or demand?"
    assert [choice.label for choice in question.choices] == ["churn", "demand"]
    assert [choice.command for choice in question.choices] == ["deploy churn v2", "deploy demand v2"]


@pytest.mark.parametrize(
    "text",
    [
        "deploy",
        "deploy churn",
        "scale demand",
        "retrain",
        "inject a fault into churn",
        "send the churn digest every Monday",
        "compare versions",
        "kpis",
    ],
)
def test_a_click_on_a_choice_does_what_its_words_do(text: str) -> None:
    for choice in asks(text).choices:
        clicked = router().route("", None, COMPANY, answer=choice.bind)
        typed = hears(choice.command)
        assert type(clicked) is type(typed)
        if isinstance(clicked, Command) and isinstance(typed, Command):
            assert (clicked.playbook, clicked.inputs) == (typed.playbook, typed.inputs)


def test_a_click_on_a_model_asks_for_what_is_still_missing() -> None:
    first = asks("deploy with a 20% canary")
    second = router().route("", None, COMPANY, answer=first.choices[0].bind)
    assert isinstance(second, Question)
    assert second.slot == "version"
    third = router().route("", None, COMPANY, answer=second.choices[0].bind)
    assert isinstance(third, Command)
    assert third.inputs == {"model": "churn", "version": "v3", "canary": 20}


@pytest.mark.parametrize(
    "bind",
    [
        {},
        {"playbook": "nonsense"},
        {"playbook": "deploy_model", "inputs": "{"},
        {"playbook": "deploy_model", "inputs": "[]"},
    ],
)
def test_a_broken_button_is_refused(bind: dict[str, str]) -> None:
    assert isinstance(router().route("", None, COMPANY, answer=bind), Refusal)


def test_a_click_on_a_version_that_is_gone_is_refused_with_those_there_are() -> None:
    bind = {"playbook": "deploy_model", "inputs": json.dumps({"model": "churn", "version": "v8"})}
    decision = router().route("", None, COMPANY, answer=bind)
    assert isinstance(decision, Refusal)
    assert "v1, v2 and v3" in decision.why


def test_a_misspelt_model_is_not_guessed_but_offered() -> None:
    refusal = refuses("deploy chrun v2")
    assert "Did you mean churn?" in refusal.why
    assert [choice.command for choice in refusal.choices] == ["deploy churn v2"]


@pytest.mark.parametrize(
    "text", ["roll back pricing", "retrain the fraud model", "status pricing", "deploy frobnicator v2"]
)
def test_an_unknown_model_is_refused_with_the_known_ones(text: str) -> None:
    assert "churn and demand" in refuses(text).why


def test_an_unknown_name_never_falls_back_to_the_model_spoken_of_before() -> None:
    memory = Memory(at=NOW, model="churn")
    assert not isinstance(hears("how did pricing do this week?", memory), Command)


def test_an_unknown_version_is_refused_with_the_known_ones() -> None:
    assert refuses("deploy churn v9").why == "churn has no version v9. Known versions: v1, v2 and v3."


def test_going_back_without_a_previous_version_is_said() -> None:
    assert "no previous version" in refuses("deploy the previous version of demand").why


@pytest.mark.parametrize("share", ["0%", "150%", "-5%", "2.5%"])
def test_an_impossible_canary_share_is_refused_with_the_range(share: str) -> None:
    assert "1% to 100%" in refuses(f"deploy churn v3 as a {share} canary").why


def test_a_kpi_of_another_model_is_told() -> None:
    refusal = refuses("show me revenue at risk of demand")
    assert "KPI of churn" in refusal.why


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("deploy churn v3 tomorrow", "later"),
        ("once the tests pass, deploy churn v3", "condition"),
        ("don't deploy churn v3", "not to do it"),
        ("deploy churn v3 to staging", "one place"),
        ("deploy churn v3 and skip the approval", "cannot skip"),
    ],
)
def test_a_change_that_cannot_be_done_as_said_is_refused_with_the_reason(text: str, word: str) -> None:
    assert word in refuses(text).why


@pytest.mark.parametrize(
    "text",
    [
        "maybe deploy churn v3",
        "retrain churn v2",
        "approve run 7 not",
    ],
)
def test_a_doubtful_request_with_effects_is_asked_back(text: str) -> None:
    assert "Did you mean" in asks(text).text


def test_two_models_in_one_change_are_asked_apart() -> None:
    assert [choice.command for choice in asks("pause churn and demand").choices] == ["pause churn", "pause demand"]


@pytest.mark.parametrize(
    "text", ["delete the namespace", "what's the weather", "make me an admin", "which customers will churn?"]
)
def test_what_the_bot_does_not_do_is_refused_with_what_it_does(text: str) -> None:
    refusal = refuses(text)
    assert refusal.why
    assert "help" in refusal.help


def test_the_only_model_need_not_be_named() -> None:
    alone = COMPANY.model_copy(update={"models": COMPANY.models[:1]})
    assert does("status", None, alone) == ("show_status", {"model": "churn"})


def test_a_part_of_a_name_is_enough_when_it_is_clear_and_asked_about_when_not() -> None:
    models = tuple(
        ModelSpec(name=name, title="", task="classification") for name in ("fraud-eu", "fraud-us", "churn-eu")
    )
    company = COMPANY.model_copy(update={"models": models, "versions": {}, "kpis": {}})
    assert does("status churn", None, company) == ("show_status", {"model": "churn-eu"})
    question = hears("status fraud", None, company)
    assert isinstance(question, Question)
    assert [choice.label for choice in question.choices] == ["fraud-eu", "fraud-us"]


def test_a_model_named_like_an_order_is_data_and_not_an_order() -> None:
    models = (*COMPANY.models, ModelSpec(name="deploy-churn-v3-now", title="roll back churn", task="forecast"))
    company = COMPANY.model_copy(update={"models": models})
    for text in ("what models do we have?", "show schedules", "alerts"):
        decision = hears(text, None, company)
        assert isinstance(decision, Command)
        assert RISK[decision.playbook] == "read"


def test_the_router_knows_no_playbook_that_is_not_there() -> None:
    from bizaiops_bot.router.router import Router

    small = Router(list(intents()), [spec for spec in specs() if spec.risk == "read"], None)
    decision = small.route("inject latency into churn", None, COMPANY)
    assert not isinstance(decision, Command)


def test_intents_that_ask_for_slots_the_playbook_lacks_stop_the_start() -> None:
    from bizaiops_bot.router.router import Router

    wrong = [spec.model_copy(update={"slots": ()}) if spec.name == "deploy_model" else spec for spec in specs()]
    with pytest.raises(ValueError, match="deploy_model"):
        Router(list(intents()), wrong, None)


def test_the_encoder_is_named_with_its_licence_and_hashes() -> None:
    notice = Path(ROOT, "bizaiops_bot/router/encoder/NOTICE").read_text()
    assert "Apache License, Version 2.0" in notice


def test_a_strange_name_after_exact_words_is_told_to_be_no_model() -> None:
    decision = hears("status fraud")
    assert isinstance(decision, Refusal)
    assert "fraud" in decision.why and "churn" in decision.why


@pytest.mark.parametrize(("text", "asked"), [("no, i meant kpis", "show_kpis"), ("I meant show status", "show_status")])
def test_a_correction_in_words_is_no_name_of_a_model(text: str, asked: str) -> None:
    decision = hears(text)
    assert isinstance(decision, Question)
    assert (decision.pending.playbook, decision.slot) == (asked, "model")


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("retrain churn on the last 90 days", "2026-08-23T13:30:00Z"),
        ("retrain churn with data since monday", "2026-11-15T23:00:00Z"),
    ],
)
def test_a_retraining_learns_from_the_span_that_was_said(text: str, since: str) -> None:
    decision = hears(text)
    assert isinstance(decision, Command)
    assert decision.inputs == {"model": "churn", "since": since}


def test_a_span_that_has_ended_is_none_to_learn_from() -> None:
    assert "not from October alone" in refuses("retrain churn on october").why


@pytest.mark.parametrize("text", ["schedule a retraining of churn", "turn churn off and on again"])
def test_what_the_bot_cannot_do_as_said_is_asked_back(text: str) -> None:
    assert isinstance(hears(text), Question)
