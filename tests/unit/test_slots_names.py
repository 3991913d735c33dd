"""Names among hundreds that are alike: taken when they are clear, asked for when they are not, never guessed for a change."""

from __future__ import annotations

import time

import pytest

from bizaiops_bot.domain.routing import Command, Memory, Question, Refusal
from bizaiops_bot.evaluation.many_models import ALIKE_NAMES, MANY_MODELS
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.slots import names, people
from tests.support.router_company import NOW, hears, router


def test_a_part_that_three_models_have_is_asked_back_with_the_three() -> None:
    decision = hears("retrain the churn one", company=MANY_MODELS)
    assert isinstance(decision, Question)
    assert decision.slot == "model"
    assert [choice.label for choice in decision.choices] == [
        "churn-classifier",
        "churn-classifier-eu",
        "churn-classifier-us",
    ]


def test_the_button_of_the_right_model_finishes_the_request() -> None:
    asked = hears("scale the churn one to 3", company=MANY_MODELS)
    assert isinstance(asked, Question)
    done = router().route("", None, MANY_MODELS, answer=asked.choices[1].bind)
    assert isinstance(done, Command)
    assert done.inputs == {"model": "churn-classifier-eu", "replicas": 3}


def test_two_words_of_a_name_tell_which(text: str = "retrain churn eu") -> None:
    decision = hears(text, company=MANY_MODELS)
    assert isinstance(decision, Command)
    assert decision.inputs == {"model": "churn-classifier-eu"}


@pytest.mark.parametrize("text", ["retrain churn-classifier-asia", "retrain frawd-detector", "pause recz"])
def test_a_name_that_does_not_exist_is_not_taken_for_the_nearest(text: str) -> None:
    decision = hears(text, company=MANY_MODELS)
    assert isinstance(decision, Refusal)
    assert "Did you mean" in decision.why
    assert decision.choices


def test_the_question_for_a_model_has_few_buttons_and_says_that_there_are_more() -> None:
    decision = hears("retrain", company=MANY_MODELS)
    assert isinstance(decision, Question)
    assert len(decision.choices) == 8
    assert "500 more" in decision.text


def test_a_name_among_500_is_found_within_a_millisecond() -> None:
    texts = [
        "retrain churn eu",
        "how did the loyalty score in jp do this week",
        "status frawd",
        "deploy recs v3 at 10%",
    ]
    for text in texts:
        Hearing(text, MANY_MODELS).canonical()
    start = time.process_time()
    for _ in range(25):
        for text in texts:
            Hearing(text, MANY_MODELS).canonical()
    assert (time.process_time() - start) / 100 < 0.005


@pytest.mark.parametrize(
    ("word", "near"),
    [("chrun", ["churn-classifier", "churn-classifier-eu", "churn-classifier-us"]), ("recz", ["recs"]), ("zebra", [])],
)
def test_what_is_misspelt_is_near_a_whole_name_or_a_telling_part(word: str, near: list[str]) -> None:
    assert names.near_models(word, MANY_MODELS)[: len(near) or None] == near


def test_a_kpi_that_two_models_have_is_asked_for_and_kept() -> None:
    asked = hears("how is precision this week?", company=ALIKE_NAMES)
    assert isinstance(asked, Question)
    assert asked.slot == "model"
    assert [choice.label for choice in asked.choices] == ["churn", "fraud"]
    assert asked.pending.inputs["kpi"] == "precision"


def test_of_two_models_with_that_kpi_the_one_spoken_of_is_meant() -> None:
    decision = hears("how is precision this week?", Memory(at=NOW, model="fraud"), ALIKE_NAMES)
    assert isinstance(decision, Command)
    assert decision.inputs["model"] == "fraud"


def test_of_two_people_called_sam_the_right_one_is_asked_for() -> None:
    decision = hears("delegate my approvals to sam", company=ALIKE_NAMES)
    assert isinstance(decision, Question)
    assert decision.slot == "to"
    assert {choice.label for choice in decision.choices} == {"lead", "sre"}


def test_a_surname_that_is_a_word_names_nobody_by_itself() -> None:
    company = ALIKE_NAMES.model_copy(update={"called": {"sre": ("sam", "sam day")}, "people": ("sre",)})
    assert people.find("every day at 9", company) == []
    assert [m.value for m in people.find("let day approve for me", company)] == ["sre"]


@pytest.mark.parametrize(
    ("text", "risky"),
    [("show the last run", False), ("cancel the last run", True), ("approve the latest run", True)],
)
def test_the_last_run_is_shown_but_never_decided_on_unasked(text: str, risky: bool) -> None:
    decision = hears(text, company=ALIKE_NAMES)
    if risky:
        assert isinstance(decision, Question)
        assert [choice.label for choice in decision.choices][:1] in (["41"], [f"{text.partition(' ')[0]} run 41"])
    else:
        assert isinstance(decision, Command)
        assert decision.inputs == {"run": 41}
