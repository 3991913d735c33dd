"""A KPI's days as one row for people: the last complete day, the week before, the history."""

from __future__ import annotations

from datetime import date, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from bizaiops_bot.domain.kpi import Kpi, KpiDay, KpiRow
from bizaiops_bot.surfaces.site import Site


def day_range(site: Site, days: int) -> tuple[date, date]:
    """The last `days` local days, today included."""
    today = site.desk.ports.clock.now().astimezone(ZoneInfo(site.time_zone)).date()
    return today - timedelta(days=days - 1), today


def kpi_row(kpi: Kpi, daily: list[KpiDay]) -> KpiRow | None:
    """The last complete day of `daily`, or None when there is none."""
    complete = [day for day in daily if day.complete]
    if not complete:
        return None
    last = complete[-1]
    by_day = {day.day: day.value for day in complete}
    known = [day.value for day in complete[-28:] if day.value is not None]
    return KpiRow(
        kpi=kpi,
        day=last.day,
        value=last.value,
        week_before=by_day.get(last.day - timedelta(days=7)),
        median_28d=median(known) if known else None,
        history=tuple(day.value for day in complete[-28:]),
        n=last.n,
        updated=last.updated,
    )
