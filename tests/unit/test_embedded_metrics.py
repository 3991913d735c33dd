"""The embedded company's metrics beyond their promises: the very numbers of a world whose truth is known."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from bizaiops_bot.domain.values import NoData
from tests.support.services import service
from tests.support.tiny_world import START, TinyWorld


async def test_health_tells_requests_errors_and_latency_of_the_window(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.live(20)
    found = await tiny.health(minutes=10)
    assert not isinstance(found, NoData)
    (sample,) = found
    assert sample.version == "v1"
    assert 10 * 250 < sample.requests < 10 * 450
    assert 0 <= sample.error_rate < 0.006
    assert sample.latency_p50_ms is not None and 17 < sample.latency_p50_ms < 24
    assert sample.latency_p95_ms is not None and 38 < sample.latency_p95_ms < 55


async def test_values_are_those_of_the_labels_that_are_four_minutes_late(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.live(30)
    (arm,) = (await tiny.arms(since=START + timedelta(minutes=20))).values()
    assert 0.45 < arm.value_n / arm.requests < 0.75  # six of the ten minutes are known
    assert 9 < arm.value_sum / arm.value_n < 10
    assert (arm.value_name, arm.value_unit) == ("net value", "EUR")


async def test_requests_that_a_pause_turns_away_are_counted(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.live(5)
    assert "bizaiops_turned_away_total{" not in tiny.world.exposition()
    await tiny.world.serving.pause(service(), key="1/1")
    await tiny.live(10)
    assert "bizaiops_turned_away_total{" in tiny.world.exposition()


async def test_what_prometheus_scrapes_parses_and_agrees_with_health(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.live(15)
    families = {family.name: family for family in text_string_to_metric_families(tiny.world.exposition())}
    requests = {s.labels["model"]: s.value for s in families["bizaiops_requests"].samples if s.name.endswith("_total")}
    found = await tiny.health(minutes=15)
    assert not isinstance(found, NoData)
    assert requests["churn"] == found[0].requests
    buckets = [s for s in families["bizaiops_latency_seconds"].samples if s.labels.get("le") == "+Inf"]
    assert {s.labels["model"]: s.value for s in buckets} == requests
    assert {s.value for s in families["bizaiops_traffic_weight"].samples} == {100.0}
    assert families["bizaiops_drift_psi"].samples
