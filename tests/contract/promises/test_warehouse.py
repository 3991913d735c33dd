"""The warehouse: KPIs by local day and by version, divided once, nothing invented."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from bizaiops_bot.domain.errors import BadInput, NotFound
from bizaiops_bot.domain.kpi import KpiDay, pooled
from bizaiops_bot.domain.values import NoData
from tests.contract.stands import STANDS
from tests.contract.stands.stand import WarehouseStand, over, told_in_our_words

stand = over(STANDS["warehouse"])
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


async def days(stand: WarehouseStand, first: date, last: date | None = None, zone: str = "UTC") -> list[KpiDay]:
    return await stand.port.daily(stand.kpi.id, first, last or first, time_zone=zone)


async def test_kpis_are_told_by_the_names_that_the_port_takes(stand: WarehouseStand) -> None:
    kpis = await stand.port.kpis()

    assert {kpi.id: kpi for kpi in kpis} == {kpi.id: kpi for kpi in (stand.kpi, stand.other)}
    for kpi in kpis:
        assert [day.kpi for day in await stand.port.daily(kpi.id, NOON.date(), NOON.date(), time_zone="UTC")] == [
            kpi.id
        ]


async def test_a_day_is_the_sum_of_its_parts_divided_once(stand: WarehouseStand) -> None:
    stand.count(NOON, 10, 100)
    stand.count(NOON + timedelta(hours=1), 90, 300)

    (day,) = await days(stand, NOON.date())

    assert day.value == pytest.approx(25.0), "and not the mean of 10% and 30%"
    assert (day.n, day.complete) == (400, True)
    assert day.updated is not None
    assert NOON + timedelta(hours=1) < day.updated <= NOON + timedelta(hours=2)


async def test_all_versions_count_for_a_day_and_other_kpis_do_not(stand: WarehouseStand) -> None:
    stand.count(NOON, 10, 100)
    stand.count(NOON, 30, 100, version="v2")
    stand.count(NOON, 100, 100, kpi=stand.other)

    (day,) = await days(stand, NOON.date())

    assert (day.value, day.n) == (pytest.approx(20.0), 200)


async def test_data_are_fresh_up_to_the_newest_that_came(stand: WarehouseStand) -> None:
    assert isinstance(empty := await stand.port.fresh(stand.kpi.id), NoData)
    assert stand.kpi.id in empty.query and empty.window and empty.searched
    stand.count(NOON, 10, 100)
    stand.count(NOON - timedelta(days=1), 10, 100)
    stand.count(NOON + timedelta(days=2), 10, 100, kpi=stand.other)

    until = await stand.port.fresh(stand.kpi.id)

    assert isinstance(until, datetime)
    assert NOON < until <= NOON + timedelta(hours=1)


async def test_what_is_counted_late_is_seen(stand: WarehouseStand) -> None:
    first, last = NOON.date(), NOON.date() + timedelta(days=2)
    for place in range(3):
        stand.count(NOON + timedelta(days=place), 10, 100)
    before = await days(stand, first, last)
    stand.count(NOON + timedelta(days=1, hours=1), 90, 100)

    after = await days(stand, first, last)

    assert [day.n for day in before] == [100, 100, 100]
    assert [day.n for day in after] == [100, 200, 100]


async def test_the_day_the_clocks_change_has_23_local_hours(stand: WarehouseStand) -> None:
    start = datetime(2026, 3, 28, tzinfo=UTC)
    for hour in range(72):
        stand.count(start + timedelta(hours=hour), 1, 100)

    berlin = await days(stand, date(2026, 3, 28), date(2026, 3, 30), "Europe/Berlin")
    utc = await days(stand, date(2026, 3, 28), date(2026, 3, 30))

    assert [day.n // 100 for day in berlin] == [23, 23, 24]  # from 0:00 UTC on; the 29th is short; then a whole day
    assert [day.n // 100 for day in utc] == [24, 24, 24]


@pytest.mark.parametrize(
    ("zone", "expected"), [("UTC", [100, 0]), ("Europe/Berlin", [0, 100]), ("America/New_York", [100, 0])]
)
async def test_a_time_zone_moves_the_border_of_the_day(stand: WarehouseStand, zone: str, expected: list[int]) -> None:
    stand.count(datetime(2026, 3, 10, 23, 30, tzinfo=UTC), 50, 100)

    found = await days(stand, date(2026, 3, 10), date(2026, 3, 11), zone)

    assert [day.n for day in found] == expected


async def test_days_without_data_are_there_without_a_value(stand: WarehouseStand) -> None:
    found = await days(stand, date(2026, 3, 1), date(2026, 3, 3))

    assert [(day.day.day, day.value, day.n, day.updated) for day in found] == [
        (1, None, 0, None),
        (2, None, 0, None),
        (3, None, 0, None),
    ]


async def test_too_few_observations_give_no_value(stand: WarehouseStand) -> None:
    few = stand.kpi.min_n - 1
    stand.count(NOON, 5, few)

    (day,) = await days(stand, NOON.date())

    assert (day.value, day.n) == (None, few)


async def test_the_running_local_day_is_not_complete(stand: WarehouseStand) -> None:
    found = await days(stand, stand.today - timedelta(days=1), stand.today + timedelta(days=1))

    assert [day.complete for day in found] == [True, False, False]


async def test_a_day_whose_data_stopped_at_noon_is_not_complete(stand: WarehouseStand) -> None:
    for hour in range(24 * 30):
        at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=hour)
        if at.date() != date(2026, 3, 28) or at.hour < 12:
            stand.count(at, 10, 100)

    found = await days(stand, date(2026, 3, 27), date(2026, 3, 29))

    assert [day.complete for day in found] == [True, False, True]
    cut = found[1].updated
    assert cut is not None
    assert datetime(2026, 3, 28, 11, tzinfo=UTC) < cut <= datetime(2026, 3, 28, 12, tzinfo=UTC)


async def test_a_day_brings_its_sums_so_that_days_can_be_pooled(stand: WarehouseStand) -> None:
    stand.count(NOON, 100, 10_000)
    stand.count(NOON + timedelta(days=1), 5, 100)

    found = await days(stand, NOON.date(), NOON.date() + timedelta(days=1))

    assert [(day.numerator, day.denominator) for day in found] == [(100, 10_000), (5, 100)]
    assert pooled(stand.kpi, found) == pytest.approx(100 * 105 / 10_100)


async def test_a_kpi_by_version_counts_only_what_came_since(stand: WarehouseStand) -> None:
    stand.count(NOON - timedelta(minutes=1), 99, 100)
    stand.count(NOON, 20, 100)
    stand.count(NOON, 5, 50, version="v2")
    stand.count(NOON, 50, 50, kpi=stand.other)

    found = await stand.port.by_version(stand.kpi.id, NOON)

    assert {version: (day.value, day.n) for version, day in found.items()} == {"v1": (20.0, 100), "v2": (10.0, 50)}


async def test_no_version_has_a_kpi_that_nobody_counted(stand: WarehouseStand) -> None:
    assert await stand.port.by_version(stand.kpi.id, NOON) == {}


async def test_an_unknown_kpi_is_not_found_and_told_with_those_near(stand: WarehouseStand) -> None:
    wrong = stand.kpi.id[:-1]
    with pytest.raises(NotFound, match=f"Did you mean {stand.kpi.id}"):
        await stand.port.daily(wrong, NOON.date(), NOON.date(), time_zone="UTC")
    with pytest.raises(NotFound, match=f"Did you mean {stand.kpi.id}"):
        await stand.port.by_version(wrong, NOON)
    with pytest.raises(NotFound, match=f"Did you mean {stand.kpi.id}"):
        await stand.port.fresh(wrong)


async def test_a_span_and_a_time_zone_that_cannot_be_are_bad_input(stand: WarehouseStand) -> None:
    today = NOON.date()
    with pytest.raises(BadInput, match="time zone"):
        await days(stand, today, zone="Europe/Atlantis")
    with pytest.raises(BadInput, match="span"):
        await days(stand, today, today - timedelta(days=1))


async def test_asking_changes_nothing(stand: WarehouseStand) -> None:
    stand.count(NOON, 10, 100)

    both = await asyncio.gather(*[days(stand, NOON.date()) for _ in range(2)])

    assert both[0] == both[1] == await days(stand, NOON.date())


@pytest.mark.parametrize("read", ["daily", "by_version"])
async def test_a_system_that_does_not_answer_is_told_in_our_words_and_answers_again(
    stand: WarehouseStand, read: str
) -> None:
    stand.count(NOON, 10, 100)

    async def ask() -> object:
        return await (days(stand, NOON.date()) if read == "daily" else stand.port.by_version(stand.kpi.id, NOON))

    await told_in_our_words(ask, stand)
    stand.mend()

    (day,) = await days(stand, NOON.date())
    assert (day.value, day.n) == (pytest.approx(10.0), 100)
