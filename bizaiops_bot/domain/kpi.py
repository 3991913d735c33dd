"""KPIs: definitions, daily values, comparisons and the effect of a release."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Literal

from pydantic import Field

from bizaiops_bot.domain.values import Value, duration_s


class Kpi(Value):
    """One KPI: what it means and which way is good. Values are `numerator / denominator * scale` in `unit`.

    control: id of a KPI that shares its ups and downs and that no release of the model can move; "" for none.
    matures_after: how long after its end a day still changes, as outcomes come late, "3d"; "" for not at all.
    """

    id: str
    model: str
    title: str
    unit: str
    direction: Literal["up_is_good", "down_is_good"]
    numerator: str
    denominator: str
    scale: float = 1.0
    target: float | None = None
    min_n: int = 30
    decimals: int = 1
    aliases: tuple[str, ...] = ()
    description: str = ""
    control: str = ""
    matures_after: str = Field(default="", pattern=r"^([1-9]\d{0,3}[hd])?$")

    def mature(self, day: date) -> date:
        """From which local day on the value of `day` is final."""
        wait_s = duration_s(self.matures_after) if self.matures_after else 0.0
        return day + timedelta(days=1 + math.ceil(wait_s / 86_400))

    def provisional(self, days: Iterable[date], today: date) -> date | None:
        """Until when one of `days`, which are over, may still change; None when all are final."""
        return max((until for day in days if (until := self.mature(day)) > today), default=None)

    @property
    def step(self) -> float:
        """One unit of the last digit that is shown."""
        return float(10.0**-self.decimals)


class KpiDay(Value):
    """One local day of one KPI. `value` is None under `min_n` observations.

    complete: False for a day still running, and for one whose data stopped hours before they usually do. numerator,
    denominator: the day's sums, from which several days are pooled; None when only the value is known.
    """

    kpi: str
    day: date
    value: float | None
    n: int
    complete: bool
    updated: datetime | None
    numerator: float | None = None
    denominator: float | None = None


def pooled(kpi: Kpi, days: Iterable[KpiDay]) -> float | None:
    """The KPI over all those days as over one: a day counts by what it was divided by. None without enough data.

    Days that bring no sums count by their observations.
    """
    some = [d for d in days if d.n > 0 or d.value is not None]
    sums = [(d.numerator, d.denominator) for d in some if d.numerator is not None and d.denominator is not None]
    if some and len(sums) == len(some):
        above, below = sum(n for n, _ in sums), sum(d for _, d in sums)
        return above / below * kpi.scale if below > 0 and sum(d.n for d in some) >= kpi.min_n else None
    known = [(d.value, max(d.n, 1)) for d in some if d.value is not None]
    return sum(value * n for value, n in known) / sum(n for _, n in known) if known else None


class Change(Value):
    """A value against an earlier one. difference: in the KPI's unit.

    share: relative, 0.1 is +10%; None where a share would mislead: a base of nothing, nearly nothing or less, a change
    of sign, more than ten times as much. better: None when it is no change in print.
    """

    difference: float
    share: float | None
    better: bool | None


_MOST_TIMES = 10.0


def change_of(kpi: Kpi, now: float | None, before: float | None) -> Change | None:
    """None when one of the two is not known."""
    if now is None or before is None:
        return None
    told = before >= kpi.step and 0.0 <= now <= _MOST_TIMES * before
    share = now / before - 1.0 if told else None
    same = abs(share) < 0.0005 if share is not None else abs(now - before) < kpi.step / 2.0
    better = None if same else (now > before) == (kpi.direction == "up_is_good")
    return Change(difference=now - before, share=share, better=better)


class KpiRow(Value):
    """A KPI as a digest shows it: the last complete day against the same weekday a week before.

    note: why the row is not about yesterday, "" when it is. provisional_until: when the day is final, None when it is.
    """

    kpi: Kpi
    day: date
    value: float | None
    week_before: float | None
    median_28d: float | None
    history: tuple[float | None, ...]
    n: int
    updated: datetime | None
    usual: tuple[float, float] | None = None
    """Range in which the day would be ordinary; None when there is too little history to say."""
    note: str = ""
    provisional_until: date | None = None

    @property
    def unusual(self) -> bool:
        """Outside the usual range, in either direction."""
        return self.value is not None and self.usual is not None and not self.usual[0] <= self.value <= self.usual[1]

    @property
    def change(self) -> Change | None:
        """Against the same weekday last week."""
        return change_of(self.kpi, self.value, self.week_before)


class Effect(Value):
    """What a release did to a KPI: estimate with interval in the KPI's unit; `verdict` "cannot_tell" says why in
    `reason`.
    """

    kpi: str
    verdict: Literal["better", "worse", "no_clear_change", "cannot_tell"]
    estimate: float | None
    low: float | None
    high: float | None
    n_before: int
    n_after: int
    method: str
    reason: str
    first: date | None = None
    """The first and the last day that were looked at, None without any."""
    last: date | None = None
