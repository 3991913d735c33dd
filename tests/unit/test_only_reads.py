"""Who asks gets an answer, or the nearest that can be read: never a command or a button that changes something."""

from __future__ import annotations

import pytest

from bizaiops_bot.domain.routing import Command, Decision, Memory, Question, Refusal
from bizaiops_bot.router import utterance
from bizaiops_bot.router.only_reads import WHY
from tests.support.router_company import NOW, Thread, does, hears, specs

RISK = {spec.name: spec.risk for spec in specs()}

QUESTIONS = (
    "is traffic back?",
    "are we frozen?",
    "so are we frozen",
    "hey is traffic back yet",
    "should we roll back churn?",
    "is it safe to stop and restart churn?",
    "can I deploy churn v3?",
    "can we deploy churn now?",
    "rollback done?",
    "could churn be rolled back",
    "tell me if churn is paused",
    "could you tell me whether we are frozen",
    "can you show me who paused churn",
    "why did you roll back churn",
    "what does clear faults mean",
    "what is a freeze",
    "define drift",
    "freeze still on?",
    "deploys frozen?",
    "do we have a freeze",
    "have you paused churn",
    "what about rolling back churn?",
    "how about a rollback",
    "would it be ok to pause churn",
    "who can approve run 7",
    "I wonder if we should freeze",
    "any idea when the freeze ends",
    "not sure whether churn is paused",
    "will churn be rolled back automatically?",
    "did the rollback work? is everything normal",
    "churn looks slow, should we roll back?",
    "when was churn paused",
    "when does the freeze end",
    "what happened? why was churn paused",
    "you think we should roll back?",
    "how do I pause churn and resume it later",
    "explain the rollback",
    "has anyone deployed churn today",
    "is demand muted",
    "what did you just deploy",
    "which version would you roll back to",
    "does retraining help",
    "who froze the deploys",
    "what are real faults",
    "where do I approve",
    "is v3 ready to be deployed?",
    "deploying on a friday, good idea?",
    "was it right to scale demand to 5?",
    "did sam approve run 7?",
)
ORDERS = (
    "could you roll back churn?",
    "can you deploy churn v3?",
    "hey can you please pause churn",
    "roll back churn",
    "would you mind rolling churn back?",
    "any chance you could roll back churn?",
    "can someone stop churn?",
    "is churn ok and deploy demand v2",
    "what happened? roll it back",
    "why is churn slow? pause it",
    "have churn rolled back",
    "do a rollback of churn",
    "we need 3 replicas of demand",
    "confirm run 7",
    "churn is slow, can you roll it back?",
    "can we please roll back churn",
    "what a mess, roll back churn",
    "hi bot, i'd like to pause churn",
    "please freeze deploys",
    "stop it",
    "say yes to run 7",
    "churn is broken. please pause",
    "can we roll back churn?",
    "could we restore the old churn model?",
    "when churn is slow, roll it back",
)


def changing(decision: Decision) -> list[str]:
    """What of the decision would change something at once or at a click."""
    if isinstance(decision, Command):
        offered = [decision.playbook] if not decision.heard.get("dry_run") else []
    else:
        offered = [c.bind.get("playbook", "") for c in decision.choices if not c.bind.get("dry_run")]
        offered += [decision.pending.playbook] if isinstance(decision, Question) else []
    return [playbook for playbook in offered if playbook and RISK[playbook] != "read"]


@pytest.mark.parametrize("text", QUESTIONS)
@pytest.mark.parametrize("memory", [None, Memory(at=NOW, model="churn", run=7, schedule=3)], ids=["alone", "thread"])
def test_a_question_is_never_met_with_something_that_changes(text: str, memory: Memory | None) -> None:
    assert utterance.asks(text.lower())
    assert changing(hears(text, memory)) == []


@pytest.mark.parametrize("text", ORDERS)
def test_an_order_stays_one_however_politely_or_with_whatever_question_it_is_said(text: str) -> None:
    assert not utterance.asks(text.lower())


@pytest.mark.parametrize(
    ("text", "playbook"),
    [
        ("could you roll back churn?", "roll_back_model"),
        ("can you deploy the latest churn?", "deploy_model"),
        ("could you please pause churn?", "pause_model"),
    ],
)
def test_polite_orders_are_carried_out(text: str, playbook: str) -> None:
    assert does(text)[0] == playbook


@pytest.mark.parametrize("text", ["roll back churn?", "deploy churn v3?", "pause churn?"])
def test_an_order_with_a_question_mark_is_asked_back(text: str) -> None:
    decision = hears(text)
    assert isinstance(decision, Question) and decision.choices[0].label == text.rstrip("?")


def test_a_question_without_an_answer_is_told_so_with_the_nearest_read() -> None:
    decision = hears("should we roll back churn?")
    assert isinstance(decision, Refusal)
    assert (decision.why, [c.label for c in decision.choices]) == (WHY, ["is it safe to deploy churn", "status churn"])


def test_the_nearest_read_is_picked_by_a_word() -> None:
    thread = Thread()
    thread.says("should we roll back churn?")
    assert thread.does("the second one") == ("show_status", {"model": "churn"})


def test_a_question_that_says_an_offer_again_does_not_take_it() -> None:
    thread = Thread()
    thread.says("maybe roll back churn")
    assert changing(thread.says("roll back churn?")) == ["roll_back_model", "roll_back_model"]
    assert not isinstance(thread.says("was it right to roll back churn?"), Command)


@pytest.mark.parametrize(
    ("text", "playbook", "inputs"),
    [
        ("what would happen if I deployed churn v3", "deploy_model", {"model": "churn", "version": "v3"}),
        ("what happens if i pause churn", "pause_model", {"model": "churn"}),
        ("what if we rolled back churn?", "roll_back_model", {"model": "churn"}),
        ("what would a rollback of churn do?", "roll_back_model", {"model": "churn"}),
        ("what would pausing churn do", "pause_model", {"model": "churn"}),
        (
            "can you show me what would happen if we scaled demand to 5?",
            "scale_model",
            {"model": "demand", "replicas": 5},
        ),
    ],
)
def test_what_is_supposed_is_shown_as_a_dry_run(text: str, playbook: str, inputs: dict[str, object]) -> None:
    decision = hears(text)
    assert isinstance(decision, Command) and decision.heard["dry_run"] is True
    assert (decision.playbook, decision.inputs) == (playbook, inputs)


@pytest.mark.parametrize(
    "text", ["what if traffic doubles", "what would happen if churn rate rises", "what if it rains"]
)
def test_what_supposes_no_deed_is_no_dry_run(text: str) -> None:
    assert not hears(text).heard.get("dry_run")
