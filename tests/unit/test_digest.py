"""The digest: the right day against the right days, and no claim without data."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from bizaiops_bot.domain.digest import build_rows, headline
from bizaiops_bot.domain.kpi import Kpi, KpiDay, KpiRow

TODAY = date(2026, 3, 7)  # a Saturday
WEEK = (20.0, 20.0, 21.0, 22.0, 24.0, 30.0, 28.0)


def kpi(name: str = "churn_rate", direction: str = "down_is_good", unit: str = "%") -> Kpi:
    return Kpi.model_validate(
        {
            "id": name,
            "model": "churn",
            "title": name.replace("_", " ").capitalize(),
            "unit": unit,
            "direction": direction,
            "numerator": "a",
            "denominator": "b",
        }
    )


def history(n: int = 60, last: float | None = None, seed: int = 0, missing: tuple[int, ...] = ()) -> list[KpiDay]:
    """`n` complete days up to yesterday with a weekly season and noise, and today still running."""
    rng = np.random.default_rng(seed)
    found = []
    for back in range(n, 0, -1):
        day = TODAY - timedelta(days=back)
        value: float | None = WEEK[day.weekday()] + float(rng.normal(0.0, 0.4))
        value = last if back == 1 and last is not None else value
        found.append(_day(day, None if back in missing else value, complete=True))
    return [*found, _day(TODAY, 3.0, complete=False)]


def _day(day: date, value: float | None, *, complete: bool) -> KpiDay:
    return KpiDay(kpi="churn_rate", day=day, value=value, n=400, complete=complete, updated=None)


def row(days: list[KpiDay], of: Kpi | None = None) -> KpiRow:
    of = of or kpi()
    (found,) = build_rows([of], {of.id: days}, TODAY)
    return found


def test_a_day_whose_outcomes_are_still_to_come_is_provisional_and_not_judged() -> None:
    late = kpi().model_copy(update={"matures_after": "3d"})
    found = row(history(last=60.0), late)
    assert found.provisional_until == date(2026, 3, 10), "Friday ends with it, and three days later"
    assert (found.usual, found.unusual) == (None, False)
    assert headline([found]) == "Friday 6 Mar: nothing can be judged yet. Churn rate is provisional until 10 Mar."
    final = row(history(last=60.0, seed=1))
    told = headline([final, found])
    assert final.unusual and told.startswith("Churn rate rose to 60.0%") and told.endswith("provisional until 10 Mar.")


def test_a_day_is_final_when_its_time_is_over() -> None:
    late = kpi().model_copy(update={"matures_after": "36h"})
    day = TODAY - timedelta(days=1)
    assert late.mature(day) == day + timedelta(days=3), "a day is final as a whole"
    assert late.provisional([day - timedelta(days=5), day], TODAY) == day + timedelta(days=3)
    assert late.provisional([day], day + timedelta(days=3)) is None
    assert kpi().provisional([day], TODAY) is None


def test_a_row_is_about_the_last_complete_day_against_its_weekday() -> None:
    days = history()
    found = row(days)
    values = {d.day: d.value for d in days}
    assert found.day == TODAY - timedelta(days=1)
    assert found.value == values[found.day]
    assert found.week_before == values[found.day - timedelta(days=7)]
    assert found.median_28d == np.median([values[found.day - timedelta(days=b)] for b in range(1, 29)])
    assert found.history == tuple(values[found.day - timedelta(days=b)] for b in range(13, -1, -1))


def test_the_running_day_is_never_used_even_when_marked_complete() -> None:
    days = [*history()[:-1], _day(TODAY, 99.0, complete=True)]
    assert row(days).day == TODAY - timedelta(days=1)


def test_gaps_stay_gaps() -> None:
    found = row(history(missing=(3, 8)))
    assert found.history[-3] is None
    assert (found.week_before, found.change) == (None, None)


@pytest.mark.parametrize(("last", "unusual"), [(None, False), (27.5, True), (20.5, True), (24.3, False)])
def test_unusual_means_outside_what_the_weekday_usually_is(last: float | None, unusual: bool) -> None:
    assert row(history(last=last)).unusual is unusual


def test_an_ordinary_weekend_peak_is_not_unusual() -> None:
    sundays = [row([d for d in history(seed=seed) if d.day <= date(2026, 3, 1)]) for seed in range(60)]
    assert {s.day.weekday() for s in sundays} == {6}
    assert sum(s.unusual for s in sundays) <= 2


def test_ordinary_days_are_rarely_called_unusual() -> None:
    assert sum(row(history(seed=seed)).unusual for seed in range(200)) <= 8


@pytest.mark.parametrize(
    ("last", "direction", "said"),
    [
        (31.0, "down_is_good", "rose to 31.0% on Friday 6 Mar"),
        (31.0, "down_is_good", ": worse than usual."),
        (31.0, "up_is_good", ": better than usual."),
        (15.0, "down_is_good", "fell to 15.0%"),
        (15.0, "up_is_good", ": worse than usual."),
    ],
)
def test_the_headline_tells_the_change_with_numbers_and_which_way_is_good(
    last: float, direction: str, said: str
) -> None:
    of = kpi(direction=direction)
    words = headline(build_rows([of], {of.id: history(last=last)}, TODAY))
    assert said in words
    assert "against the Friday before (usually 2" in words


def test_the_most_unusual_kpi_leads_and_the_others_are_counted() -> None:
    kpis = [kpi("calm"), kpi("odd"), kpi("oddest")]
    days = {"calm": history(), "odd": history(last=28.0), "oddest": history(last=60.0)}
    rows = build_rows(kpis, days, TODAY)
    assert [r.kpi.id for r in rows] == ["odd", "oddest", "calm"]
    words = headline(rows)
    assert words.startswith("Oddest rose to 60.0%")
    assert words.endswith("1 more KPI is unusual.")


def test_a_calm_day_says_so_with_the_largest_move() -> None:
    words = headline([row(history(last=24.3))])
    assert words.startswith("Nothing unusual on Friday 6 Mar: all KPIs are within their usual range.")
    assert "The largest move is Churn rate," in words


def test_no_day_no_claim() -> None:
    assert headline([]) == "No complete day yet."
    assert headline(build_rows([kpi()], {}, TODAY)) == "No complete day yet."
    assert headline(build_rows([kpi()], {"churn_rate": history(0)}, TODAY)) == "No complete day yet."


def test_after_a_day_without_data_the_newest_whole_day_is_told_and_called_so() -> None:
    days = [d for d in history() if d.day != date(2026, 3, 6)]
    words = headline([row(days)])
    assert words.startswith(
        "No data came for Friday 6 Mar; the newest whole day is Thursday 5 Mar. Nothing unusual on T"
    )
    thin = [*days, _day(date(2026, 3, 6), None, complete=True).model_copy(update={"n": 12})]
    assert headline([row(thin)]).startswith("Friday 6 Mar has 12 of 30 observations needed; the newest whole day")
    noon = datetime(2026, 3, 6, 12, 4, tzinfo=UTC)
    cut = _day(date(2026, 3, 6), 21.0, complete=False).model_copy(update={"updated": noon})
    assert headline([row([*days, cut])]).startswith("The data of Friday 6 Mar stop early at 12:04 UTC; the newest")


def test_all_rows_of_a_digest_are_of_one_day() -> None:
    late = [d for d in history() if d.day != date(2026, 3, 6)]
    rows = build_rows([kpi("fresh"), kpi("late")], {"fresh": history(), "late": late}, TODAY)
    assert {r.day for r in rows} == {date(2026, 3, 6)}
    assert {r.kpi.id: r.value is None for r in rows} == {"fresh": False, "late": True}
    assert {r.kpi.id: r.history[-1] is None for r in rows} == {"fresh": False, "late": True}


def test_little_history_gives_numbers_but_no_judgement() -> None:
    found = row(history(9, last=80.0))
    assert (found.usual, found.unusual) == (None, False)
    assert headline([found]).startswith("Friday 6 Mar: too little history to say what is usual.")


def test_a_kpi_that_never_moves_is_not_unusual_by_a_rounding_error() -> None:
    flat = [_day(TODAY - timedelta(days=b), 5.0 if b > 1 else 5.04, complete=True) for b in range(40, 0, -1)]
    assert not row(flat).unusual


@pytest.mark.parametrize(
    ("level", "last", "unusual"),
    [
        (5.0, 5.3, False),
        (100.0, 100.3, False),
        (0.0, 0.3, False),
        (5.0, 6.2, True),
        (100.0, 89.0, True),
        (0.0, 4.0, True),
        (-100.0, -50.0, True),
        (-100.0, -100.4, False),
    ],
)
def test_of_a_kpi_that_never_moved_only_a_move_that_nobody_could_overlook_is_unusual(
    level: float, last: float, unusual: bool
) -> None:
    flat = [_day(TODAY - timedelta(days=b), level if b > 1 else last, complete=True) for b in range(40, 0, -1)]
    assert row(flat).unusual is unusual


@pytest.mark.parametrize(
    ("before", "last", "direction", "said"),
    [
        (-100.0, -50.0, "up_is_good", "rose to -EUR 50 on Friday 6 Mar, up EUR 50 against the Friday before"),
        (-100.0, -50.0, "up_is_good", ": better than usual."),
        (-100.0, -150.0, "up_is_good", "fell to -EUR 150 on Friday 6 Mar, down EUR 50 against the Friday before"),
        (-100.0, -150.0, "up_is_good", ": worse than usual."),
        (-100.0, 50.0, "up_is_good", "up EUR 150 against"),
        (50.0, -50.0, "up_is_good", "down EUR 100 against"),
        (50.0, -50.0, "down_is_good", ": better than usual."),
    ],
)
def test_a_loss_that_shrinks_is_told_in_money_and_not_in_percent(
    before: float, last: float, direction: str, said: str
) -> None:
    days = [_day(TODAY - timedelta(days=b), before if b > 1 else last, complete=True) for b in range(40, 0, -1)]
    words = headline([row(days, kpi(direction=direction, unit="EUR").model_copy(update={"decimals": 0}))])
    assert said in words
    assert "%" not in words
