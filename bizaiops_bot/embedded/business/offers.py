"""What follows from a churn score: an offer or none, a customer kept or lost, and the money in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

VALUE_NAME = "net retained revenue"
VALUE_UNIT = "EUR"


@dataclass(frozen=True)
class RetentionTerms:
    """How the company fights churn.

    threshold: score (probability) from which a customer gets an offer. With the other numbers an offer to a customer
    with monthly charges of 70 EUR pays from `offer_cost / (accepts * months * 70)` = 0.30 on.
    offer_cost: EUR of every offer made. accepts: share of leavers whom an offer keeps. months: how long a kept
    customer is counted.
    """

    threshold: float = 0.30
    offer_cost: float = 25.0
    accepts: float = 0.40
    months: float = 3.0


TERMS = RetentionTerms()


def retention_outcome(
    rng: np.random.Generator,
    leaving: Floats,
    charges: Floats,
    scores: Floats,
    index: pd.Index,
    terms: RetentionTerms = TERMS,
) -> pd.DataFrame:
    """What became of each customer.

    leaving: 1 for a customer who wants to leave, shape (n,). charges: EUR a month. scores: the model's probability of
    leaving. `label` is the wish to leave, which an offer does not change (so that learning from labels stays sound);
    `churned` is what an accepted offer prevents. `value` is revenue kept by the offer over `terms.months` minus what
    the offer cost, in EUR.
    """
    offered = (scores >= terms.threshold).astype(np.float64)
    kept = leaving * offered * (rng.random(len(leaving)) < terms.accepts)
    churned = leaving - kept
    cost = offered * terms.offer_cost
    return pd.DataFrame(
        {
            "label": leaving,
            "value": kept * charges * terms.months - cost,
            "churned": churned,
            "revenue_at_risk": churned * charges,
            "retention_cost": cost,
            "offers": offered,
            "revenue": charges * (1.0 - churned),
        },
        index=index,
    )


def late(rng: np.random.Generator, rows: int, median_s: float, p95_s: float) -> Floats:
    """Seconds until each outcome is known, lognormal with this median and 95th percentile, shape (rows,)."""
    sigma = np.log(p95_s / median_s) / 1.6449
    return np.asarray(rng.lognormal(np.log(median_s), sigma, rows), dtype=np.float64)
