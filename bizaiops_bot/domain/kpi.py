"""KPIs: definitions, daily values, comparisons and the effect of a release."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from bizaiops_bot.domain.values import Value


class Kpi(Value):
    """One KPI: what it means and which way is good. Values are `numerator / denominator * scale` in `unit`."""

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


class KpiDay(Value):
    """One local day of one KPI. `value` is None under `min_n` observations; `complete` is False for a day still
    running.
    """

    kpi: str
    day: date
    value: float | None
    n: int
    complete: bool
    updated: datetime | None


class KpiRow(Value):
    """A KPI as a digest shows it: the last complete day against the same weekday a week before."""

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

    @property
    def unusual(self) -> bool:
        """Outside the usual range, in either direction."""
        return self.value is not None and self.usual is not None and not self.usual[0] <= self.value <= self.usual[1]

    @property
    def change(self) -> float | None:
        """Relative change against the same weekday last week, 0.1 is +10%."""
        if self.value is None or not self.week_before:
            return None
        return self.value / self.week_before - 1.0


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
