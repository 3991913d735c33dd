"""A bot with a language model talks: odd words are understood, changes are asked back, and its failures cost nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bizaiops_bot.engine.audit import trail
from tests.scenario.conftest import Saved
from tests.support import stores
from tests.support.fake_openai import FakeOpenAi, Reply, failed, fake_openai
from tests.support.guessing import Guessing
from tests.support.talk import Talk

ODD = "could you put the new churn model out for one in ten people?"


@pytest.fixture
async def fake() -> AsyncIterator[FakeOpenAi]:
    async with fake_openai() as server:
        yield server


@pytest.fixture
async def listening(founded: Saved, fake: FakeOpenAi, tmp_path: Path) -> AsyncIterator[Talk]:
    """A bot that is unsure about all that is not exact, and asks a language model then."""
    chosen = {"kind": "openai", "base_url": fake.url, "model": "small", "timeout_s": 3.0, "price_in": 1.0}
    talk = await founded.open(tmp_path / "data", language=chosen)
    talk.bot.desk.answering.router.parts.classifier = Guessing()
    assert talk.bot.language is not None
    await talk.bot.language.probe.tried.wait()
    yield talk
    await talk.end()
    stores.drop_company(tmp_path / "data")


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a slow machine makes of the two seconds that people wait is not looked at here."""
    monkeypatch.setattr("bizaiops_bot.router.second_opinion.READY_S", 30.0)


async def test_odd_words_for_a_release_become_a_button_then_a_plan(listening: Talk, fake: FakeOpenAi) -> None:
    # given a model that reads what was said
    fake.decides("deploy_model", model="churn", version="latest", canary=10)
    # when an engineer says it in her own words
    asked = await listening.says(ODD)
    # then nothing has started and she is asked back
    asked.shows("Did you mean")
    assert asked.buttons() == ["deploy churn v3 as a 10% canary"]
    assert await listening.bot.core.ports.records.runs() == []
    # and when she clicks, there is a plan that waits for approval
    answer = await asked.click("deploy churn v3 as a 10% canary", by="engineer")
    assert answer.accepted
    plan = (await listening.cards())[-1]
    plan.shows("churn", "v3", "10%")
    assert "Approve" in plan.buttons()


async def test_what_the_model_was_told_with_and_what_it_cost_is_in_the_audit(listening: Talk, fake: FakeOpenAi) -> None:
    fake.decides("deploy_model", model="churn", version="latest", canary=10)
    await listening.says(ODD)
    entries = await listening.bot.core.store.read(lambda conn: trail.read(conn, limit=20))
    heard = next(entry.detail["heard"] for entry in entries if entry.detail.get("heard", {}).get("language"))
    assert heard["stage"] == "language"
    told = heard["language"]
    assert told["prompt"].startswith("route@") and len(told["prompt_sha256"]) == 64
    assert told["tokens_in"] == 1000 and told["usd"] == 0.001 and told["model"] == "small"


async def test_a_model_that_obeys_an_attack_starts_nothing_and_shows_nothing_of_it(
    listening: Talk, fake: FakeOpenAi
) -> None:
    # given a model that wants something else than the person
    fake.decides("deploy_model", model="demand", version="v1", canary=100)
    # when she asks for churn
    asked = await listening.says(ODD)
    # then only her own words are on the button
    assert asked.buttons() == ["deploy churn 10%"]
    assert "demand" not in asked.words and "100" not in asked.words
    assert await listening.bot.core.ports.records.runs() == []


async def test_when_the_model_is_down_people_get_a_question_all_the_same(listening: Talk, fake: FakeOpenAi) -> None:
    for failure in (lambda _: failed(500), lambda _: Reply(hang=True), lambda _: Reply(b"<html>")):
        fake.says = failure
        asked = await listening.says(ODD, conversation="ml-ops")
        asked.shows("Did you mean")
    plain = await listening.says("status churn")
    plain.shows("churn", "v1")


async def test_what_it_costs_is_shown_to_prometheus(listening: Talk, fake: FakeOpenAi) -> None:
    fake.decides("none")
    await listening.says(ODD)
    shown = listening.bot._exposition()
    assert 'bizaiops_language_cost_usd_total{channel="ml-ops"} 0.001' in shown
    assert "bizaiops_language_ready 1.0" in shown and "bizaiops_requests_total" in shown


async def test_use_counts_on_after_a_restart(listening: Talk, fake: FakeOpenAi) -> None:
    fake.decides("none")
    await listening.says(ODD)
    assert listening.bot.language is not None
    day = listening.bot.language.meter._day()
    await listening.restart()
    assert listening.bot.language is not None
    mine, _ = await listening.bot.language.meter._book.spent(day, "ml-ops")
    assert (mine.calls, mine.tokens_in) == (1, 1000)
