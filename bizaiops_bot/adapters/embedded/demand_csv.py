"""The demand stream on a real series: any CSV of date, series and value, and columns known when the forecast is made.

The first part of the dates makes the history and trains the models, the last part is replayed as live requests (same
weekday as today). A trend between the two parts is real drift, and will be reported as such.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bizaiops_bot.adapters.embedded.csv_tables import is_number, named_like, numbers, read_table, require, text
from bizaiops_bot.adapters.embedded.ordering import TERMS, VALUE_NAME, VALUE_UNIT, OrderTerms, order_outcome
from bizaiops_bot.adapters.embedded.retention import late
from bizaiops_bot.adapters.embedded.streams import Feature, Shift
from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.models import Candidate, ModelInfo
from bizaiops_bot.domain.values import Value

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MIN_ROWS = 300
MAX_CATEGORIES = 50
DEFAULT_PRICE_EUR = 5.0
BLANK_SHARE = 0.35
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Steps back that carry the season, by the usual distance of two rows of a series.
LAGS = {"hour": (1, 24, 168), "day": (1, 7, 14), "week": (1, 4, 52), "month": (1, 3, 12)}
STEP_HOURS = {"hour": 6.0, "day": 72.0, "week": 300.0, "month": float("inf")}


class SeriesMapping(Value):
    """What each column of a demand file is.

    date: when. value: how many were wanted or sold. series: which shop or item, None for a single series. price: EUR a
    unit, None counts 5 EUR. extras: further columns known beforehand -> kind.
    """

    date: str
    value: str
    series: str | None
    price: str | None
    extras: dict[str, Literal["number", "category"]]

    def describe(self) -> list[tuple[str, str]]:
        """Rows to show people: role and column."""
        price = self.price or f"none, {DEFAULT_PRICE_EUR:.0f} EUR a unit assumed"
        head = [("date", self.date), ("value", self.value), ("series", self.series or "one series"), ("price", price)]
        return [*head, *((f"extra ({kind})", name) for name, kind in self.extras.items())]


def detect_columns(table: pd.DataFrame, name: str) -> SeriesMapping:
    """Finds out what the columns are. Raises BadInput when there is no date or no value."""
    names = list(table.columns)
    dates = [c for c in names if not is_number(table[c]) and _dates(table[c].head(500)).notna().mean() >= 0.95]
    if not dates:
        raise BadInput(
            f"{name!r} has no date column.", "Dates such as 2026-01-31 are needed.", f"Columns: {', '.join(names)}."
        )
    date = next(iter(named_like(dates, ("date", "time", "day", "ds"))), dates[0])
    values = [c for c in names if c != date and is_number(table[c]) and table[c].nunique() > 2]
    usual = ("value", "demand", "sales", "quantity", "units", "count", "sold", "qty", "target")
    value = next(iter(named_like(values, usual)), "y" if "y" in values else (values[-1] if values else None))
    if value is None:
        raise BadInput(f"{name!r} has no column of numbers to forecast.", do=f"Columns: {', '.join(names)}.")
    rest = [c for c in names if c not in (date, value)]
    grouped = [
        c for c in rest if table.groupby(c)[date].nunique().median() >= 20 and not table.duplicated([c, date]).any()
    ]
    series = next(iter(named_like(grouped, ("series", "store", "item", "sku", "product", "shop", "id"))), None)
    if series is None and table[date].duplicated().any():
        series = next(iter(grouped), None)
    price = next(iter(named_like([c for c in rest if is_number(table[c])], ("price",))), None)
    extras = {c: kind for c in rest if c != series and (kind := _kind(table[c])) is not None}
    return SeriesMapping(date=date, value=value, series=series, price=price, extras=extras)


def _kind(column: pd.Series) -> Literal["number", "category"] | None:
    if column.nunique() < 2:
        return None
    if is_number(column):
        return "number"
    return "category" if column.nunique() <= MAX_CATEGORIES else None


def _dates(column: pd.Series) -> pd.Series:
    return pd.to_datetime(column, errors="coerce", utc=True, format="mixed")


INFO = ModelInfo(
    name="demand",
    title="Demand forecast (real series)",
    kind="forecast",
    aliases=("demand forecast", "demand forecasting", "demand model", "forecast"),
    owner="supply chain",
)


@dataclass
class DemandCsvStream:
    """`Stream` on the rows of a file.

    path: the CSV. seed: picks the simulated part. mapping: None detects it; read `columns` to see what is used.
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
    info: ModelInfo = INFO
    value_name: str = VALUE_NAME
    value_unit: str = VALUE_UNIT
    threshold: float | None = None
    features: tuple[Feature, ...] = field(init=False)
    leaks: tuple[str, ...] = field(init=False)
    columns: SeriesMapping = field(init=False)
    step: str = field(init=False)
    _parts: dict[str, pd.DataFrame] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        table = read_table(self.path, need_rows=MIN_ROWS)
        self.columns = self.mapping or detect_columns(table, self.path.name)
        named = [self.columns.date, self.columns.value, self.columns.series, self.columns.price, *self.columns.extras]
        require(table, [name for name in named if name is not None], self.path)
        rows = self._with_lags(self._read(table))
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

    def candidates(self) -> list[Candidate]:
        """See `Stream.candidates`."""
        return [
            Candidate(model="demand", version="v1", summary="ridge regression, the baseline in production"),
            Candidate(
                model="demand", version="v2", summary=f"gradient boosting on the same {len(self.features)} columns"
            ),
            Candidate(
                model="demand",
                version="v3",
                summary="gradient boosting, past values taken from the new warehouse table",
            ),
        ]

    def _read(self, table: pd.DataFrame) -> pd.DataFrame:
        frame = pd.DataFrame({"_when": _dates(table[self.columns.date]), "_demand": numbers(table[self.columns.value])})
        frame["_series"] = text(table[self.columns.series]) if self.columns.series else "all"
        for name, kind in self.columns.extras.items():
            frame[name] = numbers(table[name]) if kind == "number" else text(table[name])
        price = numbers(table[self.columns.price]) if self.columns.price else np.full(len(table), DEFAULT_PRICE_EUR)
        frame["_price"] = np.where(
            np.isnan(price), np.nanmedian(price) if np.isfinite(price).any() else DEFAULT_PRICE_EUR, price
        )
        frame = frame.dropna(subset=["_when", "_demand"]).sort_values(["_series", "_when"], ignore_index=True)
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
        if len(frame) < MIN_ROWS // 2:
            raise BadInput(
                f"{self.path.name!r} is too short to train a forecast.",
                f"{len(frame)} rows are left after the first {max(lags)} of each series, {MIN_ROWS // 2} are needed.",
                "Check that `series` is right: every series needs its own history.",
            )
        return self._with_calendar(frame)

    def _with_calendar(self, frame: pd.DataFrame) -> pd.DataFrame:
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
                else progress[asked] + rng.normal(0, 0.005, asked.sum())
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
