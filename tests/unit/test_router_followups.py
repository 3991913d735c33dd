"""What is said after something was said: answers, corrections, "it", "and demand?", "do it again"."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from bizaiops_bot.domain.routing import Command, Memory, Question, Refusal
from tests.support.router_company import COMPANY, NOW, Thread, does, hears, router


@pytest.mark.parametrize("answer", ["churn", "Churn.", "the first one", "1", "the churn model", "first please"])
def test_a_question_is_answered_with_a_word_or_a_place_in_the_list(answer: str) -> None:
    thread = Thread()
    thread.says("retrain")
    assert thread.does(answer) == ("retrain_model", {"model": "churn"})


def test_questions_follow_each_other_until_all_is_known() -> None:
    thread = Thread()
    thread.says("deploy with a 20% canary")
    assert isinstance(thread.says("churn"), Question)
    assert thread.does("v3") == ("deploy_model", {"model": "churn", "version": "v3", "canary": 20})


def test_a_new_request_wins_over_an_open_question() -> None:
    thread = Thread()
    thread.says("deploy churn")
    assert thread.does("status demand") == ("show_status", {"model": "demand"})


@pytest.mark.parametrize("word", ["no", "never mind", "cancel", "forget it", "none of them"])
def test_an_open_question_can_be_declined(word: str) -> None:
    thread = Thread()
    thread.says("deploy churn")
    decision = thread.says(word)
    assert isinstance(decision, Refusal)
    assert "nothing was started" in decision.why
    assert (
        not isinstance(thread.says("v3"), Command)
        or thread.memory is None
        or thread.memory.last is None
        or thread.memory.last.playbook != "deploy_model"
    )


def test_yes_takes_the_offer_after_a_misspelt_model() -> None:
    thread = Thread()
    thread.says("deploy chrun v2")
    assert thread.does("yes") == ("deploy_model", {"model": "churn", "version": "v2"})


def test_a_better_value_after_a_refused_one_goes_on_with_the_request() -> None:
    thread = Thread()
    thread.says("deploy churn v3 as a 150% canary")
    assert thread.does("20%") == ("deploy_model", {"model": "churn", "version": "v3", "canary": 20})


def test_yes_after_something_unrelated_starts_nothing() -> None:
    thread = Thread()
    thread.says("should I deploy churn v3?")
    thread.says("tell me a joke")
    assert not isinstance(thread.says("yes"), Command)


def test_a_dry_run_stays_one_while_questions_are_answered() -> None:
    thread = Thread()
    thread.says("dry run: deploy churn")
    decision = thread.says("v3")
    assert isinstance(decision, Command)
    assert decision.heard["dry_run"] is True


def test_the_time_of_a_schedule_is_asked_for_and_read() -> None:
    thread = Thread()
    thread.says("send the churn digest every Monday London time")
    assert thread.does("at 9") == (
        "schedule_digest",
        {"model": "churn", "cron": "0 9 * * 1", "time_zone": "Europe/London"},
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["status churn", "and demand?"], ("show_status", {"model": "demand"})),
        (["how did churn do this week?", "and last month?"], ("show_kpis", {"model": "churn", "window": "last month"})),
        (
            ["how did churn do this week?", "what about demand?"],
            ("show_kpis", {"model": "demand", "window": "this week"}),
        ),
        (["revenue at risk", "same for stock-outs"], ("show_kpis", {"model": "demand", "kpi": "stock_outs"})),
        (["retrain churn", "no, demand"], ("retrain_model", {"model": "demand"})),
        (["retrain churn", "I meant demand"], ("retrain_model", {"model": "demand"})),
        (
            ["deploy churn v3 as a 10% canary", "do it again with 20%"],
            ("deploy_model", {"model": "churn", "version": "v3", "canary": 20}),
        ),
        (["scale demand to 3", "make it 5"], ("scale_model", {"model": "demand", "replicas": 5})),
        (["retrain churn", "do it again for demand"], ("retrain_model", {"model": "demand"})),
        (["deploy churn v3", "v1 instead"], ("deploy_model", {"model": "churn", "version": "v1"})),
        (["status churn", "roll it back"], ("roll_back_model", {"model": "churn"})),
        (["status churn", "who deployed it last?"], ("show_history", {"model": "churn"})),
        (["status churn", "kpis"], ("show_kpis", {"model": "churn"})),
    ],
)
def test_short_words_go_on_with_what_was_said(lines: list[str], expected: tuple[str, dict[str, Any]]) -> None:
    thread = Thread()
    for line in lines[:-1]:
        thread.does(line)
    assert thread.does(lines[-1]) == expected


def test_a_change_asked_for_another_model_in_passing_is_confirmed_first() -> None:
    thread = Thread()
    thread.does("retrain churn")
    decision = thread.says("and demand?")
    assert isinstance(decision, Question)
    assert [choice.command for choice in decision.choices] == ["retrain demand"]


def test_a_version_the_other_model_lacks_is_refused_in_a_correction() -> None:
    thread = Thread()
    thread.does("deploy churn v3")
    decision = thread.says("no, demand")
    assert isinstance(decision, Refusal)
    assert "v1 and v2" in decision.why


def test_a_change_never_takes_its_model_from_memory_without_being_pointed_at_it() -> None:
    decision = hears("retrain", Memory(at=NOW, model="churn"))
    assert isinstance(decision, Question)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cancel it", ("cancel_run", {"run": 7})),
        ("abort that", ("cancel_run", {"run": 7})),
        ("send it now", ("send_digest", {"schedule": 3})),
        ("stop it", ("stop_schedule", {"schedule": 3})),
        ("approve it", ("approve_run", {"run": 7})),
        ("reject it because it is late", ("reject_run", {"run": 7, "reason": "it is late"})),
        ("is it done yet?", ("answer_question", {"subject": "run", "aggregate": "state", "run": 7})),
        ("pause it", ("pause_model", {"model": "churn"})),
    ],
)
def test_it_is_the_run_the_schedule_or_the_model_of_the_thread(text: str, expected: tuple[str, dict[str, Any]]) -> None:
    assert does(text, Memory(at=NOW, model="churn", run=7, schedule=3)) == expected


def test_stop_it_offers_the_run_when_there_is_no_schedule() -> None:
    decision = hears("stop it", Memory(at=NOW, model="churn", run=7))
    assert isinstance(decision, Question)
    assert [choice.command for choice in decision.choices] == ["cancel run 7"]


@pytest.mark.parametrize("text", ["cancel it", "stop it", "approve it", "roll it back", "pause it"])
def test_it_without_anything_before_is_asked_about(text: str) -> None:
    assert isinstance(hears(text), Question)


def test_a_thread_forgets_after_15_minutes() -> None:
    at = {"now": NOW}
    thread = Thread(clock=lambda: at["now"])
    thread.does("status churn")
    at["now"] = NOW + timedelta(minutes=14)
    assert thread.does("kpis") == ("show_kpis", {"model": "churn"})
    at["now"] += timedelta(minutes=16)
    assert isinstance(thread.says("kpis"), Question)


def test_the_memory_holds_what_the_thread_is_about() -> None:
    thread = Thread()
    thread.does("how did churn do this week?")
    assert thread.memory is not None
    assert (thread.memory.model, thread.memory.pending) == ("churn", None)
    thread.says("deploy churn")
    assert thread.memory.pending is not None


def test_a_model_that_is_gone_is_forgotten() -> None:
    decision = Command(playbook="show_status", inputs={"model": "old"})
    assert router().remember(None, decision, COMPANY, NOW).model is None


def test_routing_is_pure() -> None:
    memory = Memory(at=NOW, model="churn", run=7)
    before = memory.model_copy(deep=True)
    first, second = hears("and demand?", memory), hears("and demand?", memory)
    assert (first, memory) == (second, before)


def test_time_comes_from_the_caller_only() -> None:
    old: datetime = NOW - timedelta(days=400)
    past = COMPANY.model_copy(update={"now": old})
    decision = router().route("how did churn do this week?", None, past)
    assert isinstance(decision, Command)
    assert decision.inputs["window"]["end"].startswith("2025-10-17")


@pytest.mark.parametrize(
    "word", ["yes please", "yup, do it", "yes, go for it", "correct 👍", "👍", "that one", "sure!"]
)
def test_a_yes_has_many_words(word: str) -> None:
    thread = Thread()
    thread.says("maybe deploy churn v3")
    assert thread.does(word) == ("deploy_model", {"model": "churn", "version": "v3"})


@pytest.mark.parametrize("word", ["thanks", "please", "that", "hm"])
def test_a_courtesy_alone_is_no_yes(word: str) -> None:
    thread = Thread()
    thread.says("maybe deploy churn v3")
    decision = thread.says(word)
    assert not isinstance(decision, Command) or decision.playbook != "deploy_model"


@pytest.mark.parametrize("word", ["nah forget it", "no thanks", "not that one", "nope, leave it"])
def test_a_no_has_many_words(word: str) -> None:
    thread = Thread()
    thread.says("maybe deploy churn v3")
    decision = thread.says(word)
    assert isinstance(decision, Refusal)
    assert "nothing was started" in decision.why


def test_status_alone_asks_which_model_and_takes_a_place_in_the_list() -> None:
    thread = Thread()
    asked = thread.says("status")
    assert isinstance(asked, Question)
    assert asked.slot == "model"
    assert thread.does("the second one") == ("show_status", {"model": "demand"})


@pytest.mark.parametrize(
    ("said", "late", "command"),
    [
        ("maybe deploy churn v3", "at 20%", ("deploy_model", {"model": "churn", "version": "v3", "canary": 20})),
        ("maybe roll back churn", "to v1", ("roll_back_model", {"model": "churn", "version": "v1"})),
        ("deploy churn", "v3 at 10%", ("deploy_model", {"model": "churn", "version": "v3", "canary": 10})),
        ("deploy churn", "3", ("deploy_model", {"model": "churn", "version": "v3"})),
        ("scaling demand to 3", "to 4", ("scale_model", {"model": "demand", "replicas": 4})),
    ],
)
def test_a_value_given_late_is_carried_over(said: str, late: str, command: tuple[str, dict[str, Any]]) -> None:
    thread = Thread()
    assert isinstance(thread.says(said), Question)
    assert thread.does(late) == command


@pytest.mark.parametrize(
    ("turns", "cron"),
    [
        (["maybe a regular digest of churn", "every friday at 8:00"], "0 8 * * 5"),
        (["maybe a regular digest of churn", "monday 9am"], "0 9 * * 1"),
        (["maybe a regular digest of churn", "at 9:30", "weekdays"], "30 9 * * 1-5"),
        (["maybe a regular digest of churn", "weekly", "at 10"], "0 10 * * 1"),
        (["digest every monday", "churn", "at 8"], "0 8 * * 1"),
        (["digest every monday at 9", "churn please"], "0 9 * * 1"),
    ],
)
def test_a_day_or_time_given_late_is_carried_over(turns: list[str], cron: str) -> None:
    thread = Thread()
    for turn in turns[:-1]:
        assert isinstance(thread.says(turn), Question)
    assert thread.does(turns[-1]) == (
        "schedule_digest",
        {"model": "churn", "cron": cron, "time_zone": "Europe/Berlin"},
    )


@pytest.mark.parametrize("late", ["and demand?", "demand?", "and for demand"])
def test_another_model_asked_about_after_a_did_you_mean_is_asked_back_as_well(late: str) -> None:
    thread = Thread()
    assert isinstance(thread.says("maybe deploy churn v2"), Question)
    decision = thread.says(late)
    assert isinstance(decision, Question)
    assert [choice.command for choice in decision.choices] == ["deploy demand v2"]
