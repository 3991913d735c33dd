"""What people ask and the typed question it is read as; what must never be read as one."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from bizaiops_bot.domain.routing import Command, Memory
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.questions import read
from bizaiops_bot.router.training import pairs
from tests.support.router_company import COMPANY, hears, intents, specs

SET: dict[str, list[Any]] = yaml.safe_load((Path(__file__).parent / "questions.yaml").read_text(encoding="utf-8"))
READ_BY_STRANGERS = 0.6
"""Of the unseen questions, at least; the others go on to the stages behind."""


def _memory(case: dict[str, Any]) -> Memory | None:
    """What the thread is about when the sentence is said."""
    thread = case.get("thread")
    if thread is None:
        return None
    last = Command(playbook="show_alert", inputs={"alert": thread["alert"]}) if "alert" in thread else None
    return Memory(at=COMPANY.now - timedelta(minutes=1), model=thread.get("model"), run=thread.get("run"), last=last)


def _meant(case: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    fields = {name: value for name, value in case.items() if name not in {"say", "asks", "thread"}}
    if " " in case["asks"] and "version" in fields:
        fields["versions"] = [fields.pop("version")]
    return case["asks"], fields


def _told(playbook: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """As the set writes it: windows by their label."""
    fields = {name: value["label"] if name == "window" else value for name, value in inputs.items() if value}
    if playbook != "answer_question":
        return playbook, fields
    return f"{fields.pop('subject')} {fields.pop('aggregate')}", fields


def _read(case: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    asked = read(Hearing(case["say"], COMPANY), _memory(case))
    return None if asked is None else _told(asked.playbook, asked.inputs)


@cache
def _orders() -> list[str]:
    """Every way to order something that the intents know."""
    risky = [intent for intent in intents() if intent.risk in {"control", "change"}]
    return [text for text, name in pairs(risky, {spec.name: spec for spec in specs()}) if name != "none"]


@pytest.mark.parametrize("case", SET["asked"], ids=lambda case: case["say"])
def test_a_question_is_read_as_it_was_meant(case: dict[str, Any]) -> None:
    decision = hears(case["say"], _memory(case))
    assert isinstance(decision, Command), decision
    assert _told(decision.playbook, decision.inputs) == _meant(case)


@pytest.mark.parametrize("say", [*SET["declined"], *SET["strangers_declined"]])
def test_an_order_small_talk_or_a_definition_is_left_to_others(say: str) -> None:
    busy = Memory(at=COMPANY.now, model="churn", run=5)
    assert read(Hearing(say, COMPANY), None) is None
    assert read(Hearing(say, COMPANY), busy) is None


def test_no_order_that_the_intents_know_is_read_as_a_question() -> None:
    busy = Memory(at=COMPANY.now, model="churn", run=5)
    assert len(_orders()) > 500
    assert [text for text in _orders() if read(Hearing(text, COMPANY), busy)] == []


def test_strangers_are_read_right_or_not_at_all() -> None:
    told = [(case["say"], _read(case), _meant(case)) for case in SET["strangers"]]
    assert [(say, got, meant) for say, got, meant in told if got not in (None, meant)] == []
    assert sum(got == meant for _, got, meant in told) / len(told) >= READ_BY_STRANGERS
