"""Corrections, withdrawals and undo: what is disowned is closed, what was done last is offered the other way."""

from __future__ import annotations

from typing import Any

import pytest

from bizaiops_bot.domain.routing import Command, Decision, Memory, OpenRun, Question, Refusal, Remark
from bizaiops_bot.router import emergencies, undoing
from bizaiops_bot.router.taking_back import DISOWNS
from tests.support.router_company import COMPANY, NOW, Thread, hears, router, spoken


class Desk:
    """A thread in which a change waits as the speaker's own run 1."""

    def __init__(self, said: str) -> None:
        first = router().route(said, None, COMPANY)
        assert isinstance(first, Command)
        self.memory = router().remember(None, first, COMPANY, NOW).model_copy(update={"run": 1})
        self.title = f"Deploy {first.inputs['model']}"

    def says(self, text: str, *, waiting: bool = True, mine: bool = True) -> Decision:
        run = OpenRun(number=1, title=self.title, waiting=waiting, mine=mine)
        return router().route(text, self.memory, COMPANY.model_copy(update={"open_runs": (run,)}))


@pytest.mark.parametrize(
    ("first", "then", "playbook", "inputs"),
    [
        ("deploy churn v2", "not churn, I meant demand", "deploy_model", {"model": "demand", "version": "v2"}),
        ("deploy churn v2", "no, v3", "deploy_model", {"model": "churn", "version": "v3"}),
        ("retrain churn", "sorry, demand", "retrain_model", {"model": "demand"}),
        ("retrain churn", "wrong model, demand", "retrain_model", {"model": "demand"}),
        ("retrain churn", "oops, i wanted demand", "retrain_model", {"model": "demand"}),
        ("deploy churn v3", "i meant deploy demand v2", "deploy_model", {"model": "demand", "version": "v2"}),
        ("retrain churn", "no, I meant status churn", "show_status", {"model": "churn"}),
        ("retrain churn", "that's not what i meant, pause demand", "pause_model", {"model": "demand"}),
    ],
)
def test_a_correction_proposes_the_right_one_and_names_the_plan_it_disowns(
    first: str, then: str, playbook: str, inputs: dict[str, Any]
) -> None:
    decision = Desk(first).says(then)
    assert isinstance(decision, Command)
    assert (decision.playbook, spoken(decision.inputs)) == (playbook, inputs)
    assert decision.heard[DISOWNS] == 1


@pytest.mark.parametrize(
    ("first", "then", "inputs"),
    [
        ("deploy churn v3 as a 10% canary", "make it 90%", {"model": "churn", "version": "v3", "canary": 90}),
        ("scale demand to 3", "hmm make that 6", {"model": "demand", "replicas": 6}),
        ("scale demand to 3", "no wait, 5", {"model": "demand", "replicas": 5}),
    ],
)
def test_another_value_for_the_same_is_an_edit_and_takes_nothing_back(
    first: str, then: str, inputs: dict[str, Any]
) -> None:
    decision = Desk(first).says(then)
    assert isinstance(decision, Command) and decision.inputs == inputs
    assert DISOWNS not in decision.heard


@pytest.mark.parametrize("then", ["no, v7", "no, demand"])
def test_a_correction_that_cannot_be_done_still_disowns_the_plan(then: str) -> None:
    decision = Desk("deploy churn v3").says(then)
    assert isinstance(decision, Refusal) and decision.heard[DISOWNS] == 1


def test_what_is_at_work_already_is_asked_about_before_it_is_stopped() -> None:
    decision = Desk("retrain churn").says("not churn, I meant demand", waiting=False)
    assert isinstance(decision, Question)
    assert [c.command for c in decision.choices] == ["cancel run 1", "retrain demand"]


def test_somebody_elses_plan_is_not_disowned() -> None:
    assert DISOWNS not in Desk("retrain churn").says("no, demand", mine=False).heard


@pytest.mark.parametrize("text", ["no, demand?", "and demand?", "what about demand"])
def test_a_question_disowns_nothing(text: str) -> None:
    assert DISOWNS not in Desk("retrain churn").says(text).heard


def test_what_begins_like_a_correction_is_none_where_nothing_came_before() -> None:
    assert not isinstance(hears("i meant to deploy churn v3"), Command)


