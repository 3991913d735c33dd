"""Questions about models, runs, alerts and people: cards with numbers, and what is not known told as such."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bizaiops_bot.domain.cards import Card, Chart, Fields, Steps, Table, Text
from bizaiops_bot.domain.errors import BadInput, NotFound, Permanent, Temporary
from bizaiops_bot.domain.histogram import Histogram
from bizaiops_bot.domain.kpi import Kpi
from bizaiops_bot.domain.monitoring import DriftReport, FeatureDrift, PerformanceDrift, RevisionSample, SeriesData
from bizaiops_bot.domain.records import Alert, AuditEntry, DecisionRecord
from playbooks.compare_versions import compare_versions
from playbooks.help import help as help_playbook
from playbooks.list_alerts import list_alerts
from playbooks.list_models import list_models
from playbooks.list_runs import list_runs
from playbooks.show_audit import show_audit
from playbooks.show_history import show_history
from playbooks.show_policy import show_policy
from playbooks.show_run import show_run
from playbooks.show_status import show_status
from tests.support.fake_company import START, Company, release, version
from tests.support.run_double import RunDouble, play
from tests.support.talk import words_of
from tests.unit.test_playbooks_operate import PLAN, waiting_run

HOUR = timedelta(hours=1)


def feature(name: str, psi: float, *, drifted: bool) -> FeatureDrift:
    return FeatureDrift(
        name=name,
        kind="number",
        psi=psi,
        p_value=0.001,
        missing_share=0.0,
        reference_missing_share=0.0,
        missing_p_value=1.0,
        drifted=drifted,
        missing=False,
        change="mean 12 -> 31",
    )


def lively() -> Company:
    """A company with health, drift, a latency line, an open alert and two releases."""
    latency = Histogram(edges_ms=(18.0, 48.0, 60.0), counts=(617.0, 555.3, 61.7, 0.0))
    health = RevisionSample(
        revision="churn-v1", requests=1_234, errors=2, latency=latency, start=START - HOUR, end=START
    )
    report = DriftReport(
        model="churn",
        version="v1",
        start=START - HOUR,
        end=START,
        rows=900,
        features=(feature("tenure", 0.41, drifted=True), feature("charges", 0.02, drifted=False)),
        score=feature("score", 0.1, drifted=False),
        onset=START - HOUR,
    )
    line = SeriesData(
        metric="latency_p95_ms",
        unit="ms",
        times=tuple(START - HOUR + n * timedelta(minutes=20) for n in range(3)),
        values=(41.0, None, 48.0),
    )
    quality = PerformanceDrift(
        metric="auc", current=0.79, expected=0.83, low=0.77, high=0.81, labelled=640, drifted=True
    )
    world = Company(health=[health], report=report, quality=quality, line=line)
    world.registered["v2"] = version("v2", auc=0.85)
    world.releases.append(release("v1", "v0", "deploy", at=START - timedelta(minutes=30), run=3))
    world.alerts.append(
        Alert(
            id=1,
            model="churn",
            kind="drift_detected",
            title="drift in tenure",
            detail={},
            onset=START - HOUR,
            detected=START - timedelta(minutes=50),
            closed=None,
            run=4,
        )
    )
    return world


def table(card: Card) -> Table:
    return next(b for b in card.blocks if isinstance(b, Table))


async def test_status_tells_traffic_health_drift_quality_alerts_and_the_last_release() -> None:
    card = await play(show_status, RunDouble(lively()), model="churn")
    facts = dict(next(b for b in card.blocks if isinstance(b, Fields)).fields)
    assert facts["Traffic"] == "v1 100%"
    assert facts["Drift"] == "drift in tenure (PSI 0.41, mean 12 -> 31) in 900 rows since 11:00 UTC"
    assert facts["Quality on labels"].startswith("auc 0.790 (0.770 to 0.810), 0.830 at the gate, 640 labels: below")
    assert facts["Open alerts"] == "drift in tenure (50 min ago)"
    assert facts["Last release"] == "v1 (deploy) by engineer, 20 Nov 11:30 UTC"
    assert table(card).rows == (("v1", "stable", "100%", "1,234", "0.16%", "18 ms", "48 ms"),)
    assert (card.title, card.tone) == ("churn: 1 open alert", "danger")


async def test_the_chart_of_the_status_marks_the_release_and_keeps_gaps() -> None:
    card = await play(show_status, RunDouble(lively()), model="churn")
    chart = next(b for b in card.blocks if isinstance(b, Chart))
    assert chart.series[0].values == (41.0, None, 48.0)
    assert [(m.at, m.label, m.kind) for m in chart.marks] == [(1, "v1", "deploy")]


async def test_a_status_without_measurements_says_so_and_is_no_success() -> None:
    card = await play(show_status, RunDouble(Company()), model="churn")
    assert card.tone == "warning"
    assert "no data for anything in 15 min" in card.summary
    said = [b.text for b in card.blocks if isinstance(b, Text)]
    assert said[0].startswith("Health is not known: no data")


async def test_all_models_stand_in_one_table() -> None:
    world = lively()
    world.days["churn_revenue_at_risk"] = lambda day: float(day.day)
    card = await play(list_models, RunDouble(world))
    churn, demand = table(card).rows
    assert churn[:4] == ("churn", "v1 100%", "✓ healthy", "1 column drift")
    assert churn[4] == "Revenue at risk ▁▁▂▂▃▄▄▅▅▆▇▇██"
    assert demand[4] == "Stock-outs ··············"
    assert "The newest: drift in tenure (churn, 50 min ago)" in card.summary


class Away:
    """A system that refuses whatever it is asked."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, method: str) -> Any:
        async def refuse(*_args: Any, **_kwargs: Any) -> Any:
            raise self._error

        return refuse


