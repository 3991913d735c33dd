"""What goes on from what was said before: another value, another word, one of two plans, an order in a picture."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bizaiops_bot.domain.routing import Catalogue, Command, Decision, OpenRun, Question, Refusal, Remark
from tests.support.router_company import COMPANY, Thread, does, router, specs, spoken

RISK = {spec.name: spec.risk for spec in specs()}
DEPLOY = OpenRun(number=3, title="Deploy churn v3 as a 10% canary", waiting=True)
RETRAIN = OpenRun(number=4, title="Retrain demand", waiting=True)


def after(said: list[str], text: str, *runs: OpenRun) -> Decision:
    company: Catalogue = COMPANY.model_copy(update={"open_runs": runs})
    memory = None
    for words in said:
        memory = router().remember(memory, router().route(words, memory, company), company, company.now)
    return router().route(text, memory, company)


def buttons(decision: Decision) -> list[str]:
    return [] if isinstance(decision, Command) else [choice.label for choice in decision.choices]


@pytest.mark.parametrize(
    ("text", "kpi", "label"),
    [
        ("you gave me 7 days. i said february", None, "February"),
        ("not this week, the one before", None, "last week"),
        ("that is too short, give me the last 90 days", None, "last 90 days"),
        ("no, the revenue one", "revenue_at_risk", "this week"),
    ],
)
def test_a_read_is_corrected_by_the_value_alone(text: str, kpi: str | None, label: str) -> None:
    decision = after(["kpis of churn this week"], text)
    assert isinstance(decision, Command) and decision.playbook == "show_kpis"
    inputs = spoken(decision.inputs)
    assert (inputs["model"], inputs.get("kpi"), inputs["window"]) == ("churn", kpi, label)


def test_the_week_before_begins_where_that_week_begins_and_is_seven_days_long() -> None:
    first, decision = (
        after([], "kpis of churn last week"),
        after(["kpis of churn last week"], "and the week before that?"),
    )
    assert isinstance(first, Command) and isinstance(decision, Command)
    assert decision.inputs["window"]["end"] == first.inputs["window"]["start"]
    assert (decision.inputs["window"]["start"], first.inputs["window"]["start"]) == (
        "2026-11-01T23:00:00Z",
        "2026-11-08T23:00:00Z",
    )


def test_a_status_of_last_month_is_told_by_the_numbers_of_last_month() -> None:
    decision = after(["status churn"], "for february only")
    assert isinstance(decision, Command) and decision.playbook == "show_kpis"
    assert spoken(decision.inputs) == {"model": "churn", "window": "February"}


def test_numbers_are_converted_into_no_other_unit_and_that_is_said() -> None:
    decision = after(["kpis of churn this week"], "that's not what i asked, i want it in dollars")
    assert isinstance(decision, Refusal) and "I convert none" in decision.why
    assert buttons(decision) == ["how did churn do this week", "export kpis of churn this week"]


@pytest.mark.parametrize("text", ["churn ok", "how is demand", "is demand ok?", "why is demand slow"])
def test_a_question_of_its_own_does_not_go_on_with_the_read_before(text: str) -> None:
    decision = after(["kpis of churn last month"], text)
    assert isinstance(decision, Command) and decision.playbook != "show_kpis"


@pytest.mark.parametrize(
    "text", ["don't make it 20", "never 50%", "not 20", "if it goes well make it 20", "what can i do with 20%"]
)
def test_a_value_in_a_denial_a_condition_or_a_question_amends_nothing(text: str) -> None:
    decision = after(["deploy churn v3 as a 10% canary"], text)
    assert not isinstance(decision, Command) or decision.playbook != "deploy_model"
    assert not any(label.startswith("deploy") for label in buttons(decision))


def test_an_unsure_value_is_asked_back_and_a_plain_one_answers_the_question() -> None:
    assert buttons(after(["scale churn"], "i think 3 should do")) == ["scale churn to 3"]
    decision = after(["scale churn"], "ok give it 4")
    assert isinstance(decision, Command) and decision.inputs == {"model": "churn", "replicas": 4}


def test_a_number_that_may_be_two_things_is_asked_back_with_both() -> None:
    decision = after(["deploy churn v3 as a 10% canary"], "make it 2")
    assert buttons(decision) == ["deploy churn v3 as a 2% canary", "deploy churn v2 as a 10% canary"]


def test_a_number_that_nothing_asked_for_begins_no_scaling() -> None:
    assert isinstance(after(["kpis of churn this week"], "give it 5"), Question)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("take the first one back", "cancel run 3"),
        ("keep the demand one, drop the other", "cancel run 3"),
        ("i only want the demand one", "cancel run 3"),
        ("the retraining is not needed any more", "cancel run 4"),
    ],
)
def test_one_of_two_own_plans_is_withdrawn_by_its_place_or_its_words_with_one_button(text: str, label: str) -> None:
    mine = [run.model_copy(update={"mine": True}) for run in (DEPLOY, RETRAIN)]
    assert buttons(after([], text, *mine)) == [label]


def test_which_of_two_plans_is_approved_is_said_in_a_word() -> None:
    decision = after(["approve it"], "the demand one", DEPLOY, RETRAIN)
    assert isinstance(decision, Command) and (decision.playbook, decision.inputs["run"]) == ("approve_run", 4)


@pytest.mark.parametrize("text", ["should i drop the first one?", "drop the first one if the other is fine"])
def test_no_plan_is_picked_in_a_question_or_under_a_condition(text: str) -> None:
    decision = after([], text, DEPLOY, RETRAIN)
    assert not isinstance(decision, Command) and not {"reject run 3", "cancel run 3"} & set(buttons(decision))


@pytest.mark.parametrize(
    ("said", "text", "runs", "label"),
    [
        (["freeze deploys until monday 8:00"], "open the gates", [], "unfreeze"),
        ([], "close the gates", [], "freeze deploys"),
        (["pause churn"], "lift it", [], "resume churn"),
        ([], "let it out", [DEPLOY], "approve run 3"),
        ([], "put the brakes on", [DEPLOY], "reject run 3"),
        (["status churn"], "pull the plug", [], "pause churn"),
    ],
)
def test_an_order_in_a_picture_is_asked_back_with_what_it_can_mean_here(
    said: list[str], text: str, runs: list[OpenRun], label: str
) -> None:
    decision = after(said, text, *runs)
    assert isinstance(decision, Question) and buttons(decision) == [label]


@pytest.mark.parametrize(
    "text", ["who opened the gates", "don't open the gates", "let it burn", "close the window", "the brakes are on"]
)
def test_no_picture_is_seen_in_a_question_a_denial_or_a_report(text: str) -> None:
    changes = {"approve run 3", "reject run 3", "unfreeze", "freeze deploys"}
    assert not changes & set(buttons(after([], text, DEPLOY)))


@pytest.mark.parametrize(
    "text", ["version", "the old version", "churn latency", "missing values", "the new model", "v3", "7"]
)
def test_a_thing_alone_offers_nothing_that_changes(text: str) -> None:
    decision = after(["status churn"], text)
    specs: dict[str, Any] = router().parts.specs
    offered = [] if isinstance(decision, Command) else [c.bind.get("playbook", "") for c in decision.choices]
    offered += [decision.playbook] if isinstance(decision, Command) else []
    assert all(specs[playbook].risk == "read" for playbook in offered if playbook)


@pytest.mark.parametrize("text", ["i thought so", "my boss will love that", "not great not terrible"])
def test_a_statement_in_a_conversation_gets_a_line(text: str) -> None:
    assert isinstance(after(["kpis of churn this week"], text), Remark)


@pytest.mark.parametrize("text", ["and champion?", "thanks, and the quorum?", "what about recall"])
def test_another_word_is_explained_after_one_that_was(text: str) -> None:
    thread = Thread()
    thread.says("what is psi")
    playbook, inputs = thread.does(text)
    assert playbook == "help" and inputs["topic"].startswith("what ")
    assert inputs["topic"].split()[-2 if inputs["topic"].endswith(" means") else -1] in text


def test_the_word_champion_is_a_version_again_where_nothing_was_explained() -> None:
    assert does("compare churn champion and v3")[0] == "compare_versions"


@pytest.mark.parametrize(
    "text",
    [
        "the deploy will be bad",
        "the retraining, sorry, no",
        "the first one is bad",
        "the former yes, the latter no",
        "nope not the deploy",
        "none of the deploy",
        "the deploy, wait",
        "change the deploy",
        "maybe the deploy",
    ],
)
@pytest.mark.parametrize("asked", ["approve it", "cancel", "stop"])
def test_words_about_a_plan_answer_no_question_which_one(text: str, asked: str) -> None:
    decision = after([asked], text, DEPLOY, RETRAIN)
    assert not isinstance(decision, Command) or RISK[decision.playbook] == "read", decision


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("mute churn alerts for 1 hour", "actually demand is fine"),
        ("mute churn alerts for 1 hour", "no, demand is not needed"),
        ("mute churn alerts for 1 hour", "i said demand was fine"),
        ("mute churn alerts for 1 hour", "sorry, demand was wrong"),
        ("mute churn alerts for 1 hour", "no, skip demand"),
        ("freeze deploys until friday", "actually until monday we are fine"),
        ("freeze deploys until friday", "no, churn is fine"),
        ("freeze deploys until friday", "no, drop monday"),
        ("deploy churn v3 as a 10% canary", "no, 20% is bad"),
        ("deploy churn v3 as a 10% canary", "i said 20% is too much"),
        ("deploy churn v3 as a 10% canary", "no, 20% is not what i want"),
        ("deploy churn v3 as a 10% canary", "no, not over 20%"),
        ("deploy churn v3 as a 10% canary", "no, under 20%"),
        ("deploy churn v3 as a 10% canary", "no, 20% or less"),
        ("deploy churn v3 as a 10% canary", "no, 20% less"),
        ("deploy churn v3 as a 10% canary", "no, by 20% more"),
        ("deploy churn v3 as a 10% canary", "do it again with 20% is bad"),
        ("deploy churn v3 as a 10% canary", "increase it by 5"),
        ("scale churn to 4 replicas", "no, 2 more"),
        ("scale churn to 4 replicas", "make it 2 more"),
    ],
)
def test_a_remark_with_a_value_changes_nothing(before: str, text: str) -> None:
    decision = after([before], text)
    assert not isinstance(decision, Command) or RISK[decision.playbook] == "read", decision


def test_a_bare_number_is_the_share_of_a_canary_and_none_is_no_release_without_one() -> None:
    decision = after(["deploy churn v2 as a 10% canary"], "20")
    assert isinstance(decision, Question) and [c.command for c in decision.choices] == [
        "deploy churn v2 as a 20% canary"
    ]
    for nothing in ("0", "zero"):
        decision = after(["deploy churn v2 as a 10% canary"], nothing)
        offered = [json.loads(c.bind.get("inputs", "{}")) for c in getattr(decision, "choices", ())]
        assert not isinstance(decision, Command) and all("version" not in one for one in offered), decision


def test_a_bare_number_answers_what_was_asked_and_names_no_version() -> None:
    decision = after(["deploy churn v3 at 5-10%"], "10")
    assert isinstance(decision, Command) and (decision.inputs["version"], decision.inputs["canary"]) == ("v3", 10)
