"""The company on people's own files: what is found in them, and what is said about files that cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.embedded.business.churn_columns import ColumnMapping
from bizaiops_bot.embedded.business.demand_columns import SeriesMapping
from bizaiops_bot.embedded.business.demand_csv import DemandCsvStream
from bizaiops_bot.embedded.business.streams import CALM, Shift
from bizaiops_bot.embedded.business.telco_csv import TelcoStream

NOW = datetime(2026, 11, 21, 14, tzinfo=UTC)


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def customers(rows: int = 1200) -> pd.DataFrame:
    """A small table of the same form as IBM's."""
    random = rng()
    contract = random.choice(["Month-to-month", "One year", "Two year"], rows)
    tenure = random.integers(0, 72, rows)
    charges = random.uniform(20, 110, rows).round(2)
    risk = 0.45 * (contract == "Month-to-month") + 0.25 * (tenure < 12) + 0.1 * (charges > 70)
    total = np.where(tenure == 0, " ", (tenure * charges).round(2).astype(str))
    return pd.DataFrame(
        {
            "customerID": [f"C-{i:05d}" for i in range(rows)],
            "SeniorCitizen": random.integers(0, 2, rows),
            "tenure": tenure,
            "Contract": contract,
            "InternetService": random.choice(["DSL", "Fiber optic", "No"], rows),
            "MonthlyCharges": charges,
            "TotalCharges": total,
            "Churn": np.where(random.random(rows) < risk, "Yes", "No"),
        }
    )


def sales(days: int = 200, shops: int = 3) -> pd.DataFrame:
    random = rng()
    dates = pd.date_range("2025-01-01", periods=days)
    frames = []
    for shop in range(shops):
        units = 40 + 10 * shop + 15 * (dates.weekday >= 5) + random.normal(0, 4, days)
        frames.append(
            pd.DataFrame(
                {
                    "date": dates,
                    "store": f"S{shop}",
                    "sales": units.round(),
                    "promo": random.integers(0, 2, days),
                    "weather": "dry",
                }
            )
        )
    return pd.concat(frames)


@pytest.fixture
def save(tmp_path: Path) -> Callable[[pd.DataFrame], Path]:
    def write(table: pd.DataFrame) -> Path:
        path = tmp_path / "data.csv"
        table.to_csv(path, index=False)
        return path

    return write


def test_the_columns_of_a_churn_file_are_found(save: Callable[[pd.DataFrame], Path]) -> None:
    found = TelcoStream(save(customers()), 1).columns
    assert (found.id, found.label, found.positive, found.charges) == ("customerID", "Churn", "Yes", "MonthlyCharges")
    assert found.features["tenure"] == "number"
    assert found.features["SeniorCitizen"] == "category"
    assert ("label", "Churn = Yes") in found.describe()


@pytest.mark.parametrize(("yes", "no"), [("1", "0"), ("true", "false"), ("TRUE", "FALSE"), ("yes", "no")])
def test_labels_may_be_written_in_several_ways(save: Callable[[pd.DataFrame], Path], yes: str, no: str) -> None:
    table = customers()
    expected = (table["Churn"] == "Yes").mean()
    table["Churn"] = np.where(table["Churn"] == "Yes", yes, no)
    stream = TelcoStream(save(table), 1)
    assert stream.columns.positive == yes
    history = stream.history(rng(), NOW - timedelta(days=60), NOW, 5000)
    assert history["label"].mean() == pytest.approx(expected, abs=0.04)


def test_a_blank_total_is_a_missing_number(save: Callable[[pd.DataFrame], Path]) -> None:
    table = customers()
    stream = TelcoStream(save(table), 1)
    history = stream.history(rng(), NOW - timedelta(days=60), NOW, 5000)
    assert history["TotalCharges"].dtype == np.float64
    assert history["TotalCharges"].isna().sum() > 0
    assert history["_charges"].notna().all()


def test_nobody_is_both_in_the_history_and_in_the_live_stream(save: Callable[[pd.DataFrame], Path]) -> None:
    stream = TelcoStream(save(customers()), 1)
    past = set(stream.history(rng(), NOW - timedelta(days=60), NOW, 5000)["_unit"])
    live = set(pd.concat(stream.draw(rng(), 500, NOW, CALM) for _ in range(3))["_unit"])
    assert past and live and not past & live


def test_a_new_segment_is_drawn_from_the_customers_who_look_like_leavers(save: Callable[[pd.DataFrame], Path]) -> None:
    stream = TelcoStream(save(customers()), 1)
    calm, moved = (stream.draw(rng(), 2000, NOW, shift) for shift in (CALM, Shift(covariate=True)))
    monthly = [(rows["Contract"] == "Month-to-month").mean() for rows in (calm, moved)]
    assert monthly[1] > monthly[0] + 0.15
    assert moved["tenure"].mean() < calm["tenure"].mean() - 5
    assert moved["tenure"].min() >= 0


def test_a_turned_market_changes_the_labels_of_the_same_customers(save: Callable[[pd.DataFrame], Path]) -> None:
    stream = TelcoStream(save(customers()), 1)
    calm, turned = (stream.draw(rng(), 2000, NOW, shift) for shift in (CALM, Shift(concept=True)))
    assert calm["_unit"].tolist() == turned["_unit"].tolist()
    assert (calm["_label"] != turned["_label"]).mean() > 0.15
    told = stream.outcome(rng(), turned, np.zeros(2000), Shift(concept=True))
    assert told["label"].tolist() == turned["_label"].tolist()