@pytest.mark.parametrize(
    ("port", "cells"),
    [
        ("serving", {1: "not known", 2: "? not known"}),
        ("metrics", {2: "? not known"}),
        ("drift", {3: "not known"}),
        ("warehouse", {4: "not known"}),
    ],
)
@pytest.mark.parametrize("error", [Temporary("It does not answer."), Permanent("It refuses the bot.")])
async def test_a_cell_that_cannot_be_read_is_not_known_and_the_others_are_there(
    port: str, cells: dict[int, str], error: Exception
) -> None:
    run = RunDouble(lively())
    usual = table(await play(list_models, run)).rows[0]
    setattr(run, port, Away(error))
    card = await play(list_models, run)
    assert table(card).rows[0] == tuple(cells.get(i, cell) for i, cell in enumerate(usual))
    assert str(error) in card.summary and f"Not everything is known now: {error}" in str(card.blocks)
    assert card.tone == "warning"


@pytest.mark.parametrize(
    ("port", "missing", "there"),
    [
        ("serving", "Traffic: not known", "drift in tenure"),
        ("metrics", "Health is not known", "Traffic: v1 100%"),
        ("drift", "Drift: not known", "1,234"),
        ("outcomes", "Health of the last 15 min", "1,234"),
    ],
)
async def test_a_status_says_what_cannot_be_read_and_shows_the_rest(port: str, missing: str, there: str) -> None:
    run = RunDouble(lively())
    setattr(run, port, Away(Temporary("It does not answer.")))
    words = words_of(await play(show_status, run, model="churn"))
    assert missing in words and there in words
    assert "Not everything is known now: It does not answer." in words


@pytest.mark.parametrize("topic", ["", "what revenue at risk means", "psi", "deploy", "how is drift found?", "pizza"])
async def test_help_is_there_when_no_system_answers(topic: str) -> None:
    run = RunDouble(Company())
    for port in ("serving", "metrics", "drift", "warehouse", "registry", "pipelines"):
        setattr(run, port, Away(Temporary("It does not answer.")))
    assert (await play(help_playbook, run, topic=topic or None)).title


async def test_help_on_a_kpi_tells_its_meaning_when_its_numbers_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = RunDouble(Company())
    kpi = (await run.warehouse.kpis())[0].model_copy(update={"description": "Share of customers who left."})
    away: Any = Away(Temporary("It does not answer."))

    async def described() -> list[Kpi]:
        return [kpi]

    away.kpis = described
    monkeypatch.setattr(run, "warehouse", away)
    assert "Share of customers who left." in (await play(help_playbook, run, topic=kpi.title)).summary


async def test_alerts_tell_the_time_to_detect_and_to_recover() -> None:
    world = lively()
    world.alerts.append(
        Alert(
            id=2,
            model="churn",
            kind="latency_detected",
            title="p95 300 ms",
            detail={},
            onset=START - 2 * HOUR,
            detected=START - 2 * HOUR + timedelta(seconds=40),
            closed=START - HOUR,
            run=None,
        )
    )
    card = await play(list_alerts, RunDouble(world))
    first, second = table(card).rows
    assert first[1:6] == ("drift in tenure", "20 Nov 11:10 UTC", "open for 50 min", "10 min", "–")
    assert second[3:6] == ("closed", "40 s", "59 min")
    assert card.title == "1 open alert"
    assert "retrain churn" in [b.command for b in card.buttons]
    assert (await play(list_alerts, RunDouble(Company()))).summary == "There has been no alert."


async def test_two_versions_are_compared_at_the_gate_live_and_by_who_released_them() -> None:
    card = await play(compare_versions, RunDouble(lively()), model="churn", version_a="v1", version_b="v2")
    rows = {row[0]: row[1:] for row in table(card).rows}
    assert rows["auc at the gate"] == ("0.83", "0.85")
    assert rows["traffic now"] == ("100%", "0%")
    assert rows["requests, 15 min"] == ("1,234", "–")
    assert rows["last released by"] == ("engineer, 20 Nov 11:30 UTC", "never released")
    assert card.buttons[0].command == "deploy churn v2 as a 10% canary"


async def test_versions_that_cannot_be_compared_are_told() -> None:
    run = RunDouble(Company())
    with pytest.raises(BadInput, match="v2 was never built"):
        await play(compare_versions, run, model="churn", version_a="v1", version_b="v2")
    with pytest.raises(NotFound, match="There is no churn version 'v8'"):
        await play(compare_versions, run, model="churn", version_a="v1", version_b="v8")
    with pytest.raises(BadInput, match="Name two versions"):
        await play(compare_versions, run, model="churn", version_a="v1", version_b="v1")


