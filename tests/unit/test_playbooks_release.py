"""Deploying, retraining and rolling back, told on a small fake company."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bizaiops_bot.domain.cards import Table
from bizaiops_bot.domain.errors import BadInput, Conflict, NotFound, Permanent, Refused, Temporary
from bizaiops_bot.domain.histogram import Histogram
from bizaiops_bot.domain.models import LabelSpec, ModelSpec
from bizaiops_bot.domain.monitoring import ArmSample, Check, Outcome, Verdict
from bizaiops_bot.domain.records import Alert
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.embedded.life.minutes import LATENCY_EDGES_MS
from bizaiops_bot.playbook import Regression
from playbooks.deploy_model import deploy_model
from playbooks.retrain_model import retrain_model
from playbooks.roll_back_model import roll_back_model
from tests.support.fake_company import NOTHING, START, Company, release, version
from tests.support.run_double import RunDouble, plan_of, play

NEW_VERSION = ["approval 1", "order build", "build", "register"]
ROLL_OUT = ["shift traffic", "judge v2", "promote", "set alias previous", "set alias champion", "note the release"]
CHECK = Check(
    name="error rate",
    outcome=Outcome.FAILED,
    stable="0.5%",
    canary="6.1%",
    limit="1.5%",
    reason="error rate 6.1% against 0.5%",
)


def verdict(outcome: Outcome, reason: str) -> Verdict:
    return Verdict(outcome=outcome, reason=reason, checks=(CHECK,), stable_requests=9_000, canary_requests=1_000)


def arm(name: str, *, errors: int = 10, slow: int = 0, requests: int = 2_000, value: float = 5.0) -> ArmSample:
    """Most answers within 20 to 25 ms, `slow` of them at 500 to 750 ms; scores as they were on held-out rows."""
    counts = [0] * (len(LATENCY_EDGES_MS) + 1)
    counts[4], counts[18] = requests - slow, slow
    return ArmSample(
        version=name,
        requests=requests,
        errors=errors,
        latency=Histogram(edges_ms=LATENCY_EDGES_MS, counts=tuple(counts)),
        score_counts=(requests // 10,) * 10,
        expected_score_shares=(0.1,) * 10,
        value_n=requests // 2,
        value_sum=value * (requests // 2),
        value_sumsq=(value**2 + 1) * (requests // 2),
        value_name="net value",
        value_unit="EUR",
    )


def with_v2() -> Company:
    world = Company()
    world.registered["v2"] = version("v2", auc=0.85)
    return world


async def test_a_new_version_is_built_tested_shifted_judged_and_promoted() -> None:
    world = Company()
    run = RunDouble(world)
    card = await play(deploy_model, run, model="churn", version="v2", canary=10)
    assert run.done == [*NEW_VERSION, *ROLL_OUT]
    assert world.weights == {"v2": 100}
    assert world.registered["v2"].aliases == ("champion",)
    assert world.registered["v1"].aliases == ("previous",)
    assert (world.releases[-1].version, world.releases[-1].previous, world.releases[-1].run) == ("v2", "v1", 7)
    assert card.tone == "success"
    assert "churn v2 now gets all traffic; before it was v1" in card.summary


async def test_the_plan_says_what_changes_from_what_to_what_and_changes_nothing_itself() -> None:
    world = Company()
    plan = await plan_of(deploy_model, world, model="churn", version="v2", canary=10)
    lines = [(line.what, line.before, line.after) for line in plan.changes]
    assert ("traffic of churn", "v1 100%", "v1 90%, v2 10%") in lines
    assert ("traffic of churn", "v1 90%, v2 10%", "v2 100%") in lines
    assert ("registry of churn", "v1", "v1, v2") in lines
    assert ("alias champion of churn", "v1", "v2") in lines
    assert world.weights == {"v1": 100}
    assert list(world.registered) == ["v1"]
    assert plan.gates[0].question.startswith("Build v2 and test it against v1, then send 10% of churn to v2")


async def test_the_same_world_gives_the_same_plan_hash() -> None:
    one = await plan_of(deploy_model, Company(), model="churn", version="v2", canary=10)
    two = await plan_of(deploy_model, Company(), model="churn", version="v2", canary=10)
    assert one.hash == two.hash
    assert one.hash != (await plan_of(deploy_model, Company(), model="churn", version="v2", canary=20)).hash


async def test_a_registered_version_is_not_built_again_and_its_numbers_stand_in_the_question() -> None:
    plan = await plan_of(deploy_model, with_v2(), model="churn", version="v2", canary=25)
    names = [step.name for step in plan.steps if step.kind in {"step", "judge"}]
    assert names == ROLL_OUT
    assert "v2: auc 0.85; v1: auc 0.83" in plan.gates[0].question
    assert "v1 keeps 75%" in plan.gates[0].question


async def test_a_bad_version_stops_at_the_quality_gate_before_any_traffic_moves() -> None:
    world = Company()
    run = RunDouble(world)
    with pytest.raises(Regression, match=r"auc 0\.710 against a limit of 0\.820, on 2,000 held-out rows"):
        await play(deploy_model, run, model="churn", version="v3")
    assert "shift traffic" not in run.done
    assert "v3" not in world.registered
    assert world.weights == {"v1": 100}


async def test_a_failed_canary_gives_all_traffic_back_and_says_why_with_numbers() -> None:
    world = with_v2()
    run = RunDouble(world, verdict=verdict(Outcome.FAILED, "error rate 6.1% against 0.5%, limit 1.5%."))
    with pytest.raises(Regression, match=r"failed as a canary.*6\.1% against 0\.5%.*v1 gets all traffic again"):
        await play(deploy_model, run, model="churn", version="v2")
    assert run.done[-1] == "restore traffic: churn v1 100%"
    assert world.weights == {"v1": 100}
    assert [r.version for r in world.releases] == ["v1"]


async def test_a_canary_that_cannot_be_judged_is_not_promoted() -> None:
    world = with_v2()
    run = RunDouble(world, verdict=verdict(Outcome.INCONCLUSIVE, "12 of 200 requests needed."))
    with pytest.raises(Regression, match=r"nothing is known against it\. 12 of 200 requests needed"):
        await play(deploy_model, run, model="churn", version="v2")
    assert world.weights == {"v1": 100}


async def test_who_rolled_an_undecided_canary_back_is_told_as_they_wrote_it() -> None:
    undecided = verdict(Outcome.INCONCLUSIVE, "not enough evidence.")
    undecided = undecided.model_copy(update={"decided": "rolled back: rejected by Anna (Black Friday)"})
    with pytest.raises(
        Regression, match=r"Not enough evidence\. Rolled back: rejected by Anna \(Black Friday\)\. v1"
    ) as seen:
        await play(deploy_model, RunDouble(with_v2(), verdict=undecided), model="churn", version="v2")
    assert seen.value.card is not None
    assert seen.value.card.tone == "muted"


async def test_a_success_says_in_its_first_line_what_was_ruled_out_and_what_was_not_tested() -> None:
    checks = [
        Check(name=name, outcome=outcome, stable="", canary="", limit="", reason="numbers", must=must)
        for name, outcome, must in (
            ("error rate", Outcome.SUCCESSFUL, True),
            ("latency p95", Outcome.SUCCESSFUL, True),
            ("net revenue", Outcome.INCONCLUSIVE, False),
        )
    ]
    seen = verdict(Outcome.SUCCESSFUL, "numbers").model_copy(update={"checks": tuple(checks), "canary_requests": 1_080})
    card = await play(deploy_model, RunDouble(with_v2(), verdict=seen), model="churn", version="v2")
    assert card.summary == (
        "churn v2 now gets all traffic; before it was v1. 1,080 requests rule out harm beyond the limits in error rate and "
        "latency p95. Not judged: net revenue."
    )


async def test_what_a_canary_can_show_counts_the_models_traffic_though_its_stable_version_is_new() -> None:
    world = with_v2()
    fresh = arm("v1", requests=1_200).model_copy(update={"by_minute": ((12, 0),) * 30 + ((420, 5),) * 2})
    old = arm("v0", requests=20_400).model_copy(update={"by_minute": ((352, 0),) * 58})
    world.arms, world.idle = [old, fresh], ("v0",)
    plan = await plan_of(deploy_model, world, model="churn", version="v2", canary=10)
    assert plan.gates[0].foresight.startswith("10% for 30 min is about 1,100 requests: ")


async def test_weights_that_are_not_as_asked_are_a_conflict_and_undone() -> None:
    world = with_v2()
    world.ignores_weights = True
    run = RunDouble(world)
    with pytest.raises(Conflict, match="Asked: v1 90%, v2 10%; reported: v1 100%"):
        await play(deploy_model, run, model="churn", version="v2")
    assert run.done[-1] == "restore traffic: churn v1 100%"


async def test_a_rejected_plan_changes_nothing() -> None:
    world = Company()
    run = RunDouble(world, approved=False)
    with pytest.raises(Refused):
        await play(deploy_model, run, model="churn", version="v2")
    assert run.done == ["approval 1"]
    assert list(world.registered) == ["v1"]


async def test_an_approval_is_void_when_the_traffic_changed_while_it_was_waited_for() -> None:
    world = with_v2()

    def other_release() -> None:
        world.weights, world.stable = {"v2": 100}, "v2"

    run = RunDouble(world, meanwhile=other_release)
    with pytest.raises(Conflict, match=r"began with v1 100%, 2 replicas, but it has changed since: now it is v2 100%"):
        await play(deploy_model, run, model="churn", version="v3")
    assert run.done == ["approval 1"]


async def test_a_freeze_stops_a_release_also_when_it_came_while_waiting_for_approval() -> None:
    world = with_v2()
    run = RunDouble(world, meanwhile=lambda: setattr(world, "frozen", "frozen by lead"))
    with pytest.raises(Refused, match="frozen by lead"):
        await play(deploy_model, run, model="churn", version="v2")
    assert world.weights == {"v1": 100}


@pytest.mark.parametrize(
    ("asked", "error", "told"),
    [
        ({"model": "chrun", "version": "v2"}, NotFound, "Did you mean churn"),
        ({"model": "churn", "version": "v9"}, NotFound, "There is no churn version 'v9'"),
        ({"model": "churn", "version": "v1"}, BadInput, "churn v1 already serves 100% of the traffic"),
    ],
)
async def test_what_cannot_be_deployed_is_told_before_anyone_is_asked(
    asked: dict[str, str], error: type[Exception], told: str
) -> None:
    run = RunDouble(Company())
    with pytest.raises(error, match=told):
        await play(deploy_model, run, **asked)
    assert run.done == []


async def test_a_second_canary_and_a_paused_model_are_refused() -> None:
    world = with_v2()
    world.weights = {"v1": 90, "v2": 10}
    with pytest.raises(BadInput, match="A canary of churn is already out: v1 90%, v2 10%"):
        await play(deploy_model, RunDouble(world), model="churn", version="v3")
    world.weights, world.paused = {"v1": 100}, True
    with pytest.raises(BadInput, match="churn is paused"):
        await play(deploy_model, RunDouble(world), model="churn", version="v2")


async def test_everything_at_once_is_held_against_the_hour_before() -> None:
    world = with_v2()
    world.arms = [arm("v1"), arm("v2", errors=11)]
    run = RunDouble(world)
    card = await play(deploy_model, run, model="churn", version="v2", canary=100)
    assert "judge v2" in run.done
    assert world.now - START == timedelta(minutes=30)
    assert world.weights == {"v2": 100}
    table = next(b for b in card.blocks if isinstance(b, Table))
    assert len(table.rows) == 4
    assert {row[4] for row in table.rows} == {"✓ ok"}


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ([arm("v1"), arm("v2", errors=180)], "failed as a canary.*Error rate"),
        ([arm("v1"), arm("v2", slow=400)], "failed as a canary.*p95"),
        ([arm("v1"), arm("v2", value=3.0)], "failed as a canary.*Net value"),
        ([arm("v1"), arm("v2", requests=20, errors=0)], "nothing is known against it.*20"),
        (NOTHING, "nothing is known against it"),
    ],
)
async def test_everything_at_once_goes_back_when_it_is_worse_or_unknown(
    after: list[ArmSample] | NoData, told: str
) -> None:
    world = with_v2()
    world.arms = after
    with pytest.raises(Regression, match=told):
        await play(deploy_model, RunDouble(world), model="churn", version="v2", canary=100)
    assert world.weights == {"v1": 100}


async def test_a_rollback_goes_to_the_release_before_and_never_forward_again() -> None:
    world = with_v2()
    await play(deploy_model, RunDouble(world), model="churn", version="v2")
    card = await play(roll_back_model, RunDouble(world), model="churn")
    assert world.weights == {"v1": 100}
    assert (world.releases[-1].kind, world.releases[-1].version) == ("rollback", "v1")
    assert card.title == "churn is rolled back to v1"
    with pytest.raises(BadInput, match="There is no release before churn v1"):
        await play(roll_back_model, RunDouble(world), model="churn")


async def test_a_rollback_while_a_canary_is_out_ends_the_canary_and_is_no_release() -> None:
    world = with_v2()
    world.weights = {"v1": 90, "v2": 10}
    await play(roll_back_model, RunDouble(world), model="churn")
    assert world.weights == {"v1": 100}
    assert [r.kind for r in world.releases] == ["initial"]


async def test_a_rollback_to_an_unknown_version_names_those_there_are() -> None:
    with pytest.raises(NotFound, match="There is no released churn version 'v9'"):
        await play(roll_back_model, RunDouble(with_v2()), model="churn", version="v9")


async def test_a_rollback_is_possible_during_a_freeze() -> None:
    world = with_v2()
    world.weights, world.stable, world.frozen = {"v2": 100}, "v2", "frozen by lead"
    world.releases.append(release("v2", "v1", "deploy"))
    await play(roll_back_model, RunDouble(world), model="churn")
    assert world.weights == {"v1": 100}


async def test_retraining_waits_for_labels_then_releases_the_next_number() -> None:
    world = Company(labelled=312, labelled_per_minute=700)
    onset = START - timedelta(hours=2)
    world.alerts.append(
        Alert(
            id=1,
            model="churn",
            kind="drift_detected",
            title="drift in tenure",
            detail={},
            onset=onset,
            detected=START,
            closed=None,
            run=None,
        )
    )
    run = RunDouble(world)
    card = await play(retrain_model, run, model="churn", reason="drift in tenure")
    assert run.details[:3] == [
        "312 of 1,500 labelled rows",
        "1,012 of 1,500 labelled rows",
        "1,712 of 1,500 labelled rows",
    ]
    assert world.weights == {"v4": 100}
    assert world.releases[-1].kind == "retrain"
    assert "labelled rows since 20 Nov 10:00 UTC" in run.gates[0].question
    assert run.gates[0].question.endswith("Reason: drift in tenure")
    assert card.title == "churn v4 is retrained and released"


async def test_where_nobody_keeps_labels_a_retraining_says_so_instead_of_waiting_for_a_day() -> None:
    world = Company(labelled=None)
    with pytest.raises(Permanent, match="Labelled rows cannot be counted"):
        await play(retrain_model, RunDouble(world), model="churn")
    assert (world.now, world.weights) == (START, {"v1": 100})


async def test_without_a_drift_alert_retraining_learns_from_the_last_thirty_days() -> None:
    plan = await plan_of(retrain_model, Company(), model="churn")
    step = next(s for s in plan.steps if s.name == "order build")
    assert step.args == ("churn v4, on rows since 2026-10-21 00:00:00 UTC, against v1",)


async def test_a_run_does_exactly_the_steps_of_its_plan_in_the_same_order() -> None:
    for canary, playbook in ((10, deploy_model), (100, deploy_model)):
        world = with_v2()
        world.arms = [arm("v1"), arm("v2")]
        plan = await plan_of(playbook, world, model="churn", version="v2", canary=canary)
        run = RunDouble(world)
        await play(playbook, run, model="churn", version="v2", canary=canary)
        assert [s.name for s in plan.steps if s.kind != "undo"] == run.done


def _serving(**weights: int) -> Company:
    """v2 is stable after v1; v1 to v3 are registered."""
    world = with_v2()
    world.weights, world.stable = weights, "v2"
    world.releases.append(release("v2", "v1", "deploy"))
    return world


async def test_the_blamed_version_loses_its_traffic_to_the_one_before() -> None:
    world = _serving(v2=100)
    await play(roll_back_model, RunDouble(world), model="churn", blamed="v2")
    assert world.weights == {"v1": 100}


async def test_a_version_that_does_not_serve_cannot_be_left() -> None:
    world = _serving(v2=100)
    with pytest.raises(BadInput, match="churn v1 gets no traffic, so there is nothing to take from it"):
        await play(roll_back_model, RunDouble(world), model="churn", blamed="v1")
    assert world.weights == {"v2": 100}


async def test_a_rollback_never_ends_at_the_version_that_is_blamed() -> None:
    # given the stable version is blamed while a canary is out, which a rollback would give all traffic back to
    world = with_v2()
    world.weights = {"v1": 90, "v2": 10}
    with pytest.raises(BadInput, match="churn v1 would be rolled back to itself"):
        await play(roll_back_model, RunDouble(world), model="churn", blamed="v1")
    with pytest.raises(BadInput, match="churn v1 would be rolled back to itself"):
        await play(roll_back_model, RunDouble(world), model="churn", version="v1", blamed="v1")
    assert world.weights == {"v1": 90, "v2": 10}


async def test_a_canary_is_no_version_to_go_back_to() -> None:
    world = with_v2()
    world.weights = {"v1": 90, "v2": 10}
    with pytest.raises(BadInput, match="churn v2 is the canary, so going back does not lead to it"):
        await play(roll_back_model, RunDouble(world), model="churn", version="v2")
    assert world.weights == {"v1": 90, "v2": 10}


async def test_serving_is_told_what_the_registry_has_to_load() -> None:
    built, known, back = Company(), with_v2(), with_v2()
    await play(deploy_model, RunDouble(built), model="churn", version="v2")
    await play(deploy_model, RunDouble(known), model="churn", version="v2")
    back.weights, back.stable = {"v2": 100}, "v2"
    await play(roll_back_model, RunDouble(back), model="churn", version="v1")
    assert str(built.loaded["v2"]) == str(known.loaded["v2"]) == "s3://models/churn/v2"
    assert str(back.loaded["v1"]) == "s3://models/churn/v1"


async def test_a_timer_that_cannot_be_set_takes_no_release_back(monkeypatch: pytest.MonkeyPatch) -> None:
    world = with_v2()
    run = RunDouble(world)
    (churn, demand) = await run.models.specs()
    late = churn.model_copy(update={"labels": LabelSpec(delay="30d")})

    async def specs() -> list[ModelSpec]:
        return [late, demand]

    async def fails(*_args: object, **_more: object) -> None:
        raise Temporary("The timer was not set.", after_s=1)

    monkeypatch.setattr(run.models, "specs", specs)
    monkeypatch.setattr(run.controls, "look_at_effect", fails)
    with pytest.raises(Temporary):
        await play(deploy_model, run, model="churn", version="v2", canary=10)
    assert world.weights == {"v2": 100}
    assert world.registered["v2"].aliases == ("champion",)
