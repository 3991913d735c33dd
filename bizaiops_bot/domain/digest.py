"""What a KPI digest says: rows that compare a day with the right days, and one headline that claims nothing without
data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import median

from bizaiops_bot.domain.kpi import Kpi, KpiDay, KpiRow
from bizaiops_bot.domain.kpi_words import amount, provisional_words, short_amount, signed_words

_HISTORY_DAYS = 14
_MEMORY_DAYS = 28
# Of a KPI that does not move nothing is known of its ordinary moves: only a move that nobody could overlook is news.
_FLAT_SHARE, _FLAT_STEPS = 0.1, 10.0
_MIN_RESIDUALS = 14
# 1.4826 makes the median absolute deviation an sd for normal residuals; 3 of them are the usual mark.
_WIDTH = 3.0 * 1.4826


def build_rows(kpis: Sequence[Kpi], days: Mapping[str, Sequence[KpiDay]], today: date) -> list[KpiRow]:
    """One row per KPI that has days, unusual ones first, else in the order given.

    days: KPI id -> its days. All rows are about the same day: the last complete one before `today` on which any of the
    KPIs has a value. It stands against the same weekday a week before, the median of the 28 days before it, and ends a
    history of 14 days. Where it is not yesterday, the rows' note says why.
    """
    whole = {kpi.id: [d for d in days.get(kpi.id, ()) if d.complete and d.day < today] for kpi in kpis}
    ended = [d for found in whole.values() for d in found]
    last = max((d.day for d in ended if d.value is not None), default=max((d.day for d in ended), default=None))
    if last is None:
        return []
    rows = [
        _row(kpi, whole[kpi.id], last, _note(kpi, days[kpi.id], last, today), kpi.provisional([last], today))
        for kpi in kpis
        if whole[kpi.id]
    ]
    return sorted(rows, key=lambda row: not row.unusual)


def headline(rows: Sequence[KpiRow]) -> str:
    """One sentence: the most notable unusual KPI with its numbers, or that nothing is unusual."""
    known = [row for row in rows if row.value is not None]
    if not known:
        return "No complete day yet."
    note = next((row.note for row in known if row.note), "")
    older = f"{note}; the newest whole day is {spoken_day(known[0].day)}. " if note else ""
    return older + _judgement(rows, known) + _provisional(known)


def _provisional(known: Sequence[KpiRow]) -> str:
    """What the day's outcomes that are still to come may change: it is told and not judged."""
    said = [f"{row.kpi.title} is {provisional_words(row.provisional_until)}" for row in known if row.provisional_until]
    return f" {'; '.join(said)}." if said else ""


def _judgement(rows: Sequence[KpiRow], known: Sequence[KpiRow]) -> str:
    unusual = sorted((row for row in known if row.unusual), key=_distance, reverse=True)
    if unusual:
        more = (
            f" {len(unusual) - 1} more KPI{'s are' if len(unusual) > 2 else ' is'} unusual." if len(unusual) > 1 else ""
        )
        return _unusual_sentence(unusual[0]) + more
    judged = [row for row in known if row.usual is not None]
    if not judged:
        final = [row for row in known if not row.provisional_until]
        if not final:
            return f"{spoken_day(known[0].day)}: nothing can be judged yet."
        return f"{spoken_day(known[0].day)}: too little history to say what is usual.{_largest_move(final)}"
    count = "all KPIs are" if len(judged) == len(rows) else f"{len(judged)} of {len(rows)} KPIs can be judged and are"
    return f"Nothing unusual on {spoken_day(judged[0].day)}: {count} within their usual range.{_largest_move(judged)}"


def _row(kpi: Kpi, whole: Sequence[KpiDay], last: date, note: str, until: date | None) -> KpiRow:
    found = next((d for d in whole if d.day == last), None)
    values = {d.day: d.value for d in whole if d.value is not None}
    before = [values[day] for back in range(1, _MEMORY_DAYS + 1) if (day := last - timedelta(days=back)) in values]
    return KpiRow(
        kpi=kpi,
        day=last,
        value=values.get(last),
        week_before=values.get(last - timedelta(days=7)),
        median_28d=median(before) if before else None,
        history=tuple(values.get(last - timedelta(days=back)) for back in range(_HISTORY_DAYS - 1, -1, -1)),
        n=found.n if found else 0,
        updated=found.updated if found else max((d.updated for d in whole if d.updated), default=None),
        usual=None if until else _usual_range(kpi, values, last),
        note=note,
        provisional_until=until,
    )


def _note(kpi: Kpi, days: Sequence[KpiDay], last: date, today: date) -> str:
    """Why the last whole day is not yesterday; "" when it is."""
    yesterday = today - timedelta(days=1)
    if last >= yesterday:
        return ""
    found = next((d for d in days if d.day == yesterday), None)
    day = spoken_day(yesterday)
    if found is None or found.n == 0:
        return f"No data came for {day}"
    if not found.complete:
        stop = f" at {found.updated:%H:%M} UTC" if found.updated else ""
        return f"The data of {day} stop early{stop}"
    if found.n < kpi.min_n:
        return f"{day} has {found.n:,} of {kpi.min_n:,} observations needed"
    return f"{day} has no value"


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
    middle = median(same)
    half = _WIDTH * median(misses)
    if half < kpi.step:  # its ordinary moves round away in print
        half = max(half, _FLAT_SHARE * abs(middle), _FLAT_STEPS * kpi.step)
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
    parts = [f"{row.kpi.title} {'rose' if up else 'fell'} to {amount(row.kpi, row.value)} on {spoken_day(row.day)}"]
    if row.change is not None:
        parts.append(f"{signed_words(row.kpi, row.change)} against the {row.day:%A} before")
    floor = max(low, 0.0) if row.value >= 0.0 and row.median_28d is not None and row.median_28d >= 0.0 else low
    usual = f"usually {short_amount(row.kpi, floor)} to {short_amount(row.kpi, high)}"
    return f"{', '.join(parts)} ({usual}): {'worse' if worse else 'better'} than usual."


def _largest_move(rows: Sequence[KpiRow]) -> str:
    moved = [(row, c) for row in rows if (c := row.change) is not None and c.share is not None and c.better is not None]
    if not moved:
        return ""
    row, change = max(moved, key=lambda pair: abs(pair[1].share or 0.0))
    return (
        f" The largest move is {row.kpi.title}, {signed_words(row.kpi, change, 1)} to {amount(row.kpi, row.value)}"
        f" against the {row.day:%A} before."
    )


def spoken_day(day: date) -> str:
    """ "Friday 6 Mar" """
    return f"{day:%A} {day.day} {day:%b}"
