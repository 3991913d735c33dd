"""What "it" stands for in a question, how a question goes on, and that a company's own wording goes first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bizaiops_bot.domain.questions import AGGREGATES, SUBJECTS
from bizaiops_bot.domain.routing import Command, Memory, OpenRun
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.questions import read
from bizaiops_bot.router.questions.grammar import rules
from bizaiops_bot.router.questions.words import lexicon
from tests.support.router_company import COMPANY, NOW, Thread, does, hears

WAITING = OpenRun(number=8, title="Deploy demand v2", waiting=True)
MINE = OpenRun(number=9, title="Deploy churn v3", waiting=True, mine=True)


def asked(text: str, memory: Memory | None = None, *open_runs: OpenRun, last: int | None = 7) -> dict[str, Any] | None:
    """The inputs it is read as, in a place where these runs are under way; None when it is not read."""
    found = read(Hearing(text, COMPANY.model_copy(update={"open_runs": open_runs, "last_run": last})), memory)
    return None if found is None else found.inputs


def test_it_is_the_run_of_the_thread_else_the_one_under_way_here_else_the_newest() -> None:
    spoken = Memory(at=NOW, run=5)
    assert asked("who approved it", spoken)["run"] == 5  # type: ignore[index]
    assert asked("who approved it", None, WAITING)["run"] == 8  # type: ignore[index]
    assert asked("who approved it", None)["run"] == 7  # type: ignore[index]
    assert asked("who approved it", None, last=None) is None


def test_of_several_runs_under_way_ones_own_is_meant_and_else_none() -> None:
    assert asked("is it risky", None, WAITING, MINE)["run"] == 9  # type: ignore[index]
    assert asked("is it risky", None, WAITING, MINE.model_copy(update={"mine": False})) is None


def test_what_is_to_come_is_asked_of_the_run_under_way_and_not_of_one_that_is_over() -> None:
    spoken = Memory(at=NOW, run=5)
    assert asked("how long will it take?", spoken, WAITING)["run"] == 8  # type: ignore[index]
    assert asked("did it work", spoken, WAITING)["run"] == 5  # type: ignore[index]


def test_a_version_is_of_the_model_spoken_of_or_of_the_only_one_that_has_it() -> None:
    assert asked("why was v3 rejected")["model"] == "churn"  # type: ignore[index]
    assert asked("why was v2 rejected") is None
    assert asked("why was v2 rejected", Memory(at=NOW, model="demand"))["model"] == "demand"  # type: ignore[index]


def test_a_question_goes_on_with_another_name_or_time() -> None:
    thread = Thread()
    first = {"subject": "release", "aggregate": "count", "kind": "rollback"}
    assert thread.does("how often did we roll back churn this month") == (
        "answer_question",
        {**first, "model": "churn", "window": "this month"},
    )
    assert thread.does("and demand?")[1] == {**first, "model": "demand", "window": "this month"}
    assert thread.does("what about last month?")[1] == {**first, "model": "demand", "window": "last month"}


def test_a_stated_day_is_asked_for_and_not_the_last_seven() -> None:
    _, inputs = does("what went wrong yesterday?")
    assert inputs["window"] == "yesterday"
    decision = hears("which runs failed yesterday")
    assert isinstance(decision, Command)
    start, end = decision.inputs["window"]["start"], decision.inputs["window"]["end"]
    assert (start, end) == ("2026-11-19T23:00:00Z", "2026-11-20T23:00:00Z")  # a day in Berlin


@pytest.mark.parametrize(
    "text", ["rollbacks tomorrow", "how many deploys will we have next week", "alerts next friday"]
)
def test_what_has_not_happened_is_not_counted(text: str) -> None:
    assert asked(text) is None


@pytest.mark.parametrize("text", ["what is waiting for approval", "list alerts", "history of churn", "show run 7"])
def test_an_exact_wording_keeps_what_it_answers_whole(text: str) -> None:
    decision = hears(text)
    assert isinstance(decision, Command) and decision.heard["stage"] == "exact"


def test_a_version_that_is_called_by_a_date_is_asked_about_by_it() -> None:
    dated = COMPANY.model_copy(update={"versions": {"churn": ("2026-11-02", "2026-11-09")}})
    found = read(Hearing("how long has churn 2026-11-02 been live", dated), None)
    assert found is not None
    assert (found.inputs["model"], found.inputs["versions"]) == ("churn", ["2026-11-02"])


def test_a_name_that_no_question_can_hold_is_left_to_others() -> None:
    long = "1." * 40 + "0"
    company = COMPANY.model_copy(update={"versions": {"churn": (long,)}})
    assert read(Hearing(f"how long has churn {long} been live", company), None) is None


def test_an_old_thread_is_forgotten() -> None:
    old = Memory(at=NOW - timedelta(hours=1), run=5)
    decision = hears("who approved it", old)
    assert not isinstance(decision, Command) or decision.inputs.get("run") != 5


def test_every_line_of_the_grammar_is_about_something_that_is_there() -> None:
    assert len(lexicon().tags) > 400
    for rule in rules():
        subject, _, aggregate = rule.asks.partition(" ")
        assert not aggregate or (subject in SUBJECTS and aggregate in AGGREGATES), rule.asks
