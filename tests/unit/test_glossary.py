"""Whoever asks what a word of the bot means is told, and nothing else is done."""

from __future__ import annotations

import pytest

from bizaiops_bot.domain import glossary
from bizaiops_bot.domain.routing import Command
from tests.support.router_company import does, hears

ASKED = (
    "what is {}",
    "what's {}?",
    "what does {} mean",
    "explain {}",
    "Define {}.",
    "what do you mean by {}?",
)


@pytest.mark.parametrize("term", [term.names[0] for term in glossary.TERMS])
@pytest.mark.parametrize("form", ASKED)
def test_what_a_word_means_can_be_asked(term: str, form: str) -> None:
    playbook, inputs = does(form.format(term))
    assert playbook == "help"
    found = glossary.find(inputs["topic"].removeprefix("what ").removesuffix(" means"))
    assert found is not None and found.names[0] == term


@pytest.mark.parametrize("term", glossary.TERMS, ids=lambda term: term.names[0])
def test_what_it_offers_to_see_is_understood(term: glossary.Term) -> None:
    decision = hears(term.see)
    assert isinstance(decision, Command), decision
    assert decision.playbook != "help"


def test_no_two_terms_have_a_name_in_common() -> None:
    names = [name for term in glossary.TERMS for name in term.names]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("text", "playbook"),
    [
        ("what is the drift of churn", "show_status"),
        ("what is the latency of churn", "show_status"),
        ("what is alert 5", "show_alert"),
        ("what is in the audit log", "show_audit"),
        ("what is running right now", "answer_question"),
        ("what is revenue at risk", "show_kpis"),
    ],
)
def test_a_question_about_the_thing_itself_is_answered_with_it(text: str, playbook: str) -> None:
    assert does(text)[0] == playbook


@pytest.mark.parametrize(
    "text",
    [
        "what does churn rate mean",
        "define revenue at risk",
        "what is meant by inventory cost?",
        "how is churn rate defined",
    ],
)
def test_what_a_kpi_means_can_be_asked_too(text: str) -> None:
    playbook, inputs = does(text)
    assert playbook == "help"
    assert inputs["topic"] in {"churn rate", "revenue at risk", "inventory cost"}
