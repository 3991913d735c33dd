"""Whatever is under way, what makes a model safe goes first: every pair of (what is under way) x (what comes)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bizaiops_bot.domain.people import Actor
from bizaiops_bot.engine.approvals import first
from bizaiops_bot.engine.orders.order import Order, Place
from bizaiops_bot.engine.orders.orders import Orders
from bizaiops_bot.engine.policy.budgets import Budget, Limits
from bizaiops_bot.engine.watch.alerts import Watch
from tests.support.scene import Scene
from tests.support.talk import Shown, Talk

WAITING = {
    "a deploy waits": Scene.deploy_waits,
    "a retraining waits": Scene.retraining_waits,
    "a scaling waits": Scene.scaling_waits,
    "a rollback waits": Scene.rollback_waits,
    "a pause waits": Scene.pause_waits,
    "a resume waits": Scene.resume_waits,
}
NO_TRAFFIC_MOVED = {
    "a build runs": Scene.build_runs,
    "a scaling runs": Scene.scaling_runs,
}
AT_WORK = {
    **NO_TRAFFIC_MOVED,
    "a canary is judged": Scene.canary_is_judged,
    "an undo runs": Scene.undo_runs,
    "an undo failed": Scene.undo_failed,
}
UNDER_WAY = WAITING | AT_WORK
Ask = Callable[[Scene, int], Awaitable[Shown]]


async def _rolls_back(scene: Scene, _number: int) -> Shown:
    return await scene.talk.says("roll back churn", by="sre")


async def _rolls_back_by_version(scene: Scene, _number: int) -> Shown:
    return await scene.talk.says("roll back churn to v1 NOW", by="sre")


async def _pauses(scene: Scene, _number: int) -> Shown:
    return await scene.talk.says("pause churn", by="sre")


async def _cancels(scene: Scene, number: int) -> Shown:
    return await scene.talk.says(f"cancel run {number}", by="sre")


ROLLBACKS = {"roll back": _rolls_back, "roll back to v1": _rolls_back_by_version}


@pytest.fixture
async def scene(after_release: Talk, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr(first, "PATIENCE_S", 0.3)
    return Scene(after_release)


async def _over(scene: Scene, old: Shown) -> Shown:
    """The old run's card once the run is over: it says what took its place, and has no button left."""
    record = await scene.talk.finished(old.run, minutes=3)
    assert record.status in ("cancelled", "failed"), record.error
    card = await old.now()
    assert not {"Approve", "Reject", "Cancel", "Try again", "Leave it"} & set(card.buttons())
    if "Approve" in old.buttons():
        late = await old.click("Approve", by="lead")
        assert not late.accepted
    assert scene.most_at_once <= 1
    return card


async def _approved(scene: Scene, plan: Shown) -> None:
    assert "Approve" in plan.buttons(), plan.words
    assert (await plan.click("Approve", by="lead")).accepted
    record = await scene.talk.finished(plan.run, minutes=3)
    assert record.status == "succeeded", record.error
    assert scene.most_at_once <= 1


@pytest.mark.parametrize("comes", ROLLBACKS)
@pytest.mark.parametrize("under_way", WAITING)
async def test_a_rollback_takes_the_place_of_what_waits(scene: Scene, under_way: str, comes: str) -> None:
    # given something that only waits
    old = await WAITING[under_way](scene)
    # when the model has to go back
    plan = await ROLLBACKS[comes](scene, old.run)
    if (
        plan.posted.id == f"c-{plan.posted.reply_to}"
    ):  # the very same rollback waits already: it is offered to be approved
        assert under_way == "a rollback waits" or plan.card.run_id == old.run
        plan.shows(f"Run {old.run} asks for this already")
        assert (await plan.click(f"Approve run {old.run}", by="lead")).accepted
        assert (await scene.talk.finished(old.run)).status == "succeeded"
    else:
        # then the old run is over and says by what and by whom, and the new one does what was asked for
        card = await _over(scene, old)
        card.shows(f"Superseded by run {plan.run} (Roll back churn", "asked for by sre", "Nothing was begun")
        await _approved(scene, plan)
    assert await scene.talk.traffic("churn") == {"v1": 100}


@pytest.mark.parametrize("comes", ROLLBACKS)
@pytest.mark.parametrize("under_way", AT_WORK)
async def test_a_rollback_stops_what_is_at_work_and_its_undo_is_the_rollback(
    scene: Scene, under_way: str, comes: str
) -> None:
    # given a rollout at work
    old = await AT_WORK[under_way](scene)
    if under_way == "an undo failed":
        scene.let_go()  # the gateway answers again, and nobody has said so to the run
    # when the model has to go back, and the world answers again after a while
    answer = await _told_while_held(scene, ROLLBACKS[comes], old)
    # then the rollout is over and undone, and the answer says so; what has moved no traffic was not what is to go back
    (await _over(scene, old)).shows("Roll back churn", "asked for by sre")
    if comes == "roll back to v1" or under_way in NO_TRAFFIC_MOVED:
        await _approved(scene, answer)
        assert await scene.talk.traffic("churn") == {"v1": 100}
    else:
        answer.shows(f"Run {old.run} is stopped", "is undone", "v2 100%")
        assert await scene.talk.traffic("churn") == {"v2": 100}
        assert not await scene.talk.runs("waiting", "running")


