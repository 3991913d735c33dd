"""What every Metrics adapter promises, on a world whose truth is known."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bizaiops_bot.domain.errors import BadInput, NotFound
from bizaiops_bot.domain.monitoring import LATENCY_EDGES_MS, SeriesData
from bizaiops_bot.domain.values import NoData
from tests.support.tiny_world import START, TinyWorld


async def test_health_tells_requests_errors_and_latency_of_the_window(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.live(20)
    found = await tiny.world.metrics.health("churn", minutes=10)
    assert not isinstance(found, NoData)
    (sample,) = found
    assert sample.version == "v1"
    assert 10 * 250 < sample.requests < 10 * 450
    assert 0 <= sample.error_rate < 0.006
    assert 17 < sample.latency_p50_ms < 24
    assert 38 < sample.latency_p95_ms < 55


async def test_an_empty_window_is_no_data_and_never_healthy(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    assert isinstance(await tiny.world.metrics.health("churn", minutes=10), NoData)
    assert isinstance(await tiny.world.metrics.arms("churn", START), NoData)
    assert isinstance(
        await tiny.world.metrics.series("churn", "error_rate", START, START + timedelta(hours=1), 10), NoData
    )


async def test_traffic_is_split_by_weight(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.world.serving.set_canary("churn", "v2", 10, key="1/1")
    await tiny.live(30)
    arms = await tiny.world.metrics.arms("churn", START)
    assert not isinstance(arms, NoData)
    stable, canary = arms
    assert (stable.version, canary.version) == ("v1", "v2")
    assert 0.08 < canary.requests / (stable.requests + canary.requests) < 0.12


async def test_arms_hold_complete_histograms_and_only_values_whose_labels_have_arrived(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.live(30)
    since = START + timedelta(minutes=20)
    arms = await tiny.world.metrics.arms("churn", since)
    assert not isinstance(arms, NoData)
    (arm,) = arms
    assert len(arm.latency_counts) == len(LATENCY_EDGES_MS) + 1
    assert sum(arm.latency_counts) == arm.requests
    assert sum(arm.score_counts) == arm.requests - arm.errors
    assert len(arm.score_counts) == len(arm.expected_score_shares)
    # Labels are four minutes late, so six of the ten minutes are known.
    assert 0.45 < arm.value_n / arm.requests < 0.75
    assert 9 < arm.value_sum / arm.value_n < 10
    assert arm.value_sumsq >= arm.value_sum**2 / arm.value_n
    assert (arm.value_name, arm.value_unit) == ("net value", "EUR")


async def test_a_pause_turns_requests_away_and_serves_none(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.live(5)
    await tiny.world.serving.pause("churn", key="1/1")
    await tiny.live(10)
    assert isinstance(await tiny.world.metrics.health("churn", minutes=8), NoData)
    series = await tiny.world.metrics.series("churn", "requests_per_minute", START, tiny.clock.now(), 15)
    assert isinstance(series, SeriesData)
    assert series.values[-1] == 0.0
    assert (series.values[0] or 0) > 250
    assert "bizaiops_turned_away_total" in tiny.world.exposition()


@pytest.mark.parametrize(
    ("metric", "low", "high"),
    [
        ("requests_per_minute", 250, 450),
        ("error_rate", 0, 0.01),
        ("latency_p95_ms", 35, 60),
        ("score_mean", 0.4, 0.6),
        ("drift_psi", 0, 0.05),
    ],
)
async def test_each_series_covers_the_window_in_equal_steps(
    tmp_path: Path, metric: str, low: float, high: float
) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.live(30)
    series = await tiny.world.metrics.series("churn", metric, START, START + timedelta(minutes=30), 6)
    assert isinstance(series, SeriesData)
    assert series.times == tuple(START + timedelta(minutes=5 * place) for place in range(6))
    assert all(value is not None and low <= value <= high for value in series.values)


async def test_a_time_without_measurements_is_a_gap_in_the_series(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.live(10)
    series = await tiny.world.metrics.series("churn", "error_rate", START - timedelta(minutes=10), tiny.clock.now(), 2)
    assert isinstance(series, SeriesData)
    assert series.values[0] is None
    assert series.values[1] is not None


async def test_an_unknown_metric_or_model_is_not_found_and_an_empty_window_is_bad_input(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    metrics = tiny.world.metrics
    with pytest.raises(NotFound, match="latency_p95_ms"):
        await metrics.series("churn", "latency_p95", START, START + timedelta(hours=1), 5)
    with pytest.raises(NotFound):
        await metrics.health("chrun", minutes=5)
    with pytest.raises(BadInput):
        await metrics.series("churn", "error_rate", START, START, 5)


async def test_what_prometheus_scrapes_parses_and_agrees_with_health(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.live(15)
    families = {family.name: family for family in text_string_to_metric_families(tiny.world.exposition())}
    requests = {s.labels["model"]: s.value for s in families["bizaiops_requests"].samples if s.name.endswith("_total")}
    found = await tiny.world.metrics.health("churn", minutes=15)
    assert not isinstance(found, NoData)
    assert requests["churn"] == found[0].requests
    buckets = [s for s in families["bizaiops_latency_seconds"].samples if s.labels.get("le") == "+Inf"]
    assert {s.labels["model"]: s.value for s in buckets} == requests
    assert {s.value for s in families["bizaiops_traffic_weight"].samples} == {100.0}
    assert families["bizaiops_drift_psi"].samples
