"""A value that a person gave is kept while the request is open, however it is said again, or is asked for."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, cast

import pytest

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.records import RunRecord
from bizaiops_bot.domain.routing import Command, Question
from bizaiops_bot.domain.values import FreeText, ModelName, Percent, ReplicaCount, Version
from bizaiops_bot.engine.orders.order import Order, Place
from bizaiops_bot.playbook import Inputs, Run, playbook
from tests.support.router_company import Thread
from tests.support.small_engine import PEOPLE, START, SmallEngine
from tests.support.virtual_clock import VirtualClock


class Ask(Inputs):
    """A change with a slot of each kind that need not be said."""

    model: ModelName
    version: Version | None = None
    canary: Percent = 10
    replicas: ReplicaCount = 2
    since: str | None = None
    reason: FreeText | None = None


@playbook(title="Deploy", risk="change")
async def deploy_model(run: Run, ask: Ask) -> Card:
    await run.approve(f"Go with {ask.canary}%?")
    await run.step("change", cast(Any, run.serving).change, ask.canary)
    return Card(title="done")


class World:
    """Takes every change."""

    async def change(self, canary: int) -> int:
        return canary


@pytest.fixture
async def engine(tmp_path: Path) -> Any:
    made = SmallEngine(tmp_path / "data", [deploy_model], VirtualClock(START), serving=World())
    await made.start()
    yield made
    await made.stop()


GIVEN = {"canary": 20, "replicas": 5, "since": "2026-03-01", "reason": "the release of spring"}
OTHER = {"canary": 30, "replicas": 7, "since": "2026-02-01", "reason": "another one"}


async def says(engine: SmallEngine, key: str, by: int = 0, **inputs: Any) -> Card | int:
    order = Order("deploy_model", inputs, PEOPLE[by], Place("ml-ops", "t"), key, heard={})
    return await engine.orders.carry_out(order)


async def asked(engine: SmallEngine, **inputs: Any) -> RunRecord:
    number = await says(engine, "m-1", model="churn", version="v2", **inputs)
    assert isinstance(number, int)
    return await engine.run(number)


@pytest.mark.parametrize("slot", list(GIVEN))
async def test_a_plan_that_waits_keeps_what_is_left_unsaid_when_it_is_asked_for_again(
    engine: SmallEngine, slot: str
) -> None:
    before = await asked(engine, **{slot: GIVEN[slot]})
    answer = await says(engine, "m-2", model="churn", version="v2")
    assert isinstance(answer, Card) and str(GIVEN[slot]) in answer.text and "Nothing was changed" in answer.text
    after = await engine.run(before.id)
    assert (after.inputs, after.plan.hash, after.edition) == (before.inputs, before.plan.hash, 1)


@pytest.mark.parametrize(("kept", "said"), list(itertools.permutations(GIVEN, 2)))
async def test_a_corrected_value_leaves_the_others_as_they_were_said(engine: SmallEngine, kept: str, said: str) -> None:
    before = await asked(engine, **{kept: GIVEN[kept], said: GIVEN[said]})
    answer = await says(engine, "m-2", model="churn", version="v2", **{said: OTHER[said]})
    assert isinstance(answer, Card) and str(GIVEN[kept]) in answer.text and str(OTHER[said]) in answer.text
    after = await engine.run(before.id)
    assert after.inputs == {**before.inputs, said: OTHER[said]} and after.edition == 2


async def test_the_version_too_is_kept_when_only_the_model_is_said_again(engine: SmallEngine) -> None:
    before = await asked(engine, canary=20)
    await says(engine, "m-2", model="churn")
    assert (await engine.run(before.id)).inputs == before.inputs


async def test_approvals_of_a_plan_that_is_said_again_still_count(engine: SmallEngine) -> None:
    before = await asked(engine, canary=20)
    await says(engine, "m-2", model="churn", version="v2")
    await engine.controls.decide(before.id, "approved", actor="lead", plan_hash=before.plan.hash)
    assert (await engine.finished(before.id)).status == "succeeded"


async def test_policy_is_asked_about_the_whole_plan_and_not_only_about_what_is_said_last(
    engine: SmallEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asked(engine, canary=20)
    seen: list[dict[str, Any]] = []
    may = engine.core.policy.may

    def note(*args: Any, **asked_of: Any) -> Any:
        if "inputs" in asked_of:
            seen.append(asked_of["inputs"])
        return may(*args, **asked_of)

    monkeypatch.setattr(engine.core.policy, "may", note)
    await says(engine, "m-2", model="churn", version="v2", reason="spring")
    assert seen and all(inputs["canary"] == 20 and inputs["reason"] == "spring" for inputs in seen)


# -- a question that is still open -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "then", "playbook_name", "inputs"),
    [
        ("deploy churn at 20%", "deploy churn v2", "deploy_model", {"model": "churn", "version": "v2", "canary": 20}),
        (
            "deploy with a 20% canary",
            "deploy churn v2",
            "deploy_model",
            {"model": "churn", "version": "v2", "canary": 20},
        ),
        ("deploy v2 at 25%", "deploy churn v2", "deploy_model", {"model": "churn", "version": "v2", "canary": 25}),
        ("deploy v2 at 25%", "deploy churn", "deploy_model", {"model": "churn", "version": "v2", "canary": 25}),
        (
            "retrain on the last 30 days",
            "retrain churn",
            "retrain_model",
            {"model": "churn", "since": "2026-10-22T13:30:00Z"},
        ),
        ("roll back to v1", "roll back churn", "roll_back_model", {"model": "churn", "version": "v1"}),
    ],
)
def test_what_was_said_before_the_question_is_kept_when_the_request_is_said_anew(
    first: str, then: str, playbook_name: str, inputs: dict[str, Any]
) -> None:
    thread = Thread()
    assert isinstance(thread.says(first), Question)
    decision = thread.does(then)
    assert decision[0] == playbook_name and decision[1] == inputs


@pytest.mark.parametrize(
    ("first", "answer", "playbook_name", "inputs"),
    [
        (
            "retrain on the last 30 days",
            "churn",
            "retrain_model",
            {"model": "churn", "since": "2026-10-22T13:30:00Z"},
        ),
        ("compare v2 and v3", "churn", "compare_versions", {"model": "churn", "version_a": "v2", "version_b": "v3"}),
        ("deploy v2 at 25%", "churn", "deploy_model", {"model": "churn", "version": "v2", "canary": 25}),
    ],
)
def test_an_answer_to_which_model_loses_nothing_of_what_was_said_before(
    first: str, answer: str, playbook_name: str, inputs: dict[str, Any]
) -> None:
    thread = Thread()
    assert isinstance(thread.says(first), Question)
    decision = thread.says(answer)
    assert isinstance(decision, Command) and decision.playbook == playbook_name
    assert {name: decision.inputs.get(name) for name in inputs} == inputs


def test_a_later_value_wins_over_the_one_before() -> None:
    thread = Thread()
    thread.says("deploy churn at 20%")
    assert thread.does("deploy churn v2 at 40%") == ("deploy_model", {"model": "churn", "version": "v2", "canary": 40})


def test_another_model_is_another_wish_and_takes_nothing_over() -> None:
    thread = Thread()
    thread.says("deploy churn at 20%")
    assert thread.does("deploy demand v2") == ("deploy_model", {"model": "demand", "version": "v2"})


def test_a_question_that_was_declined_leaves_nothing_behind() -> None:
    thread = Thread()
    thread.says("deploy churn at 20%")
    thread.says("never mind")
    assert thread.does("deploy churn v2") == ("deploy_model", {"model": "churn", "version": "v2"})


def test_a_did_you_mean_that_held_a_value_keeps_it() -> None:
    thread = Thread()
    question = thread.says("could we maybe deploy churn v2 at 20%?")
    assert isinstance(question, Question) and "20" in question.choices[0].bind["inputs"]
    assert thread.does("deploy churn v2") == ("deploy_model", {"model": "churn", "version": "v2", "canary": 20})
