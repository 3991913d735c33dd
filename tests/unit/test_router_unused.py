"""A value that someone says and the bot does not use is always told: an answer says so, a change asks first."""

from __future__ import annotations

import json

import pytest

from bizaiops_bot.conversation.cards import with_unused
from bizaiops_bot.domain.cards import Card, Text
from bizaiops_bot.domain.routing import Command, Memory
from bizaiops_bot.evaluation import cases
from tests.support.router_company import NOW, ROOT, Thread, asks, does, hears, refuses


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("history of churn v3 and v2", "v3"),
        ("show kpis of churn at 20%", "20%"),
        ("status churn v3", "v3"),
        ("status of churn for the last 7 days", "for the last 7 days"),
        ("show the last 5 runs", "5 runs"),
        ("history of churn limit 5", "5"),
        ("kpis churn 10", "10"),
        ("show runs of churn v3", "v3"),
        ("status churn since yesterday", "since yesterday"),
        ("show schedules of churn", "churn"),
    ],
)
def test_an_answer_notes_the_value_that_it_does_not_use(text: str, left: str) -> None:
    decision = hears(text)
    assert isinstance(decision, Command), decision
    assert left in decision.heard["unused"]


def test_the_answer_begins_with_it() -> None:
    decision = hears("status churn v3")
    assert isinstance(decision, Command)
    card = with_unused(Card(title="churn", summary="churn is healthy."), decision)
    assert card.text == "I did not use 'v3'. churn is healthy."
    assert card.blocks == (Text(text="I did not use 'v3'."),)


def test_an_answer_that_uses_all_of_it_says_nothing_more() -> None:
    decision = hears("compare churn v1 and v2")
    assert isinstance(decision, Command)
    card = Card(title="v1 and v2")
    assert with_unused(card, decision) is card


@pytest.mark.parametrize(
    ("text", "left", "offered"),
    [
        ("resume churn for 2 hours", "for 2 hours", "resume churn"),
        ("deploy churn v3 with 3 replicas", "3 replicas", "deploy churn v3"),
        ("retrain churn v2", "v2", "retrain churn"),
        ("retrain churn with 20% of the data", "20%", "retrain churn"),
        ("approve run 7 at 20%", "20%", "approve run 7"),
        ("cancel run 7 in half an hour", "half an hour", "cancel run 7"),
        ("scale demand to 3 with 20% more", "20%", "scale demand to 3"),
    ],
)
def test_a_change_that_would_leave_a_value_out_is_asked_back_with_it(text: str, left: str, offered: str) -> None:
    decision = hears(text)
    assert not isinstance(decision, Command), decision
    said = getattr(decision, "text", "") + getattr(decision, "why", "")
    told = f"{left}'" in said and "leave out" in said
    assert told or "later time" in said, said
    assert [choice.command for choice in decision.choices] == [offered]


def test_a_question_for_another_value_tells_it_too_and_a_click_keeps_the_rest() -> None:
    question = asks("compare v2 v3 and v4")
    assert question.text == "I would leave out 'v4'. Which model: churn or demand?"
    assert question.choices[0].command == "compare churn v2 and v3"
    assert json.loads(question.choices[0].bind["inputs"]) == {"model": "churn", "version_a": "v2", "version_b": "v3"}


def test_buttons_that_each_use_a_value_lose_none() -> None:
    assert asks("cancel run 7 and 8").text == "One run at a time: 7 or 8?"
    assert "leave out" not in asks("deploy churn v2 and v3").text


def test_a_no_tells_what_its_button_would_leave_out() -> None:
    refusal = refuses("how is chrun v9 doing")
    assert refusal.why == "There is no model 'chrun'. Did you mean churn? I would leave out 'v9'."


@pytest.mark.parametrize(
    "text",
    [
        "is churn ok today",
        "status churn v2",  # which serves
        "roll back churn, v2 is slow",
        "deploy churn v3 instead of v2",
        "how did churn do this week compared with last week?",
        "is demand up 24/7",
        "what's the p95 latency of churn?",
        "show run 7",
        "#7",
        "approve run 7, looks good",
        "show me one of the models",
        "help deploy v3",
    ],
)
def test_what_is_used_or_no_value_at_all_is_not_told(text: str) -> None:
    decision = hears(text)
    assert "unused" not in decision.heard
    assert "leave out" not in getattr(decision, "text", "") + getattr(decision, "why", "")


OWN_WORDS = {"list_schedules", "show_limits"}
"""What these leave out their cards tell: a schedule's times, and the limit that somebody wished for."""


def test_people_are_not_bothered_about_values_that_were_understood() -> None:
    told = cases.load(ROOT / "tests" / "eval")
    said = [case.say for found in told.commands.values() for case in found if case.playbook not in OWN_WORDS]
    assert len(said) > 700
    bothered = [
        text for text in said if "unused" in (heard := hears(text)).heard or "leave out" in getattr(heard, "text", "")
    ]
    assert bothered == []


def test_a_follow_up_uses_its_value() -> None:
    thread = Thread()
    thread.does("deploy churn v3")
    assert thread.does("make it 20%") == ("deploy_model", {"model": "churn", "version": "v3", "canary": 20})


