"""Several things in one message: reads are all answered, changes asked apart, what nobody understood is named."""

from __future__ import annotations

import pytest

from bizaiops_bot.domain.routing import Command, Question
from bizaiops_bot.router.several import LEFT_OUT, left_out
from tests.support.router_company import Thread, hears


def all_of(text: str) -> list[tuple[str, str | None]]:
    """Playbook and model of each read that the message asks for."""
    decision = hears(text)
    assert isinstance(decision, Command), decision
    return [(one.playbook, one.inputs.get("model")) for one in (decision, *decision.beside)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("status churn and demand", [("show_status", "churn"), ("show_status", "demand")]),
        ("kpis and alerts for churn", [("show_kpis", "churn"), ("list_alerts", "churn")]),
        ("status churn, kpis demand", [("show_status", "churn"), ("show_kpis", "demand")]),
        ("how is churn doing and what alerts are open?", [("show_status", "churn"), ("list_alerts", None)]),
        ("how did churn and demand do this week?", [("show_kpis", "churn"), ("show_kpis", "demand")]),
        (
            "status churn; status demand; list alerts",
            [("show_status", "churn"), ("show_status", "demand"), ("list_alerts", None)],
        ),
        ("are there alerts for churn or demand?", [("list_alerts", "churn"), ("list_alerts", "demand")]),
    ],
)
def test_several_reads_are_all_answered(text: str, expected: list[tuple[str, str | None]]) -> None:
    assert all_of(text) == expected


def test_reads_for_it_are_about_the_model_of_the_thread() -> None:
    thread = Thread()
    thread.does("status churn")
    decision = thread.says("kpis and history")
    assert isinstance(decision, Command)
    assert [one.inputs["model"] for one in (decision, *decision.beside)] == ["churn", "churn"]


@pytest.mark.parametrize(
    ("text", "buttons"),
    [
        ("deploy churn v2 and then compare it with v1", ["deploy churn v2", "compare churn v2 and v1"]),
        ("retrain demand and scale it to 3", ["retrain demand", "scale demand to 3"]),
        ("is churn ok and deploy demand v2", ["status churn", "deploy demand v2"]),
        ("deploy churn v3; roll back demand", ["deploy churn v3", "roll back demand"]),
        ("freeze deploys and pause churn", ["freeze deploys", "pause churn"]),
        ("approve run 7 and reject run 8", ["approve run 7", "reject run 8"]),
    ],
)
def test_a_chain_of_changes_is_asked_apart_in_its_order(text: str, buttons: list[str]) -> None:
    decision = hears(text)
    assert isinstance(decision, Question)
    assert [choice.command for choice in decision.choices] == buttons


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("deploy churn v3, and water the plants", "water the plants"),
        ("deploy churn v3 and order a pizza", "order a pizza"),
        ("pause churn and send flowers to sam", "send flowers to sam"),
    ],
)
def test_what_nobody_understood_of_a_change_is_named_before_it_is_begun(text: str, left: str) -> None:
    decision = hears(text)
    assert isinstance(decision, Question) and left in decision.text and len(decision.choices) == 1


def test_what_nobody_understood_beside_a_read_is_named_with_the_answer() -> None:
    decision = hears("status churn and order a pizza")
    assert isinstance(decision, Command) and decision.heard[LEFT_OUT] == ("order a pizza",)
    assert "order a pizza" in left_out(decision)


@pytest.mark.parametrize(
    "text",
    [
        "compare churn v2 and v3",
        "send the churn digest every monday and friday at 9",
        "hi, status churn",
        "status churn, thanks",
        "deploy churn v3, all tests passed",
        "who deployed churn last and when",
        "churn v3 is bad, roll back",
    ],
)
def test_one_request_with_a_comma_or_an_and_stays_one(text: str) -> None:
    decision = hears(text)
    assert isinstance(decision, Command) and decision.beside == () and LEFT_OUT not in decision.heard
