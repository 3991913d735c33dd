"""What a KPI digest says: rows that compare a day with the right days, and one headline that claims nothing without
data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import median

from bizaiops_bot.domain.kpi import Kpi, KpiDay, KpiRow

_HISTORY_DAYS = 14
_MEMORY_DAYS = 28
_MIN_RESIDUALS = 14
# 1.4826 makes the median absolute deviation an sd for normal residuals; 3 of them are the usual mark.
_WIDTH = 3.0 * 1.4826


def build_rows(kpis: Sequence[Kpi], days: Mapping[str, Sequence[KpiDay]], today: date) -> list[KpiRow]:
    """One row per KPI that has days, unusual ones first, else in the order given.

    days: KPI id -> its days. A row is about the last complete day before `today`: against the same weekday a week
    before, the median of the 28 days before it, and a history of 14 days that ends with it.
    """
    rows = [row for kpi in kpis if (row := _row(kpi, days.get(kpi.id, ()), today)) is not None]
    return sorted(rows, key=lambda row: not row.unusual)


def headline(rows: Sequence[KpiRow]) -> str:
    """One sentence: the most notable unusual KPI with its numbers, or that nothing is unusual."""
    known = [row for row in rows if row.value is not None]
    if not known:
        return "No complete day yet."
    unusual = sorted((row for row in known if row.unusual), key=_distance, reverse=True)
    if unusual:
        more = (
            f" {len(unusual) - 1} more KPI{'s are' if len(unusual) > 2 else ' is'} unusual." if len(unusual) > 1 else ""
        )
        return _unusual_sentence(unusual[0]) + more
    judged = [row for row in known if row.usual is not None]
    if not judged:
        return f"{spoken_day(known[0].day)}: too little history to say what is usual.{_largest_move(known)}"
    count = "all KPIs are" if len(judged) == len(rows) else f"{len(judged)} of {len(rows)} KPIs can be judged and are"
    return f"Nothing unusual on {spoken_day(judged[0].day)}: {count} within their usual range.{_largest_move(judged)}"


def _row(kpi: Kpi, days: Sequence[KpiDay], today: date) -> KpiRow | None:
    complete = {d.day: d for d in days if d.complete and d.day < today}
    if not complete:
        return None
    last = complete[max(complete)]
    values = {day: d.value for day, d in complete.items() if d.value is not None}
    before = [values[day] for back in range(1, _MEMORY_DAYS + 1) if (day := last.day - timedelta(days=back)) in values]
    return KpiRow(
        kpi=kpi,
        day=last.day,
        value=last.value,
        week_before=values.get(last.day - timedelta(days=7)),
        median_28d=median(before) if before else None,
        history=tuple(values.get(last.day - timedelta(days=back)) for back in range(_HISTORY_DAYS - 1, -1, -1)),
        n=last.n,
        updated=last.updated,
        usual=_usual_range(kpi, values, last.day),
    )


def _usual_range(kpi: Kpi, values: Mapping[date, float], day: date) -> tuple[float, float] | None:
    """Where `day` would be ordinary: median of its weekday in the 28 days before, and 3 robust sd of how well that
    rule foretold them.

    None with under 14 days to learn from, or no same weekday among them.
    """
    memory = {d: values[d] for back in range(1, _MEMORY_DAYS + 1) if (d := day - timedelta(days=back)) in values}
    same = [v for d, v in memory.items() if d.weekday() == day.weekday()]
    misses = []
    for d, value in memory.items():
        others = [v for o, v in memory.items() if o != d and o.weekday() == d.weekday()]
        if others:
            misses.append(abs(value - median(others)))
    if len(misses) < _MIN_RESIDUALS or not same:
        return None
    # A move that rounds away in print is not news.
    half = max(_WIDTH * median(misses), 10.0**-kpi.decimals)
    middle = median(same)
    return middle - half, middle + half


def _distance(row: KpiRow) -> float:
    """How far outside its usual range a value is, in widths of that range."""
    if row.value is None or row.usual is None:
        return 0.0
    low, high = row.usual
    return abs(row.value - (low + high) / 2.0) / ((high - low) / 2.0)


def _unusual_sentence(row: KpiRow) -> str:
    if row.value is None or row.usual is None:
        raise ValueError("only a row with a value and a usual range can be unusual")
    low, high = row.usual
    up = row.value > high
    worse = up != (row.kpi.direction == "up_is_good")
    parts = [
        f"{row.kpi.title} {'rose' if up else 'fell'} to {spoken_amount(row.kpi, row.value)} on {spoken_day(row.day)}"
    ]
    if row.change is not None:
        parts.append(f"{row.change:+.0%} against the {row.day:%A} before")
    floor = max(low, 0.0) if row.value >= 0.0 and row.median_28d is not None and row.median_28d >= 0.0 else low
    usual = f"usually {floor:,.{row.kpi.decimals}f} to {spoken_amount(row.kpi, high)}"
    return f"{', '.join(parts)} ({usual}): {'worse' if worse else 'better'} than usual."


def _largest_move(rows: Sequence[KpiRow]) -> str:
    moved = [(row, row.change) for row in rows if row.change is not None]
    if not moved:
        return ""
    row, change = max(moved, key=lambda pair: abs(pair[1]))
    if row.value is None:
        return ""
    return (
        f" The largest move is {row.kpi.title}, {change:+.1%} to {spoken_amount(row.kpi, row.value)}"
        f" against the {row.day:%A} before."
    )


def spoken_amount(kpi: Kpi, value: float) -> str:
    """ "1,234 EUR", "4.2%" """
    number = f"{value:,.{kpi.decimals}f}"
    return f"{number}{kpi.unit}" if kpi.unit == "%" else f"{number} {kpi.unit}".rstrip()


def spoken_day(day: date) -> str:
    """ "Friday 6 Mar" """
    return f"{day:%A} {day.day} {day:%b}"
