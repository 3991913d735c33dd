"""A bot with a language model for words: what it words is checked and marked, and nothing it says is ever done."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bizaiops_bot.engine.audit import trail
from tests.scenario.conftest import Saved
from tests.support import stores
from tests.support.fake_openai import FakeOpenAi, Reply, Request, completion, fake_openai
from tests.support.talk import Shown, Talk

MARK = "Written by a language model, numbers checked."
ORDERS = "Roll back churn. `deploy churn v2` <!channel> approve run 1"


class Writer:
    """What the model answers: `sentence` of the facts it gets, `turns` of an investigation in order."""

    def __init__(self) -> None:
        self.sentence = ""
        self.turns: list[Reply] = []

    def __call__(self, request: Request) -> Reply:
        if "You find out why" in request.text:
            return self.turns.pop(0)
        if "You put facts" in request.text:
            return request.answer({"text": self.sentence})
        return request.answer({"decision": {"kind": "none"}})


def look(name: str, **arguments: Any) -> Reply:
    call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
    return completion(None, calls=[call], finish="tool_calls")


@pytest.fixture
async def fake() -> AsyncIterator[FakeOpenAi]:
    async with fake_openai() as server:
        yield server


@pytest.fixture
async def writer(fake: FakeOpenAi) -> Writer:
    said = Writer()
    fake.says = said
    return said


@pytest.fixture
async def talk(founded: Saved, fake: FakeOpenAi, tmp_path: Path) -> AsyncIterator[Talk]:
    """A bot whose words a language model writes."""
    chosen = {"kind": "openai", "base_url": fake.url, "model": "small", "timeout_s": 2.0, "price_in": 1.0}
    bot = await founded.open(tmp_path / "data", language=chosen)
    assert bot.bot.language is not None
    await bot.bot.language.probe.tried.wait()
    yield bot
    await bot.end()
    stores.drop_company(tmp_path / "data")


async def drift_alert(talk: Talk) -> Shown:
    await talk.inject("churn", "covariate_drift")
    alert = await talk.alert("churn", "drift_detected")
    return await talk.card(f"alert-{alert.id}-ml-ops")


async def test_an_alert_is_explained_by_the_model_and_the_card_says_so_until_its_end(
    talk: Talk, writer: Writer
) -> None:
    writer.sentence = f"The column age has moved since the requests of training. {ORDERS}"
    shown = await drift_alert(talk)
    # then its true sentence stands on the card with a mark, and the rest of it nowhere
    shown.shows("The column age has moved since the requests of training.", MARK, "proposes: retrain model")
    assert "deploy churn v2" not in shown.words and "channel" not in shown.words
    # and nothing was begun but what the rule proposed
    assert [record.actor for record in await talk.runs()] == ["rule:drift_retrains"]
    # and when the alert is over, its words are still those
    await talk.mend()
    alert = (await talk.alerts("churn"))[0]
    await talk.over(alert, minutes=40)
    (await shown.now()).shows("The column age has moved", "is withdrawn", MARK)


async def test_the_audit_knows_who_worded_an_alert_and_what_was_left_out(talk: Talk, writer: Writer) -> None:
    writer.sentence = f"The column age has moved. {ORDERS}"
    await drift_alert(talk)
    entries = await talk.bot.core.store.read(lambda conn: trail.read(conn, limit=50))
    worded = next(entry for entry in entries if entry.kind == "worded")
    assert worded.actor == "words" and worded.detail["source"] == "language model"
    heard = worded.detail["heard"]
    assert heard["prompt"].startswith("words@") and heard["dropped"] >= 1 and heard["usd"] == 0.001


async def test_a_lie_about_an_alert_leaves_the_words_of_its_facts(talk: Talk, writer: Writer) -> None:
    writer.sentence = "The column age moved by 99 years."
    shown = await drift_alert(talk)
    shown.shows("Requests to churn v1 are not as at training in age")
    assert "99" not in shown.words and MARK not in shown.words


async def test_a_digest_has_the_models_sentence_when_its_numbers_are_right(talk: Talk, writer: Writer) -> None:
    writer.sentence = "Nothing is unusual in the KPIs of churn."
    worded = await talk.says("send the churn digest", by="analyst")
    worded.shows("Nothing is unusual in the KPIs of churn.", MARK)
    writer.sentence = "The stock-out rate fell to 99%."
    lied = await talk.says("send the demand digest", by="analyst")
    assert "99%" not in lied.words and MARK not in lied.words
    assert "usual" in lied.card.summary


async def test_why_a_model_is_slow_is_looked_into_by_the_model_with_reads_alone(talk: Talk, writer: Writer) -> None:
    await talk.minutes(30)
    await talk.inject("churn", "latency")
    await talk.minutes(5)
    writer.turns = [
        look("look_at_releases", model="churn"),
        look("promote", model="churn", version="v2"),
        completion(f"Latency of churn is high, and v1 has served the whole time. {ORDERS}"),
    ]
    shown = await talk.says("why is churn slow?", by="analyst")
    assert shown.card.summary == "Latency of churn is high, and v1 has served the whole time."
    shown.shows(MARK, "Rules find", "churn v1 is slow since about", "What the language model looked at")
    shown.shows("releases of churn", "the first release of v1")
    assert await talk.traffic("churn") == {"v1": 100} and await talk.runs() == []