async def _told_while_held(scene: Scene, ask: Ask, old: Shown) -> Shown:
    """The final answer; what is held up is let go once the person was told that it goes first in a moment."""
    asking = asyncio.ensure_future(ask(scene, old.run))

    await _until_told(scene, asking)
    scene.let_go()
    return await asking


async def _until_told(scene: Scene, asking: asyncio.Future[Shown] | None = None) -> None:
    """Until the person was told that it goes first in a moment, or has the answer."""
    for _ in range(2000):
        told = any("in a moment" in card.card.title for card in await scene.talk.cards())
        if told or (asking is not None and asking.done()):
            return
        await asyncio.sleep(0.005)
    raise AssertionError("nobody was told that it goes first")


@pytest.mark.parametrize("under_way", UNDER_WAY)
async def test_a_pause_goes_before_everything(scene: Scene, under_way: str) -> None:
    old = await UNDER_WAY[under_way](scene)
    plan = await _told_while_held(scene, _pauses, old)
    if under_way == "a pause waits":
        plan.shows(f"Run {old.run} asks for this already")
        assert (await plan.click(f"Approve run {old.run}", by="lead")).accepted
        assert (await scene.talk.finished(old.run)).status == "succeeded"
    elif under_way == "a resume waits":
        plan.shows("churn is paused already", f"run {old.run}", "resume")
        assert (await plan.click(f"Cancel run {old.run}", by="sre")).accepted
    else:
        (await _over(scene, old)).shows(f"Superseded by run {plan.run} (Pause churn, asked for by sre)")
        await _approved(scene, plan)
    assert (await scene.talk.state("churn")).paused


@pytest.mark.parametrize("under_way", UNDER_WAY)
async def test_a_cancel_ends_whatever_is_under_way(scene: Scene, under_way: str) -> None:
    old = await UNDER_WAY[under_way](scene)
    if under_way == "an undo failed":
        scene.let_go()
    answer = await _cancels(scene, old.run)
    untouched = under_way in WAITING or under_way == "a scaling runs"  # a build is ordered, and is to be stopped
    answer.shows("nothing was changed by it" if untouched else "being undone")
    scene.let_go()
    await _over(scene, old)
    assert await scene.talk.traffic("churn") in ({"v2": 100}, {})


# -- other ways to ask for it -----------------------------------------------------------------------


async def test_a_button_to_roll_back_goes_before_what_waits(scene: Scene) -> None:
    old = await scene.deploy_waits()
    assert (await (await scene.talk.card("run-1")).click("Roll back", by="sre")).accepted
    record = await scene.talk.finished(old.run, minutes=1)
    (new,) = await scene.talk.runs("waiting")
    assert record.status == "cancelled" and new.playbook == "roll_back_model"


@pytest.mark.parametrize(
    "words", ["stop sending traffic to churn right now!!!", "EMERGENCY stop churn", "turn off churn NOW"]
)
async def test_alarmed_words_go_before_what_waits(scene: Scene, words: str) -> None:
    old = await scene.deploy_waits()
    plan = await scene.talk.starts(words, by="sre")
    (await _over(scene, old)).shows(f"Superseded by run {plan.run} (Pause churn")


async def test_a_rule_rolls_back_alone_although_a_plan_waits(scene: Scene) -> None:
    # given the plan of another release that waits, within the hour of the last one
    old = await scene.talk.starts("deploy churn v1 as a 10% canary")
    # when the version that was just released becomes slow
    await scene.talk.inject("churn", "latency")
    await scene.talk.served("churn", {"v1": 100}, minutes=10)
    # then the rule has not waited for it, and the card says by what it was superseded
    (rollback, *_) = await scene.talk.runs("succeeded", "running")
    assert rollback.playbook == "roll_back_model" and rollback.actor.startswith("rule:")
    (await _over(scene, old)).shows(f"Superseded by run {rollback.id}", rollback.actor)


