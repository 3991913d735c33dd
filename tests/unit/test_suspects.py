"""What touched the traffic last is suspected first, and the versions side by side decide."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from bizaiops_bot.domain.cards import StepLine
from bizaiops_bot.domain.changes import Change, changes
from bizaiops_bot.domain.plan import Plan, PlanStep
from bizaiops_bot.domain.records import RunRecord, RunStatus
from bizaiops_bot.domain.services import Revision
from bizaiops_bot.domain.suspects import Arm, Metric, Suspicion, suspicion
from tests.support.services import traffic

NOW = datetime.fromisoformat("2026-03-04T10:00:00+00:00")


def minutes(ago: float) -> datetime:
    return NOW - timedelta(minutes=ago)


def arm(version: str, *, bad: bool = False, requests: int = 300) -> Arm:
    p95, errors = (410.0, 0.12) if bad else (47.0, 0.001)
    return Arm(version=version, requests=requests, error_rate=errors, latency_p95_ms=p95, bad=bad)


def canary(ago: float = 5, *, at_work: bool = True) -> Change:
    what = "v2 got 10% of the requests as a canary"
    return Change(kind="canary", what=what, version="v2", at=minutes(ago), run=7, open=at_work)


def other(kind: Any, ago: float, version: str = "") -> Change:
    return Change(kind=kind, what=f"churn: {kind}", version=version, at=minutes(ago), run=8)


def found(version: str, known: list[Change], *arms: Arm, metric: Metric = "latency", ago: float = 2) -> Suspicion:
    made = suspicion(metric, version, minutes(ago), known, arms)
    assert made is not None
    return made


@pytest.mark.parametrize("metric", ["latency", "errors"])
def test_a_canary_that_alone_is_bad_is_the_cause_with_both_versions_numbers(metric: Metric) -> None:
    said = found("v2", [canary()], arm("v1"), arm("v2", bad=True), metric=metric)
    shown = ("410 ms", "47 ms") if metric == "latency" else ("12.0%", "0.1%")
    assert said.who == "version" and "v2 itself" in said.because and "run 7" in said.because
    assert all(number in said.because for number in shown)


def test_what_both_versions_have_is_not_the_canarys_fault_though_it_is_named() -> None:
    said = found("v1", [canary()], arm("v1", bad=True), arm("v2", bad=True))
    assert said.who == "common" and "not v2 alone" in said.because and "run 7" in said.because


def test_a_good_canary_is_cleared_when_the_stable_version_is_bad() -> None:
    said = found("v1", [canary()], arm("v1", bad=True), arm("v2"))
    assert said.who == "elsewhere" and said.because.startswith("not v2")


def test_a_version_on_hardly_any_requests_decides_nothing() -> None:
    said = found("v2", [canary()], arm("v1", requests=3), arm("v2", bad=True))
    assert said.who == "unknown" and "cannot be told" in said.because


@pytest.mark.parametrize("kind", ["pause", "resume", "scale", "restore"])
def test_every_other_change_of_the_traffic_is_suspected_too(kind: Any) -> None:
    said = found("v1", [other(kind, 4, "v1" if kind == "restore" else "")], arm("v1", bad=True))
    assert said.who == "change" and f"churn: {kind}" in said.because and "2 min before it began" in said.because


def test_the_newest_change_is_suspected_before_older_ones() -> None:
    said = found("v1", [other("scale", 3), other("resume", 9)], arm("v1", bad=True))
    assert said.change.kind == "scale"


def test_a_canary_that_alone_is_bad_is_the_cause_though_something_came_after_it() -> None:
    said = found("v2", [other("scale", 3), canary(9)], arm("v1"), arm("v2", bad=True))
    assert said.change.kind == "canary" and said.who == "version"


def test_what_came_after_it_began_is_not_suspected() -> None:
    assert suspicion("latency", "v1", minutes(20), [canary(5)], [arm("v1", bad=True)]) is None


def test_what_came_long_before_is_not_suspected_unless_it_is_at_work_still() -> None:
    bad = [arm("v1"), arm("v2", bad=True)]
    assert suspicion("latency", "v2", minutes(1), [canary(200, at_work=False)], bad) is None
    assert found("v2", [canary(200)], *bad, ago=1).who == "version"


# -- where changes are read from -------------------------------------------------------------------


def run(number: int, *steps: tuple[str, str, tuple[str, ...], str], status: RunStatus = "running") -> RunRecord:
    planned = tuple(PlanStep(name=name, kind="step", call=call, args=args) for name, call, args, _ in steps)
    lines = tuple(StepLine(name=name, status=shown, ended=minutes(30 - number)) for name, _, _, shown in steps)  # type: ignore[arg-type]
    plan = Plan(playbook="deploy_model", inputs={}, steps=planned, gates=())
    return RunRecord(
        id=number,
        playbook="deploy_model",
        inputs={},
        actor="engineer",
        conversation="c",
        thread="t",
        status=status,
        summary="",
        error="",
        plan=plan,
        steps=lines,
        decisions=(),
        created=NOW,
        ended=None,
    )


SHIFT = ("shift traffic", "set_canary", ("churn", "v2", "10"), "done")


def test_changes_come_from_what_runs_have_done_to_serving_and_from_nothing_else() -> None:
    rows = [
        run(1, ("scale", "scale", ("churn", "3"), "done")),
        run(2, ("build", "build", ("churn", "v2"), "done"), SHIFT, ("promote", "promote", ("churn", "v2"), "failed")),
        run(3, ("pause", "pause", ("churn",), "done"), status="succeeded"),
    ]
    made = changes(rows)
    assert [(c.kind, c.version, c.run, c.open) for c in made] == [
        ("pause", "", 3, False),
        ("canary", "v2", 2, True),
        ("scale", "", 1, True),
    ]
    assert made[1].words.startswith("v2 got 10% of the requests as a canary at 09:32 UTC")


def test_traffic_that_was_restored_by_an_undo_is_a_change() -> None:
    undo = ("restore traffic: churn v1 100%", "restore", ("churn", "v1"), "undone")
    newest = changes([run(3, SHIFT), run(4, undo, status="failed")])[0]
    assert (newest.what, newest.version) == ("all traffic of churn was sent back to v1", "v1")


def test_a_canary_that_was_sent_out_by_hand_is_known_without_its_time() -> None:
    state = traffic(
        NOW,
        Revision(name="a", version="v1", weight=80, role="stable"),
        Revision(name="b", version="v2", weight=20, role="canary"),
    )
    made = changes([], state)
    assert made[0].at is None and "not on record" in made[0].words and "20%" in made[0].words
    assert found("v2", list(made), arm("v1"), arm("v2", bad=True)).who == "version"
