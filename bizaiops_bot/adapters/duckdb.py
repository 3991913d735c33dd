"""The Warehouse on one DuckDB file: sums per minute, model and version; a KPI is divided when someone asks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict

from bizaiops_bot.bot_api.context import Context
from bizaiops_bot.domain.errors import BadInput, NotFound, Permanent, Temporary
from bizaiops_bot.domain.kpi import Kpi, KpiDay
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.domain.whole_days import LOOK_BACK_DAYS, Silence, stopped_early
from bizaiops_bot.ports.clock import Clock

T = TypeVar("T")
Sums = tuple[datetime, str, str, Mapping[str, float]]
_Sums = tuple[float, float, float, int | None]

FLUSH_EVERY_S = 5.0
LABELLED = "labelled"
UNREADABLE = frozenset("?\\")
LONGEST_DAYS = 3660
DAYS_KEPT = 20_000
"""Days of KPIs whose sums are kept in memory; some 4 MB."""
SCHEMA = """
create table if not exists kpi_sums (
    at_s bigint not null, model varchar not null, version varchar not null,
    measure varchar not null, total double not null
)
"""


class DuckDbSettings(BaseModel):
    """The warehouse in one file on this machine."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["duckdb"] = "duckdb"
    path: Path | None = None
    """The file; None puts `warehouse.duckdb` into the data folder, so that it lives and moves with the rest."""

    def build(self, context: Context) -> DuckDbWarehouse:
        """The file is opened by the first call. Raises BadInput for one that DuckDB cannot name."""
        file = self.path or context.data / "warehouse.duckdb"
        _openable(file.absolute())
        warehouse = DuckDbWarehouse(file, context.kpis, context.clock)
        context.ends.callback(warehouse.close)
        return warehouse


def _openable(file: Path) -> None:
    """DuckDB takes ? and \\ in the name of a file for something else, and knows no other way to write them."""
    found = sorted(set(str(file)) & UNREADABLE)
    if found and os.name != "nt":
        raise BadInput(
            f"The warehouse cannot be kept in {str(file.parent)!r}.",
            f"DuckDB cannot open a file with {' or '.join(found)} in its name.",
            "Give another folder: --data DIR; or put the warehouse alone elsewhere: BIZAIOPS_WAREHOUSE__PATH.",
        )


