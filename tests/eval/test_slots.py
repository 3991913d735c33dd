"""How the blanks are read from words of strangers: half A of the tables was worked with, half B was measured once, at the
end. Both have one author, so that half B is an upper bound for strangers.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bizaiops_bot.domain.routing import Command, Decision, Question
from bizaiops_bot.evaluation.cases import half
from bizaiops_bot.evaluation.slots import heard, meant
from tests.support.router_company import Thread, spoken

SLOTS: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parent / "slots.yaml").read_text(encoding="utf-8")
)


def misses(kind: str, which: str) -> list[tuple[str, Any, Any]]:
    """The cases of a half that are read otherwise than meant: words, meant, heard."""
    cases = [(case["say"], meant(kind, case["is"])) for case in SLOTS[kind] if half(case["say"]) == which]
    found = [(say, wanted, heard(kind, say)) for say, wanted in cases]
    return [(say, wanted, got) for say, wanted, got in found if got != wanted]


def share(kind: str, which: str) -> float:
    """Of the half's cases, those read as meant."""
    count = sum(half(case["say"]) == which for case in SLOTS[kind])
    return 1 - len(misses(kind, which)) / count


THREADS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "threads.yaml").read_text(encoding="utf-8"))


def leads_to(lines: list[str]) -> dict[str, Any]:
    """What the last line of a thread becomes, in the form of the table."""
    thread = Thread()
    decision: Decision | None = None
    for line in lines:
        decision = thread.says(line)
    if isinstance(decision, Command):
        return {"does": {decision.playbook: spoken(decision.inputs)}}
    if isinstance(decision, Question):
        return {"asks": decision.slot}
    assert decision is not None
    return {"asks": ""} if decision.choices else {"closes": True}


def thread_misses(which: str) -> list[tuple[list[str], Any, Any]]:
    """Threads of a half that end otherwise than meant: lines, meant, led to."""
    wanted = [(c["say"], {k: v for k, v in c.items() if k != "say"}) for c in THREADS if half(str(c["say"])) == which]
    return [(lines, meant_to, got) for lines, meant_to in wanted if not _same(meant_to, got := leads_to(lines))]


def _same(wanted: dict[str, Any], got: dict[str, Any]) -> bool:
    """Defaults of a playbook need not be said."""
    if "does" not in wanted or "does" not in got:
        return wanted == got
    playbook, inputs = next(iter(wanted["does"].items()))
    led_to, led = next(iter(got["does"].items()))
    return bool(playbook == led_to) and {k: v for k, v in inputs.items() if led.get(k) != v} in ({}, {"canary": 10})


# What was measured (99.7 and 96.5 of 100 values, 43 of 43 and 40 of 42 threads), less half a point.
READ = {"A": 99.1, "B": 95.9}
LED = {"A": 97, "B": 94}


@pytest.mark.parametrize("kind", list(SLOTS))
def test_each_kind_has_its_share_of_what_it_is_not(kind: str) -> None:
    assert len(SLOTS[kind]) >= 40
    assert sum(case["is"] is None for case in SLOTS[kind]) >= 9


@pytest.mark.parametrize("kind", list(SLOTS))
def test_what_was_worked_with_is_read_as_it_is_meant(kind: str, record_property: Callable[[str, object], None]) -> None:
    for which in "AB":
        record_property(f"slots_{kind}_{which}", round(share(kind, which), 3))
    assert share(kind, "A") >= 0.95, misses(kind, "A")


@pytest.mark.parametrize("which", ["A", "B"])
def test_strangers_words_are_read_as_they_are_meant(which: str) -> None:
    counted = [(kind, case) for kind, cases in SLOTS.items() for case in cases if half(case["say"]) == which]
    wrong = sum(len(misses(kind, which)) for kind in SLOTS)
    assert 100 * (1 - wrong / len(counted)) >= READ[which]


@pytest.mark.parametrize("which", ["A", "B"])
def test_threads_lead_where_they_are_meant_to(which: str) -> None:
    count = sum(half(str(case["say"])) == which for case in THREADS)
    wrong = thread_misses(which)
    assert 100 * (1 - len(wrong) / count) >= LED[which], len(wrong)