UNDO = (
    "undo that",
    "undo",
    "put it back",
    "revert that",
    "take that back",
    "please undo it",
    "can you undo that?",
    "oops, undo",
    "change it back",
    "bring it back to how it was",
    "reverse that please",
)


@pytest.mark.parametrize("text", UNDO)
def test_undo_is_heard_in_many_words(text: str) -> None:
    assert undoing.wished(text)


@pytest.mark.parametrize(
    "text", ["roll it back", "roll back", "undo churn v3", "put v2 back", "revert churn", "pause it"]
)
def test_an_order_for_a_model_is_no_undo(text: str) -> None:
    assert not undoing.wished(text)


@pytest.mark.parametrize(
    ("done", "offered"),
    [
        ("freeze deploys", "unfreeze"),
        ("pause churn", "resume churn"),
        ("resume churn", "pause churn"),
        ("deploy churn v3", "roll back churn"),
        ("mute churn alerts for 2 hours", "unmute churn alerts"),
        ("inject latency into churn", "clear faults of churn"),
        ("send the churn digest every Monday at 9", "stop schedule 4"),
    ],
)
@pytest.mark.parametrize("between", ["", "status demand"])
def test_undo_offers_the_opposite_of_what_was_done_last(done: str, offered: str, between: str) -> None:
    thread = Thread()
    thread.does(done)
    assert thread.memory is not None
    thread.memory = thread.memory.model_copy(update={"schedule": 4 if "digest" in done else None})
    if between:
        thread.does(between)
    decision = thread.says("undo that")
    assert isinstance(decision, Question)
    assert [choice.command for choice in decision.choices] == [offered]


def test_undo_where_nothing_was_done_says_so() -> None:
    thread = Thread()
    thread.does("status churn")
    decision = thread.says("undo that")
    assert isinstance(decision, Remark) and "Nothing was done in this thread" in decision.text


@pytest.mark.parametrize(
    "text",
    [
        "turn it off now",
        "kill it",
        "stop it!!",
        "make it stop",
        "shut it down",
        "omg stop it",
        "take it offline please",
        "pull the plug now",
        "can you stop it",
        "get it out",
        "it must stop",
        "shut it off immediately",
    ],
)
def test_a_cry_is_one_button_for_the_model_of_the_thread(text: str) -> None:
    assert emergencies.cries(text)
    company = COMPANY.model_copy(update={"open_runs": ()})
    decision = hears(text, Memory(at=NOW, model="churn"), company)
    assert isinstance(decision, Question)
    assert [choice.command for choice in decision.choices] == ["pause churn"]


@pytest.mark.parametrize("text", ["turn it off now", "make it stop", "shut it down", "kill it"])
def test_a_cry_during_a_release_is_one_button_for_that(text: str) -> None:
    run = OpenRun(number=4, title="Deploy churn v3", waiting=False)
    for memory in (None, Memory(at=NOW, model="churn")):
        decision = hears(text, memory, COMPANY.model_copy(update={"open_runs": (run,)}))
        assert isinstance(decision, Question)
        assert [choice.command for choice in decision.choices] == ["cancel run 4"]


@pytest.mark.parametrize("text", ["tell me a joke", "delete churn", "should we roll back churn?"])
def test_the_same_no_is_never_given_twice_in_a_row(text: str) -> None:
    thread = Thread()
    told = []
    for _ in range(3):
        decision = thread.says(text)
        assert isinstance(decision, Refusal)
        told.append(decision)
    assert told[0].why != told[1].why != told[2].why
    assert told[1].choices and not told[1].help, "the second time it offers what is nearest"


@pytest.mark.parametrize(
    "text", ["scrap it, data isnt ready", "ok then withdraw it, i'm off tomorrow", "leave it for now"]
)
def test_a_withdrawal_may_say_why(text: str) -> None:
    decision = Desk("deploy churn v3").says(text)
    assert isinstance(decision, Command) and (decision.playbook, decision.inputs) == ("cancel_run", {"run": 1})


def test_a_withdrawal_with_another_request_behind_it_disowns_the_plan() -> None:
    decision = Desk("deploy churn v3").says("nevermind, deploy demand v2")
    assert isinstance(decision, Command) and decision.inputs == {"model": "demand", "version": "v2"}
    assert decision.heard[DISOWNS] == 1
