"""What people say of their columns is obeyed or refused; what gives the answer away is left out; small files start."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bizaiops_bot.app.bootstrap import read_kpis
from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.embedded.business.columns import churn_columns, demand_columns
from bizaiops_bot.embedded.business.demand_csv import DemandCsvStream
from bizaiops_bot.embedded.business.telco_csv import TelcoStream
from bizaiops_bot.embedded.business.tells import alone
from bizaiops_bot.embedded.company import make_streams
from bizaiops_bot.embedded.settings import EmbeddedSettings
from bizaiops_bot.embedded.training.pipelines import EmbeddedPipelines
from bizaiops_bot.embedded.training.training_rows import first_tables
from bizaiops_bot.settings import Settings
from tests.support.virtual_clock import VirtualClock
from tests.unit.test_streams_files import customers, sales

Save = Callable[[pd.DataFrame], Path]
NOW = datetime(2026, 11, 21, 14, tzinfo=UTC)


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(table: pd.DataFrame) -> Path:
        path = tmp_path / "data.csv"
        table.to_csv(path, index=False)
        return path

    return write


@pytest.mark.parametrize(
    ("role", "column"),
    [
        ("id", "customerID"),
        ("label", "Churn"),
        ("charges", "TotalCharges"),
        ("positive", "No"),
        ("skip", "tenure"),
        ("decimal", "point"),
    ],
)
def test_every_role_of_a_churn_file_is_obeyed(save: Save, role: str, column: str) -> None:
    stream = TelcoStream(path := save(customers()), 1, churn_columns(path, {role: column}))
    said = dict(stream.columns.model_dump(), skip="", decimal="")
    if role in ("skip", "decimal"):
        assert column not in {feature.name for feature in stream.features}
    else:
        assert said[role] == column


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        ({"charges": "Contract"}, "'Contract' cannot be the charges"),
        ({"id": "Contract"}, "several rows for"),
        ({"label": "Contract"}, "two values such as"),
        ({"positive": "Maybe"}, "Its values are"),
        ({"charges": "MonthlyCharge"}, "Did you mean MonthlyCharges"),
        ({"fee": "MonthlyCharges"}, "no role of a column"),
        ({"charges": "tenure", "skip": "tenure"}, "cannot have two roles"),
        ({"decimal": "dot"}, "decimal=point or comma"),
        ({"decimal": "comma"}, "no number with a decimal comma"),
    ],
)
def test_a_role_of_a_churn_file_that_cannot_be_is_refused(save: Save, chosen: dict[str, str], why: str) -> None:
    path = save(customers())
    with pytest.raises(BadInput, match=why):
        TelcoStream(path, 1, churn_columns(path, chosen))


def test_a_label_of_two_words_is_taken_once_it_is_said_which_means_left(save: Save) -> None:
    table = customers()
    table["state"] = np.where(table.pop("Churn") == "Yes", "quit", "here")
    path = save(table)
    with pytest.raises(BadInput, match="positive="):
        churn_columns(path, {"label": "state"})
    found = churn_columns(path, {"label": "state", "positive": "quit"})
    assert (found.label, found.positive) == ("state", "quit")


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        ({"series": "promo"}, "several rows for"),
        ({"value": "store"}, "'store' cannot be the value"),
        ({"date": "store"}, "'store' cannot be the date"),
        ({"price": "store"}, "'store' cannot be the price"),
        ({"dates": "first"}, "dates=day-first or month-first"),
    ],
)
def test_a_role_of_a_demand_file_that_cannot_be_is_refused(save: Save, chosen: dict[str, str], why: str) -> None:
    path = save(sales())
    with pytest.raises(BadInput, match=why):
        DemandCsvStream(path, 1, demand_columns(path, chosen))


def test_a_series_that_is_said_is_taken_also_where_one_day_has_one_row(save: Save) -> None:
    table = sales(days=400, shops=1)
    path = save(table)
    assert demand_columns(path, {"series": "store"}).series == "store"


def test_dates_that_cannot_be_told_name_the_option_that_tells_them(save: Save) -> None:
    table = sales(days=3000, shops=1)
    table = table[table["date"].dt.day <= 12]
    table["date"] = table["date"].dt.strftime("%d/%m/%Y")
    path = save(table)
    with pytest.raises(BadInput, match="--demand-column dates=day-first"):
        DemandCsvStream(path, 1)
    stream = DemandCsvStream(path, 1, demand_columns(path, {"dates": "day-first"}))
    assert stream.history(np.random.default_rng(1), NOW, NOW, 10)["_when"].dt.day.max() <= 12


def test_rows_that_are_there_twice_count_once_and_two_values_for_one_day_are_refused(save: Save) -> None:
    table = sales()
    stream = DemandCsvStream(save(pd.concat([table, table.head(40)])), 1)
    assert (stream.step, stream.columns.series) == ("day", "store")
    assert any("40 lines" in told and "copy of a row" in told for told in stream.told)
    other = table.head(1).assign(sales=999)
    with pytest.raises(BadInput, match="several rows for 2025-01-01"):
        DemandCsvStream(save(pd.concat([table, other])), 1)


def test_a_customer_exported_twice_counts_once_and_two_states_of_one_are_refused(save: Save) -> None:
    table = customers()
    stream = TelcoStream(save(pd.concat([table, table.head(30)])), 1)
    assert stream.columns.id == "customerID"
    assert any("30 lines" in told for told in stream.told)
    path = save(pd.concat([table, table.head(1).assign(tenure=99)]))
    with pytest.raises(BadInput, match="several rows for C-00000"):
        TelcoStream(path, 1, churn_columns(path, {"id": "customerID"}))


@pytest.mark.parametrize(
    "leak",
    [
        lambda table: table["Churn"].map({"Yes": "gone", "No": "here"}),
        lambda table: np.where(table["Churn"] == "Yes", "moved", ""),
        lambda table: np.where(table["Churn"] == "Yes", table["tenure"] + 100, ""),
        lambda table: np.where(table["Churn"] == "Yes", 0, table["tenure"] + 1),
    ],
)
def test_a_column_that_alone_tells_who_left_is_left_out_and_told(
    save: Save, leak: Callable[[pd.DataFrame], Any]
) -> None:
    table = customers()
    stream = TelcoStream(save(table.assign(after=leak(table))), 1)
    assert "after" not in {feature.name for feature in stream.features}
    assert any("'after' alone tells who left" in told for told in stream.told)
    assert "tenure" in {feature.name for feature in stream.features}


def test_a_copy_of_the_demand_is_left_out_and_told(save: Save) -> None:
    table = sales()
    stream = DemandCsvStream(save(table.assign(turnover=table["sales"] * 3)), 1)
    assert stream.columns.value == "sales"
    assert "turnover" not in stream.columns.extras
    assert any("'turnover' alone tells 'sales'" in told for told in stream.told)


def test_a_column_of_noise_tells_nothing() -> None:
    rng = np.random.default_rng(2)
    positive = rng.random(400) < 0.2
    assert alone(pd.Series(rng.normal(size=400).astype(str)), positive, number=True) < 0.9
    assert alone(pd.Series(rng.choice(list("abcdef"), 400)), positive, number=False) < 0.7


@pytest.mark.parametrize("seed", range(12))
def test_the_fewest_rows_that_are_promised_train_whatever_is_drawn(seed: int, tmp_path: Path) -> None:
    # given 400 customers and 300 days of sales, the least that the documentation asks for
    churn, demand = tmp_path / "churn.csv", tmp_path / "demand.csv"
    table = customers(400)
    table["Churn"] = np.where(np.arange(400) % 6 == seed % 6, "Yes", "No")
    table.to_csv(churn, index=False)
    sales(days=300 if seed % 2 else 100, shops=1 if seed % 2 else 3).to_csv(demand, index=False)
    streams, _ = make_streams(EmbeddedSettings(seed=seed, churn_data=churn, demand_data=demand))
    by_name = {stream.info.name: stream for stream in streams}
    pipelines = EmbeddedPipelines(tmp_path, by_name, VirtualClock(NOW), lambda *_: pd.DataFrame(), seed=seed)
    # then both models are trained, and have scores enough to compare live ones with
    for stream in streams:
        assert pipelines.initial(stream.info.name).train_rows > 100
        assert len(first_tables(stream, NOW, seed).holdout) >= 60


def test_what_was_left_out_of_a_file_is_told_at_the_start(save: Save) -> None:
    table = customers()
    path = save(table.assign(reason=np.where(table["Churn"] == "Yes", "moved", "")))
    _, told = make_streams(EmbeddedSettings(churn_data=path))
    assert any(what == "churn file" and "'reason'" in words for what, words in told)


def test_the_generated_companys_targets_are_none_for_data_of_ones_own(save: Save, tmp_path: Path) -> None:
    company = EmbeddedSettings(churn_data=save(customers()))
    assert company.own_models() == {"churn"}
    kpis, told = read_kpis(Settings(data=tmp_path, embedded=company))
    assert {kpi.target for kpi in kpis if kpi.model == "churn"} == {None}
    assert any(kpi.target is not None for kpi in kpis if kpi.model == "demand")
    assert [what for what, _ in told] == ["churn targets"]
    _, untold = read_kpis(Settings(data=tmp_path))
    assert untold == []
