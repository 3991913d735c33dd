"""Which run may order a build, where several want one: each version is made once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from bizaiops_bot.domain.cards import StepLine
from bizaiops_bot.domain.errors import Conflict
from bizaiops_bot.domain.records import RunRecord
from bizaiops_bot.playbook import Playbook
from playbooks.deploy_model import deploy_model
from playbooks.retrain_model import retrain_model
from tests.support.fake_company import START, Company, version
from tests.support.run_double import RunDouble, plan_of, play

ME = 7


async def run_of(
    number: int, made: Playbook = deploy_model, *, approved: datetime | None = None, at: str = "", **inputs: Any
) -> RunRecord:
    """A run under way. approved: when everybody had agreed; at: the step that it has come to."""
    asked = {"model": "churn", **inputs}
    plan = await plan_of(made, Company(labelled=2_000), **asked)
    names = [step.name for step in plan.steps if step.kind != "undo"]
    come = names.index(at) if at else -1
    steps = []
    for i, name in enumerate(names):
        passed = i <= come or (approved is not None and name == "approval 1")
        ended = approved if name == "approval 1" else START if passed else None
        steps.append(StepLine(name=name, status="done" if passed else "planned", ended=ended))
    return RunRecord(
        id=number,
        playbook=made.name,
        inputs=asked,
        actor="sre",
        conversation="ml-ops",
        thread="t",
        status="running" if approved else "waiting",
        summary="",
        error="",
        plan=plan,
        steps=tuple(steps),
        decisions=(),
        created=START - timedelta(hours=1),
        ended=None,
    )


async def deploys(world: Company) -> RunDouble:
    run = RunDouble(world)
    await play(deploy_model, run, model="churn", version="v2")
    return run


BUILDS = "Run 5 .Deploy churn v2 in staging. builds churn v2 already.*Say `show run 5` and ask again.*or `cancel 5`"


async def test_a_version_that_another_run_builds_is_not_even_planned() -> None:
    world = Company(runs=[await run_of(5, version="v2", environment="staging", approved=START, at="order build")])

    with pytest.raises(Conflict, match=BUILDS):
        await plan_of(deploy_model, world, model="churn", version="v2")


async def test_of_two_runs_that_wait_for_people_both_are_planned() -> None:
    world = Company(runs=[await run_of(5, version="v2", environment="staging")])

    plan = await plan_of(deploy_model, world, model="churn", version="v2")

    assert any(step.name == "order build" for step in plan.steps)


@pytest.mark.parametrize(
    ("mine", "theirs", "at", "told"),
    [
        (0, -1, "approval 1", True),
        (0, -1, "order build", True),
        (0, 1, "order build", True),
        (0, 1, "approval 1", False),
        (0, 0, "approval 1", True),
        (0, None, "", False),
    ],
    ids=["approved before", "ordered before", "ordered at once", "approved after", "older", "not approved"],
)
async def test_who_was_approved_first_builds(mine: int, theirs: int | None, at: str, told: bool) -> None:
    world = Company()
    when = None if theirs is None else START + timedelta(seconds=theirs)
    world.runs = [
        await run_of(5, version="v2", environment="staging", approved=when, at=at),
        await run_of(ME, version="v2", approved=START + timedelta(seconds=mine), at="approval 1"),
    ]
    run = RunDouble(world)
    later = world.runs
    world.runs, run.meanwhile = [], lambda: setattr(world, "runs", later)  # the other one came meanwhile

    if told:
        with pytest.raises(Conflict, match=BUILDS):
            await play(deploy_model, run, model="churn", version="v2")
        assert world.orders == [] and world.weights == {"v1": 100}
    else:
        await play(deploy_model, run, model="churn", version="v2")
        assert len(world.orders) == 1


async def test_two_runs_that_see_each_other_are_not_both_sent_away_and_not_both_let_on() -> None:
    one = await run_of(5, version="v2", environment="staging", approved=START, at="approval 1")
    other = await run_of(ME, version="v2", approved=START, at="approval 1")
    ordered = 0
    for number in (one.id, other.id):
        run = RunDouble(Company(runs=[one, other]))
        run.id = number
        try:
            await play(deploy_model, run, model="churn", version="v2")
        except Conflict:
            continue
        ordered += len(run.world.orders)

    assert ordered == 1


@pytest.mark.parametrize("inputs", [{"version": "v3"}, {"version": "v2", "model": "demand"}])
async def test_builds_of_another_version_or_model_are_no_reason_to_wait(inputs: dict[str, str]) -> None:
    world = Company(runs=[await run_of(5, **inputs, approved=START - timedelta(hours=1), at="order build")])

    assert len((await deploys(world)).world.orders) == 1


async def test_a_version_that_was_registered_while_people_thought_is_not_built_again() -> None:
    world = Company()
    run = RunDouble(world, meanwhile=lambda: world.registered.update(v2=version("v2")))

    with pytest.raises(Conflict, match=r"churn v2 is registered by now\. .* Ask again\."):
        await play(deploy_model, run, model="churn", version="v2")

    assert world.orders == [] and world.weights == {"v1": 100}


async def test_a_name_that_another_training_is_about_to_take_is_not_put_to_people() -> None:
    world = Company(labelled=2_000)
    world.runs = [await run_of(5, retrain_model, environment="staging", approved=START, at="collect labelled rows")]

    with pytest.raises(Conflict, match=r"Run 5 .Retrain churn in staging. builds churn v4 already"):
        await plan_of(retrain_model, world, model="churn")


async def test_what_only_the_registry_names_is_built_by_as_many_as_want_it() -> None:
    world = Company(labelled=2_000, registry_names=True, pipeline_registers="8")
    world.runs = [await run_of(5, retrain_model, environment="staging", approved=START, at="order build")]

    await play(retrain_model, RunDouble(world), model="churn")

    assert len(world.orders) == 1
