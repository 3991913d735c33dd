"""Predictions: what was asked and answered, held against what the version was made on; nothing is made up."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bizaiops_bot.domain.drift import assess_drift
from bizaiops_bot.domain.errors import BadInput, NotFound
from bizaiops_bot.domain.live_drift import LiveSketches
from bizaiops_bot.domain.monitoring import ScoreArm, SeriesData
from bizaiops_bot.domain.values import NoData
from tests.contract.stands import STANDS
from tests.contract.stands.stand import PredictionsStand, over, told_in_our_words

stand = over(STANDS["predictions"])


async def scores(stand: PredictionsStand, minutes: int) -> list[ScoreArm]:
    since = stand.now() - timedelta(minutes=minutes)
    found = await stand.port.scores(stand.service, stand.revisions, since)
    assert not isinstance(found, NoData)
    return found


async def sketches(stand: PredictionsStand, version: str, minutes: float = 10) -> LiveSketches:
    found = await stand.port.sketches(stand.service, version, minutes=minutes)
    assert not isinstance(found, NoData), found
    return found


async def test_every_answer_has_its_score_in_the_bins_of_its_own_version(stand: PredictionsStand) -> None:
    await stand.canary(50)
    await stand.traffic(10)

    found = await scores(stand, 10)

    assert {arm.revision for arm in found} == {*stand.revisions}
    assert sum(sum(arm.counts) for arm in found) == stand.answered()
    for arm in found:
        assert len(arm.counts) == len(arm.expected_shares) > 1
        assert sum(arm.expected_shares) == pytest.approx(1)


async def test_scores_begin_when_asked_to(stand: PredictionsStand) -> None:
    await stand.traffic(10)
    before = stand.answered()
    await stand.canary(50)
    await stand.traffic(10)

    found = await scores(stand, 10)

    assert sum(sum(arm.counts) for arm in found) == stand.answered() - before


async def test_what_is_not_asked_about_is_not_told(stand: PredictionsStand) -> None:
    await stand.canary(50)
    await stand.traffic(10)
    (stable, version), since = next(iter(stand.revisions.items())), stand.now() - timedelta(minutes=10)

    alone = await stand.port.scores(stand.service, {stable: version}, since)

    assert not isinstance(alone, NoData) and [arm.revision for arm in alone] == [stable]
    assert isinstance(await stand.port.scores(stand.service, {}, since), NoData)


async def test_an_empty_window_is_no_data_and_never_calm(stand: PredictionsStand) -> None:
    now = stand.now()
    answers = [
        await stand.port.scores(stand.service, stand.revisions, now),
        await stand.port.sketches(stand.service, stand.first, minutes=10),
        await stand.port.sketches(stand.service, "v99", minutes=10),
        *[await stand.port.series(stand.service, name, now - timedelta(hours=1), now, 10) for name in stand.series],
    ]

    for empty in answers:
        assert isinstance(empty, NoData)
        assert stand.model in empty.query and empty.window and empty.searched


async def test_sketches_hold_every_answer_minute_by_minute(stand: PredictionsStand) -> None:
    await stand.traffic(10)

    found = await sketches(stand, stand.first)

    assert found.version == stand.first
    assert found.rows == found.whole.rows == stand.answered()
    begins = [at for at, _ in found.minutes]
    assert begins == sorted(set(begins)) and found.start <= begins[0] and begins[-1] < found.end == stand.now()


async def test_calm_requests_are_as_at_training_and_others_are_told_apart(stand: PredictionsStand) -> None:
    await stand.traffic(10)
    calm = await sketches(stand, stand.first)
    column = await stand.shift()
    await stand.traffic(10)
    shifted = await sketches(stand, stand.first)

    drifted = [
        [f.name for f in assess_drift(seen.reference, seen.whole) if f.drifted and f.kind != "score"]
        for seen in (calm, shifted)
    ]

    assert drifted == [[], [column]]


async def test_a_new_version_is_not_judged_by_the_rows_of_the_old_one(stand: PredictionsStand) -> None:
    await stand.traffic(10)
    await stand.promote()
    assert isinstance(await stand.port.sketches(stand.service, stand.second, minutes=10), NoData)
    before = stand.answered()
    await stand.traffic(5)

    found = await sketches(stand, stand.second)

    assert (found.version, found.rows) == (stand.second, stand.answered() - before)


async def test_each_series_covers_the_window_in_equal_steps(stand: PredictionsStand) -> None:
    start = stand.now()
    await stand.traffic(30)

    for name, (low, high) in stand.series.items():
        series = await stand.port.series(stand.service, name, start, start + timedelta(minutes=30), 6)

        assert isinstance(series, SeriesData)
        assert (series.metric, bool(series.unit)) == (name, True)
        assert series.times == tuple(start + timedelta(minutes=5 * place) for place in range(6))
        assert all(value is not None and low <= value <= high for value in series.values), name


async def test_an_unknown_name_is_not_found_and_told_with_those_near(stand: PredictionsStand) -> None:
    now, wrong = stand.now(), stand.service.model_copy(update={"model": stand.model[:-1]})
    with pytest.raises(NotFound, match="score_mean"):
        await stand.port.series(stand.service, "score_man", now - timedelta(hours=1), now, 5)

    for ask in (
        lambda: stand.port.scores(wrong, stand.revisions, now),
        lambda: stand.port.sketches(wrong, stand.first, minutes=5),
        lambda: stand.port.series(wrong, "score_mean", now - timedelta(hours=1), now, 5),
    ):
        with pytest.raises(NotFound, match=f"Did you mean {stand.model}"):
            await ask()


async def test_a_window_of_nothing_is_bad_input(stand: PredictionsStand) -> None:
    now = stand.now()
    with pytest.raises(BadInput):
        await stand.port.series(stand.service, "score_mean", now, now, 5)


async def test_asking_changes_nothing(stand: PredictionsStand) -> None:
    await stand.traffic(10)

    both = await asyncio.gather(*[scores(stand, 10) for _ in range(2)])

    assert both[0] == both[1] == await scores(stand, 10)


async def test_a_system_that_does_not_answer_is_told_in_our_words(stand: PredictionsStand) -> None:
    await stand.traffic(5)

    await told_in_our_words(
        lambda: stand.port.scores(stand.service, stand.revisions, stand.now() - timedelta(minutes=5)), stand
    )
