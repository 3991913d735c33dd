"""A bot that is started on a company in files: it listens to the company's own words and keeps to its limits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bizaiops_bot.settings import load_settings
from tests.support import stores
from tests.support.talk import Talk

HARBOUR = Path(__file__).parents[2] / "examples" / "harbour-insurance"


@pytest.fixture(scope="module")
async def harbour(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Talk]:
    """The bot of Harbour Insurance."""
    settings = load_settings(company=HARBOUR)
    own = {name: value for name, value in settings if name not in ("data", "store", "language", "embedded")}
    folder = tmp_path_factory.mktemp("harbour") / "data"
    talk = await Talk.begin(folder, more=own, **settings.embedded.model_dump())
    await talk.settle_first()
    yield talk
    await talk.end()
    stores.drop_company(folder)


async def test_a_model_is_known_by_the_names_its_owners_gave_it(harbour: Talk) -> None:
    card = await harbour.says("status of customer loss", by="ines", conversation="risk-desk")
    card.shows("churn", "Policy lapse", "owner retention desk")
    card = await harbour.says("who owns claims?", by="quinn", conversation="risk-desk")
    card.shows("claims planning")
    card = await harbour.says("what models do we have?", by="quinn", conversation="risk-desk")
    card.shows("retention desk", "claims planning")


async def test_the_limits_of_a_model_are_its_own_on_the_card_of_limits(harbour: Talk) -> None:
    card = await harbour.says("limits of churn", by="ines", conversation="risk-desk")
    card.shows("surely above 0.5%", "over at 0.25%", "above 20 ms", "nothing was changed")
    card = await harbour.says("limits of demand", by="ines", conversation="risk-desk")
    card.shows("surely above 2.0%", "above 900 ms")


async def test_a_model_is_alerted_at_its_own_limit_and_the_card_draws_it(harbour: Talk) -> None:
    # no fault is injected: what is quick enough for every other company is too slow for this one
    alert = await harbour.alert("churn", "latency_detected", minutes=10)
    assert "limit 20 ms" in alert.title
    of_it = f"alert-{alert.id}-"
    (shown,) = [card for card in await harbour.cards("risk-desk") if card.posted.id.startswith(of_it)]
    assert shown.chart().limit == 20
    # its own rules are asked alone, and every other card agrees that the model is slow
    shown.shows("the sre is asked to look")
    (await harbour.says("status churn", by="ines", conversation="risk-desk")).shows("open alert")
    (await harbour.says("why is churn slow?", by="ines", conversation="risk-desk")).shows("limit 20 ms")
    assert not await harbour.alerts("demand")


async def test_only_its_own_people_are_known_and_its_own_windows_freeze(harbour: Talk) -> None:
    assert "engineer" in await harbour.refused("status churn", by="engineer", conversation="risk-desk")
    card = await harbour.says("when is the next freeze?", by="ines", conversation="risk-desk")
    card.shows("weekend", "nobody at the risk desk before Monday")
