"""The numbers of a KPI: pooled from sums, compared with the right sign, said in one form everywhere."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bizaiops_bot.domain.kpi import Kpi, KpiDay, change_of, pooled
from bizaiops_bot.domain.kpi_words import change_words, short_amount, signed_words, target_met, target_words
from bizaiops_bot.domain.whole_days import Silence, stopped_early

FIRST = date(2026, 3, 2)  # a Monday


def kpi(unit: str = "EUR", direction: str = "up_is_good", **more: object) -> Kpi:
    return Kpi.model_validate(
        {
            "id": "k",
            "model": "m",
            "title": "Margin",
            "unit": unit,
            "direction": direction,
            "numerator": "a",
            "denominator": "b",
            **more,
        }
    )


def day(place: int, above: float, below: float, n: int | None = None, *, scale: float = 100.0) -> KpiDay:
    return KpiDay(
        kpi="k",
        day=FIRST + timedelta(days=place),
        value=above / below * scale if (n or below) >= 30 else None,
        n=int(below) if n is None else n,
        complete=True,
        updated=None,
        numerator=above,
        denominator=below,
    )


def test_days_are_pooled_from_their_sums_and_not_averaged() -> None:
    rate = kpi("%", scale=100)
    found = pooled(rate, [day(0, 100, 10_000), day(1, 5, 100)])
    assert found == pytest.approx(100 * 105 / 10_100)  # 1.04%, not the 3% of the two days' mean
    only_values = [
        KpiDay(kpi="k", day=FIRST, value=v, n=n, complete=True, updated=None) for v, n in ((1.0, 10_000), (5.0, 100))
    ]
    assert pooled(rate, only_values) == pytest.approx(100 * 105 / 10_100)


def test_thin_days_have_no_value_alone_and_one_together() -> None:
    thin = [day(place, 2, 20) for place in range(5)]
    assert [d.value for d in thin] == [None] * 5
    assert pooled(kpi("%", scale=100), thin) == pytest.approx(10.0)
    assert pooled(kpi("%", scale=100), thin[:1]) is None
    assert pooled(kpi(), []) is None


@pytest.mark.parametrize(
    ("before", "now", "direction", "said"),
    [
        (-100.0, -50.0, "up_is_good", "▲ EUR 50.0 better"),
        (-100.0, -150.0, "up_is_good", "▼ EUR 50.0 worse"),
        (-100.0, -50.0, "down_is_good", "▲ EUR 50.0 worse"),
        (-100.0, 50.0, "up_is_good", "▲ EUR 150 better"),
        (50.0, -50.0, "up_is_good", "▼ EUR 100 worse"),
        (0.0, 5.0, "up_is_good", "▲ EUR 5.0 better"),
        (5.0, 0.0, "up_is_good", "▼ 100.0% worse"),
        (0.0001, 10.0, "up_is_good", "▲ EUR 10.0 better"),
        (0.5, 10.0, "up_is_good", "▲ EUR 9.5 better"),
        (100.0, 112.0, "down_is_good", "▲ 12.0% worse"),
        (100.0, 100.01, "up_is_good", "= no change"),
        (-3.0, -3.01, "up_is_good", "= no change"),
    ],
)
def test_a_change_has_the_right_sign_and_a_share_only_where_one_can_be_given(
    before: float, now: float, direction: str, said: str
) -> None:
    of = kpi(direction=direction)
    assert change_words(of, change_of(of, now, before)) == said


def test_points_of_percent_are_called_points() -> None:
    rate = kpi("%", "down_is_good")
    change = change_of(rate, 4.0, 0.0)
    assert change is not None
    assert change_words(rate, change) == "▲ 4.0 points worse"
    assert signed_words(rate, change) == "up 4.0 points"
    assert change_words(rate, change_of(rate, None, 4.0)) == "no comparison"


@pytest.mark.parametrize(
    ("value", "direction", "met"),
    [
        (17.04, "down_is_good", True),
        (17.06, "down_is_good", False),
        (16.96, "up_is_good", True),
        (16.94, "up_is_good", False),
        (17.0, "down_is_good", True),
        (17.0, "up_is_good", True),
    ],
)
def test_whether_a_target_is_met_is_decided_by_the_number_that_is_shown(
    value: float, direction: str, met: bool
) -> None:
    of = kpi("%", direction, target=17)
    assert target_met(of, value) is met
    assert target_words(of, value) == f"17.0%, {'met' if met else 'missed'}"
    assert (short_amount(of, value) == "17.0%") is (abs(value - 17.0) < 0.05)


@pytest.mark.parametrize(
    ("unit", "value", "said"),
    [
        ("EUR", -7.984, "-EUR 7.98"),
        ("EUR", -0.001, "EUR 0.00"),
        ("%", -3.456, "-3.46%"),
        ("USD", 1234.5, "USD 1,234"),
        ("orders", -3.0, "-3.00 orders"),
    ],
)
def test_a_negative_amount_has_its_sign_in_front(unit: str, value: float, said: str) -> None:
    assert short_amount(kpi(unit, decimals=2), value) == said


def silences(*hours: float | None) -> list[Silence]:
    return [Silence(FIRST + timedelta(days=place), hour) for place, hour in enumerate(hours)]


def last_stopped(*hours: float | None) -> bool:
    *earlier, found = silences(*hours)
    return stopped_early(found, earlier)


def test_a_day_whose_data_stop_at_noon_is_not_whole() -> None:
    assert last_stopped(*[0.5] * 20, 12.0)
    assert not last_stopped(*[0.5] * 20, 1.5)
    assert not last_stopped(*[0.5] * 20, None)


def test_a_source_is_held_against_its_own_habits() -> None:
    assert not last_stopped(*[7.0] * 20, 7.5), "an office that closes at five"
    assert not last_stopped(*[24.0] * 20, 24.0), "one batch at midnight"
    week = [0.5, 0.5, 0.5, 0.5, 0.5, 12.0, 12.0]  # weekends end at noon
    assert not last_stopped(*week * 3, *week[:6])
    assert last_stopped(*week * 3, *week[:3], 12.0)
    spread = [3.0, 9.0, 1.0, 6.0, 11.0, 2.0, 8.0] * 3  # few events, at any hour
    assert not last_stopped(*spread, 12.0)
    assert not last_stopped(0.5, 0.5, 0.5, 12.0), "four days are no habit"
