"""Sentences of people who have read no manual, each of which was once understood wrongly."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bizaiops_bot.domain.routing import Question, Refusal
from bizaiops_bot.router.slots.until import AT_ONCE
from tests.support.router_company import COMPANY, NOW, Thread, asks, does, refuses, router


@pytest.mark.parametrize("text", ["error rate of churn", "what is the error rate of churn", "failure rate for churn"])
def test_an_error_rate_is_how_a_model_serves_and_no_kpi(text: str) -> None:
    assert does(text) == ("show_status", {"model": "churn"})


def test_the_rate_of_churn_is_still_the_churn_rate() -> None:
    assert does("rate of churn") == ("show_kpis", {"model": "churn", "kpi": "churn_rate"})


def test_show_kpis_asks_for_the_model_and_takes_no_verb_for_one() -> None:
    asked = asks("show KPIs since monday")
    assert (asked.slot, asked.pending.playbook) == ("model", "show_kpis")


def test_its_kpis_are_those_of_the_model_spoken_of() -> None:
    thread = Thread()
    thread.says("status churn")
    assert thread.does("and its kpis?") == ("show_kpis", {"model": "churn"})


def test_an_unknown_model_is_named_without_what_stands_behind_it() -> None:
    assert "no model 'fraud'." in refuses("deploy fraud v2 at 10%").why


def test_a_share_in_german_is_not_left_out_of_a_release() -> None:
    offered = refuses("deploye churn v3 mit 10 prozent").choices
    assert [choice.command for choice in offered] == ["deploy churn v3 as a 10% canary"]


def test_a_pause_for_the_weekend_is_no_schedule_and_begins_at_once_or_not_at_all() -> None:
    wednesday = COMPANY.model_copy(update={"now": NOW - timedelta(days=3)})
    later = router().route("pause churn for the weekend", None, wednesday)
    assert isinstance(later, Refusal) and later.why == AT_ONCE
    assert does("pause churn until sunday")[1] == {"model": "churn", "until": "until sunday"}


def test_a_polite_put_is_an_order_and_a_told_one_is_not() -> None:
    order = ("deploy_model", {"model": "churn", "version": "v3", "canary": 10})
    assert does("can you put v3 of churn on a tenth of the traffic") == order
    assert "reads like news" in asks("yesterday you put churn v3 on a tenth of the traffic").text


def test_an_end_that_cannot_be_kept_is_not_called_a_condition() -> None:
    assert refuses("resume churn until tomorrow").why.startswith("I cannot end a change by itself")


def test_a_button_reads_well_without_the_model() -> None:
    offered = [choice.label for choice in asks("show what lee was up to yesterday").choices]
    assert offered == ["kpis yesterday", "what changed yesterday"]


def test_a_button_keeps_the_share_that_was_said_without_a_model() -> None:
    assert [choice.label for choice in asks("increase canary to 50%").choices] == ["deploy 50%"]


def test_a_colon_behind_a_number_begins_a_reason() -> None:
    assert asks("reject 7: too risky").choices[0].command == "reject run 7 because too risky"


@pytest.mark.parametrize(
    ("before", "then", "label"),
    [
        (["deploy churn v3"], "20 percent please", "deploy churn v3 as a 20% canary"),
        (["deploy churn v3"], "v2", "deploy churn v2"),
        (["roll back", "churn"], "to v1", "roll back churn to v1"),
        (["scale churn to 3"], "4 replicas", "scale churn to 4"),
        (["delegate my approvals", "sam"], "until friday", "delegate my approvals to sre until friday"),
        (["pause churn"], "undo that", "resume churn"),
        (["inject latency into churn"], "undo it please", "clear faults of churn"),
    ],
)
def test_a_value_or_an_undo_alone_goes_on_with_the_change_before_and_is_asked_back(
    before: list[str], then: str, label: str
) -> None:
    thread = Thread()
    for said in before:
        thread.says(said)
    asked = thread.says(then)
    assert isinstance(asked, Question)
    assert [choice.label for choice in asked.choices] == [label]


@pytest.mark.parametrize(
    ("said", "cron"), [("no, at 10", "0 10 * * 1"), ("no, 10:30 instead", "30 10 * * 1"), ("sorry, 5 pm", "0 17 * * 1")]
)
def test_another_time_for_a_schedule_keeps_its_days(said: str, cron: str) -> None:
    thread = Thread()
    thread.says("send the churn digest every monday at 9")
    inputs: dict[str, Any] = {"model": "churn", "cron": cron, "time_zone": "Europe/Berlin"}
    assert thread.does(said) == ("schedule_digest", inputs)