async def test_who_deployed_last_is_answered_in_the_title() -> None:
    world = Company()
    world.releases.append(release("v2", "v1", "deploy", run=3))
    card = await play(show_history, RunDouble(world), model="churn")
    assert card.title == "churn: engineer deployed v2, approved by lead"
    assert table(card).rows[0] == ("20 Nov 12:00 UTC", "deploy", "v1", "v2", "engineer", "lead", "3")
    assert "show run 3" in [b.command for b in card.buttons]


async def test_a_run_shows_its_steps_decisions_plan_and_error() -> None:
    decision = DecisionRecord(gate="approval 1", actor="lead", decision="approved", at=START)
    ended = START + timedelta(minutes=5)
    update = {"status": "failed", "error": "auc 0.71", "decisions": (decision,), "ended": ended}
    world = Company(runs=[waiting_run().model_copy(update=update)])
    card = await play(show_run, RunDouble(world), run=1)
    assert (card.tone, card.run_id) == ("danger", 1)
    assert "auc 0.71" in card.summary
    assert table(card).rows == (("lead", "approved", "–", "20 Nov 12:00 UTC"),)
    assert PLAN.hash[:12] in card.blocks[-1].model_dump_json()
    assert [b.command for b in card.buttons] == ["status churn"]
    assert not any(isinstance(b, Steps) for b in card.blocks)


async def test_a_waiting_run_shows_what_can_be_done_with_it() -> None:
    card = await play(show_run, RunDouble(Company(runs=[waiting_run()])), run=1)
    assert [b.command for b in card.buttons] == ["approve run 1", "reject run 1", "cancel run 1"]
    with pytest.raises(BadInput, match="Nothing has been run yet"):
        await play(show_run, RunDouble(Company()), run=1)


async def test_a_waiting_run_tells_what_is_asked_who_may_decide_and_until_when() -> None:
    words = words_of(await play(show_run, RunDouble(Company(runs=[waiting_run()])), run=1))
    for told in ("Go?", "Approvals: 0 of 1", "May decide: lead, sre", "Expires: 21 Nov 12:00 UTC"):
        assert told in words


async def test_runs_are_listed_newest_first_with_what_waits() -> None:
    world = Company(runs=[waiting_run(1), waiting_run(2)])
    card = await play(list_runs, RunDouble(world), model="churn")
    assert [row[0] for row in table(card).rows] == ["2", "1"]
    assert "2 waiting for approval" in card.summary
    assert (await play(list_runs, RunDouble(world), model="demand")).title == "No runs of demand yet"


async def test_the_audit_shows_who_did_what_and_the_newest_hash() -> None:
    entry = AuditEntry(
        seq=9,
        at=START,
        actor="lead",
        kind="decision",
        subject="run 7",
        detail={"decision": "approved"},
        prev_hash="0" * 64,
        hash="ab" * 32,
    )
    card = await play(show_audit, RunDouble(Company(audit=[entry])))
    assert table(card).rows == (("9", "20 Nov 12:00 UTC", "lead", "decision", "run 7", "decision approved"),)
    assert "1 of 9 entries" in card.summary


async def test_the_policy_tells_what_the_asker_may() -> None:
    card = await play(show_policy, RunDouble(Company()))
    assert card.summary.startswith("You (Engineer) may: deploy a version")
    assert ("approve somebody's run", "lead, sre") in table(card).rows


async def test_help_tells_what_a_word_means_and_shows_it() -> None:
    card = await play(help_playbook, RunDouble(Company()), topic="what drift means")
    assert card.title == "Drift"
    assert "no longer the one it learned from" in card.summary
    assert [b.command for b in card.buttons] == ["list alerts"]
    assert (await play(help_playbook, RunDouble(Company()), topic="psi")).title == "PSI"


async def test_help_tells_what_a_kpi_of_the_company_means(monkeypatch: pytest.MonkeyPatch) -> None:
    run = RunDouble(Company())
    kpi = (await run.warehouse.kpis())[0].model_copy(update={"description": "Share of customers who left."})

    async def described() -> list[Kpi]:
        return [kpi]

    monkeypatch.setattr(run.warehouse, "kpis", described)
    card = await play(help_playbook, run, topic=kpi.title)
    assert card.summary.startswith(f"{kpi.title}: {kpi.description}")
    assert [b.command for b in card.buttons] == [f"kpis {kpi.model}"]


async def test_help_is_short_and_goes_deeper_on_a_topic() -> None:
    overview = await play(help_playbook, RunDouble(Company()))
    assert len(overview.buttons) == 5
    topic = await play(help_playbook, RunDouble(Company()), topic="digest")
    assert topic.title == "Help: Business"
    assert "how did churn do this week?" in [b.command for b in topic.buttons]
    unknown = await play(help_playbook, RunDouble(Company()), topic="pizza")
    assert "I have no help on that topic" in unknown.blocks[0].model_dump_json()
