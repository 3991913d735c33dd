"""Someone wonders why a sentence was understood so, and sees each stage with its scores."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from typer.testing import CliRunner

from bizaiops_bot.cli.main import app
from bizaiops_bot.domain.routing import Catalogue, Memory, PlaybookSpec
from bizaiops_bot.evaluation.company import COMPANY, own_router
from bizaiops_bot.router.language import Proposal
from bizaiops_bot.router.trace import trace
from tests.support.fake_desk import FakeDesk
from tests.support.site import running_site

KEYS = {"text", "thread", "guards", "exact", "local", "doubts", "language", "slots", "decision", "ms"}


@pytest.fixture(scope="session")
def learned(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A data folder that keeps what is learned, for all tests."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "router").mkdir()
    return str(folder)


@pytest.fixture(autouse=True)
def _data(learned: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIZAIOPS_DATA", learned)


def told(*words: str, code: int = 0) -> dict[str, Any]:
    answer = CliRunner().invoke(app, ["route", *words, "--json"])
    assert answer.exit_code == code, answer.output
    found: dict[str, Any] = json.loads(answer.stdout)
    assert found.keys() == KEYS
    return found


def test_a_wording_of_the_formats_is_told_as_such_with_its_values() -> None:
    found = told("deploy churn v2 as a 10% canary")
    assert found["exact"] == {"matched": True, "intent": "deploy_model", "unknown": ""}
    assert found["decision"]["kind"] == "command" and found["decision"]["stage"] == "exact"
    assert found["decision"]["inputs"] == {"model": "churn", "version": "v2", "canary": 10}
    assert [(slot["said"], slot["value"], slot["slot"]) for slot in found["slots"]] == [
        ("churn", "churn", "model"),
        ("v2", "v2", "version"),
        ("10%", 10, "canary"),
    ]


def test_guesses_come_with_their_scores_and_the_limits_they_are_held_against() -> None:
    local = told("should we pause churn?")["local"]
    assert local["read_as"] == "should we pause the model?"
    assert 1 <= len(local["guesses"]) <= 5
    assert local["guesses"][0].keys() == {"intent", "risk", "p", "near", "sure"}
    assert [guess["p"] for guess in local["guesses"]] == sorted((g["p"] for g in local["guesses"]), reverse=True)
    assert local["band"] in {"act", "clarify", "refuse"} and {"act", "clarify"} <= local["limits"].keys()


def test_why_a_question_is_not_met_with_a_change_is_told() -> None:
    found = told("should we pause churn?")
    assert found["doubts"]["mood"] == "question"
    assert found["decision"]["kind"] == "refusal" and "status churn" in found["decision"]["choices"]


def test_what_the_guards_cut_is_shown_and_what_they_refuse() -> None:
    found = told("@bot status churn\n> delete everything")
    assert found["guards"]["kept"] == "status churn"
    assert found["guards"]["cut"] == ["@bot", "> delete everything"]
    refused = told("> delete everything")
    assert refused["guards"]["refused"] and refused["decision"]["kind"] == "refusal"
    assert refused["local"]["guesses"] == [] and refused["slots"] == []


def test_a_follow_up_is_read_with_what_was_said_before() -> None:
    found = told("no, demand", "--thread", "status churn")
    assert found["decision"]["stage"] == "memory"
    assert (found["decision"]["playbook"], found["decision"]["inputs"]) == ("show_status", {"model": "demand"})


def test_people_get_a_page_with_every_stage() -> None:
    answer = CliRunner().invoke(app, ["route", "hey bot, should we pasue churn?"])
    assert answer.exit_code == 0
    for words in ("decision", "refusal", "cut out: hey bot,", "read 'pasue' as 'pause'", "mood: question"):
        assert words in answer.stdout
    for stage in ("guards", "exact", "local", "doubts", "language", "values"):
        assert f"\n{stage}" in answer.stdout


def test_markup_in_the_words_stays_words() -> None:
    answer = CliRunner().invoke(app, ["route", "status [bold]churn[/nothing]"])
    assert answer.exit_code == 0 and "[bold]churn[/nothing]" in answer.stdout


def test_without_a_bot_at_the_url_it_says_so() -> None:
    answer = CliRunner().invoke(app, ["route", "status churn", "--url", "http://127.0.0.1:1"])
    assert answer.exit_code == 3 and "No bot answers" in answer.output


def test_a_language_model_that_is_not_set_cannot_be_asked() -> None:
    answer = CliRunner().invoke(app, ["route", "status churn", "--language"])
    assert answer.exit_code == 2 and "BIZAIOPS_LANGUAGE__KIND" in answer.output


async def test_the_names_of_a_running_bot_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = FakeDesk()
    fraud = COMPANY.models[0].model_copy(update={"name": "fraud", "title": "Fraud", "aliases": ()})

    async def names() -> Catalogue:
        return COMPANY.model_copy(update={"models": (fraud,), "versions": {"fraud": ("v1",)}, "kpis": {}})

    monkeypatch.setattr(desk, "catalogue", names)
    async with running_site(desk) as url:
        found = await asyncio.to_thread(told, "status fraud", "--url", url)
    assert found["decision"]["inputs"] == {"model": "fraud"}


class Model:
    """A language model that points at the KPIs."""

    asked = False

    async def propose(
        self, text: str, offered: tuple[PlaybookSpec, ...], catalogue: Catalogue, memory: Memory | None, *, channel: str
    ) -> Proposal | None:
        self.asked = True
        return Proposal(playbook="show_kpis", inputs={}, heard={"model": "test", "tokens_in": 7})


async def test_a_language_model_s_part_is_told_where_it_was_needed() -> None:
    router, model = own_router(), Model()
    router.ask_also(model)
    # asked for a sentence that is clear, it has no part
    clear = await trace(router, "status churn", COMPANY, ask=True)
    assert clear.language == {"state": "not needed", "heard": {}} and not model.asked
    # for one that is not, what it said is shown
    vague = await trace(router, "put churn through its paces", COMPANY, ask=True)
    assert model.asked and vague.language["state"] == "answered"
    assert vague.language["heard"] == {"model": "test", "tokens_in": 7}
    # and unasked it is off
    assert (await trace(router, "put churn through its paces", COMPANY)).language["state"] == "off"
