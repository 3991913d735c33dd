"""What stands between an order and a version in the registry, told on a small fake company: builds, gates, names."""

from __future__ import annotations

import pytest

from bizaiops_bot.domain.cards import Table
from bizaiops_bot.domain.errors import Conflict
from bizaiops_bot.domain.models import GateCheck
from bizaiops_bot.domain.monitoring import Outcome
from bizaiops_bot.domain.quality_gate import assess_gate
from bizaiops_bot.playbook import Regression
from playbooks.deploy_model import deploy_model
from playbooks.retrain_model import retrain_model
from tests.support.fake_company import Company
from tests.support.run_double import RunDouble, plan_of, play


async def deploys(world: Company, version: str = "v2") -> RunDouble:
    run = RunDouble(world)
    await play(deploy_model, run, model="churn", version=version)
    return run


async def test_the_plan_has_the_build_as_an_order_and_a_wait_that_a_cancel_ends() -> None:
    plan = await plan_of(deploy_model, Company(), model="churn", version="v2")

    words = [(step.name, step.kind, step.args) for step in plan.steps[1:5]]
    assert words == [
        ("stop build", "undo", ("churn v2, against v1",)),
        ("order build", "step", ("churn v2, against v1",)),
        ("build", "wait", ()),
        ("register", "step", ("churn", "v2")),
    ]
    assert ("build of churn v2", "none", "trained") in [(d.what, d.before, d.after) for d in plan.changes]


async def test_where_the_build_is_is_told_while_it_is_waited_for() -> None:
    world = Company(queue=1)

    run = await deploys(world)

    assert "queued, 1 before it · https://ci.example/1" in run.details
    assert any("passed on 2,000 held-out rows: auc 0.850" in words for words in run.details)


async def test_a_failed_build_is_told_with_its_stage_its_last_lines_and_where_more_is() -> None:
    world = Company(build_problem="out of memory")

    with pytest.raises(Regression, match=r"churn v2 was not built: failed at 'train': out of memory · https") as told:
        await deploys(world)

    card = told.value.card
    assert card is not None
    table = next(block for block in card.blocks if isinstance(block, Table))
    assert table.columns == ("Last lines of train",)
    assert table.rows == (("train: reading the rows",), ("train: out of memory",))
    assert list(world.registered) == ["v1"] and world.weights == {"v1": 100}


async def test_a_build_that_its_ci_has_forgotten_is_no_success() -> None:
    world = Company(forgets_builds=True)

    with pytest.raises(Regression, match="churn v2 was not built: it is not known any more"):
        await deploys(world)


async def test_what_a_pipeline_has_registered_by_itself_is_gated_by_its_numbers() -> None:
    good, bad = Company(pipeline_registers="v2"), Company(pipeline_registers="v3")

    run = await deploys(good)
    with pytest.raises(Regression, match=r"did not pass the quality gate against v1\. auc 0\.710 < 0\.820"):
        await deploys(bad, "v3")

    assert "v2 registered by the pipeline" in run.details
    assert good.weights == {"v2": 100} and bad.weights == {"v1": 100}
    assert [(t.kind, t.outcome) for t in bad.trials] == [("gate", Outcome.FAILED)]


async def test_numbers_that_cannot_be_compared_are_no_pass() -> None:
    world = Company(pipeline_registers="v2")
    world.registered["v1"] = world.registered["v1"].model_copy(update={"metrics": {}})

    with pytest.raises(
        Regression, match=r"Whether churn v2 is as good as v1 is not known\..*Say `deploy churn v2`"
    ) as no:
        await deploys(world)

    assert no.value.card is not None and no.value.card.tone == "muted"
    assert [(t.kind, t.outcome) for t in world.trials] == [("gate", Outcome.INCONCLUSIVE)]
    assert world.weights == {"v1": 100}


async def test_a_pipeline_that_names_it_otherwise_than_was_approved_ends_the_run() -> None:
    world = Company(pipeline_registers="v9")

    with pytest.raises(Conflict, match="churn v9 was registered, and v2 was approved"):
        await deploys(world)

    assert world.weights == {"v1": 100}


async def test_where_only_the_registry_names_what_is_trained_the_plan_says_so() -> None:
    world = Company(labelled=2_000, registry_names=True, pipeline_registers="8")

    plan = await plan_of(retrain_model, world, model="churn")
    run = RunDouble(world)
    card = await play(retrain_model, run, model="churn")

    assert plan.gates[0].question.startswith("Train a new version of churn, which the registry will name, on history")
    changes = [(line.what, line.after) for line in plan.changes]
    assert ("registry of churn", "v1, the version that the registry names") in changes
    assert any(step.name.startswith("judge <register") for step in plan.steps)
    assert card.title == "churn 8 is retrained and released" and world.weights == {"8": 100}


@pytest.mark.parametrize(
    ("metrics", "champion", "passed", "reasons"),
    [
        ({"auc": 0.85}, {"auc": 0.83}, True, ["auc 0.850 >= 0.820 (v1 0.830 - 0.010)"]),
        ({"auc": 0.80}, {"auc": 0.83}, False, ["auc 0.800 < 0.820 (v1 0.830 - 0.010)"]),
        ({"brier": 0.14}, {"brier": 0.12}, False, ["brier 0.140 > 0.130 (v1 0.120 + 0.010)"]),
        ({"rmse": 10.1}, {"rmse": 10.0}, True, ["rmse 10.100 <= 10.200 (v1 10.000 x 1.02)"]),
        ({"AUC": 0.85, "auc": float("nan")}, {"AUC": 0.83, "auc": 0.83}, False, []),
        ({"train_seconds": 9.0}, {"train_seconds": 7.0}, False, []),
        ({"auc": 0.9}, {}, False, []),
    ],
)
def test_a_gate_over_a_registrys_numbers_takes_those_that_both_have(
    metrics: dict[str, float], champion: dict[str, float], passed: bool, reasons: list[str]
) -> None:
    report = assess_gate("churn", "v2", "v1", metrics, champion)

    assert report.passed is passed
    checks: tuple[GateCheck, ...] = report.checks
    assert [check.reason for check in checks][: len(reasons)] == reasons
    assert bool(checks) == any(name.lower() in {"auc", "brier", "rmse"} and name in champion for name in metrics)
