"""What follows from a demand forecast: an order, empty or overfull shelves, and the money in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

VALUE_NAME = "margin after holding cost"
VALUE_UNIT = "EUR"


@dataclass(frozen=True)
class OrderTerms:
    """How the retailer orders.

    safety: extra share on top of the forecast, 0.35 orders 35% more than forecast. margin: share of the price earned
    per unit sold.
    holding: share of the price that an unsold unit costs (space, capital, waste).
    """

    safety: float = 0.35
    margin: float = 0.40
    holding: float = 0.08


TERMS = OrderTerms()


def order_outcome(
    demand: Floats, price: Floats, forecast: Floats, index: pd.Index, terms: OrderTerms = TERMS
) -> pd.DataFrame:
    """What became of each order.

    demand: units people wanted, shape (n,). price: EUR a unit. forecast: units. The label is the full demand: the till
    notes missed sales. `stock_out` is 1 when demand was above the order; `value` is margin of the units sold minus the
    cost of the unsold ones, in EUR.
    """
    order = np.ceil(np.clip(forecast, 0.0, None) * (1.0 + terms.safety))
    sold = np.minimum(demand, order)
    inventory_cost = (order - sold) * price * terms.holding
    return pd.DataFrame(
        {
            "label": demand,
            "value": sold * price * terms.margin - inventory_cost,
            "stock_out": (demand > order).astype(np.float64),
            "inventory_cost": inventory_cost,
            "lost_sales": (demand - sold) * price,
            "abs_error": np.abs(demand - forecast),
            "actual": demand,
            "forecast": forecast,
        },
        index=index,
    )
