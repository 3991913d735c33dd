"""The seeded company: what its customers and shops do, calm and when the world changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from bizaiops_bot.embedded.business.churn import ChurnStream
from bizaiops_bot.embedded.business.demand import DemandStream
from bizaiops_bot.embedded.business.offers import RetentionTerms, retention_outcome
from bizaiops_bot.embedded.business.streams import CALM, Shift
from bizaiops_bot.embedded.training.training import auc

NOW = datetime(2026, 11, 21, 14, tzinfo=UTC)
STREAMS = {"churn": ChurnStream(4), "demand": DemandStream(4)}


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", STREAMS)
def test_history_is_labelled_evenly_spread_and_sorted(name: str) -> None:
    stream = STREAMS[name]
    history = stream.history(rng(), NOW - timedelta(days=60), NOW, 6000)
    assert len(history) == 6000
    assert history["at"].is_monotonic_increasing
    assert history["at"].iloc[0] == NOW - timedelta(days=60)
    assert history["at"].iloc[-1] < NOW
    assert history.groupby(history["at"].dt.date).size().between(40, 110).all()
    assert history["label"].notna().all()
    assert {feature.name for feature in stream.features} <= set(history.columns)


@pytest.mark.parametrize("name", STREAMS)
def test_the_same_seed_is_the_same_company(name: str) -> None:
    again = type(STREAMS[name])(4)
    pd.testing.assert_frame_equal(STREAMS[name].draw(rng(), 50, NOW, CALM), again.draw(rng(), 50, NOW, CALM))


@pytest.mark.parametrize("name", STREAMS)
def test_a_request_shows_the_model_no_label(name: str) -> None:
    rows = STREAMS[name].draw(rng(), 50, NOW, CALM)
    visible = {column for column in rows.columns if not column.startswith("_")}
    assert visible == {feature.name for feature in STREAMS[name].features}


@pytest.mark.parametrize("name", STREAMS)
def test_daily_outcomes_have_a_week_in_them(name: str) -> None:
    history = STREAMS[name].history(rng(), NOW - timedelta(days=56), NOW, 40_000)
    by_day = history.groupby(history["at"].dt.weekday)["label"].mean()
    assert by_day.max() / by_day.min() > 1.15


@pytest.mark.parametrize("name", STREAMS)
def test_missing_values_empty_two_columns_and_leave_the_outcome_alone(name: str) -> None:
    rows = STREAMS[name].draw(rng(), 4000, NOW, Shift(missing=True))
    shares = rows.isna().mean()
    blanked = shares[shares > 0]
    assert len(blanked) == 2
    assert blanked.between(0.3, 0.4).all()
    outcome = STREAMS[name].outcome(rng(), rows, np.full(4000, 0.5), Shift(missing=True))
    assert outcome.notna().all().all()


@pytest.mark.parametrize("name", STREAMS)
def test_labels_come_late_with_a_long_tail(name: str) -> None:
    delays = STREAMS[name].label_delay_s(rng(), 20_000)
    assert np.median(delays) == pytest.approx(360, rel=0.05)
    assert np.quantile(delays, 0.95) == pytest.approx(900, rel=0.07)


def test_a_new_segment_of_customers_moves_several_columns() -> None:
    stream = STREAMS["churn"]
    calm, moved = (stream.draw(rng(), 8000, NOW, shift) for shift in (CALM, Shift(covariate=True)))
    for name in ("tenure_months", "monthly_charges", "age"):
        assert abs(moved[name].mean() - calm[name].mean()) / calm[name].std() > 0.4
    assert (moved["contract"] == "monthly").mean() > (calm["contract"] == "monthly").mean() + 0.2


def test_a_turned_market_changes_who_leaves_but_not_who_calls() -> None:
    stream = STREAMS["churn"]
    calm, turned = (stream.draw(rng(), 8000, NOW, shift) for shift in (CALM, Shift(concept=True)))
    visible = [feature.name for feature in stream.features]
    pd.testing.assert_frame_equal(calm[visible], turned[visible])
    leavers = (rng(2).random(8000) < turned["_p"]).astype(float).to_numpy()
    assert auc(leavers, calm["_p"].to_numpy()) < 0.65
    assert auc(leavers, turned["_p"].to_numpy()) > 0.8


def test_an_offer_keeps_some_leavers_and_costs_money_for_everyone() -> None:
    terms = RetentionTerms(threshold=0.5, offer_cost=10, accepts=1.0, months=2)
    leaving, charges = np.array([1.0, 1.0, 0.0, 0.0]), np.array([50.0, 50.0, 50.0, 50.0])
    scores = np.array([0.9, 0.1, 0.9, 0.1])
    told = retention_outcome(rng(), leaving, charges, scores, pd.RangeIndex(4), terms)
    assert told["label"].tolist() == [1, 1, 0, 0]
    assert told["churned"].tolist() == [0, 1, 0, 0]
    assert told["value"].tolist() == [90, 0, -10, 0]
    assert told["revenue_at_risk"].tolist() == [0, 50, 0, 0]
    assert told["retention_cost"].tolist() == [10, 0, 10, 0]


def test_a_better_guess_of_who_leaves_earns_more() -> None:
    stream = STREAMS["churn"]
    rows = stream.draw(rng(), 8000, NOW, CALM)
    truth = stream.outcome(rng(), rows, rows["_p"].to_numpy(), CALM)
    blind = stream.outcome(rng(), rows, rng(3).permutation(rows["_p"].to_numpy()), CALM)
    assert truth["value"].mean() > 2
    assert truth["value"].mean() > blind["value"].mean() + 4


def test_yesterdays_sales_are_the_same_whoever_asks() -> None:
    stream = DemandStream(4, stores=1, items=1)
    rows = stream.draw(rng(), 20, NOW, CALM)
    assert rows["lag_1"].nunique() == 1
    next_day = stream.draw(rng(), 1, NOW + timedelta(days=6), CALM)
    assert next_day["lag_7"].iloc[0] == rows["lag_1"].iloc[0]


def test_ordering_too_little_empties_shelves_and_too_much_costs_holding() -> None:
    stream = STREAMS["demand"]
    rows = stream.draw(rng(), 4000, NOW, CALM)
    demand = rows["_demand"].to_numpy()
    half, right, triple = (stream.outcome(rng(), rows, demand * factor, CALM) for factor in (0.5, 1.0, 3.0))
    assert half["stock_out"].mean() > 0.9
    assert right["stock_out"].mean() < 0.01
    assert triple["inventory_cost"].mean() > 3 * right["inventory_cost"].mean()
    assert right["value"].mean() > half["value"].mean()
    assert right["value"].mean() > triple["value"].mean()


def test_promotions_that_people_are_tired_of_no_longer_sell() -> None:
    stream = STREAMS["demand"]
    calm, tired = (stream.draw(rng(), 8000, NOW, shift) for shift in (CALM, Shift(concept=True)))
    promo = (calm["promo"] > 0).to_numpy()
    assert tired["_demand"][promo].mean() < 0.7 * calm["_demand"][promo].mean()
    assert tired["_demand"][~promo].mean() > calm["_demand"][~promo].mean()
