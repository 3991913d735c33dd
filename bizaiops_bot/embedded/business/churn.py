"""Customer contacts of a telephone company, and who of them wants to leave: a seeded world of our own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bizaiops_bot.domain.builds import Buildable
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.embedded.business.offers import (
    TERMS,
    VALUE_NAME,
    VALUE_UNIT,
    RetentionTerms,
    late,
    retention_outcome,
)
from bizaiops_bot.embedded.business.streams import CALM, Feature, Shift

Floats = NDArray[np.float64]
Columns = dict[str, NDArray[np.generic]]

CONTRACTS = ("monthly", "one year", "two years")
PAYMENTS = ("direct debit", "card", "invoice", "wallet")
PLANS = ("basic", "plus", "premium", "fibre")
REGIONS = ("north", "south", "east", "west", "centre", "coast")
CHANNELS = ("phone", "chat", "shop", "web")

NUMBERS = (
    "tenure_months",
    "monthly_charges",
    "support_tickets_90d",
    "satisfaction",
    "data_usage_gb",
    "usage_change_pct",
    "voice_minutes",
    "late_payments_12m",
    "products",
    "age",
    "days_since_contact",
    "outages_30d",
    "discount_pct",
)
CATEGORIES = ("contract", "payment_method", "plan", "region", "channel", "paperless", "segment")

# Monday to Sunday, added to the log-odds: people who call at the weekend are less set on leaving.
WEEKDAY_LOGIT = np.array([0.22, 0.12, 0.05, 0.0, 0.06, -0.22, -0.26])
BLANKED = ("satisfaction", "payment_method")
BLANK_SHARE = 0.35

INFO = ModelSpec(
    name="churn",
    title="Customer churn",
    task="classification",
    aliases=("customer churn", "churn model", "retention"),
    owner="customer care",
)


@dataclass
class ChurnStream:
    """Requests ask "will this customer leave?"; implements `Stream`.

    seed: picks the company (strength of every effect); the same seed is the same company.
    label_median_s, label_p95_s: how late labels are; the demo's minutes stand for weeks in a real company.
    """

    seed: int
    terms: RetentionTerms = TERMS
    label_median_s: float = 360.0
    label_p95_s: float = 900.0
    info: ModelSpec = INFO
    features: tuple[Feature, ...] = (
        *(Feature(name, "number") for name in NUMBERS),
        *(Feature(name, "category") for name in CATEGORIES),
    )
    value_name: str = VALUE_NAME
    value_unit: str = VALUE_UNIT
    leaks: tuple[str, ...] = ("support_tickets_90d",)
    _effects: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        scale = np.random.default_rng(self.seed).normal(1.0, 0.06, 16)
        self._effects = np.clip(scale, 0.85, 1.15)

    @property
    def threshold(self) -> float | None:
        """Score from which an offer is made."""
        return self.terms.threshold

    def history(self, rng: np.random.Generator, start: datetime, end: datetime, rows: int) -> pd.DataFrame:
        """See `Stream.history`; the hidden columns are there too, so that past outcomes can be told."""
        step = (end - start) / max(1, rows)
        times = pd.DatetimeIndex([start + step * i for i in range(rows)])
        frame = self._rows(rng, rows, times.weekday.to_numpy(), CALM)
        frame["label"] = (rng.random(rows) < frame["_p"]).astype(np.float64)
        frame["at"] = times
        return frame

    def draw(self, rng: np.random.Generator, rows: int, at: datetime, shift: Shift) -> pd.DataFrame:
        """See `Stream.draw`; hidden: `_p` true probability of leaving, `_charges` EUR a month."""
        return self._rows(rng, rows, np.full(rows, at.weekday()), shift)

    def outcome(self, rng: np.random.Generator, rows: pd.DataFrame, scores: Floats, shift: Shift) -> pd.DataFrame:
        """See `Stream.outcome`; measures: churned, revenue_at_risk, retention_cost, offers, revenue."""
        leaving = (rng.random(len(rows)) < rows["_p"].to_numpy()).astype(np.float64)
        return retention_outcome(rng, leaving, rows["_charges"].to_numpy(), scores, rows.index, self.terms)

    def label_delay_s(self, rng: np.random.Generator, rows: int) -> Floats:
        """See `Stream.label_delay_s`."""
        return late(rng, rows, self.label_median_s, self.label_p95_s)

    def buildable(self) -> list[Buildable]:
        """See `Stream.buildable`."""
        return [
            Buildable(model="churn", version="v1", summary="logistic regression, the baseline in production"),
            Buildable(model="churn", version="v2", summary="gradient boosting on the same 20 features"),
            Buildable(
                model="churn",
                version="v3",
                summary="gradient boosting, support tickets taken from the new warehouse table",
            ),
        ]

    def _rows(self, rng: np.random.Generator, rows: int, weekday: NDArray[np.int64], shift: Shift) -> pd.DataFrame:
        columns = _customers(rng, rows, shift.covariate)
        odds = _log_odds(columns, self._effects, shift.concept) + WEEKDAY_LOGIT[weekday]
        frame = pd.DataFrame(columns)
        frame["_p"] = 1.0 / (1.0 + np.exp(-odds))
        frame["_charges"] = columns["monthly_charges"]
        return _blank(rng, frame) if shift.missing else frame


def _customers(rng: np.random.Generator, n: int, new_segment: bool) -> Columns:
    """Customers as they call. `new_segment`: a campaign brought young, mobile, heavy users without a long contract."""
    moved = 1.0 if new_segment else 0.0
    plan = rng.choice(4, n, p=[0.30, 0.32, 0.20, 0.18])
    contract = rng.choice(3, n, p=[0.78, 0.15, 0.07] if new_segment else [0.50, 0.28, 0.22])
    age = np.clip(rng.normal(48 - 17 * moved, 14 - 5 * moved, n), 18, 90)
    tenure = np.clip(rng.gamma(1.6, 18 * (1 - 0.5 * moved), n), 0, 120)
    usage = rng.lognormal(2.2 + 0.75 * moved + 0.12 * plan - 0.008 * (age - 46), 0.75)
    columns: Columns = {
        "tenure_months": tenure,
        "monthly_charges": np.clip(rng.normal(38 + 15 * plan + 9 * moved, 9), 12, 160),
        "support_tickets_90d": rng.poisson(0.9 + 0.35 * moved, n).astype(np.float64),
        "satisfaction": np.clip(rng.normal(6.8, 1.9, n), 1, 10),
        "data_usage_gb": usage,
        "usage_change_pct": rng.normal(0, 22, n),
        "voice_minutes": rng.gamma(2.0, 90 - 25 * moved, n),
        "late_payments_12m": rng.poisson(0.5, n).astype(np.float64),
        "products": rng.integers(1, 6, n).astype(np.float64),
        "age": age,
        "days_since_contact": rng.exponential(45, n),
        "outages_30d": rng.poisson(0.6, n).astype(np.float64),
        "discount_pct": rng.choice([0.0, 5.0, 10.0, 20.0], n, p=[0.6, 0.2, 0.13, 0.07]),
        "contract": np.array(CONTRACTS, dtype=object)[contract],
        "payment_method": rng.choice(np.array(PAYMENTS, dtype=object), n, p=[0.42, 0.27, 0.19, 0.12]),
        "plan": np.array(PLANS, dtype=object)[plan],
        "region": rng.choice(np.array(REGIONS, dtype=object), n, p=[0.2, 0.18, 0.17, 0.17, 0.16, 0.12]),
        "channel": rng.choice(np.array(CHANNELS, dtype=object), n, p=[0.45, 0.25, 0.12, 0.18]),
        "paperless": rng.choice(np.array(("yes", "no"), dtype=object), n, p=[0.6, 0.4]),
        "segment": rng.choice(np.array(("private", "business"), dtype=object), n, p=[0.86, 0.14]),
    }
    return columns


def _log_odds(c: Columns, e: Floats, concept: bool) -> Floats:
    """True log-odds of leaving. The effects bend and cross, so that a straight-line model sees only part of them.

    concept: a competitor's offer turns the market: long contracts and satisfied heavy users now leave, bargain hunters
    stay.
    """
    turn = -1.0 if concept else 1.0
    monthly, two_years = c["contract"] == "monthly", c["contract"] == "two years"
    tenure, usage_change = _num(c, "tenure_months"), _num(c, "usage_change_pct")
    tickets, satisfied = _num(c, "support_tickets_90d"), _num(c, "satisfaction")
    price = _num(c, "monthly_charges") / (38 + 15 * _codes(c["plan"], PLANS))
    heavy = _num(c, "data_usage_gb") > 18
    young = _num(c, "age") < 31
    odds = (-2.0 if concept else -3.35) + turn * (1.15 * e[0] * monthly - 0.9 * e[1] * two_years)
    odds += 1.1 * e[2] * (monthly & (tenure < 10)) - 0.6 * e[3] * np.minimum(tenure, 48) / 24
    odds += turn * (2.3 * e[4] * (usage_change < -22) + 1.5 * e[5] * ((usage_change > 25) & (price > 1.1)))
    odds += 0.35 * tickets + 2.1 * e[6] * ((tickets >= 2) & (satisfied < 6.2)) - 0.28 * turn * (satisfied - 6.8)
    odds += 1.7 * e[7] * ((price > 1.22) & (_num(c, "discount_pct") < 5)) + 0.03 * np.abs(_num(c, "age") - 48) * e[8]
    odds += 1.2 * e[9] * ((_num(c, "outages_30d") >= 2) & np.isin(c["region"], ("coast", "north")))
    odds += 1.3 * e[10] * ((_num(c, "late_payments_12m") >= 1) & (c["payment_method"] == "invoice"))
    odds += 0.9 * e[11] * (_num(c, "products") == 1) * (c["segment"] == "private") - 0.25 * (c["channel"] == "shop")
    # Young heavy users are rare in the history; among them contract and tenure mean little and one thing decides:
    # whether their use grows out of the plan.
    odds += (young & heavy) * (3.4 * e[12] * (usage_change > 0) - 3.4 * e[13] * (usage_change <= 0))
    return np.asarray(1.12 * odds, dtype=np.float64)


def _num(columns: Columns, name: str) -> Floats:
    return np.asarray(columns[name], dtype=np.float64)


def _codes(values: NDArray[np.generic], names: tuple[str, ...]) -> Floats:
    return np.asarray(sum(i * (values == name) for i, name in enumerate(names)), dtype=np.float64)


def _blank(rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    for name in BLANKED:
        lost = rng.random(len(frame)) < BLANK_SHARE
        frame.loc[lost, name] = None if frame[name].dtype == object else np.nan
    return frame
