"""Next-day demand of a retailer, store by store and item by item: a seeded world of our own.

Demand of a (store, item, day) is drawn from hashed noise, so that yesterday's sales are the same whoever asks, and
nothing is stored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bizaiops_bot.domain.builds import Buildable
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.embedded.business.offers import late
from bizaiops_bot.embedded.business.ordering import TERMS, VALUE_NAME, VALUE_UNIT, OrderTerms, order_outcome
from bizaiops_bot.embedded.business.streams import CALM, Feature, Shift

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STORE_TYPES = ("city", "suburb", "highway", "station")
CATEGORIES = ("drinks", "ice cream", "bakery", "dairy", "household", "snacks")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKDAY_FACTOR = np.array([0.88, 0.92, 0.96, 1.0, 1.12, 1.18, 0.94])
# A station and a highway shop live from commuters: their weekend is quiet. Rows as in STORE_TYPES.
WEEKEND_FACTOR = np.array([1.0, 1.15, 0.75, 0.6])
# Extra demand per sd of heat, by category.
HEAT = np.array([0.20, 0.32, -0.10, -0.03, 0.0, 0.02])
PROMO_LIFT = np.array([1.9, 2.1, 1.5, 1.4, 2.6, 2.2])
PROMO_SHARE = 0.12
SOLD_OUT_SHARE = 0.03
NOISE_SD = 0.20
BLANKED = ("lag_1", "price_index")
BLANK_SHARE = 0.35

INFO = ModelSpec(
    name="demand",
    title="Demand forecast",
    task="forecast",
    aliases=("demand forecast", "demand forecasting", "demand model", "forecast"),
    owner="supply chain",
)


@dataclass
class DemandStream:
    """Requests ask "how many will be wanted tomorrow?"; implements `Stream`.

    seed: picks the stores, items and their noise. stores, items: size of the retailer.
    label_median_s, label_p95_s: how late labels are; the demo's minutes stand for a day in a real company.
    """

    seed: int
    stores: int = 400
    items: int = 80
    terms: OrderTerms = TERMS
    label_median_s: float = 360.0
    label_p95_s: float = 900.0
    info: ModelSpec = INFO
    features: tuple[Feature, ...] = (
        Feature("lag_1", "number"),
        Feature("lag_7", "number"),
        Feature("lag_14", "number"),
        Feature("mean_7", "number"),
        Feature("price", "number"),
        Feature("price_index", "number"),
        Feature("promo", "number"),
        Feature("promo_yesterday", "number"),
        Feature("heat", "number"),
        Feature("season_sin", "number", monitored=False),
        Feature("season_cos", "number", monitored=False),
        Feature("weekday", "category", monitored=False),
        Feature("store_type", "category"),
        Feature("category", "category"),
    )
    value_name: str = VALUE_NAME
    value_unit: str = VALUE_UNIT
    threshold: float | None = None
    leaks: tuple[str, ...] = ("lag_1", "mean_7")
    _base: Floats = field(init=False, repr=False, compare=False)
    _store_type: Ints = field(init=False, repr=False, compare=False)
    _category: Ints = field(init=False, repr=False, compare=False)
    _list_price: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self._base = 22.0 * rng.lognormal(0, 0.5, (self.stores, 1)) * rng.lognormal(0, 0.7, (1, self.items))
        self._store_type = rng.choice(4, self.stores, p=[0.4, 0.35, 0.15, 0.1])
        self._category = rng.integers(0, len(CATEGORIES), self.items)
        self._list_price = np.round(rng.lognormal(1.2, 0.6, self.items), 2)

    def history(self, rng: np.random.Generator, start: datetime, end: datetime, rows: int) -> pd.DataFrame:
        """See `Stream.history`; the hidden columns are there too, so that past outcomes can be told."""
        step = (end - start) / max(1, rows)
        times = pd.DatetimeIndex([start + step * i for i in range(rows)])
        days = np.array([t.toordinal() + 1 for t in times], dtype=np.int64)
        frame = self._rows(rng, days, CALM)
        frame["label"] = frame["_demand"]
        frame["at"] = times
        return frame

    def draw(self, rng: np.random.Generator, rows: int, at: datetime, shift: Shift) -> pd.DataFrame:
        """See `Stream.draw`; asked about the day after `at`. Hidden: `_demand` units wanted, `_price` EUR a unit."""
        return self._rows(rng, np.full(rows, at.toordinal() + 1, dtype=np.int64), shift)

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
            Buildable(model="demand", version="v2", summary="gradient boosting on the same 14 features"),
            Buildable(
                model="demand", version="v3", summary="gradient boosting, past sales taken from the new warehouse table"
            ),
        ]

    def _rows(self, rng: np.random.Generator, day: Ints, shift: Shift) -> pd.DataFrame:
        n = len(day)
        store, item = rng.integers(0, self.stores, n), rng.integers(0, self.items, n)
        sales = {back: self._sales(store, item, day - back) for back in (*range(1, 8), 14)}
        price_index = self._price_index(store, item, day) + (0.16 if shift.covariate else 0.0)
        heat = self._heat(store, day) + (1.3 if shift.covariate else 0.0)
        mean = self._mean(store, item, day, price_index, heat, shift.concept)
        season = 2 * np.pi * (day % 365.25) / 365.25
        frame = pd.DataFrame(
            {
                "lag_1": sales[1],
                "lag_7": sales[7],
                "lag_14": sales[14],
                "mean_7": np.mean([sales[back] for back in range(1, 8)], axis=0),
                "price": np.round(self._list_price[item] * price_index, 2),
                "price_index": price_index,
                "promo": self._promo(store, item, day),
                "promo_yesterday": self._promo(store, item, day - 1),
                "heat": heat,
                "season_sin": np.sin(season),
                "season_cos": np.cos(season),
                "weekday": np.array(WEEKDAYS, dtype=object)[(day - 1) % 7],
                "store_type": np.array(STORE_TYPES, dtype=object)[self._store_type[store]],
                "category": np.array(CATEGORIES, dtype=object)[self._category[item]],
                "_demand": np.round(mean * np.exp(NOISE_SD * rng.standard_normal(n) - NOISE_SD**2 / 2)),
            }
        )
        frame["_price"] = frame["price"]
        return _blank(rng, frame) if shift.missing else frame

    def _sales(self, store: Ints, item: Ints, day: Ints) -> Floats:
        """Units sold on a past day: the demand, or less when the supplier had let the shelf run empty."""
        index, heat = self._price_index(store, item, day), self._heat(store, day)
        noise = np.exp(NOISE_SD * self._normal(11, store, item, day) - NOISE_SD**2 / 2)
        demand = np.round(self._mean(store, item, day, index, heat, False) * noise)
        empty = self._uniform(12, store, item, day) < SOLD_OUT_SHARE
        return np.where(empty, np.floor(demand * 0.4), demand)

    def _mean(self, store: Ints, item: Ints, day: Ints, price_index: Floats, heat: Floats, concept: bool) -> Floats:
        """Expected units. concept: people are tired of promotions, which now cost sales, and shop at the weekend."""
        kind, category = self._store_type[store], self._category[item]
        weekday = (day - 1) % 7
        weekend = weekday >= 5
        level = self._base[store, item] * WEEKDAY_FACTOR[weekday] * np.where(weekend, WEEKEND_FACTOR[kind], 1.0)
        level *= 1 + 0.15 * np.sin(2 * np.pi * (day % 365.25) / 365.25 + category)
        phase = 6.283 * self._uniform(13, store, item, 0 * day)
        level *= np.exp(0.22 * np.sin(day / 5.1 + phase) + 0.10 * np.sin(day / 2.3 + 2 * phase))
        level *= np.clip(1 + HEAT[category] * heat + 0.06 * np.maximum(heat - 1, 0) * (category <= 1), 0.3, 4.0)
        promo = self._promo(store, item, day) > 0
        lift = 0.65 if concept else PROMO_LIFT[category] * np.where(weekend, 1.2, 1.0)
        level *= np.where(promo, lift, 1.0) * price_index**-1.6
        # After a promotion the cupboards are full.
        level *= np.where(~promo & (self._promo(store, item, day - 1) > 0), 0.7, 1.0)
        return np.asarray(level * (1.25 if concept else 1.0), dtype=np.float64)

    def _promo(self, store: Ints, item: Ints, day: Ints) -> Floats:
        """1 on promotion days; promotions last three days, so some begin and end on every weekday."""
        return (self._uniform(14, store, item, (day + item) // 3) < PROMO_SHARE).astype(np.float64)

    def _price_index(self, store: Ints, item: Ints, day: Ints) -> Floats:
        """Price against the list price, around 1."""
        return 1.0 + 0.10 * self._normal(15, store, item, day // 9)

    def _heat(self, store: Ints, day: Ints) -> Floats:
        """Sds of temperature above what the season brings. Weather differs by place, so one day shows the whole
        spread.
        """
        return self._normal(16, store, 0 * store, day // 2)

    def _uniform(self, salt: int, store: Ints, item: Ints, day: Ints) -> Floats:
        """Uniform in (0, 1), the same for the same four numbers and seed (splitmix64)."""
        x = (store + 1009 * item + 1_000_003 * day + 7_919_999_983 * (salt + 100 * self.seed)).astype(np.uint64)
        x = (x + np.uint64(0x9E3779B97F4A7C15)) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return ((x ^ (x >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) * 2.0**-53 + 2.0**-54

    def _normal(self, salt: int, store: Ints, item: Ints, day: Ints) -> Floats:
        """Standard normal from two such uniforms (Box-Muller)."""
        radius = np.sqrt(-2 * np.log(self._uniform(salt, store, item, day)))
        return np.asarray(radius * np.cos(2 * np.pi * self._uniform(salt + 50, store, item, day)), dtype=np.float64)


def _blank(rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    for name in BLANKED:
        frame.loc[rng.random(len(frame)) < BLANK_SHARE, name] = np.nan
    return frame
