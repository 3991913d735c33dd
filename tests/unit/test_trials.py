"""What was found of a version when it was tried stays with it, and a gate that is too good is asked about."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from bizaiops_bot.domain.leakage import too_good
from bizaiops_bot.domain.models import GateCheck, GateReport
from bizaiops_bot.domain.monitoring import Check, Outcome, Verdict
from bizaiops_bot.domain.records import Trial, TrialKind
from bizaiops_bot.domain.trials import all_held_against, held_against, of_gate, trial_words
from bizaiops_bot.domain.values import ModelName
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.playbook import Card, Inputs, Regression, Run, playbook, taken_back
from playbooks._trials import failed_card
from tests.support.small_engine import START, SmallEngine
from tests.support.virtual_clock import VirtualClock

NOW = datetime.fromisoformat("2026-03-04T08:20:00+00:00")
BAD = Check(
    name="score", outcome=Outcome.FAILED, stable="PSI 0.00", canary="PSI 0.42", limit="PSI 0.25", reason="PSI 0.42"
)
FAILED = Verdict(
    outcome=Outcome.FAILED, reason="PSI 0.42, limit 0.25", checks=(BAD,), stable_requests=900, canary_requests=100
)


def trial(kind: TrialKind, outcome: Outcome, version: str = "v3", ago: int = 0) -> Trial:
    return Trial(
        id=1,
        model="churn",
        version=version,
        kind=kind,
        outcome=outcome,
        reason="PSI 0.42",
        checks=(),
        by="lead",
        stable_requests=0,
        canary_requests=0,
        run=2,
        at=NOW - timedelta(minutes=ago),
    )


GOOD, LOST, UNSURE = Outcome.SUCCESSFUL, Outcome.FAILED, Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("newest_first", "held"),
    [
        ([("canary", LOST), ("gate", GOOD)], "canary"),
        ([("gate", GOOD), ("canary", LOST)], "canary"),
        ([("canary", UNSURE), ("gate", GOOD)], "canary"),
        ([("canary", GOOD), ("canary", LOST), ("gate", GOOD)], None),
        ([("rollback", LOST), ("canary", GOOD), ("gate", GOOD)], "rollback"),
        ([("gate", LOST)], "gate"),
        ([("gate", GOOD)], None),
        ([], None),
    ],
)
def test_the_newest_trial_on_live_traffic_counts_and_a_gate_never_washes_it_off(
    newest_first: list[tuple[TrialKind, Outcome]], held: str | None
) -> None:
    found = held_against([trial(kind, outcome, ago=i) for i, (kind, outcome) in enumerate(newest_first)], "v3")
    assert (None if found is None else found.kind) == held


def test_each_version_is_held_to_its_own_trials() -> None:
    known = [trial("canary", LOST), trial("canary", GOOD, "v2"), trial("rollback", LOST, "v4")]
    assert [found.version for found in all_held_against(known)] == ["v3", "v4"]
    assert held_against(known, "v2") is None


def test_a_trial_is_told_with_when_where_and_why() -> None:
    said = trial_words(trial("canary", LOST))
    assert said == "v3 failed its canary at 08:20 UTC on 4 Mar in run 2: PSI 0.42"
    assert "was taken back by lead" in trial_words(trial("rollback", LOST))


def test_a_gate_is_kept_with_its_numbers() -> None:
    check = GateCheck(name="AUC", passed=False, actual=0.71, limit=0.78, reason="AUC 0.710 < 0.780")
    report = GateReport(
        model="churn", version="v3", against="v1", holdout_rows=900, checks=(check,), metrics={"auc": 0.71}
    )
    made = of_gate(report)
    assert made.outcome is Outcome.FAILED and (made.checks[0].canary, made.checks[0].limit) == ("0.71", "0.78")


# -- too good to be true ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("new", "champion"),
    [({"auc": 0.985}, {"auc": 0.87}), ({"auc": 0.983}, {"auc": 0.79}), ({"wape": 0.05}, {"wape": 0.2})],
)
def test_a_gate_that_is_too_good_asks_for_a_leak_with_its_measure(
    new: dict[str, float], champion: dict[str, float]
) -> None:
    said = too_good(new, champion, "v1", rows=3_200)
    assert said.startswith("Leakage?") and "%" in said and f"{next(iter(new.values())):.3f}" in said


@pytest.mark.parametrize(
    ("new", "champion", "rows"),
    [
        ({"auc": 0.872}, {"auc": 0.79}, 3_200),  # an honest step of the demo
        ({"auc": 0.90}, {"auc": 0.60}, 3_200),  # a weak champion leaves much to win
        ({"auc": 0.985}, {"auc": 0.97}, 3_200),  # an easy task
        ({"auc": 0.97}, {"auc": 0.91}, 60),  # so few rows that it is chance
        ({"auc": float("nan")}, {"auc": 0.8}, 3_200),
        ({"wape": 0.17}, {"wape": 0.2}, 3_200),
        ({"auc": 0.98}, {}, 3_200),
        ({"auc": 0.98}, {"auc": 1.0}, None),
    ],
)
def test_an_honest_step_is_not_asked_about(new: dict[str, float], champion: dict[str, float], rows: int | None) -> None:
    assert too_good(new, champion, "v1", rows=rows) == ""


# -- kept by the engine ----------------------------------------------------------------------------


class Ask(Inputs):
    """A change of a model."""

    model: ModelName = "churn"


@playbook(title="Deploy", risk="change")
async def deploy_model(run: Run, ask: Ask) -> Card:
    await run.approve("Go?")
    await run.step("shift", cast(Any, run.serving).change, ask.model)
    if not run.planning:
        await run.note_trial(ask.model, "v3", "canary", FAILED)
        await run.note_trial(ask.model, "v3", "canary", FAILED.model_copy(update={"reason": "another"}))
        card = failed_card(run, ask.model, "v3", "v1", FAILED, registered=True)
        raise Regression("churn v3 failed as a canary.", FAILED.reason, card=card)
    return Card(title="done")


@playbook(title="Roll back", risk="change")
async def roll_back_model(run: Run, ask: Ask) -> Card:
    await run.approve("Back?")
    await run.step("restore", cast(Any, run.serving).change, ask.model)
    await run.note_trial(ask.model, "v2", "rollback", taken_back("all traffic went to v1"))
    return Card(title="done")


class World:
    """Takes every change."""

    async def change(self, model: str) -> str:
        return model


async def done(folder: Path, made: Any) -> SmallEngine:
    engine = SmallEngine(folder, [made], VirtualClock(START), serving=World())
    await engine.start()
    number = await engine.begin()
    await engine.controls.decide(number, "approved", actor="lead")
    await engine.finished(number)
    return engine


async def test_a_trial_is_kept_once_a_run_and_after_a_restart_too(tmp_path: Path) -> None:
    engine = await done(tmp_path / "data", deploy_model)
    engine = await engine.restarted()
    try:
        kept = await engine.core.ports.records.trials("churn", version="v3")
        assert [(k.kind, k.outcome, k.reason, k.run, k.by) for k in kept] == [
            ("canary", Outcome.FAILED, "PSI 0.42, limit 0.25", 1, "engineer")
        ]
        assert kept[0].checks == (BAD,) and kept[0].canary_requests == 100
        assert await engine.core.ports.records.trials("demand") == []
        assert [k.run for k in await engine.core.ports.records.trials(run=1)] == [1]
    finally:
        await engine.stop()


async def test_the_card_of_a_failed_run_has_its_check_table_and_what_to_say_next(tmp_path: Path) -> None:
    engine = await done(tmp_path / "data", deploy_model)
    try:
        posted = await engine.core.store.read(lambda conn: outbox.read_card(conn, "run-1"))
        assert posted is not None and posted.card.tone == "danger"
        assert "PSI 0.42" in posted.card.model_dump_json() and "Deploy churn: failed" in posted.card.summary
        assert {"status churn", "compare churn v1 and v3", "show run 1"} <= {b.command for b in posted.card.buttons}
        assert (await engine.run(1)).summary == ""
    finally:
        await engine.stop()


async def test_a_version_that_was_taken_back_keeps_why_it_was_asked_for(tmp_path: Path) -> None:
    engine = SmallEngine(tmp_path / "data", [roll_back_model], VirtualClock(START), serving=World())
    await engine.start()
    try:
        said, _ = await engine.core.store.write(
            lambda conn: outbox.put_message(
                conn,
                conversation="ml-ops",
                thread=None,
                actor="engineer",
                event_id=None,
                now=START,
                text="churn v2 is bad, go back to v1",
            )
        )
        number = await engine.begin(key=said.id)
        await engine.controls.decide(number, "approved", actor="lead")
        await engine.finished(number)
        kept = (await engine.core.ports.records.trials("churn"))[0]
        assert (kept.version, kept.kind) == ("v2", "rollback")
        assert kept.reason == 'all traffic went to v1; asked for with "churn v2 is bad, go back to v1"'
    finally:
        await engine.stop()


async def test_a_rollback_by_a_rule_keeps_the_alert_it_acted_on(tmp_path: Path) -> None:
    engine = SmallEngine(tmp_path / "data", [roll_back_model], VirtualClock(START), serving=World())
    await engine.start()
    try:
        number = await engine.begin()
        alert = {
            "model": "churn",
            "kind": "latency_detected",
            "title": "churn v2: p95 400 ms, limit 150 ms",
            "detail": "{}",
            "onset": t.iso(START),
            "detected": t.iso(START),
            "calm": 0,
            "note": "",
            "run_id": number,
        }
        await engine.core.store.write(lambda conn: conn.execute(t.alerts.insert().values(alert)))
        await engine.controls.decide(number, "approved", actor="lead")
        await engine.finished(number)
        kept = (await engine.core.ports.records.trials("churn"))[0]
        assert kept.reason.endswith("; churn v2: p95 400 ms, limit 150 ms")
    finally:
        await engine.stop()