class DuckDbWarehouse:
    """The Warehouse port. All work on the file is done by one thread, because DuckDB wants one writer.

    Batches are keyed by (minute, model, version): the same key again replaces, so a restart counts nothing twice.
    """

    def __init__(self, path: Path | None, kpis: Sequence[Kpi], clock: Clock) -> None:
        """path: the file, opened by the first call, None for one in memory. kpis: the definitions to answer for."""
        self._given = kpis
        self._clock, self._path = clock, path
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="duckdb")
        self._days: dict[tuple[str, int, int], _Sums | None] = {}
        self._buffer: dict[tuple[datetime, str, str], Mapping[str, float]] = {}
        self._guard = threading.Lock()
        self._flushed = time.monotonic()
        self._db: Any = None

    async def ready(self) -> Readiness:
        """See the port."""
        where = f"duckdb: {self._path or 'in memory'}"
        if self._db is None and self._path is not None and not self._path.exists():
            return Readiness(ok=True, says=f"{where}, made when it is first used")
        await self._in_worker(lambda: self._db.execute("select count(*) from kpi_sums").fetchone())
        return Readiness(ok=True, says=f"{where}, answers")

    @property
    def _kpis(self) -> dict[str, Kpi]:
        return {kpi.id: kpi for kpi in self._given}

    async def kpis(self) -> list[Kpi]:
        return list(self._kpis.values())

    async def daily(self, kpi: str, start: date, end: date, *, time_zone: str) -> list[KpiDay]:
        """One entry per local day, `end` inclusive, 23 or 25 hours long when the clocks change.

        A day is complete when it is over and its data did not stop hours before they usually do. Raises NotFound for
        an unknown KPI, BadInput for an unknown time zone or a span that is not 1 day to 10 years.
        """
        definition, zone = self._kpi(kpi), _zone(time_zone)
        count = (end - start).days + 1
        if not 1 <= count <= LONGEST_DAYS:
            raise BadInput(
                f"{start} to {end} is no span of days.", do="Name an end on or after the start, within ten years."
            )
        # Those before it are looked at too: they tell when the data of a day usually end.
        days = [start + timedelta(days=place) for place in range(-LOOK_BACK_DAYS, count)]
        bounds = [_midnight(day, zone) for day in [*days, end + timedelta(days=1)]]
        sums = await self._in_worker(lambda: self._daily_sums(definition, bounds))
        now = self._clock.now()
        silent = [_silence(day, bounds[place + 1], sums.get(place)) for place, day in enumerate(days)]
        return [
            _kpi_day(
                definition,
                days[place],
                sums.get(place),
                complete=bounds[place + 1] <= now
                and not _stopped_early(silent[place], tuple(silent[place - LOOK_BACK_DAYS : place])),
            )
            for place in range(LOOK_BACK_DAYS, len(days))
        ]

    async def fresh(self, kpi: str) -> datetime | NoData:
        """See the port."""
        definition = self._kpi(kpi)
        newest = await self._in_worker(lambda: self._newest(definition))
        if newest is None:
            return NoData(query=f"data of {kpi}", window="all time", searched=f"duckdb: {self._path or 'in memory'}")
        return datetime.fromtimestamp(newest + 60, UTC)

    async def by_version(self, kpi: str, since: datetime) -> dict[str, KpiDay]:
        """The KPI per version over all minutes since `since`; `day` is that of `since` in UTC. Raises NotFound."""
        definition = self._kpi(kpi)
        sums = await self._in_worker(lambda: self._version_sums(definition, since))
        day = since.astimezone(UTC).date()
        return {version: _kpi_day(definition, day, found, complete=False) for version, found in sums.items()}

    def append(self, rows: Iterable[Sums]) -> None:
        """Takes (begin of the minute, model, version, sums by measure). Reads see it at once, the disk within 5 s."""
        with self._guard:
            self._buffer.update({(at, model, version): sums for at, model, version, sums in rows})
            due = bool(self._buffer) and time.monotonic() - self._flushed >= FLUSH_EVERY_S
            if due:
                self._flushed = time.monotonic()
        if due:
            self._worker.submit(self._flush)

    def flush(self) -> None:
        """Returns when the file is open and has all that was appended. Raises Temporary when it does not take it,
        Permanent when it cannot be opened.
        """
        import duckdb

        try:
            self._worker.submit(self._written, lambda: None).result()
        except duckdb.Error as broken:
            raise Temporary("The warehouse could not be written.", str(broken), "Free some disk space.") from broken

    def close(self) -> None:
        """Writes what is left and closes the file."""
        try:
            self._worker.submit(self._flush).result()
            if self._db is not None:
                self._worker.submit(self._db.close).result()
        finally:
            self._worker.shutdown()

    def _open(self) -> Any:
        import duckdb

        try:
            if self._path is not None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            db = duckdb.connect(str(self._path or ":memory:"), config={"threads": 1, "memory_limit": "256MB"})
            db.execute(SCHEMA)
        except (OSError, duckdb.Error) as broken:
            what = f"The warehouse {self._path} cannot be opened."
            raise Permanent(
                what, str(broken), "Close the other program that uses it, or name another data folder."
            ) from broken
        return db

    async def _in_worker(self, work: Callable[[], T]) -> T:
        """Runs `work` after all that was appended has been written. Raises Temporary when the file does not answer,
        Permanent when it cannot be opened.
        """
        import duckdb

        try:
            return await asyncio.get_running_loop().run_in_executor(self._worker, self._written, work)
        except duckdb.Error as broken:
            raise Temporary(
                "The warehouse did not answer.", str(broken), "Try again in a moment.", after_s=5
            ) from broken

    def _written(self, work: Callable[[], T]) -> T:
        """What `work` finds once everything is in the file."""
        self._db = self._db or self._open()
        self._flush()
        return work()

    def _flush(self) -> None:
        """Replaces the buffered keys in one transaction; on an error they stay buffered."""
        import duckdb

        with self._guard:
            taken, self._buffer = self._buffer, {}
        if not taken:
            return
        try:
            self._db = self._db or self._open()
            self._write(taken)
        except BaseException:
            with self._guard:
                self._buffer = {**taken, **self._buffer}
            # A file that is gone, and a transaction that never began, cannot be rolled back.
            with contextlib.suppress(duckdb.Error):
                self._db.rollback()
            raise

    def _write(self, taken: Mapping[tuple[datetime, str, str], Mapping[str, float]]) -> None:
        import pandas as pd

        lines = [
            (int(at.timestamp()), model, version, name, float(total))
            for (at, model, version), sums in taken.items()
            for name, total in sums.items()
        ]
        batch = pd.DataFrame(lines, columns=["at_s", "model", "version", "measure", "total"])
        oldest = int(batch["at_s"].min())
        self._days = {key: kept for key, kept in self._days.items() if key[2] <= oldest}
        self._db.begin()
        self._db.register("batch", batch)
        self._db.execute(
            "delete from kpi_sums where at_s between ? and ?"
            " and (at_s, model, version) in (select (at_s, model, version) from batch)",
            [oldest, int(batch["at_s"].max())],
        )
        self._db.execute("insert into kpi_sums select at_s, model, version, measure, total from batch")
        self._db.unregister("batch")
        self._db.commit()

    def _daily_sums(self, kpi: Kpi, bounds: list[datetime]) -> dict[int, _Sums]:
        """place of the day -> (numerator, denominator, labelled, newest second of those two).

        What days had is kept until something is written into them or before: the past is asked for again and again.
        """
        marks = [int(bound.timestamp()) for bound in bounds]
        keys = [(kpi.id, *span) for span in pairwise(marks)]
        unknown = [place for place, key in enumerate(keys) if key not in self._days]
        if unknown:
            if len(self._days) > DAYS_KEPT:
                self._days.clear()
                unknown = list(range(len(keys)))
            found = self._sums_of(kpi, [keys[place][1:] for place in unknown])
            self._days |= {keys[place]: found.get(nth) for nth, place in enumerate(unknown)}
        sums = {place: self._days[key] for place, key in enumerate(keys)}
        return {place: values for place, values in sums.items() if values is not None}

    def _sums_of(self, kpi: Kpi, spans: list[tuple[int, int]]) -> dict[int, _Sums]:
        """By the place of the span (first second, second after)."""
        found = self._db.execute(
            f"""
            with days as (
                select unnest(range(len($starts))) as place, unnest($starts) as first, unnest($ends) as after
            )
            select place, {_TOTALS}
            from days join kpi_sums on at_s >= first and at_s < after
            where at_s >= $low and at_s < $high and model = $model
            group by place
            """,
            {
                **_names(kpi),
                "starts": [first for first, _ in spans],
                "ends": [after for _, after in spans],
                "low": spans[0][0],
                "high": spans[-1][1],
            },
        ).fetchall()
        return {place: tuple(values) for place, *values in found}

    def _version_sums(self, kpi: Kpi, since: datetime) -> dict[str, _Sums]:
        found = self._db.execute(
            f"select version, {_TOTALS} from kpi_sums where at_s >= $low and model = $model"
            " group by version order by version",
            {**_names(kpi), "low": int(since.timestamp())},
        ).fetchall()
        return {version: tuple(values) for version, *values in found}

    def _newest(self, kpi: Kpi) -> int | None:
        found = self._db.execute(
            "select max(at_s) from kpi_sums where model = $model and measure in ($denominator, $labelled)",
            {"model": kpi.model, "denominator": kpi.denominator, "labelled": LABELLED},
        ).fetchone()
        return None if found is None else found[0]

    def _kpi(self, name: str) -> Kpi:
        if name not in self._kpis:
            raise NotFound("KPI", name, self._kpis)
        return self._kpis[name]


