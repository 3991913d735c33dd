"""A/B tests in conversation: "end it" ends the one that the thread is about, and nothing else."""

from __future__ import annotations

import pytest

from bizaiops_bot.domain.routing import Command, Memory, OpenRun, Question
from tests.support.router_company import COMPANY, NOW, Thread, does, hears


@pytest.mark.parametrize("said", ["end it", "stop it", "please end it now", "call it off"])
@pytest.mark.parametrize(
    ("before", "inputs"),
    [
        ("ab test churn v2 with 20%", {"model": "churn"}),
        ("how is the ab test of churn doing", {"model": "churn"}),
        ("how is the ab test doing", {}),
    ],
)
def test_it_is_the_test_where_the_thread_is_about_one(before: str, inputs: dict[str, str], said: str) -> None:
    thread = Thread()
    thread.does(before)
    assert thread.does(said) == ("end_ab_test", inputs)


def test_it_is_not_the_test_once_the_thread_is_about_something_else() -> None:
    thread = Thread()
    thread.does("how is the ab test of churn doing")
    thread.does("status churn")
    decision = thread.says("stop it")
    assert not (isinstance(decision, Command) and decision.playbook == "end_ab_test")


@pytest.mark.parametrize(("waiting", "playbook"), [(True, "cancel_run"), (False, "end_ab_test")])
def test_a_test_that_waits_for_its_approval_is_withdrawn_and_one_at_work_is_ended(waiting: bool, playbook: str) -> None:
    last = Command(playbook="ab_test_model", inputs={"model": "churn", "version": "v2"})
    memory = Memory(at=NOW, model="churn", run=5, last=last)
    run = OpenRun(number=5, title="A/B test churn v2", waiting=waiting, mine=True)
    assert does("cancel it", memory, COMPANY.model_copy(update={"open_runs": (run,)}))[0] == playbook


def test_without_a_thread_no_model_is_offered_to_be_paused() -> None:
    decision = hears("end it")
    assert not (isinstance(decision, Question) and any("pause" in choice.command for choice in decision.choices))
    assert not isinstance(decision, Command)


def test_an_experiment_is_run_and_not_ended() -> None:
    decision = hears("run the experiment")
    assert isinstance(decision, Question) and decision.choices[0].command.startswith("ab test")


@pytest.mark.parametrize("said", ["roll back churn, the ab test is bad", "roll back churn, the ab test went wrong"])
def test_a_rollback_with_a_test_for_its_reason_stays_a_rollback(said: str) -> None:
    assert does(said) == ("roll_back_model", {"model": "churn"})