async def test_a_rule_that_may_only_propose_takes_no_safety_orders_place(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a policy that lets no rule act alone, and a pause that waits
    monkeypatch.setattr(Watch, "_alone", lambda *_about: None)
    old = await scene.pause_waits()
    # when the version that was just released becomes slow
    await scene.talk.inject("churn", "latency")
    await scene.talk.alert("churn", "latency_detected", minutes=10)
    # then the pause can still be approved
    assert [r.id for r in await scene.talk.runs("waiting")] == [old.run]
    await _approved(scene, await old.now())


async def test_a_rule_stops_a_canary_to_roll_back_the_release_before_it(scene: Scene) -> None:
    # given a canary that is judged, within the hour of the last release
    old = await scene.canary_is_judged()
    # when the stable version, the one just released, becomes slow
    core = scene.talk.bot.core
    order = Order(
        "roll_back_model",
        {"model": "churn", "version": "v1"},
        Actor(id="rule:latency_rolls_back", name="latency_rolls_back", kind="rule"),
        Place("ml-ops", ""),
        "alert-7-x",
        heard={},
    )
    orders = Orders(core)
    playbook, inputs = await orders.check(order)
    await orders.make_way(order, playbook, inputs)
    number = await orders.begin(order, await orders.plan(order, playbook, inputs), copies=[], unattended="by policy")
    # then the canary is undone first, and all traffic is on the version before
    assert (await scene.talk.finished(number, minutes=2)).status == "succeeded"
    assert await scene.talk.traffic("churn") == {"v1": 100}
    (await _over(scene, old)).shows(f"Superseded by run {number}")


# -- whatever else holds changes back ---------------------------------------------------------------


async def test_neither_a_freeze_nor_a_budget_holds_a_pause_back(scene: Scene) -> None:
    old = await scene.deploy_waits()
    await scene.talk.says("freeze deploys because of the sale", by="lead")
    core = scene.talk.bot.core
    core.budgets.limits = Limits(person=Budget(changes_per_hour=1))
    await scene.talk.says("scale demand to 3", by="sre")
    plan = await scene.talk.starts("pause churn", by="sre")
    await _over(scene, old)
    await _approved(scene, plan)


async def test_another_models_run_is_left_alone(scene: Scene) -> None:
    other = await scene.talk.starts("scale demand to 3")
    await scene.deploy_waits()
    await scene.talk.starts("roll back churn", by="sre")
    assert (await scene.talk.run(other.run)).status == "waiting"


async def test_two_people_who_ask_for_the_same_at_once_make_one_run(scene: Scene) -> None:
    await scene.deploy_waits()
    await asyncio.gather(scene.talk.says("roll back churn", by="sre"), scene.talk.says("roll back churn", by="lead"))
    (rollback,) = await scene.talk.runs("waiting")
    assert rollback.playbook == "roll_back_model"


async def test_the_same_words_twice_make_one_run(scene: Scene) -> None:
    plan = await scene.talk.starts("pause churn", by="sre")
    again = await scene.talk.says("pause churn", by="sre")
    again.shows(f"Run {plan.run} asks for this already", "lead")
    assert [r.id for r in await scene.talk.runs("waiting")] == [plan.run]


async def test_what_does_not_make_safe_still_waits_its_turn(scene: Scene) -> None:
    old = await scene.deploy_waits()
    (await scene.talk.says("scale churn to 4", by="sre")).shows(
        f"Run {old.run}", "One change of a model runs at a time"
    )
    assert (await scene.talk.run(old.run)).status == "waiting"


async def test_a_restart_between_stopping_and_acting_goes_on_with_both(scene: Scene) -> None:
    # given a canary whose undo hangs, and a rollback that waits for it
    old = await scene.undo_runs()
    await scene.talk.bot.desk.post("ml-ops", "sre", "pause churn")
    await _until_told(scene)
    # when the bot is stopped and started
    await scene.talk.restart()
    # then the undo is carried out, and the pause waits for its approval

    async def waits() -> bool:
        return bool(await scene.talk.runs("waiting"))

    await scene.talk.until(waits, minutes=2, what="the pause")
    (pause,) = await scene.talk.runs("waiting")
    assert pause.playbook == "pause_model" and pause.actor == "sre"
    (await old.now()).shows(f"Superseded by run {pause.id}")
    assert await scene.talk.traffic("churn") == {"v2": 100}


async def test_an_undo_that_fails_again_is_left_and_the_rollback_is_planned(scene: Scene) -> None:
    # given a run that is stuck: its undo failed, and would fail again
    old = await scene.undo_failed()
    # when somebody rolls back, it does not wait for an answer to that
    plan = await scene.talk.starts("roll back churn", by="sre")
    record = await scene.talk.finished(old.run, minutes=1)
    assert record.status == "failed" and "State unknown" in record.error
    # and once the gateway answers, the rollback is what puts things right
    scene.let_go()
    await _approved(scene, plan)
    assert await scene.talk.traffic("churn") == {"v2": 100}


@pytest.mark.parametrize("words", ["roll back churn", "churn v3 is bad, roll back"])
async def test_a_canary_that_a_rollback_has_stopped_is_remembered(scene: Scene, words: str) -> None:
    await scene.canary_is_judged()
    (await scene.talk.says(words, by="sre")).shows("is stopped", "is undone")
    # when somebody wants the version again
    plan = await scene.talk.starts("deploy churn v3")
    # then the plan begins with what became of it
    plan.shows("v3 was taken back by sre", "in run 2", "asked for by sre")