def test_a_click_on_what_was_asked_carries_it_out() -> None:
    choice = asks("resume churn for 2 hours").choices[0]
    decision = hears("yes", Memory(at=NOW, pending=asks("resume churn for 2 hours")))
    assert isinstance(decision, Command)
    assert (decision.playbook, decision.inputs) == ("resume_model", {"model": "churn"})
    assert choice.bind["playbook"] == "resume_model"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("snooze 7 for half an hour", "for half an hour"),
        ("snooze alert 7 for an hour and a half", "for an hour and a half"),
        ("snooze alert 7 for two and a half hours", "for two and a half hours"),
        ("snooze 7 for 1h30", "for 1h30"),
        ("snooze 7 for 1 hour 30 minutes", "for 1 hour 30 minutes"),
        ("snooze 7 for a quarter of an hour", "for a quarter of an hour"),
    ],
)
def test_an_end_in_parts_of_an_hour_is_kept(text: str, label: str) -> None:
    assert does(text) == ("snooze_alert", {"alert": 7, "until": label})


def test_half_a_time_of_day_is_no_reason() -> None:
    assert does("freeze deploys until tomorrow 9:00") == ("freeze_deploys", {"during": "until tomorrow 9:00"})


def test_a_time_of_day_before_a_colon_is_one() -> None:
    found = does("send the churn digest on the first monday of the month 10:00: thanks")
    assert found[1]["cron"] == "0 10 * * 1#1"


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("I don't want run 21 to go out, decline it", "reject run 21"),
        ("run 7 should not go out. reject it", "reject run 7"),
        ("we don't want run 7 anymore so cancel it", "cancel run 7"),
        ("don't approve run 7, reject it", "reject run 7"),
        ("don't approve run 7", "reject run 7"),
        ("i don't need digest schedule 4 anymore, pls remove it", "stop schedule 4"),
        ("we don't need schedule 4 any more", "stop schedule 4"),
        ("schedule 3 is not needed any more, stop it", "stop schedule 3"),
        ("don't bother us with alert 5 for 2 hours", "snooze 5 for 2 hours"),
    ],
)
def test_a_wish_to_be_rid_of_something_is_understood_and_asked_back(text: str, offered: str) -> None:
    assert asks(text).choices[0].command == offered


@pytest.mark.parametrize(
    "text",
    ["don't deploy churn v3", "please don't stop schedule 4, we need it", "I don't want you to reject run 7, leave it"],
)
def test_what_is_forbidden_is_not_offered(text: str) -> None:
    refusal = refuses(text)
    assert "request not to do it" in refusal.why
    assert not refusal.choices


@pytest.mark.parametrize(
    ("text", "offered"),
    [("is chrun ok", "status churn"), ("chrun ok?", "status churn"), ("whats up with demnad", "status demand")],
)
def test_a_model_with_a_slip_in_its_name_is_asked_back_however_loosely_it_is_said(text: str, offered: str) -> None:
    refusal = refuses(text)
    assert "Did you mean" in refusal.why
    assert [choice.command for choice in refusal.choices] == [offered]


@pytest.mark.parametrize("text", ["is church open", "should i burn it down", "book a flight to berlin"])
def test_a_word_of_its_own_is_no_slip(text: str) -> None:
    assert not refuses(text).choices


@pytest.mark.parametrize("text", ["status of #22", "how is #22 doing", "#22 status"])
def test_a_number_is_a_run_and_no_model(text: str) -> None:
    assert does(text) == ("show_run", {"run": 22})


@pytest.mark.parametrize(
    "text", ["freeze deploys for 36 hours", "freeze deploys for the weekend", "freeze all changes for the next 3 hours"]
)
def test_an_end_is_no_reason(text: str) -> None:
    playbook, inputs = does(text)
    assert playbook == "freeze_deploys" and set(inputs) == {"during"} and inputs["during"].startswith("for ")


def test_a_version_with_a_suffix_is_that_version() -> None:
    assert "no version v3-rc1" in refuses("deploy churn v3-rc1").why


def test_a_scale_from_and_to_is_no_time_of_day() -> None:
    question = asks("scale churn from 2 to 4")
    assert [choice.command for choice in question.choices] == ["scale churn to 4"]


def test_only_the_span_that_is_compared_with_counts_as_used() -> None:
    decision = hears("churn rate yesterday vs last monday")
    assert isinstance(decision, Command) and decision.heard["unused"] == ("last monday",)


@pytest.mark.parametrize(
    ("text", "playbook"),
    [
        ("roll bakc churn to v1", "roll_back_model"),
        ("aprove run 7", "approve_run"),
        ("stop churn alerts", "mute_alerts"),
        ("mute churn for a fortnight", "mute_alerts"),
    ],
)
def test_slips_and_plain_words_reach_what_they_mean(text: str, playbook: str) -> None:
    assert does(text)[0] == playbook


def test_a_schedule_of_a_model_is_not_the_model() -> None:
    assert not isinstance(hears("pause the churn schedule"), Command)
