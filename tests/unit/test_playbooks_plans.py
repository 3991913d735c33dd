"""The engine's own planner makes a plan of every change, and a run then comes to exactly the planned steps."""

from __future__ import annotations

from typing import Any

import pytest

from bizaiops_bot.engine.execution.planner import make_plan
from bizaiops_bot.playbook import Playbook
from playbooks.deploy_model import deploy_model
from playbooks.pause_model import pause_model
from playbooks.resume_model import resume_model
from playbooks.retrain_model import retrain_model
from playbooks.roll_back_model import roll_back_model
from playbooks.scale_model import scale_model
from tests.support.fake_company import Company, release, version
from tests.support.run_double import ENGINEER, RunDouble, play


def released_twice(*, paused: bool = False) -> Company:
    world = Company(weights={"v2": 100}, stable="v2", labelled=2_000, paused=paused)
    world.registered["v2"] = version("v2", auc=0.85, aliases=("champion",))
    world.releases.append(release("v2", "v1", "deploy"))
    return world


CHANGES: list[tuple[Playbook, dict[str, Any], bool]] = [
    (deploy_model, {"version": "v1", "canary": 5}, False),
    (roll_back_model, {}, False),
    (retrain_model, {"reason": "drift"}, False),
    (pause_model, {}, False),
    (resume_model, {}, True),
    (scale_model, {"replicas": 5}, False),
]


@pytest.mark.parametrize(("playbook", "asked", "paused"), CHANGES, ids=[p.name for p, _, _ in CHANGES])
async def test_a_change_does_what_the_engine_planned_and_nothing_else(
    playbook: Playbook, asked: dict[str, Any], paused: bool
) -> None:
    world = released_twice(paused=paused)
    run = RunDouble(world)
    inputs = playbook.inputs.model_validate({"model": "churn", **asked})
    plan = await make_plan(playbook, inputs, ENGINEER, "general", run, "UTC")
    again = await make_plan(playbook, inputs, ENGINEER, "general", run, "UTC")
    assert plan.hash == again.hash
    assert plan.changes
    assert len(plan.gates) == 1
    card = await play(playbook, run, **inputs.model_dump())
    assert run.done == [step.name for step in plan.steps if step.kind != "undo"]
    assert card.run_id == run.id
    assert card.summary