def test_a_mapping_given_by_people_is_used(save: Callable[[pd.DataFrame], Path]) -> None:
    mapping = ColumnMapping(
        id=None, label="Churn", positive="No", charges=None, features={"tenure": "number", "Contract": "category"}
    )
    stream = TelcoStream(save(customers()), 1, mapping=mapping)
    assert [feature.name for feature in stream.features] == ["tenure", "Contract"]
    rows = stream.draw(rng(), 500, NOW, CALM)
    assert (rows["_charges"] == 70.0).all()
    assert rows["_label"].mean() > 0.5


def test_a_missing_file_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        TelcoStream(tmp_path / "none.csv", 1)
    with pytest.raises(BadInput, match="is a folder"):
        DemandCsvStream(tmp_path, 1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda table: table.drop(columns="Churn"), "no column that can be the label"),
        (lambda table: table.head(100), "too few rows"),
        (lambda table: table.assign(Churn=np.where(np.arange(len(table)) < 5, "Yes", "No")), "5 of 1200 rows"),
    ],
)
def test_a_churn_file_that_cannot_train_says_why(
    save: Callable[[pd.DataFrame], Path], change: Callable[[pd.DataFrame], pd.DataFrame], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        TelcoStream(save(change(customers())), 1)


def test_a_mapped_column_that_is_not_there_gets_a_hint(save: Callable[[pd.DataFrame], Path]) -> None:
    mapping = ColumnMapping(id=None, label="Churned", positive="Yes", charges=None, features={"tenure": "number"})
    with pytest.raises(BadInput, match="Did you mean Churn"):
        TelcoStream(save(customers()), 1, mapping=mapping)


def test_bytes_that_are_no_table_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.csv"
    path.write_bytes(bytes(range(256)) * 50)
    with pytest.raises(BadInput, match=r"picture\.csv"):
        TelcoStream(path, 1)
    with pytest.raises(BadInput, match=r"picture\.csv"):
        DemandCsvStream(path, 1)


def test_the_columns_of_a_sales_file_are_found(save: Callable[[pd.DataFrame], Path]) -> None:
    stream = DemandCsvStream(save(sales()), 1)
    assert (stream.columns.date, stream.columns.value, stream.columns.series) == ("date", "sales", "store")
    assert stream.columns.extras == {"promo": "number"}
    assert stream.step == "day"
    assert {"lag_1", "lag_7", "lag_14", "mean_7", "promo"} <= {feature.name for feature in stream.features}


def test_lags_are_the_earlier_values_of_the_same_series(save: Callable[[pd.DataFrame], Path]) -> None:
    table = sales(days=400, shops=1)
    stream = DemandCsvStream(save(table.drop(columns="store")), 1)
    assert stream.columns.series is None
    rows = stream.history(rng(), NOW - timedelta(days=60), NOW, 300)
    by_day = dict(zip(table["date"].dt.tz_localize("UTC"), table["sales"], strict=True))
    for row in rows.head(50).itertuples():
        assert row.lag_7 == by_day[row[rows.columns.get_loc("_when") + 1] - timedelta(days=7)]


def test_live_requests_replay_the_last_part_on_the_same_weekday(save: Callable[[pd.DataFrame], Path]) -> None:
    stream = DemandCsvStream(save(sales()), 1)
    past = stream.history(rng(), NOW - timedelta(days=60), NOW, 400)
    live = stream.draw(rng(), 200, NOW, CALM)
    assert (live["_weekday"] == NOW.weekday()).all()
    assert live["_when"].min() >= past["_when"].max()


def test_missing_values_and_other_changes_can_be_injected_into_a_series(save: Callable[[pd.DataFrame], Path]) -> None:
    stream = DemandCsvStream(save(sales()), 1)
    calm = stream.draw(rng(), 1000, NOW, CALM)
    assert stream.draw(rng(), 1000, NOW, Shift(missing=True))["lag_1"].isna().mean() == pytest.approx(0.35, abs=0.06)
    assert stream.draw(rng(), 1000, NOW, Shift(covariate=True))["lag_1"].mean() > 1.2 * calm["lag_1"].mean()
    turned = stream.draw(rng(), 1000, NOW, Shift(concept=True))
    assert np.abs(turned["_demand"] - calm["_demand"]).mean() > 5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda table: table.drop(columns="date"), "no date column"),
        (lambda table: table.head(50), "too few rows"),
        (lambda table: table.assign(sales="many", promo="yes"), "no column of numbers"),
    ],
)
def test_a_sales_file_that_cannot_train_says_why(
    save: Callable[[pd.DataFrame], Path], change: Callable[[pd.DataFrame], pd.DataFrame], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        DemandCsvStream(save(change(sales())), 1)


def test_a_mapping_of_a_series_given_by_people_is_used(save: Callable[[pd.DataFrame], Path]) -> None:
    mapping = SeriesMapping(date="date", value="sales", series="store", price=None, extras={})
    assert "promo" not in {feature.name for feature in DemandCsvStream(save(sales()), 1, mapping=mapping).features}
