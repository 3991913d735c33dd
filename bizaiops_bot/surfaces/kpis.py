"""A KPI's days as one row for people, by the same rule as on cards."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from bizaiops_bot.domain.digest import build_rows
from bizaiops_bot.domain.kpi import Kpi, KpiDay, KpiRow
from bizaiops_bot.surfaces.site import Site

ROW_DAYS = 44
"""So many days make a row: its history, what is usual, and the week before."""


def day_range(site: Site, days: int) -> tuple[date, date]:
    """The last `days` local days, today included."""
    today = site.desk.reads.clock.now().astimezone(ZoneInfo(site.time_zone)).date()
    return today - timedelta(days=days - 1), today


def kpi_row(kpi: Kpi, daily: list[KpiDay], today: date) -> KpiRow | None:
    """The last whole day of `daily`, or None when there is none."""
    return next(iter(build_rows([kpi], {kpi.id: daily}, today)), None)
