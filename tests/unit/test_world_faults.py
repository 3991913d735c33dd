"""Each fault does to the world what its name says, and goes when it should."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bizaiops_bot.domain.errors import NotFound
from bizaiops_bot.domain.monitoring import DriftReport, HealthSample
from bizaiops_bot.domain.values import NoData
from tests.support.services import service
from tests.support.tiny_world import START, TinyWorld


async def health(tiny: TinyWorld, minutes: float = 5) -> dict[str, HealthSample]:
    found = await tiny.health(minutes=minutes)
    assert not isinstance(found, NoData)
    return {sample.version: sample for sample in found}


async def drift(tiny: TinyWorld, model: str = "churn", minutes: float = 10) -> DriftReport:
    found = await tiny.world.drift.report(model, minutes=minutes)
    assert isinstance(found, DriftReport)
    return found


async def test_a_calm_world_does_not_drift(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.live(30)
    for model in ("churn", "demand"):
        report = await drift(tiny, model)
        assert report.drifted == ()
        assert report.missing == ()
        assert report.onset is None
        quality = await tiny.world.outcomes.quality(service(model), "v1", minutes=10)
        assert not isinstance(quality, NoData)
        assert not quality.drifted


async def test_covariate_drift_is_seen_within_a_minute_and_dated_to_its_begin(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.live(20)
    await tiny.world.faults.inject("churn", "covariate_drift")
    await tiny.live(1)
    report = await drift(tiny, minutes=1)
    assert [feature.name for feature in report.drifted] == ["size"]
    await tiny.live(10)
    report = await drift(tiny)
    assert report.onset is not None
    assert abs(report.onset - (START + timedelta(minutes=20))) <= timedelta(minutes=1)
    assert (await drift(tiny, "demand")).drifted == ()


async def test_concept_drift_shows_in_late_labels_and_not_in_the_inputs(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.live(10)
    for model in ("churn", "demand"):
        await tiny.world.faults.inject(model, "concept_drift")
    await tiny.live(20)
    for model, metric in (("churn", "auc"), ("demand", "wape")):
        report = await drift(tiny, model)
        assert report.drifted == ()
        quality = await tiny.world.outcomes.quality(service(model), "v1", minutes=10)
        assert not isinstance(quality, NoData)
        assert quality.metric == metric
        assert quality.drifted


async def test_missing_values_are_told_apart_from_drift(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.live(10)
    await tiny.world.faults.inject("churn", "missing_values")
    await tiny.live(10)
    report = await drift(tiny, minutes=5)
    assert [feature.name for feature in report.missing] == ["size"]
    assert report.missing[0].missing_share > 0.3


async def test_latency_and_errors_sit_in_the_newest_revision_and_a_rollback_heals_them(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.world.serving.promote(service(), "v2", guard="0", key="1/1")
    await tiny.world.faults.inject("churn", "latency")
    said = await tiny.world.faults.inject("churn", "errors")
    assert "v2 of churn" in said
    await tiny.live(10)
    sick = (await health(tiny))["v2"]
    assert sick.latency_p95_ms > 250
    assert 0.09 < sick.error_rate < 0.15
    await tiny.world.serving.roll_back(service(), "v1", key="1/2")
    await tiny.live(10)
    well = await health(tiny)
    assert list(well) == ["v1"]
    assert well["v1"].latency_p95_ms < 60
    assert well["v1"].error_rate < 0.01


async def test_a_fault_during_a_canary_hits_the_canary_alone(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.world.serving.set_canary(service(), "v2", 50, guard="0", key="1/1")
    await tiny.world.faults.inject("churn", "errors")
    await tiny.live(10)
    arms = await health(tiny)
    assert arms["v1"].error_rate < 0.01
    assert arms["v2"].error_rate > 0.08


async def test_a_second_replica_makes_answers_faster(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.live(10)
    before = (await health(tiny))["v1"].latency_p50_ms
    await tiny.world.serving.scale(service(), 3, 3, guard="0", key="1/1")
    await tiny.live(10)
    assert (await health(tiny))["v1"].latency_p50_ms < before - 3


async def test_the_same_fault_twice_is_one_fault_since_the_first_time(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.world.faults.inject("churn", "latency")
    await tiny.live(3)
    await tiny.world.faults.inject("churn", "latency")
    assert await tiny.world.faults.active() == [("churn", "latency", START)]


async def test_clear_ends_one_models_faults_or_all_and_names_them(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    for model, fault in (("churn", "latency"), ("demand", "errors"), ("demand", "missing_values")):
        await tiny.world.faults.inject(model, fault)
    assert await tiny.world.faults.clear("churn") == ["latency"]
    assert await tiny.world.faults.clear() == ["errors", "missing_values"]
    assert await tiny.world.faults.active() == []


async def test_a_bad_release_is_announced_and_taken_back(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.world.faults.inject("demand", "bad_release")
    assert tiny.bad == {"demand": True}
    await tiny.world.faults.clear("demand")
    assert tiny.bad == {"demand": False}


async def test_unknown_faults_and_models_are_refused_by_name(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    with pytest.raises(NotFound, match="Did you mean latency"):
        await tiny.world.faults.inject("churn", "latncy")
    with pytest.raises(NotFound, match="Did you mean churn"):
        await tiny.world.faults.inject("chrn", "latency")
    with pytest.raises(NotFound):
        await tiny.world.faults.clear("chrn")
    assert await tiny.world.faults.active() == []


async def test_a_new_stable_version_is_measured_from_when_it_became_stable(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.live(10)
    await tiny.world.serving.promote(service(), "v2", guard="0", key="1/1")
    assert isinstance(await tiny.world.drift.report("churn", minutes=30), NoData)
    await tiny.live(2)
    report = await drift(tiny, minutes=30)
    assert report.version == "v2"
    assert report.start == START + timedelta(minutes=10)
    assert report.rows < 1000
