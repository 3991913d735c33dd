"""Short sentences about what is open, without its name: the bot answers about that, and never begins anything."""

from __future__ import annotations

import pytest

from bizaiops_bot.domain.routing import Command, OpenRun, Question, Refusal, Remark
from bizaiops_bot.router.at_hand.aspects import Aspects
from tests.support.router_company import COMPANY, Thread, intents, router, specs

WAITING = OpenRun(number=3, title="Deploy churn v3 as a 10% canary", waiting=True)
RETRAINS = OpenRun(number=4, title="Retrain churn", waiting=True)


def after(first: str, text: str, *open_runs: OpenRun) -> object:
    """What `text` means in a thread that began with `first`."""
    company = COMPANY.model_copy(update={"open_runs": open_runs})
    memory = None
    if first:
        memory = router().remember(None, router().route(first, None, company), company, company.now)
    return router().route(text, memory, company)


@pytest.mark.parametrize(
    ("first", "text", "playbook"),
    [
        ("status of churn", "any better by now?", "show_status"),
        ("status of churn", "how long has this been the case", "show_history"),
        ("alerts of churn", "how severe is it", "list_alerts"),
        ("alerts of churn", "what is causing that", "investigate_model"),
        ("alerts of churn", "did somebody touch anything before that", "show_changes"),
        ("kpis of churn", "can i have that as an excel file", "export_kpis"),
        ("kpis of churn", "how far can i trust these numbers", "explain_effect"),
        ("are we frozen?", "who is able to lift it", "show_policy"),
        ("compare churn v1 and v2", "is that statistically significant", "explain_verdict"),
        ("status of churn", "what was it trained on", "describe_model"),
    ],
)
def test_what_is_left_out_is_what_the_thread_is_about(first: str, text: str, playbook: str) -> None:
    decision = after(first, text)
    assert isinstance(decision, Command), decision
    assert decision.playbook == playbook
    assert decision.inputs.get("model", "churn") == "churn"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (
            "how much time do i have for this",
            {"subject": "approval", "aggregate": "when", "measure": "expiry", "run": 3},
        ),
        ("who else could do that?", {"subject": "approval", "aggregate": "may", "run": 3}),
        ("is that dangerous?", {"subject": "run", "aggregate": "will", "measure": "risk", "run": 3}),
    ],
)
def test_a_plan_that_waits_is_asked_about_without_its_number(text: str, asked: dict[str, object]) -> None:
    decision = after("", text, WAITING)
    assert isinstance(decision, Command), decision
    assert (decision.playbook, decision.inputs) == ("answer_question", asked)


def test_why_a_retraining_is_wanted_is_looked_into_and_not_up() -> None:
    decision = after("", "why does it want to do that?", RETRAINS)
    assert isinstance(decision, Command)
    assert (decision.playbook, decision.inputs) == ("investigate_model", {"model": "churn"})


@pytest.mark.parametrize(
    ("text", "playbook"),
    [
        ("ok, i have seen what i wanted, go ahead", "approve_run"),
        ("you have my approval", "approve_run"),
        ("no, i am against that", "reject_run"),
    ],
)
def test_what_people_say_to_a_plan_in_free_words_is_asked_back_and_never_done(text: str, playbook: str) -> None:
    decision = after("", text, WAITING)
    assert isinstance(decision, Question), decision
    assert [choice.bind["playbook"] for choice in decision.choices] == [playbook]


@pytest.mark.parametrize("text", ["is that approved?", "do not approve it just because i said so, ok"])
def test_no_approval_is_heard_in_a_question_or_a_no(text: str) -> None:
    decision = after("", text, WAITING)
    offered = [choice.label for choice in getattr(decision, "choices", ())]
    assert "approve run 3" not in offered
    assert not (isinstance(decision, Command) and decision.playbook == "approve_run")


@pytest.mark.parametrize("text", ["what a night", "maybe it is the network", "oh no, not again"])
def test_what_asks_for_nothing_gets_a_line_and_begins_nothing(text: str) -> None:
    decision = after("status of churn", text)
    assert isinstance(decision, Remark), decision
    assert "nothing was started" in decision.text


def test_who_is_asked_which_model_they_mean_can_say_it() -> None:
    thread = Thread()
    asked = thread.says("are our customers any happier since then?")
    assert isinstance(asked, Question)
    assert thread.does("churn") == ("explain_effect", {"model": "churn"})


def test_what_nobody_understands_gets_what_can_be_told_of_the_thing_that_is_open() -> None:
    decision = after("", "is sam online", WAITING)
    assert isinstance(decision, Refusal)
    stays = after("status of churn", "is sam online")
    assert isinstance(stays, Refusal)


@pytest.mark.parametrize("text", ["which customers are going to churn?", "tell me a joke", "how old are you"])
def test_what_is_not_about_the_thing_is_not_answered_about_it(text: str) -> None:
    decision = after("status of churn", text)
    assert not (isinstance(decision, Command) and decision.heard.get("stage") == "at hand"), decision


def test_an_order_that_was_asked_back_is_not_answered_in_its_place() -> None:
    decision = after("", "training for churn with new data")
    assert isinstance(decision, Question)
    assert "retrain_model" in [choice.bind.get("playbook") for choice in decision.choices]


def test_every_answer_is_one_that_the_bot_can_give() -> None:
    from bizaiops_bot.router.at_hand import answering

    playbooks = {spec.name for spec in specs()}
    for kind, told in answering.answers().items():
        for how in [how for name, how in told.items() if name != "otherwise"] + list(told["otherwise"]):
            first, *words = how.split()
            assert first in playbooks or len(words) in (1, 2), (kind, how)


def test_without_an_encoder_nothing_is_near() -> None:
    import numpy as np

    assert Aspects(lambda texts: np.zeros((len(texts), 0), np.float32), []).near("since when") == {}
    assert intents()
