"""Someone asks what a model is, where the limits are, what the language model cost, and for the KPIs as a file."""

from __future__ import annotations

import csv
import io

import pytest

from bizaiops_bot.domain.cards import File
from bizaiops_bot.domain.language_use import Use
from bizaiops_bot.engine.runs.language_use import LanguageUse
from tests.support.talk import Shown, Talk


def file_of(card: Shown) -> File:
    return next(block for block in card.card.blocks if isinstance(block, File))


async def test_a_model_is_described_by_its_features_its_training_and_its_versions(talk: Talk) -> None:
    card = await talk.says("what features does churn use?", by="analyst")
    card.shows("tenure", "monthly_charges", "v1", "never retrained")
    assert card.table().columns[0] == "Version"
    # and when it was last retrained is told by the same card
    again = await talk.says("when was demand last retrained?", by="analyst")
    again.shows("demand", "never retrained", "registered")


@pytest.mark.parametrize(
    "asked",
    ["page me if churn errors go above 1%", "set the latency alert threshold for churn to 200 ms"],
)
async def test_a_limit_that_is_asked_to_be_set_is_told_and_not_set(talk: Talk, asked: str) -> None:
    before = await talk.bot.core.ports.records.runs()
    card = await talk.says(asked, by="sre")
    card.shows("surely above 2.0%", "above 150 ms", "churn now", "nothing was changed")
    assert await talk.bot.core.ports.records.runs() == before


async def test_what_the_language_model_cost_is_told_by_day_and_conversation(talk: Talk) -> None:
    # given nothing was asked of one
    (await talk.says("what did we spend on llm?")).shows("Nothing was spent")
    # when it was asked on two days in two places
    book = LanguageUse(talk.bot.core.store)
    await book.add("2026-03-01", "ml-ops", Use(calls=3, tokens_in=3000, tokens_out=120, micro_usd=1400))
    await book.add("2026-03-02", "business", Use(calls=1, tokens_in=1000, tokens_out=40, micro_usd=500))
    # then both are told, and what they come to
    card = await talk.says("what did we spend on llm?")
    card.shows("$0.0019", "4", "ml-ops", "business", "4,000 in")


async def test_kpis_come_as_a_file_that_holds_what_the_card_of_kpis_shows(talk: Talk) -> None:
    card = await talk.says("export kpis as csv", by="analyst")
    rows = list(csv.DictReader(io.StringIO(file_of(card).text)))
    assert {row["model"] for row in rows} == {"churn", "demand"}
    assert {row["kpi"] for row in rows} >= {"churn_rate", "revenue_at_risk", "forecast_error"}
    one = await talk.says("export the churn kpis of last week as csv", by="analyst")
    rows = list(csv.DictReader(io.StringIO(file_of(one).text)))
    assert {row["model"] for row in rows} == {"churn"} and len({row["day"] for row in rows}) == 7
    assert file_of(one).name == "kpis-churn-2026-02-23-2026-03-01.csv"
