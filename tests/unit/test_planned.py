"""A plan is what a run will do, word for word; what a run does otherwise is told, and the hash tells two plans apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from bizaiops_bot.domain.errors import BadInput, Conflict
from bizaiops_bot.domain.plan import GateSpec, Plan, PlanStep
from bizaiops_bot.engine.execution.planned import SHOWN, difference, plan_words, require_planned, same_words
from bizaiops_bot.playbook import BuildOrder, Card, DiffLine, Inputs, ModelName, Outputs, Run, TrafficState, playbook
from bizaiops_bot.testing import plan, ports
from tests.support.fake_bot import FakeRecords
from tests.support.fake_company import START, Company, FakePipelines, FakeRegistry, FakeServing
from tests.support.small_engine import SmallEngine
from tests.support.virtual_clock import VirtualClock


class Ask(Inputs):
    """A release."""

    model: ModelName = "churn"


class Released(Outputs):
    """What was released."""

    digest: str
    traffic: TrafficState


@playbook(title="Release", risk="change")
async def release(run: Run, ask: Ask) -> Released:
    service = await run.read(run.records.service, ask.model)
    traffic = await run.read(run.serving.traffic, service)
    if traffic.canary is not None:
        raise BadInput("There is a canary already.")
    await run.approve("Release it?", quorum=2, people=["kim"], escalate={"2h": "sre"}, undo="say `roll back churn`")
    build = await run.step("build", run.pipelines.start, BuildOrder(model=ask.model, version="v2"))
    before = await run.read(run.serving.snapshot, service)
    async with run.undo("go back", run.serving.restore, service, before):
        line = DiffLine(what="traffic", before=traffic.spoken(), after="v1 90%, v2 10%")
        await run.step("shift", run.serving.set_canary, service, "v2", 10, guard=traffic.generation, changes=[line])
        await run.judge(service, "v2", hold="5m")
        state = await run.step("promote", run.serving.promote, service, "v2", guard=traffic.generation)
    if run.patched("2026-11 tell the owner"):
        await run.notify(Card(title="released"), conversation="owners")
    return Released(card=Card(title="released"), digest=build.id, traffic=state)


def company(world: Company) -> dict[str, object]:
    return {
        "records": FakeRecords(world),
        "serving": FakeServing(world),
        "pipelines": FakePipelines(world),
        "registry": FakeRegistry(world),
    }


async def test_a_plan_reads_like_what_will_be_done() -> None:
    world = Company()
    made = await plan(release, {"model": "churn"}, ports=ports(**company(world)))
    where = "churn (churn-api) in demo"
    assert made.words().splitlines()[:-1] == [
        "release model=churn",
        " 1. approval 1: Release it?",
        "      2 must approve: with the role approver or kim, never who asked; within 24h; after 2h sre is told again",
        "      taken back afterwards: say `roll back churn`",
        " 2. build: churn v2",
        "    on failure or cancel (from 'shift' to 'promote'): go back",
        f" 3. shift: {where}, v2, 10",
        "      traffic: v1 100% -> v1 90%, v2 10%",
        " 4. judge v2: on live traffic for 5m; not enough evidence: 3 times as long, then a person decides within 4h, "
        "else it goes back",
        f" 5. promote: {where}, v2",
        " 6. post released: owners",
    ]
    assert made.words().splitlines()[-1] == f"plan {made.hash[:12]}"
    assert made.patches == ("2026-11 tell the owner",)


async def test_planning_changes_nothing() -> None:
    world = Company()
    await plan(release, {}, ports=ports(**company(world)))
    assert (world.weights, list(world.registered)) == ({"v1": 100}, ["v1"])


async def test_the_same_order_in_the_same_world_has_the_same_hash_and_another_world_another() -> None:
    world = Company()
    one, two = [await plan(release, {}, ports=ports(**company(world))) for _ in range(2)]
    assert (one.hash, one.canonical) == (two.hash, two.canonical)
    elsewhere = await plan(release, {}, ports=ports(**company(Company(weights={"v3": 100}, stable="v3"))))
    assert elsewhere.hash != one.hash


async def test_a_plan_raises_what_the_checks_of_the_playbook_raise() -> None:
    with pytest.raises(BadInput, match="canary already"):
        await plan(release, {}, ports=ports(**company(Company(weights={"v1": 90, "v2": 10}))))


async def test_a_port_that_a_test_forgot_is_named() -> None:
    with pytest.raises(AttributeError, match=r"the playbook uses run\.records\.service: give ports\(records=\.\.\.\)"):
        await plan(release, {}, ports=ports())
    with pytest.raises(TypeError, match=r"servng: no such port; known are clock, models"):
        ports(servng=FakeServing(Company()))


def test_a_stored_plan_has_the_hash_that_was_approved_in_an_older_version() -> None:
    # the text of a plan as version 0.1.0 made it: fields that came later are not in it while they are empty
    gate = '{"expires":"24h","name":"approval 1","question":"Go?","quorum":1,"role":"approver","undo":""}'
    step = '{"args":[],"call":"","changes":[],"detail":"Go?","kind":"gate","name":"approval 1"}'
    text = f'{{"gates":[{gate}],"inputs":{{"model":"churn"}},"playbook":"release","steps":[{step}]}}'
    stored = Plan.model_validate_json(text)
    assert stored.canonical == text
    assert stored.hash == "a78d1bcf5652ecbdb5fa9921639c08ac2e2d433e4aea4c3cf214cf22c90ccc86"
    assert Plan.model_validate_json(stored.canonical) == stored


def test_the_order_of_inputs_does_not_change_the_hash_and_every_part_of_a_plan_does() -> None:
    step = PlanStep(name="shift", kind="step", call="set_canary", args=("churn", "v2", "10"))
    gate = GateSpec(name="approval 1", question="Go?")
    base = Plan(playbook="release", inputs={"a": 1, "b": 2}, steps=(step,), gates=(gate,))
    assert base.model_copy(update={"inputs": {"b": 2, "a": 1}}).hash == base.hash
    line = DiffLine(what="traffic", before="a", after="b")
    others = [
        base.model_copy(update={"inputs": {"a": 1, "b": 3}}),
        base.model_copy(update={"playbook": "deploy"}),
        base.model_copy(update={"steps": (step, step)}),
        *(
            base.model_copy(update={"steps": (step.model_copy(update=change),)})
            for change in (
                {"name": "move"},
                {"kind": "undo"},
                {"call": "promote"},
                {"args": ("churn", "v2", "11")},
                {"changes": (line,)},
                {"detail": "d"},
            )
        ),
        *(
            base.model_copy(update={"gates": (gate.model_copy(update=change),)})
            for change in (
                {"question": "Go now?"},
                {"quorum": 2},
                {"role": "sre"},
                {"people": ("kim",)},
                {"expires": "1h"},
                {"escalate": (("2h", "sre"),)},
                {"undo": "say it"},
            )
        ),
        base.model_copy(update={"patches": ("p",)}),
    ]
    assert len({base.hash, *(other.hash for other in others)}) == len(others) + 1


def test_arguments_are_shown_short_and_two_that_begin_alike_are_still_two() -> None:
    words = plan_words(("churn", 10), {"share": 5, "run": 7})
    assert words == ("churn", "10", "share=5")
    long, other = plan_words(("a" * 500,), {}), plan_words(("a" * 499 + "b",), {})
    assert long != other
    assert all(len(word) <= SHOWN for word in long)


@pytest.mark.parametrize(
    ("planned", "now", "same"),
    [
        (("churn", "v2"), ("churn", "v2"), True),
        (("churn", "v2"), ("churn", "v3"), False),
        (("churn",), ("churn", "v2"), False),
        (("<build>",), ("Build(digest='abc')",), True),
        (("digest=<build.digest>",), ("digest=abc",), True),
        (("digest=<build.digest>",), ("size=abc",), False),
        (("from <a> to <b>",), ("from 1 to 2",), True),
        (("from <a> to <b>",), ("from 1 up to",), False),
        ((), (), True),
    ],
)
def test_what_a_plan_could_not_know_may_be_anything_and_the_rest_is_the_same(
    planned: tuple[str, ...], now: tuple[str, ...], same: bool
) -> None:
    assert same_words(planned, now) is same


SHIFT = PlanStep(
    name="shift",
    kind="step",
    call="set_canary",
    args=("churn", "v2", "10"),
    changes=(DiffLine(what="traffic", before="v1", after="v2"),),
)


@pytest.mark.parametrize(
    ("name", "kind", "call", "words", "said"),
    [
        ("shift", "step", "set_canary", ("churn", "v2", "10"), None),
        ("move", "step", "set_canary", ("churn", "v2", "10"), "has step 'shift' (churn, v2, 10) there"),
        ("shift", "step", "promote", ("churn", "v2", "10"), "has step 'shift' (churn, v2, 10) there"),
        ("shift", "undo", "set_canary", ("churn", "v2", "10"), "has step 'shift' (churn, v2, 10) there"),
        ("shift", "step", "set_canary", ("churn", "v2", "50"), "has step 'shift' (churn, v2, 10) there"),
    ],
)
def test_another_deed_than_the_planned_one_is_told(
    name: str, kind: str, call: str, words: tuple[str, ...], said: str | None
) -> None:
    found = difference(SHIFT, name, kind, call, words)
    assert found == (None if said is None else f"The approved plan {said}")


def test_other_changes_another_detail_and_a_step_too_many_are_told() -> None:
    same = ("shift", "step", "set_canary", ("churn", "v2", "10"))
    assert difference(SHIFT, *same, changes=SHIFT.changes) is None
    assert difference(SHIFT, *same, changes=()) == "The approved plan changes traffic: v1 -> v2, not nothing"
    assert difference(SHIFT, *same, detail="at once") == "The approved plan says '' there, not 'at once'"
    with pytest.raises(Conflict, match="has nothing more there, and only what was approved is done"):
        require_planned(None, 7, *same)


async def test_a_run_does_nothing_that_its_approved_plan_does_not_contain(tmp_path: Path) -> None:
    # given a playbook whose next step depends on something that the plan did not pin down
    share = {"percent": 10}

    @playbook(title="Shift", risk="change")
    async def deploy_model(run: Run, ask: Ask) -> Card:
        await run.approve("Go?")
        await run.step("shift", run.serving.set_canary, ask.model, "v2", share["percent"])
        return Card(title="done")

    world = Company()
    engine = SmallEngine(tmp_path / "data", [deploy_model], VirtualClock(START), serving=FakeServing(world))
    await engine.start()
    try:
        number = await engine.begin(model="churn")
        # when that changes before it is approved
        share["percent"] = 90
        await engine.controls.decide(number, "approved", actor="lead")
        record = await engine.finished(number)
        # then nothing is done, and the difference is told
        assert record.status == "failed"
        assert "The approved plan has step 'shift' (churn, v2, 10) there" in record.error
        assert world.weights == {"v1": 100}
    finally:
        await engine.stop()


@pytest.mark.parametrize(
    ("gates", "quorum", "role", "people"),
    [
        ((), 1, "approver", ()),
        ((GateSpec(name="approval 1", question="Go?", quorum=2),), 2, "approver", ()),
        (
            (
                GateSpec(name="approval 1", question="Go?"),
                GateSpec(name="approval 2", question="Sure?", quorum=3, role="sre", people=("cto",)),
            ),
            3,
            "sre",
            ("cto",),
        ),
    ],
)
def test_what_is_asked_on_the_way_needs_as_many_of_those_as_the_plan_did(
    gates: tuple[GateSpec, ...], quorum: int, role: str, people: tuple[str, ...]
) -> None:
    asked = Plan(playbook="deploy_model", inputs={}, steps=(), gates=gates).question("judge v2", "What now?")

    assert (asked.quorum, asked.role, asked.people, asked.question) == (quorum, role, people, "What now?")
