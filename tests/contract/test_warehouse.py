"""What every Warehouse adapter promises: KPIs by local day and by version, nothing counted twice, nothing invented."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bizaiops_bot.adapters import embedded
from bizaiops_bot.adapters.duckdb import DuckDbSettings, DuckDbWarehouse, Sums
from bizaiops_bot.adapters.kpi_files import load_kpis
from bizaiops_bot.domain.errors import BadInput, NotFound, Permanent
from bizaiops_bot.domain.kpi import Kpi, pooled
from tests.support.virtual_clock import VirtualClock

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
RATE = Kpi(
    id="churn_rate", model="churn", title="Churn rate", unit="%", direction="down_is_good",
    numerator="churned", denominator="labelled", scale=100,
)  # fmt: skip


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[DuckDbWarehouse]:
    found = DuckDbSettings(kind="duckdb").build([RATE], VirtualClock(NOW), tmp_path)
    yield found
    found.close()


def sums(at: datetime, churned: float, labelled: float, version: str = "v1", model: str = "churn") -> Sums:
    return (at, model, version, {"churned": churned, "labelled": labelled, "answered": labelled})


async def test_a_day_is_the_sum_of_its_minutes_divided_once(warehouse: DuckDbWarehouse) -> None:
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    warehouse.append([sums(noon, 10, 100), sums(noon + timedelta(minutes=1), 90, 300)])
    (day,) = await warehouse.daily("churn_rate", date(2026, 3, 10), date(2026, 3, 10), time_zone="UTC")
    assert day.value == pytest.approx(25.0)  # and not the mean of 10% and 30%
    assert (day.n, day.complete) == (400, True)
    assert day.updated == noon + timedelta(minutes=2)


async def test_the_same_minute_again_replaces_and_does_not_add(warehouse: DuckDbWarehouse) -> None:
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    warehouse.append([sums(noon, 10, 100)])
    await warehouse.daily("churn_rate", noon.date(), noon.date(), time_zone="UTC")
    warehouse.append([sums(noon, 20, 100)])
    (day,) = await warehouse.daily("churn_rate", noon.date(), noon.date(), time_zone="UTC")
    assert day.value == pytest.approx(20.0)
    assert day.n == 100


async def test_the_day_the_clocks_change_has_23_local_hours(warehouse: DuckDbWarehouse) -> None:
    start = datetime(2026, 3, 28, 0, tzinfo=UTC)
    warehouse.append([sums(start + timedelta(hours=hour), 1, 100) for hour in range(72)])
    days = await warehouse.daily("churn_rate", date(2026, 3, 28), date(2026, 3, 30), time_zone="Europe/Berlin")
    assert [day.n // 100 for day in days] == [23, 23, 24]  # from 0:00 UTC on; the 29th is short; then a whole day
    utc = await warehouse.daily("churn_rate", date(2026, 3, 28), date(2026, 3, 30), time_zone="UTC")
    assert [day.n // 100 for day in utc] == [24, 24, 24]


async def test_a_time_zone_moves_the_border_of_the_day(warehouse: DuckDbWarehouse) -> None:
    late = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)
    warehouse.append([sums(late, 50, 100)])
    for zone, expected in (("UTC", [100, 0]), ("Europe/Berlin", [0, 100]), ("America/New_York", [100, 0])):
        days = await warehouse.daily("churn_rate", date(2026, 3, 10), date(2026, 3, 11), time_zone=zone)
        assert [day.n for day in days] == expected, zone


async def test_days_without_data_are_there_without_a_value(warehouse: DuckDbWarehouse) -> None:
    days = await warehouse.daily("churn_rate", date(2026, 3, 1), date(2026, 3, 3), time_zone="UTC")
    assert [(day.day.day, day.value, day.n, day.updated) for day in days] == [
        (1, None, 0, None), (2, None, 0, None), (3, None, 0, None),
    ]  # fmt: skip


async def test_too_few_observations_give_no_value(warehouse: DuckDbWarehouse) -> None:
    warehouse.append([sums(datetime(2026, 3, 10, tzinfo=UTC), 5, RATE.min_n - 1)])
    (day,) = await warehouse.daily("churn_rate", date(2026, 3, 10), date(2026, 3, 10), time_zone="UTC")
    assert (day.value, day.n) == (None, RATE.min_n - 1)


async def test_the_running_local_day_is_not_complete(warehouse: DuckDbWarehouse) -> None:
    days = await warehouse.daily("churn_rate", date(2026, 3, 30), date(2026, 4, 1), time_zone="UTC")
    assert [day.complete for day in days] == [True, False, False]


async def test_a_day_brings_its_sums_so_that_days_can_be_pooled(warehouse: DuckDbWarehouse) -> None:
    first = datetime(2026, 3, 10, 12, tzinfo=UTC)
    warehouse.append([sums(first, 100, 10_000), sums(first + timedelta(days=1), 5, 100)])
    days = await warehouse.daily("churn_rate", date(2026, 3, 10), date(2026, 3, 11), time_zone="UTC")
    assert [(d.numerator, d.denominator) for d in days] == [(100, 10_000), (5, 100)]
    assert pooled(RATE, days) == pytest.approx(100 * 105 / 10_100)


async def test_a_day_whose_data_stopped_at_noon_is_not_complete(warehouse: DuckDbWarehouse) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    hours = [start + timedelta(hours=hour) for hour in range(24 * 30)]
    kept = [at for at in hours if at.date() != date(2026, 3, 28) or at.hour < 12]
    warehouse.append([sums(at, 10, 100) for at in kept])
    days = await warehouse.daily("churn_rate", date(2026, 3, 27), date(2026, 3, 29), time_zone="UTC")
    assert [day.complete for day in days] == [True, False, True]
    assert days[1].updated == datetime(2026, 3, 28, 11, 1, tzinfo=UTC)
    # and requests that go on do not hide that the outcomes stopped
    late = datetime(2026, 3, 28, 23, tzinfo=UTC)
    warehouse.append([(late, "churn", "v1", {"answered": 500.0})])
    (day,) = await warehouse.daily("churn_rate", late.date(), late.date(), time_zone="UTC")
    assert not day.complete


async def test_a_kpi_by_version_counts_only_what_came_since(warehouse: DuckDbWarehouse) -> None:
    at = datetime(2026, 3, 10, 12, tzinfo=UTC)
    warehouse.append(
        [
            sums(at - timedelta(minutes=1), 99, 100),
            sums(at, 20, 100),
            sums(at, 5, 50, version="v2"),
            sums(at, 50, 50, model="demand"),
        ]
    )
    found = await warehouse.by_version("churn_rate", at)
    assert {version: (day.value, day.n) for version, day in found.items()} == {"v1": (20.0, 100), "v2": (10.0, 50)}


async def test_a_restart_finds_what_was_written(tmp_path: Path) -> None:
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    for churned in (10, 30):
        warehouse = DuckDbWarehouse(tmp_path / "kpi" / "w.duckdb", [RATE], VirtualClock(NOW))
        warehouse.append([sums(noon, churned, 100)])
        warehouse.close()
    warehouse = DuckDbWarehouse(tmp_path / "kpi" / "w.duckdb", [RATE], VirtualClock(NOW))
    (day,) = await warehouse.daily("churn_rate", noon.date(), noon.date(), time_zone="UTC")
    warehouse.close()
    assert day.value == pytest.approx(30.0)
    assert day.n == 100


async def test_what_was_flushed_survives_without_a_close(tmp_path: Path) -> None:
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    warehouse = DuckDbWarehouse(tmp_path / "w.duckdb", [RATE], VirtualClock(NOW))
    warehouse.append([sums(noon, 10, 100)])
    warehouse.flush()
    for name in ("w.duckdb", "w.duckdb.wal"):
        if (tmp_path / name).exists():
            (tmp_path / f"copy-{name}").write_bytes((tmp_path / name).read_bytes())
    copy = DuckDbWarehouse(tmp_path / "copy-w.duckdb", [RATE], VirtualClock(NOW))
    (day,) = await copy.daily("churn_rate", noon.date(), noon.date(), time_zone="UTC")
    copy.close()
    warehouse.close()
    assert day.n == 100


async def test_unknown_names_and_spans_are_refused(warehouse: DuckDbWarehouse) -> None:
    today = date(2026, 3, 10)
    with pytest.raises(NotFound, match="churn_rate"):
        await warehouse.daily("churn_rat", today, today, time_zone="UTC")
    with pytest.raises(BadInput, match="time zone"):
        await warehouse.daily("churn_rate", today, today, time_zone="Europe/Atlantis")
    with pytest.raises(BadInput, match="span"):
        await warehouse.daily("churn_rate", today, today - timedelta(days=1), time_zone="UTC")


async def test_a_file_that_is_not_a_warehouse_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "w.duckdb").write_text("not a database, but long enough to be read as one" * 100)
    with pytest.raises(Permanent, match=r"w\.duckdb"):
        DuckDbWarehouse(tmp_path / "w.duckdb", [RATE], VirtualClock(NOW))


def test_the_shipped_kpis_load_and_cover_both_models() -> None:
    kpis = load_kpis(Path(next(iter(embedded.__path__))) / "kpis")
    assert {kpi.id for kpi in kpis if kpi.model == "churn"} == {
        "churn_rate", "revenue_at_risk", "retention_cost", "offers_share",
    }  # fmt: skip
    assert {kpi.id for kpi in kpis if kpi.model == "demand"} == {"stock_out_rate", "inventory_cost", "forecast_error"}
    names = [alias for kpi in kpis for alias in kpi.aliases]
    assert len(names) == len(set(names)), "an alias must mean one KPI"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("numeratr: churned", r"churn_rate\.yaml, line 2: numeratr is not a field of a KPI; did you mean numerator"),
        ("direction: sideways", r"churn_rate\.yaml, line 2: direction"),
        ("unit: [", r"churn_rate\.yaml, line \d"),
    ],
)
def test_a_wrong_definition_names_its_file_and_line(tmp_path: Path, line: str, says: str) -> None:
    good = {"model": "churn", "title": "T", "denominator": "labelled", "numerator": "churned"}
    lines = ["id: churn_rate", line, *(f"{name}: {value}" for name, value in good.items())]
    if not line.startswith("direction"):
        lines.append("direction: up_is_good")
    if not line.startswith("unit"):
        lines.append("unit: EUR")
    (tmp_path / "churn_rate.yaml").write_text("\n".join(lines) + "\n")
    with pytest.raises(Permanent, match=says):
        load_kpis(tmp_path)
