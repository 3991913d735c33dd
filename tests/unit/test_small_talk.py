"""Thanks, greetings, anger: one short line, no button that changes something; no mood is taken for an order."""

from __future__ import annotations

import pytest

from bizaiops_bot.domain.routing import Command, Memory, Question, Remark
from bizaiops_bot.router import small_talk
from tests.support.router_company import COMPANY, NOW, Thread, does, hears, specs

RISK = {spec.name: spec.risk for spec in specs()}
TALK: dict[small_talk.Kind, tuple[str, ...]] = {
    "hello": ("hi", "hello there", "good morning bot", "hey :)", "hello? anyone there?", "hiya"),
    "thanks": (
        "thanks",
        "many thanks!",
        "thank you very much",
        "great, thanks a lot",
        "thx a lot mate",
        "cheers!",
        "thanks, great job",
        "thanks for the help",
        "got it, thanks",
        "perfect, thank you",
        "👍 thanks",
    ),
    "bye": ("bye", "see you tomorrow", "good night all", "that's all for today", "have a nice weekend"),
    "sorry": ("sorry", "my bad", "oops"),
    "praise": (
        "nice work!",
        "well done",
        "great",
        "awesome stuff",
        "love it",
        "you are the best",
        "good job team",
        "ok cool",
    ),
    "wellbeing": ("how are you?", "hey, how's it going"),
    "anger": (
        "are you stupid?",
        "wtf",
        "you're useless",
        "this is bullshit!",
        "I hate this bot",
        "i could kill you",
        "you're killing me",
        "shut up",
        "come on",
        "ugh",
        "damn it",
        "what a stupid answer",
        "stupid bot!!",
        "kill me now",
        "are you kidding me",
        "what the hell is going on",
        "i give up",
        "go away",
        "drop dead",
    ),
    "fine": ("ok", "got it", "haha", "lol", "hm", "no worries", "alright", ":)"),
}
NO_TALK = (
    "ok do it",
    "stop it",
    "kill it",
    "thanks, now deploy churn v3",
    "hi, status churn",
    "great, deploy it",
    "good, roll it back",
    "kill the canary",
    "nothing works",
    "shut up about churn for 2 hours",
    "no",
    "yes",
    "what's up with churn",
    "right, approve",
    "shut it down",
    "sorry, demand",
    "go away from v3",
    "it is down",
)
PAIRS = [(kind, text) for kind, texts in TALK.items() for text in texts]


@pytest.mark.parametrize(("kind", "text"), PAIRS)
def test_small_talk_is_answered_in_a_line(kind: small_talk.Kind, text: str) -> None:
    decision = hears(text, Memory(at=NOW, model="churn", run=7))
    assert isinstance(decision, Remark), decision
    assert decision.heard["talk"] == kind
    assert len(decision.text) < 110 and "!" not in decision.text
    assert {RISK[choice.bind["playbook"]] for choice in decision.choices} <= {"read"}


@pytest.mark.parametrize("text", NO_TALK)
def test_what_asks_for_something_is_no_small_talk(text: str) -> None:
    assert small_talk.read(text) is None


def test_ok_is_small_talk_only_where_nothing_waits() -> None:
    waits = COMPANY.model_copy(update={"open_runs": ()})
    assert isinstance(hears("ok", company=waits), Remark)


@pytest.mark.parametrize(
    ("text", "playbook"),
    [
        ("damn it, roll back churn", "roll_back_model"),
        ("wtf? status churn", "show_status"),
        ("ffs, list alerts", "list_alerts"),
        ("are you stupid? status churn", "show_status"),
    ],
)
def test_anger_around_a_request_changes_nothing_about_it(text: str, playbook: str) -> None:
    assert does(text)[0] == playbook


@pytest.mark.parametrize(
    "text", ["roll back churn, seriously?", "really? roll back churn", "pause churn, are you kidding me?"]
)
def test_doubt_around_an_order_is_not_taken_off(text: str) -> None:
    assert not isinstance(hears(text), Command)


def test_a_yes_behind_thanks_is_none_to_what_was_offered_before() -> None:
    thread = Thread()
    thread.says("maybe deploy churn v3")
    thread.says("thanks")
    assert not isinstance(thread.says("yes"), Command)


def test_sorry_between_a_question_and_its_answer_ends_nothing() -> None:
    thread = Thread()
    assert isinstance(thread.says("deploy churn"), Question)
    thread.says("sorry")
    assert thread.does("v3") == ("deploy_model", {"model": "churn", "version": "v3"})
