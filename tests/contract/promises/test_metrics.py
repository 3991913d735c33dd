"""Metrics: what happened is counted, all of it and once; what nobody measured has no value."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bizaiops_bot.domain.errors import BadInput, NotFound
from bizaiops_bot.domain.monitoring import RevisionSample, SeriesData
from bizaiops_bot.domain.values import NoData
from tests.contract.stands import STANDS
from tests.contract.stands.stand import MetricsStand, over, told_in_our_words

stand = over(STANDS["metrics"])


async def health(stand: MetricsStand, minutes: float) -> list[RevisionSample]:
    found = await stand.port.health(stand.service, stand.revisions, minutes=minutes)
    assert not isinstance(found, NoData)
    return found


async def arms(stand: MetricsStand, minutes: int) -> list[RevisionSample]:
    found = await stand.port.arms(stand.service, stand.revisions, stand.now() - timedelta(minutes=minutes))
    assert not isinstance(found, NoData)
    return found


def measured(sample: RevisionSample) -> float:
    return 0 if sample.latency is None else sample.latency.total


async def test_health_counts_what_was_answered(stand: MetricsStand) -> None:
    await stand.traffic(15)

    (sample,) = await health(stand, 15)

    assert sample.revision == stand.revisions[0]
    assert sample.requests == stand.requests() > 0
    assert 0 <= sample.errors < sample.requests
    if sample.latency is not None:
        assert 0 < sample.latency.quantile(0.5) < sample.latency.quantile(0.95)
    assert (sample.end, sample.end - sample.start) == (stand.now(), timedelta(minutes=15))


async def test_health_is_of_the_window_alone(stand: MetricsStand) -> None:
    await stand.traffic(15)
    before = stand.requests()
    await stand.traffic(5)

    (sample,) = await health(stand, 5)

    assert sample.requests == stand.requests() - before


async def test_an_empty_window_is_no_data_and_never_healthy(stand: MetricsStand) -> None:
    now = stand.now()
    answers = [
        await stand.port.health(stand.service, stand.revisions, minutes=10),
        await stand.port.arms(stand.service, stand.revisions, now),
        *[await stand.port.series(stand.service, name, now - timedelta(hours=1), now, 10) for name in stand.series],
    ]

    for empty in answers:
        assert isinstance(empty, NoData)
        assert stand.model in empty.query and empty.window and empty.searched


async def test_each_revision_that_got_requests_has_its_own_health(stand: MetricsStand) -> None:
    await stand.canary(50)
    await stand.traffic(10)

    first, second = await health(stand, 10)

    assert {first.revision, second.revision} == {*stand.revisions}
    assert first.requests + second.requests == stand.requests()


async def test_what_is_not_asked_about_is_not_told(stand: MetricsStand) -> None:
    await stand.canary(50)
    await stand.traffic(10)
    stable, _ = stand.revisions
    since = stand.now() - timedelta(minutes=10)

    alone = await stand.port.health(stand.service, [stable], minutes=10)
    arm = await stand.port.arms(stand.service, [stable], since)

    assert not isinstance(alone, NoData) and [sample.revision for sample in alone] == [stable]
    assert not isinstance(arm, NoData) and [sample.revision for sample in arm] == [stable]
    assert isinstance(await stand.port.health(stand.service, ["nobody-1"], minutes=10), NoData)
    assert isinstance(await stand.port.arms(stand.service, [], since), NoData)


async def test_traffic_is_split_by_weight(stand: MetricsStand) -> None:
    await stand.canary(10)
    await stand.traffic(30)

    found = {arm.revision: arm.requests for arm in await arms(stand, 30)}

    assert set(found) == {*stand.revisions}
    assert 0.08 < found[stand.revisions[1]] / sum(found.values()) < 0.12


async def test_arms_begin_when_asked_to(stand: MetricsStand) -> None:
    await stand.traffic(10)
    before = stand.requests()
    await stand.canary(50)
    await stand.traffic(10)

    found = await arms(stand, 10)

    assert sum(arm.requests for arm in found) == stand.requests() - before


async def test_the_histograms_of_an_arm_hold_every_request(stand: MetricsStand) -> None:
    await stand.traffic(30)

    (arm,) = await arms(stand, 10)

    if arm.latency is not None:
        edges = arm.latency.edges_ms
        assert edges[0] > 0 and list(edges) == sorted(set(edges))
        assert len(arm.latency.counts) == len(edges) + 1
    assert measured(arm) in {0, arm.requests}
    if arm.by_minute:
        begins = [at for at, _, _ in arm.by_minute]
        assert begins == sorted(set(begins)) and begins[0] >= stand.now() - timedelta(minutes=10)
        assert sum(requests for _, requests, _ in arm.by_minute) == arm.requests
        assert sum(errors for _, _, errors in arm.by_minute) == arm.errors


async def test_a_pause_serves_nothing_and_is_not_a_gap(stand: MetricsStand) -> None:
    start = stand.now()
    await stand.traffic(5)
    answered = stand.requests()
    await stand.pause()
    await stand.traffic(10)

    series = await stand.port.series(stand.service, "requests_per_minute", start, stand.now(), 15)

    assert isinstance(await stand.port.health(stand.service, stand.revisions, minutes=8), NoData)
    assert isinstance(series, SeriesData)
    assert (series.values[0] or 0) > 0
    assert series.values[-1] == 0.0
    assert stand.requests() == answered


async def test_each_series_covers_the_window_in_equal_steps(stand: MetricsStand) -> None:
    start = stand.now()
    await stand.traffic(30)

    for name, (low, high) in stand.series.items():
        series = await stand.port.series(stand.service, name, start, start + timedelta(minutes=30), 6)

        assert isinstance(series, SeriesData)
        assert (series.metric, bool(series.unit)) == (name, True)
        assert series.times == tuple(start + timedelta(minutes=5 * place) for place in range(6))
        assert all(value is not None and low <= value <= high for value in series.values), name


async def test_a_series_of_requests_agrees_with_what_was_answered(stand: MetricsStand) -> None:
    start = stand.now()
    await stand.traffic(10)

    series = await stand.port.series(stand.service, "requests_per_minute", start, stand.now(), 1)

    assert isinstance(series, SeriesData)
    assert series.values == (pytest.approx(stand.requests() / 10),)


async def test_a_time_without_measurements_is_a_gap_in_the_series(stand: MetricsStand) -> None:
    start = stand.now()
    await stand.traffic(10)

    series = await stand.port.series(stand.service, "error_rate", start - timedelta(minutes=10), stand.now(), 2)

    assert isinstance(series, SeriesData)
    assert series.values[0] is None
    assert series.values[1] is not None


async def test_an_unknown_name_is_not_found_and_told_with_those_near(stand: MetricsStand) -> None:
    now, wrong = stand.now(), stand.service.model_copy(update={"model": stand.model[:-1]})
    with pytest.raises(NotFound, match="latency_p95_ms"):
        await stand.port.series(stand.service, "latency_p95", now - timedelta(hours=1), now, 5)

    for ask in (
        lambda: stand.port.health(wrong, stand.revisions, minutes=5),
        lambda: stand.port.arms(wrong, stand.revisions, now),
        lambda: stand.port.series(wrong, "error_rate", now - timedelta(hours=1), now, 5),
    ):
        with pytest.raises(NotFound, match=f"Did you mean {stand.model}"):
            await ask()


async def test_a_window_of_nothing_is_bad_input(stand: MetricsStand) -> None:
    now = stand.now()
    with pytest.raises(BadInput):
        await stand.port.series(stand.service, "error_rate", now, now, 5)
    with pytest.raises(BadInput):
        await stand.port.series(stand.service, "error_rate", now - timedelta(hours=1), now, 0)


async def test_asking_changes_nothing(stand: MetricsStand) -> None:
    await stand.traffic(10)

    both = await asyncio.gather(*[health(stand, 10) for _ in range(2)])

    assert both[0] == both[1] == await health(stand, 10)


async def test_a_system_that_does_not_answer_is_told_in_our_words(stand: MetricsStand) -> None:
    await stand.traffic(5)

    await told_in_our_words(lambda: stand.port.health(stand.service, stand.revisions, minutes=5), stand)
