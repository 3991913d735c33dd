"""The demand stream on a real series: any CSV of date, series and value, and columns known when the forecast is made.

The first part of the dates makes the history and trains the models, the last part is replayed as live requests (same
weekday as today). A trend between the two parts is real drift, and will be reported as such.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bizaiops_bot.domain.builds import Buildable
from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.embedded.business.csv_files import lines_of
from bizaiops_bot.embedded.business.csv_tables import OwnFile, numbers, read_table, require, text, without_repeats
from bizaiops_bot.embedded.business.demand_columns import (
    DEFAULT_PRICE_EUR,
    MIN_PRESENT,
    MIN_ROWS,
    SeriesMapping,
    detect_columns,
    sure_columns,
    times,
    without_leaks,
)
from bizaiops_bot.embedded.business.offers import late
from bizaiops_bot.embedded.business.ordering import TERMS, VALUE_NAME, VALUE_UNIT, OrderTerms, order_outcome
from bizaiops_bot.embedded.business.streams import Feature, Shift

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SMALL = 1_000
"""Rows of a history that is walked through less strictly by date, or many of its rows would never be met."""
MIN_LEFT = 180
"""So many rows must be left once the first ones of each series have only served as past values."""
BLANK_SHARE = 0.35
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Steps back that carry the season, by the usual distance of two rows of a series.
LAGS = {"hour": (1, 24, 168), "day": (1, 7, 14), "week": (1, 4, 52), "month": (1, 3, 12)}
STEP_HOURS = {"hour": 6.0, "day": 72.0, "week": 300.0, "month": float("inf")}


INFO = ModelSpec(
    name="demand",
    title="Demand forecast (real series)",
    task="forecast",
    aliases=("demand forecast", "demand forecasting", "demand model", "forecast"),
    owner="supply chain",
)


@dataclass
class DemandCsvStream:
    """`Stream` on the rows of a file.

    path: the CSV. seed: picks the simulated part. mapping: None detects it; read `columns` to see what is used, and
    `told` for what was left out of the file.
    train_share: share of the rows, by date, that make history; the later ones are the live stream.
    Raises BadInput for a file that cannot be used.
    """

    path: Path
    seed: int
    mapping: SeriesMapping | None = None
    terms: OrderTerms = TERMS
    train_share: float = 0.7
    label_median_s: float = 360.0
    label_p95_s: float = 900.0
    info: ModelSpec = INFO
    value_name: str = VALUE_NAME
    value_unit: str = VALUE_UNIT
    threshold: float | None = None
    features: tuple[Feature, ...] = field(init=False)
    leaks: tuple[str, ...] = field(init=False)
    columns: SeriesMapping = field(init=False)
    told: list[str] = field(init=False)
    step: str = field(init=False)
    _parts: dict[str, pd.DataFrame] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        said = self.mapping
        file = read_table(self.path, need_rows=MIN_ROWS, written=said.written if said else None)
        self.columns = said or detect_columns(file)
        named = [self.columns.date, self.columns.value, self.columns.series, self.columns.price, *self.columns.extras]
        require(file.table, [name for name in named if name is not None], self.path)
        self.columns = without_leaks(file, sure_columns(file, self.columns))
        self.told = file.told
        rows = self._with_lags(self._read(file))
        cut = int(len(rows) * self.train_share)
        self._parts = {"history": rows.iloc[:cut], "live": rows.iloc[cut:]}

    def history(self, rng: np.random.Generator, start: datetime, end: datetime, rows: int) -> pd.DataFrame:
        """See `Stream.history`. Time runs through the history part; `_unit` names the row of the file it came from."""
        step = (end - start) / max(1, rows)
        times = pd.DatetimeIndex([start + step * i for i in range(rows)])
        frame = self._pick(rng, "history", times.weekday.to_numpy(), np.arange(rows) / max(1, rows))
        frame["label"] = frame["_demand"]
        frame["at"] = times
        return frame

    def draw(self, rng: np.random.Generator, rows: int, at: datetime, shift: Shift) -> pd.DataFrame:
        """See `Stream.draw`; real rows of the last part. Hidden: `_demand` units, `_price` EUR a unit, `_unit`,
        `_weekday`.
        """
        frame = self._pick(rng, "live", np.full(rows, at.weekday()), None)
        if shift.covariate:
            self._move(frame)
        if shift.concept:
            weekend = frame["_weekday"].to_numpy() >= 5
            growing = frame["lag_1"].to_numpy() > frame[self._mean_name()].to_numpy()
            frame["_demand"] = np.round(frame["_demand"] * np.where(weekend, 0.7, 1.15) * np.where(growing, 0.6, 1.3))
        if shift.missing:
            for name in self.leaks[:2]:
                frame.loc[rng.random(rows) < BLANK_SHARE, name] = np.nan
        return frame

    def outcome(self, rng: np.random.Generator, rows: pd.DataFrame, scores: Floats, shift: Shift) -> pd.DataFrame:
        """See `Stream.outcome`; measures: stock_out, inventory_cost, lost_sales, abs_error, actual, forecast."""
        return order_outcome(rows["_demand"].to_numpy(), rows["_price"].to_numpy(), scores, rows.index, self.terms)

    def label_delay_s(self, rng: np.random.Generator, rows: int) -> Floats:
        """See `Stream.label_delay_s`."""
        return late(rng, rows, self.label_median_s, self.label_p95_s)

    def buildable(self) -> list[Buildable]:
        """See `Stream.buildable`."""
        return [
            Buildable(model="demand", version="v1", summary="ridge regression, the baseline in production"),
            Buildable(
                model="demand", version="v2", summary=f"gradient boosting on the same {len(self.features)} columns"
            ),
            Buildable(
                model="demand",
                version="v3",
                summary="gradient boosting, past values taken from the new warehouse table",
            ),
        ]

    def _read(self, file: OwnFile) -> pd.DataFrame:
        blank = file.table[[self.columns.date, self.columns.value]].isna().any(axis=1)
        if blank.any():
            lines = [int(line) for line in file.table.index[blank]]
            file.told.append(f"{lines_of(lines)} without a date or a value, left out")
        file = replace(file, table=file.table[~blank])
        table = without_repeats(file, [self.columns.date, *([self.columns.series] if self.columns.series else [])])
        file.enough(len(table), MIN_ROWS)
        frame = pd.DataFrame({"_when": times(table[self.columns.date]), "_demand": numbers(table[self.columns.value])})
        frame["_series"] = text(table[self.columns.series]) if self.columns.series else "all"
        for name, kind in self.columns.extras.items():
            frame[name] = numbers(table[name]) if kind == "number" else text(table[name])
        price = numbers(table[self.columns.price]) if self.columns.price else np.full(len(table), DEFAULT_PRICE_EUR)
        frame["_price"] = np.where(
            np.isnan(price), np.nanmedian(price) if np.isfinite(price).any() else DEFAULT_PRICE_EUR, price
        )
        below = int((frame["_demand"] < 0).sum())
        if below:
            file.told.append(f"{below} values below zero count as 0")
        frame = frame.sort_values(["_series", "_when"], ignore_index=True)
        frame["_demand"] = frame["_demand"].clip(lower=0)
        return frame

    def _with_lags(self, frame: pd.DataFrame) -> pd.DataFrame:
        gaps = frame.groupby("_series")["_when"].diff().dt.total_seconds().median() / 3600
        self.step = next((name for name, most in STEP_HOURS.items() if gaps <= most), "day")
        demand = frame.groupby("_series")["_demand"]
        lags = [lag for lag in LAGS[self.step] if lag <= demand.size().median() / 4]
        for lag in lags:
            frame[f"lag_{lag}"] = demand.shift(lag)
        length = next((lag for lag in lags if lag > 1), 3)
        frame[f"mean_{length}"] = demand.transform(lambda values: values.shift(1).rolling(length).mean())
        self.leaks = (*(f"lag_{lag}" for lag in lags), f"mean_{length}")
        frame = frame.dropna(subset=list(self.leaks)).sort_values("_when", ignore_index=True, kind="stable")
        if len(frame) < MIN_LEFT:
            raise BadInput(
                f"{self.path.name!r} is too short to train a forecast.",
                f"{len(frame)} rows are left after the first {max(lags)} of each series, {MIN_LEFT} are needed.",
                "Check that `series` is right: every series needs its own history.",
            )
        return self._with_calendar(frame)

    def _with_calendar(self, frame: pd.DataFrame) -> pd.DataFrame:
        self._leave_out_sparse(frame.iloc[: int(len(frame) * self.train_share)])
        when = frame["_when"].dt
        frame["_weekday"] = when.weekday
        frame["_unit"] = np.arange(len(frame))
        turn = 2 * np.pi * when.dayofyear / 365.25
        calendar = {"season_sin": np.sin(turn), "season_cos": np.cos(turn)}
        if self.step in ("hour", "day"):
            calendar["day_of_week"] = np.array(WEEKDAYS, dtype=object)[when.weekday]
        if self.step == "hour":
            calendar["hour_of_day"] = when.hour.astype(np.float64)
        extras = [Feature(name, kind) for name, kind in self.columns.extras.items()]
        own = [Feature(name, "category" if name == "day_of_week" else "number", monitored=False) for name in calendar]
        self.features = (*(Feature(name, "number") for name in self.leaks), *extras, *own)
        return frame.assign(**calendar)

    def _leave_out_sparse(self, history: pd.DataFrame) -> None:
        """Takes out columns with too few values in the history to compare live ones with."""
        sparse = [name for name in self.columns.extras if history[name].notna().sum() < MIN_PRESENT]
        self.told += [f"column {name!r} is blank in nearly all rows, left out" for name in sparse]
        kept = {name: kind for name, kind in self.columns.extras.items() if name not in sparse}
        self.columns = self.columns.model_copy(update={"extras": kept})

    def _mean_name(self) -> str:
        return self.leaks[-1]

    def _pick(self, rng: np.random.Generator, part: str, weekday: Ints, progress: Floats | None) -> pd.DataFrame:
        """Rows of the part on the asked weekdays; `progress` 0..1 walks through its dates, None takes any of them."""
        rows = self._parts[part]
        days = rows["_weekday"].to_numpy()
        picked = np.empty(len(weekday), dtype=np.int64)
        for day in np.unique(weekday):
            here = np.flatnonzero(days == day) if self.step in ("hour", "day") else np.arange(len(rows))
            here = here if len(here) else np.arange(len(rows))
            asked = weekday == day
            place = (
                rng.random(int(asked.sum()))
                if progress is None
                else progress[asked] + rng.normal(0, 0.03 if len(rows) < SMALL else 0.005, asked.sum())
            )
            picked[asked] = here[np.clip((place * len(here)).astype(np.int64), 0, len(here) - 1)]
        return rows.iloc[picked].reset_index(drop=True)

    def _move(self, frame: pd.DataFrame) -> None:
        """Past values rise by a quarter and the demand by less; further numbers move 0.6 sd."""
        for name in self.leaks:
            frame[name] = frame[name] * 1.25
        frame["_demand"] = np.round(frame["_demand"] * 1.1)
        for name, kind in self.columns.extras.items():
            if kind == "number":
                frame[name] = frame[name] + 0.6 * self._parts["history"][name].std()
