"""The DuckDB warehouse beyond its promises: minutes that are booked, kept days, and its file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bizaiops_bot.adapters.duckdb import DuckDbSettings, DuckDbWarehouse, Sums
from bizaiops_bot.domain.errors import Permanent, Temporary
from bizaiops_bot.domain.kpi import Kpi
from tests.support.contexts import context
from tests.support.virtual_clock import VirtualClock

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
RATE = Kpi(
    id="churn_rate",
    model="churn",
    title="Churn rate",
    unit="%",
    direction="down_is_good",
    numerator="churned",
    denominator="labelled",
    scale=100,
)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[DuckDbWarehouse]:
    found = DuckDbSettings(kind="duckdb").build(context(tmp_path, VirtualClock(NOW), [RATE]))
    yield found
    found.close()


def sums(at: datetime, churned: float, labelled: float, version: str = "v1", model: str = "churn") -> Sums:
    return (at, model, version, {"churned": churned, "labelled": labelled, "answered": labelled})


async def test_a_day_is_as_fresh_as_the_end_of_its_last_minute(warehouse: DuckDbWarehouse) -> None:
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    warehouse.append([sums(noon, 10, 100), sums(noon + timedelta(minutes=1), 90, 300)])
    (day,) = await warehouse.daily("churn_rate", date(2026, 3, 10), date(2026, 3, 10), time_zone="UTC")
    assert day.updated == noon + timedelta(minutes=2)


async def test_the_same_minute_again_replaces_and_does_not_add(warehouse: DuckDbWarehouse) -> None:
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    warehouse.append([sums(noon, 10, 100)])
    await warehouse.daily("churn_rate", noon.date(), noon.date(), time_zone="UTC")
    warehouse.append([sums(noon, 20, 100)])
    (day,) = await warehouse.daily("churn_rate", noon.date(), noon.date(), time_zone="UTC")
    assert day.value == pytest.approx(20.0)
    assert day.n == 100


async def test_days_that_nothing_was_written_into_are_not_read_again(
    warehouse: DuckDbWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    warehouse.append([sums(noon, 10, 100)])
    asked = await warehouse.daily("churn_rate", noon.date(), noon.date(), time_zone="UTC")
    warehouse.append([sums(NOW, 1, 100)])  # of today
    monkeypatch.setattr(warehouse, "_sums_of", lambda *_: pytest.fail("the file was read"))
    assert await warehouse.daily("churn_rate", noon.date(), noon.date(), time_zone="UTC") == asked


async def test_requests_that_go_on_do_not_hide_that_the_outcomes_stopped(warehouse: DuckDbWarehouse) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    hours = [start + timedelta(hours=hour) for hour in range(24 * 30)]
    warehouse.append([sums(at, 10, 100) for at in hours if at.date() != date(2026, 3, 28) or at.hour < 12])
    warehouse.append([(datetime(2026, 3, 28, 23, tzinfo=UTC), "churn", "v1", {"answered": 500.0})])
    (day,) = await warehouse.daily("churn_rate", date(2026, 3, 28), date(2026, 3, 28), time_zone="UTC")
    assert day.updated == datetime(2026, 3, 28, 11, 1, tzinfo=UTC)
    assert not day.complete


async def test_what_the_file_did_not_take_is_booked_when_it_does(tmp_path: Path) -> None:
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    warehouse = DuckDbWarehouse(tmp_path / "w.duckdb", [RATE], VirtualClock(NOW))
    warehouse.flush()
    warehouse._db.close()
    warehouse.append([sums(noon, 10, 100)])
    with pytest.raises(Temporary, match="could not be written"):
        warehouse.flush()
    warehouse._db = warehouse._open()
    warehouse.flush()
    (day,) = await warehouse.daily("churn_rate", noon.date(), noon.date(), time_zone="UTC")
    warehouse.close()
    assert day.n == 100


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


async def test_a_file_that_is_not_a_warehouse_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "w.duckdb").write_text("not a database, but long enough to be read as one" * 100)
    warehouse = DuckDbWarehouse(tmp_path / "w.duckdb", [RATE], VirtualClock(NOW))
    with pytest.raises(Permanent, match=r"w\.duckdb"):
        warehouse.flush()
    warehouse.close()