_TOTALS = """
    coalesce(sum(total) filter (measure = $numerator), 0), coalesce(sum(total) filter (measure = $denominator), 0),
    coalesce(sum(total) filter (measure = $labelled), 0), max(at_s) filter (measure in ($denominator, $labelled))
"""


def _names(kpi: Kpi) -> dict[str, Any]:
    return {"numerator": kpi.numerator, "denominator": kpi.denominator, "labelled": LABELLED, "model": kpi.model}


def _kpi_day(kpi: Kpi, day: date, sums: _Sums | None, *, complete: bool) -> KpiDay:
    """The division; no value under `min_n` labelled rows or without a denominator."""
    if sums is None:
        return KpiDay(kpi=kpi.id, day=day, value=None, n=0, complete=complete, updated=None)
    numerator, denominator, labelled, newest = sums
    enough = labelled >= kpi.min_n and denominator > 0
    updated = None if newest is None else datetime.fromtimestamp(newest + 60, UTC)
    return KpiDay(
        kpi=kpi.id,
        day=day,
        value=numerator / denominator * kpi.scale if enough else None,
        n=round(labelled),
        complete=complete,
        updated=updated,
        numerator=numerator,
        denominator=denominator,
    )


_stopped_early = lru_cache(maxsize=8_192)(stopped_early)
"""Asked again for the same past days with every message about a KPI."""


def _silence(day: date, end: datetime, sums: _Sums | None) -> Silence:
    """How long before its end the day's data stop."""
    newest = sums[3] if sums else None
    return Silence(day, None if newest is None else (end.timestamp() - newest) / 3600.0)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise BadInput(f"{name!r} is not a time zone.", do="Say one such as Europe/Berlin or UTC.") from unknown


@lru_cache(maxsize=8_192)
def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of the local day, in UTC."""
    return datetime.combine(day, clock_time(), zone).astimezone(UTC)
